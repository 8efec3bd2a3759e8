//! `volguard completion`.

use clap::{Args, CommandFactory};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct CompletionArgs {
    /// The shell.
    shell: clap_complete::Shell,
}

pub(super) fn run(args: &CompletionArgs) -> anyhow::Result<ExitCode> {
    clap_complete::generate(
        args.shell,
        &mut super::Cli::command(),
        "volguard",
        &mut std::io::stdout(),
    );
    Ok(ExitCode::SUCCESS)
}
