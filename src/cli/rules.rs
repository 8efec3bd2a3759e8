//! `volguard rules`.

use crate::engine::{Fix, Profile, ReportsAt, Rule, Setting};
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
                let hint = rules::similar(name).map_or(String::new(), |similar| format!("; did you mean {similar}?"));
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
        Output::Markdown => {
            writeln!(
                out,
                "| rule | what it finds | Baseline | Recommended | Strict |\n|---|---|---|---|---|"
            )?;
            for rule in rules::ALL.iter() {
                let [b, r, s] = Profile::ALL.map(|profile| setting(rule.profiles.of(profile)));
                writeln!(out, "| {} | {} | {b} | {r} | {s} |", rule.name, rule.summary)?;
            }
        }
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
    writeln!(out, "# {}\n\n{}.\n", rule.name, capitalized(rule.summary))?;
    writeln!(
        out,
        "Category {}, {}, since {}.\n",
        rule.category.as_str(),
        rule.class.as_str(),
        rule.since
    )?;
    writeln!(out, "| profile | action |\n|---|---|")?;
    for profile in Profile::ALL {
        writeln!(out, "| {} | {} |", profile.as_str(), setting(rule.profiles.of(profile)))?;
    }
    for line in rule.documentation.lines() {
        writeln!(out, "{}", line.strip_prefix(' ').unwrap_or(line))?;
    }
    let schema = (rule.parameters.schema)();
    if let Some(properties) = schema
        .get("properties")
        .and_then(Value::as_object)
        .filter(|p| !p.is_empty())
    {
        writeln!(out, "\n## Parameters\n")?;
        let defaults = (rule.parameters.defaults)(Profile::Recommended);
        for (name, schema) in properties {
            let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
            let default = defaults.get(name).unwrap_or(&Value::Null);
            writeln!(out, "- `{name}` (default `{default}`): {}", text.replace('\n', " "))?;
        }
        writeln!(out, "\n```json\n{}\n```", serde_json::to_string_pretty(&schema)?)?;
    }
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

fn setting(setting: Setting) -> String {
    format!(
        "{}{}",
        setting.action.as_str(),
        if setting.mutate { " + fix" } else { "" }
    )
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}
