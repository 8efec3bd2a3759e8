//! `volguard rules`.

use super::did_you_mean;
use crate::engine::{Fix, ReportsAt, Rule};
use crate::reference::{self, setting};
use crate::rules;
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// List every rule.
    List {
        /// How to write the list.
        #[arg(long, short, default_value = "text")]
        output: Output,
    },
    /// Show one rule: documentation, actions, parameters.
    Show {
        /// Name of the rule.
        name: String,
        /// How to write it.
        #[arg(long, short, default_value = "text")]
        output: Output,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Output {
    Text,
    Json,
    Markdown,
}

pub(super) fn run(command: &RulesCommand) -> anyhow::Result<ExitCode> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match command {
        RulesCommand::List { output } => list(*output, &mut out)?,
        RulesCommand::Show { name, output } => {
            let Some(rule) = rules::find(name) else {
                let names = rules::ALL.iter().map(|rule| rule.name);
                let hint = did_you_mean(name, rules::similar(name), names);
                anyhow::bail!("there is no rule {name}{hint}");
            };
            show(rule, *output, &mut out)?;
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn list(output: Output, out: &mut dyn Write) -> anyhow::Result<()> {
    match output {
        Output::Json => {
            let rules: Vec<Value> = rules::ALL.iter().map(|rule| describe(rule)).collect();
            serde_json::to_writer_pretty(&mut *out, &rules)?;
            writeln!(out)?;
        }
        Output::Markdown => write!(out, "{}", reference::rule_index())?,
        Output::Text => {
            let width = rules::ALL.iter().map(|rule| rule.name.len()).max().unwrap_or_default();
            for rule in rules::ALL.iter() {
                writeln!(
                    out,
                    "{:<9} {:<width$}  {}",
                    rule.category.as_str(),
                    rule.name,
                    rule.summary
                )?;
            }
        }
    }
    Ok(())
}

fn show(rule: &Rule, output: Output, out: &mut dyn Write) -> anyhow::Result<()> {
    if let Output::Json = output {
        let mut description = describe(rule);
        description["documentation"] = json!(rule.documentation);
        serde_json::to_writer_pretty(&mut *out, &description)?;
        writeln!(out)?;
        return Ok(());
    }
    write!(out, "{}", reference::rule_page(rule))?;
    Ok(())
}

fn describe(rule: &Rule) -> Value {
    json!({
        "name": rule.name,
        "summary": rule.summary,
        "category": rule.category.as_str(),
        "class": rule.class.as_str(),
        "fixes": rule.fix == Fix::Sometimes,
        "reportsAt": if rule.reports_at == ReportsAt::Mutate { "/mutate" } else { "/validate" },
        "since": rule.since,
        "actions": {
            "Baseline": setting(rule.profiles.baseline),
            "Recommended": setting(rule.profiles.recommended),
            "Strict": setting(rule.profiles.strict),
        },
        "parameters": (rule.parameters.schema)(),
    })
}
