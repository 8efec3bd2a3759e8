//! `volguard drivers`.

use super::{DriverFiles, did_you_mean};
use crate::drivers::Driver;
use clap::{Args, Subcommand};
use std::io::{self, Write};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct DriversArgs {
    #[command(flatten)]
    files: DriverFiles,
    #[command(subcommand)]
    command: DriversCommand,
}

#[derive(Debug, Subcommand)]
enum DriversCommand {
    /// List every driver that is known.
    List,
    /// Show what is known of one driver, and from where.
    Show {
        /// Its name, as a StorageClass has it in `provisioner`.
        name: String,
    },
}

pub(super) fn run(args: &DriversArgs) -> anyhow::Result<ExitCode> {
    let drivers = args.files.load()?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    match &args.command {
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
                if let Some(recognised) = drivers.recognises(name) {
                    anyhow::bail!(
                        "{name} is a driver for {}, of which nothing else is known; a StorageDriver file (--drivers) can say more",
                        recognised.product
                    );
                }
                let names = drivers.iter().map(Driver::name);
                let hint = did_you_mean(name, drivers.similar(name), names);
                anyhow::bail!("nothing is known of a driver {name}{hint}");
            };
            serde_json::to_writer_pretty(&mut out, known.driver)?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
