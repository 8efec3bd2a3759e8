//! One line in the log for each decision.

use crate::protocol::Record;

/// Whatever a person may ask about later is logged at info; an object that nothing was found in at debug, unless volguard
/// failed or had not the time or the room to look.
pub(super) fn log(record: &Record) {
    // The level of an event is part of its call site, hence two of them.
    macro_rules! decision {
        ($level:ident) => {
            tracing::$level!(
                uid = record.uid,
                endpoint = record.endpoint.as_str(),
                kind = record.kind,
                operation = record.operation,
                namespace = record.namespace,
                name = record.name,
                user = record.user,
                dry_run = record.dry_run,
                decision = record.decision,
                rules = names(
                    record
                        .findings
                        .iter()
                        .map(|finding| finding.rule)
                        .chain(record.fixed.iter().copied())
                ),
                skipped = names(record.skipped.iter().map(|(rule, _)| *rule)),
                exceptions = names(record.exceptions.iter().map(|used| &*used.exception)),
                duration_us = u64::try_from(record.duration.as_micros()).unwrap_or(u64::MAX),
                "review"
            )
        };
    }
    let is_short_of_means = record.skipped.iter().any(|(_, reason)| *reason != "unknown");
    let says_nothing = record.decision == "allow" && record.findings.is_empty() && record.exceptions.is_empty();
    if says_nothing && !is_short_of_means {
        decision!(debug);
    } else {
        decision!(info);
    }
}

/// Comma-separated, each name once, in the order of the findings.
fn names<'r>(all: impl Iterator<Item = &'r str>) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in all {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(",")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::io::Write;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::*;
    use crate::protocol::{Endpoint, RecordedFinding, UsedException};

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

    fn logged(record: &Record) -> serde_json::Value {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_max_level(tracing::Level::DEBUG)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || log(record));
        let bytes = buffer.0.lock().unwrap().clone();
        serde_json::from_slice(&bytes).expect("one line")
    }

    fn record(decision: &'static str, rules: &[&'static str]) -> Record {
        Record {
            endpoint: Endpoint::Validate,
            uid: "0f".to_owned(),
            kind: "PersistentVolumeClaim",
            operation: "CREATE",
            namespace: "team-a".to_owned(),
            name: "data".to_owned(),
            user: "jane".to_owned(),
            dry_run: true,
            decision,
            findings: rules
                .iter()
                .map(|rule| RecordedFinding { rule, action: "Deny" })
                .collect(),
            skipped: vec![("third-rule", "unknown")],
            fixed: Vec::new(),
            exceptions: Vec::new(),
            duration: Duration::from_micros(81),
        }
    }

    #[test]
    fn a_decision_is_one_line_with_every_field() {
        let line = logged(&record("deny", &["a-rule", "a-rule", "b-rule"]));
        for (field, expected) in [
            ("level", "INFO"),
            ("uid", "0f"),
            ("endpoint", "validate"),
            ("kind", "PersistentVolumeClaim"),
            ("operation", "CREATE"),
            ("namespace", "team-a"),
            ("name", "data"),
            ("user", "jane"),
            ("decision", "deny"),
            ("rules", "a-rule,b-rule"),
            ("skipped", "third-rule"),
        ] {
            assert_eq!(line[field], expected, "{field}");
        }
        assert_eq!(line["dry_run"], true);
        assert_eq!(line["duration_us"], 81);
    }

    #[test]
    fn only_an_allow_without_findings_is_at_debug() {
        assert_eq!(logged(&record("allow", &[]))["level"], "DEBUG");
        let mut unread = record("allow", &[]);
        unread.skipped = vec![("a-rule", "size")];
        assert_eq!(logged(&unread)["level"], "INFO");
        let mut excepted = record("allow", &[]);
        excepted.exceptions = ["b-rule", "a-rule"]
            .map(|rule| UsedException {
                exception: "legacy".to_owned(),
                rule,
                action: "Deny",
            })
            .to_vec();
        let line = logged(&excepted);
        assert_eq!(
            (&line["level"], &line["exceptions"]),
            (&"INFO".into(), &"legacy".into())
        );
        for (decision, rules) in [
            ("allow", ["a-rule"].as_slice()),
            ("would-deny", &["a-rule"]),
            ("mutate", &[]),
            ("would-mutate", &[]),
        ] {
            assert_eq!(logged(&record(decision, rules))["level"], "INFO", "{decision}");
        }
    }
}
