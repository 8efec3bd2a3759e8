//! `volguard drivers`.

use crate::drivers::Drivers;
use clap::Subcommand;
use std::io::{self, Write};
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum DriversCommand {
    /// List every driver that is known.
    List,
    /// Show what is known of one driver, and from where.
    Show {
        /// Its name, as a StorageClass has it in `provisioner`.
        name: String,
    },
}

pub(super) fn run(command: &DriversCommand) -> anyhow::Result<ExitCode> {
    let drivers = Drivers::builtin();
    let mut out = io::BufWriter::new(io::stdout().lock());
    match command {
        DriversCommand::List => {
            let width = drivers
                .iter()
                .map(|driver| driver.name().len())
                .max()
                .unwrap_or_default();
            for driver in drivers.iter() {
                writeln!(out, "{:<width$}  {}", driver.name(), driver.product())?;
            }
        }
        DriversCommand::Show { name } => {
            let Some(known) = drivers.find(name) else {
                let hint = drivers
                    .similar(name)
                    .map_or(String::new(), |similar| format!("; did you mean {similar}?"));
                anyhow::bail!("nothing is known of a driver {name}{hint}");
            };
            serde_json::to_writer_pretty(&mut out, known.driver)?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
