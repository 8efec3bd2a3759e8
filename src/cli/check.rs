//! `volguard check`.

use super::judging::JudgingArgs;
use crate::check;
use crate::cluster::{files, view::View};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Files and folders with manifests; `-` is standard input.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    judging: JudgingArgs,
    /// Objects of the cluster: manifests or Lists. For a kind of which one is given, what is not given does not exist.
    #[arg(long, env = "VOLGUARD_OBJECTS", value_delimiter = ',')]
    objects: Vec<PathBuf>,
    /// Namespace of objects that name none.
    #[arg(long, short, env = "VOLGUARD_CHECK_NAMESPACE", default_value = "default")]
    namespace: String,
}

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let policies = args.judging.policies()?;
    let given = if args.objects.is_empty() {
        View::default()
    } else {
        files::read(&args.objects)?
    };
    let drivers = args.judging.drivers.load()?;
    let manifests = check::read(&args.paths);
    let report = check::check(manifests, &given, &policies, &drivers, &args.namespace);
    args.judging.write(&report)
}
