//! The `volguard` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    volguard::cli::run()
}
