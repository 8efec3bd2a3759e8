//! The command line: one file a command.

mod certificate;
mod certs;
mod check;
mod completion;
mod drivers;
mod judging;
mod live;
mod manifests;
mod rules;
mod said;
mod scan;
mod serve;
mod supervise;

use crate::drivers::Drivers;
use crate::model::words::with_causes;
use crate::policy::Exceptions;
use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Storage guardrails for Kubernetes.
#[derive(Debug, Parser)]
#[command(name = "volguard", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the admission webhook server.
    Serve(Box<serve::ServeArgs>),
    /// Judge manifest files; no cluster needed.
    Check(check::CheckArgs),
    /// Judge the objects of a live cluster, and find what only a listing shows.
    Scan(scan::ScanArgs),
    /// Show the catalogue of rules.
    #[command(subcommand)]
    Rules(rules::RulesCommand),
    /// Show what is known of storage drivers.
    Drivers(drivers::DriversArgs),
    /// Show certificates: what they are for, when they end, who trusts them.
    #[command(subcommand)]
    Certs(certs::CertsCommand),
    /// Print everything that is to be installed in a cluster.
    Manifests(manifests::ManifestsArgs),
    /// Print a completion script for a shell.
    Completion(completion::CompletionArgs),
}

/// What is known of drivers beside what is compiled in.
#[derive(Debug, Args)]
struct DriverFiles {
    /// StorageDriver files or folders: further drivers, and facts in place of built-in ones.
    #[arg(long, env = "VOLGUARD_DRIVERS", value_delimiter = ',', global = true)]
    drivers: Vec<PathBuf>,
}

impl DriverFiles {
    /// The built-in drivers with those of the files before them.
    fn load(&self) -> anyhow::Result<Arc<Drivers>> {
        let builtin = Drivers::builtin();
        if self.drivers.is_empty() {
            return Ok(builtin);
        }
        Ok(Arc::new(builtin.with(crate::drivers::read(&self.drivers)?)))
    }
}

/// What is said of each exception that no longer counts.
fn expired(exceptions: &Exceptions) -> Vec<String> {
    let exceptions = exceptions.expired(Timestamp::now());
    let said = exceptions.filter_map(|exception| {
        let (name, expires) = (&exception.name, exception.expires?);
        Some(format!(
            "the exception {name} expired at {expires} and does not count; remove it, or extend `expires`"
        ))
    });
    said.collect()
}

/// `; did you mean X?` with the name that is near by letters, else the shortest one that contains what was written: `ebs` is
/// short for `ebs.csi.aws.com`. Nothing where there is neither.
fn did_you_mean<'a>(written: &str, near: Option<&'a str>, names: impl Iterator<Item = &'a str>) -> String {
    let lower = written.to_ascii_lowercase();
    let containing = names.filter(|name| !lower.is_empty() && name.to_ascii_lowercase().contains(&lower));
    let meant = near.or_else(|| containing.min_by_key(|name| name.len()));
    meant.map_or_else(String::new, |name| format!("; did you mean {name}?"))
}

/// A finding with action Deny (or what `--fail-on` lowers the bar to).
const EXIT_FINDINGS: u8 = 1;
/// Usage or input error; clap uses the same.
const EXIT_ERROR: u8 = 2;

/// Parses the command line, runs the command and says how it ended.
pub fn run() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(args) => serve::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Scan(args) => scan::run(&args),
        Command::Rules(command) => rules::run(&command),
        Command::Drivers(args) => drivers::run(&args),
        Command::Certs(command) => certs::run(&command),
        Command::Manifests(args) => manifests::run(&args),
        Command::Completion(args) => completion::run(&args),
    };
    result.unwrap_or_else(|error| {
        // A reader that went away (`volguard rules list | head`) is no error.
        if error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
        {
            return ExitCode::SUCCESS;
        }
        // Nothing can be done when standard error is gone too.
        let _ = writeln!(std::io::stderr(), "volguard: {}", with_causes(error.as_ref()));
        ExitCode::from(EXIT_ERROR)
    })
}
