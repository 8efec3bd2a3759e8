//! `volguard check`.

use super::{DriverFiles, EXIT_ERROR, EXIT_FINDINGS};
use crate::check;
use crate::cluster::{files, view::View};
use crate::engine::{Action, Profile};
use crate::policy::{CompiledPolicy, Mode, PolicySet};
use crate::report;
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Files and folders with manifests; `-` is standard input.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// StoragePolicy files or folders; without any, profile Recommended in mode Enforce.
    #[arg(long, env = "VOLGUARD_POLICY", value_delimiter = ',')]
    policy: Vec<PathBuf>,
    /// Objects of the cluster: manifests or Lists. For a kind of which one is given, what is not given does not exist.
    #[arg(long, env = "VOLGUARD_OBJECTS", value_delimiter = ',')]
    objects: Vec<PathBuf>,
    #[command(flatten)]
    drivers: DriverFiles,
    /// The profile to judge by, in place of policies.
    #[arg(long, env = "VOLGUARD_PROFILE", conflicts_with = "policy", ignore_case = true)]
    profile: Option<ProfileName>,
    /// How to write the report.
    #[arg(long, short, env = "VOLGUARD_OUTPUT", default_value = "text")]
    output: Output,
    /// The mildest action that makes the exit status 1.
    #[arg(long, env = "VOLGUARD_FAIL_ON", default_value = "deny")]
    fail_on: FailOn,
    /// Namespace of objects that name none.
    #[arg(long, short, env = "VOLGUARD_CHECK_NAMESPACE", default_value = "default")]
    namespace: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ProfileName {
    Baseline,
    Recommended,
    Strict,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Output {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOn {
    Deny,
    Warn,
    Audit,
}

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let policies = if args.policy.is_empty() {
        let profile = match args.profile {
            Some(ProfileName::Baseline) => Profile::Baseline,
            Some(ProfileName::Strict) => Profile::Strict,
            Some(ProfileName::Recommended) | None => Profile::Recommended,
        };
        PolicySet::new(vec![CompiledPolicy::from_profile(
            "default",
            profile,
            Mode::Enforce,
            &crate::rules::ALL,
        )])
    } else {
        PolicySet::new(crate::policy::read(&args.policy, &crate::rules::ALL)?)
    };
    let given = if args.objects.is_empty() {
        View::default()
    } else {
        files::read(&args.objects)?
    };
    let drivers = args.drivers.load()?;
    let manifests = check::read(&args.paths);
    let report = check::check(manifests, &given, &policies, &drivers, &args.namespace);

    let mut errors = std::io::stderr().lock();
    for error in &report.errors {
        let place = if error.line == 0 {
            String::new()
        } else {
            format!(":{}:{}", error.line, error.column)
        };
        writeln!(errors, "volguard: {}{place}: {}", error.file.display(), error.message)?;
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match args.output {
        Output::Text => report::write_text(&report, &mut out)?,
        Output::Json => report::write_json(&report, &mut out).context("the report cannot be written")?,
    }
    out.flush()?;

    let bar = match args.fail_on {
        FailOn::Deny => Action::Deny,
        FailOn::Warn => Action::Warn,
        FailOn::Audit => Action::Audit,
    };
    Ok(match () {
        () if !report.errors.is_empty() => ExitCode::from(EXIT_ERROR),
        () if report.findings.iter().any(|finding| finding.judged.action >= bar) => ExitCode::from(EXIT_FINDINGS),
        () => ExitCode::SUCCESS,
    })
}
