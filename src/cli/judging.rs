//! What `check` and `scan` have in common: by which policies they judge, and how they report.

use super::{DriverFiles, EXIT_ERROR, EXIT_FINDINGS, expired};
use crate::engine::{Action, Profile};
use crate::policy::{CompiledPolicy, Exceptions, Mode, PolicyFiles, PolicySet};
use crate::report::{self, Report};
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct JudgingArgs {
    /// StoragePolicy and StorageException files or folders. Without any policy, `check` takes profile Recommended in mode
    /// Enforce, and `scan` the policies of the cluster, if it has any.
    #[arg(long, env = "VOLGUARD_POLICY", value_delimiter = ',')]
    policy: Vec<PathBuf>,
    /// The profile to judge by, in place of policies.
    #[arg(long, env = "VOLGUARD_PROFILE", conflicts_with = "policy", ignore_case = true)]
    profile: Option<ProfileName>,
    #[command(flatten)]
    pub(super) drivers: DriverFiles,
    /// How to write the report.
    #[arg(long, short, env = "VOLGUARD_OUTPUT", default_value = "text")]
    output: Output,
    /// The mildest action that makes the exit status 1.
    #[arg(long, env = "VOLGUARD_FAIL_ON", default_value = "deny")]
    fail_on: FailOn,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ProfileName {
    Baseline,
    Recommended,
    Strict,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Output {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOn {
    Deny,
    Warn,
    Audit,
}

impl JudgingArgs {
    /// The policies to judge by, and the exceptions from them. Fails where one of the files does.
    pub(super) fn policies(&self) -> anyhow::Result<PolicySet> {
        let mut files = self.files()?;
        if files.policies.is_empty() {
            files.policies.push(self.default_policy());
        }
        Ok(PolicySet::from(files))
    }

    /// What the files hold, and the policy of a profile that is asked for. Without a policy, others are to be judged by.
    /// Exceptions that are expired are told on standard error.
    pub(super) fn files(&self) -> anyhow::Result<PolicyFiles> {
        let mut files = crate::policy::read(&self.policy, &crate::rules::ALL)?;
        for said in expired(&Exceptions::new(files.exceptions.clone())) {
            writeln!(std::io::stderr(), "volguard: {said}")?;
        }
        if self.profile.is_some() {
            files.policies.push(self.default_policy());
        }
        Ok(files)
    }

    /// What to judge by where there is no policy.
    pub(super) fn default_policy(&self) -> CompiledPolicy {
        let profile = match self.profile {
            Some(ProfileName::Baseline) => Profile::Baseline,
            Some(ProfileName::Strict) => Profile::Strict,
            Some(ProfileName::Recommended) | None => Profile::Recommended,
        };
        CompiledPolicy::from_profile("default", profile, Mode::Enforce, &crate::rules::ALL)
    }

    /// Writes the report and says how the command ends.
    pub(super) fn write(&self, report: &Report) -> anyhow::Result<ExitCode> {
        let mut errors = std::io::stderr().lock();
        for error in &report.errors {
            match &error.place {
                Some(place) => writeln!(errors, "volguard: {place}: {}", error.message)?,
                None => writeln!(errors, "volguard: {}", error.message)?,
            }
        }
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        match self.output {
            Output::Text => report::write_text(report, &mut out)?,
            Output::Json => report::write_json(report, &mut out).context("the report cannot be written")?,
        }
        out.flush()?;

        let bar = match self.fail_on {
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
}
