//! The log: text or JSON lines on standard error.

use std::io::IsTerminal;

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// How a log line is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, the event's fields at its top level.
    Json,
}

/// Why the log cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter's text is not a filter.
    #[error("{variable}={value} is not a log filter: {reason}; write for example `info` or `volguard=debug,warn`")]
    Filter {
        /// The environment variable it was read from.
        variable: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A log was set up before in this process.
    #[error("the log is already set up in this process")]
    AlreadySet,
}

/// The levels when no environment variable says otherwise. The watches say themselves what fails, once.
const DEFAULT_FILTER: &str = "info,kube_runtime=error";

/// Sends the process's log to standard error. What is written is filtered by `VOLGUARD_LOG`, else by `RUST_LOG`, else
/// it is everything from level info up. Fails on a filter that does not parse, and when called a second time.
pub fn init_logs(format: LogFormat) -> Result<(), LogError> {
    let filter = filter(|variable| std::env::var(variable).ok())?;
    tracing::subscriber::set_global_default(subscriber(format, filter, std::io::stderr))
        .map_err(|_| LogError::AlreadySet)
}

fn filter(environment: impl Fn(&str) -> Option<String>) -> Result<EnvFilter, LogError> {
    for variable in ["VOLGUARD_LOG", "RUST_LOG"] {
        if let Some(value) = environment(variable).filter(|value| !value.trim().is_empty()) {
            return EnvFilter::try_new(&value).map_err(|error| LogError::Filter {
                variable,
                value,
                reason: error.to_string(),
            });
        }
    }
    Ok(EnvFilter::new(DEFAULT_FILTER))
}

fn subscriber<W>(format: LogFormat, filter: EnvFilter, writer: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    match format {
        LogFormat::Text => Box::new(builder.with_ansi(std::io::stderr().is_terminal()).finish()),
        LogFormat::Json => Box::new(builder.json().flatten_event(true).with_current_span(false).finish()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, directives: &str) -> String {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let subscriber = subscriber(format, EnvFilter::new(directives), move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(decision = "deny", "review answered");
            tracing::debug!("details");
        });
        let bytes = buffer.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn json_lines_have_the_fields_at_the_top() {
        let text = logged(LogFormat::Json, "info");
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
        assert_eq!(line["decision"], "deny");
        assert_eq!(line["message"], "review answered");
        assert_eq!(line["level"], "INFO");
    }

    #[test]
    fn text_lines_follow_the_filter() {
        assert_eq!(logged(LogFormat::Text, "debug").lines().count(), 2);
        let text = logged(LogFormat::Text, "info");
        assert!(text.contains("review answered"), "{text}");
        assert!(!text.contains("details"), "{text}");
    }

    #[test]
    fn volguard_log_wins_over_rust_log_and_empty_means_unset() {
        let both = |variable: &str| Some(if variable == "VOLGUARD_LOG" { "warn" } else { "trace" }.to_owned());
        assert_eq!(filter(both).unwrap().to_string(), "warn");
        let second = |variable: &str| Some(if variable == "VOLGUARD_LOG" { " " } else { "trace" }.to_owned());
        assert_eq!(filter(second).unwrap().to_string(), "trace");
        assert_eq!(filter(|_| None).unwrap().to_string(), "kube_runtime=error,info");
    }

    #[test]
    fn a_bad_filter_is_named() {
        let message = filter(|_| Some("volguard=loud".to_owned())).unwrap_err().to_string();
        assert!(
            message.starts_with("VOLGUARD_LOG=volguard=loud is not a log filter"),
            "{message}"
        );
    }
}
