//! `volguard check`.

use super::judging::JudgingArgs;
use crate::check;
use crate::cluster::{files, view::View};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Files and folders with manifests; `-` is standard input. Of a folder, the files that end with .yaml, .yml or .json are
    /// read, with those of its subfolders other than .git.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// What to leave out of folders: files and subfolders whose path below the given folder fits, where `*` stands for any
    /// characters, slashes too. `--exclude '*/templates/*'` leaves out the templates of charts, which are no YAML before they
    /// are rendered.
    #[arg(long, env = "VOLGUARD_EXCLUDE", value_name = "GLOB", value_delimiter = ',')]
    exclude: Vec<String>,
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
    let manifests = check::read_without(&args.paths, &args.exclude);
    let report = check::check(manifests, &given, &policies, &drivers, &args.namespace);
    args.judging.write(&report)
}
