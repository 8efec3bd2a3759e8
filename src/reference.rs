//! The reference in Markdown: a page for every rule, the index, and the table of drivers.

use crate::drivers::{Drivers, Kind, Parameters, Scope, Support};
use crate::engine::{Category, Operation, Profile, ReportsAt, Rule, Setting, Status};
use crate::model::{AccessMode, VolumeMode};
use crate::rules;
use serde_json::Value;
use std::fmt::Write as _;

/// The page of one rule.
pub fn rule_page(rule: &Rule) -> String {
    let mut page = format!("# {}\n\n{}.\n\n", rule.name, capitalised(rule.summary));
    if let Status::Preview = rule.status {
        page.push_str("A preview: it may still change, and is off in every profile.\n\n");
    }
    let _ = writeln!(
        page,
        "Category {}, {}, judges {}, since {}.\n",
        rule.category.as_str(),
        rule.class.as_str(),
        operations(rule),
        rule.since
    );
    page.push_str("| profile | action |\n|---|---|\n");
    for profile in Profile::ALL {
        let _ = writeln!(
            page,
            "| {} | {} |",
            profile.as_str(),
            setting(rule.profiles.of(profile))
        );
    }
    if rule.graded {
        page.push_str("\nSome of its findings have actions of their own.\n");
    }
    if rule.reports_at == ReportsAt::Mutate {
        page.push_str("\nIt reports from `/mutate`: later the API server has dropped or refused what it reads.\n");
    }
    page.push('\n');
    for line in rule.documentation.lines() {
        let _ = writeln!(page, "{}", line.strip_prefix(' ').unwrap_or(line));
    }
    page.push_str(&parameters(rule));
    page
}

/// The parameters of a rule: what each is for, its default, and the schema; empty where there are none.
fn parameters(rule: &Rule) -> String {
    let schema = (rule.parameters.schema)();
    let properties = schema.get("properties").and_then(Value::as_object);
    let Some(properties) = properties.filter(|properties| !properties.is_empty()) else {
        return String::new();
    };
    let mut text = "\n## Parameters\n\n".to_owned();
    let defaults = (rule.parameters.defaults)(Profile::Recommended);
    for (name, schema) in properties {
        let meaning = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let default = defaults.get(name).unwrap_or(&Value::Null);
        let _ = writeln!(text, "- `{name}` (default `{default}`): {}", meaning.replace('\n', " "));
    }
    let _ = writeln!(text, "\n```json\n{schema:#}\n```");
    text
}

/// Every rule by category, with what the profiles do.
pub fn rule_index() -> String {
    let mut text = "# Rules\n\n\
        What a profile does with a finding: deny, warn, record it in audit (`Audit`), or nothing (`Off`); `+ fix` mends it at \
        `/mutate`.\n"
        .to_owned();
    for category in Category::ALL {
        let _ = writeln!(
            text,
            "\n## {}\n\n| rule | what it finds | judges | Baseline | Recommended | Strict |\n|---|---|---|---|---|---|",
            category.as_str()
        );
        for rule in rules::of(category) {
            let [baseline, recommended, strict] = Profile::ALL.map(|profile| setting(rule.profiles.of(profile)));
            let _ = writeln!(
                text,
                "| [{name}]({name}.md) | {} | {} | {baseline} | {recommended} | {strict} |",
                rule.summary,
                operations(rule),
                name = rule.name,
            );
        }
    }
    text
}

fn operations(rule: &Rule) -> String {
    let names = rule.operations.iter().map(|operation| match operation {
        Operation::Create => "create",
        Operation::Update => "update",
        Operation::Delete => "delete",
        Operation::Scale => "scale",
        Operation::Scan => "scan",
    });
    names.collect::<Vec<_>>().join(", ")
}

/// What a profile does, in a few words: `Warn + fix`.
pub fn setting(setting: Setting) -> String {
    let fix = if setting.mutate { " + fix" } else { "" };
    format!("{}{fix}", setting.action.as_str())
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// What every driver serves where its class says nothing special.
pub fn driver_table(drivers: &Drivers) -> String {
    let mut text = "# Drivers\n\n\
        What each driver serves where its class has no parameters; parameters may change it, and `volguard drivers show NAME` \
        prints all that is known, with its sources. An empty cell is not known, and what is not known is never judged.\n\n\
        | driver | product | stores | shared filesystem | shared raw device | volumes | expansion | snapshots | clones |\n\
        |---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    let none = Parameters::new(None);
    for driver in drivers.iter() {
        let shared = |volume_mode| {
            support(
                driver
                    .access_mode(&crate::drivers::Ask {
                        mode: AccessMode::ReadWriteMany,
                        volume_mode,
                        parameters: &none,
                        restores: false,
                    })
                    .value,
            )
        };
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {} | {} | {} | {} |",
            driver.name(),
            driver.product(),
            match driver.kind() {
                Kind::Block => "disks",
                Kind::File => "files",
                Kind::Object => "objects",
                Kind::Unknown => "",
            },
            shared(VolumeMode::Filesystem),
            shared(VolumeMode::Block),
            match driver.topology(&none).value {
                Scope::Zonal => "in a zone",
                Scope::Node => "on a node",
                Scope::Regional => "in a region",
                Scope::Global => "anywhere",
                Scope::Unknown => "",
            },
            expansion(driver.expansion().value),
            support(driver.snapshots().value),
            support(driver.clones().value),
        );
    }
    text
}

fn support(support: Support) -> &'static str {
    match support {
        Support::Served => "yes",
        Support::Refused => "no",
        Support::Unknown => "",
    }
}

fn expansion(expansion: crate::drivers::Expansion) -> &'static str {
    use crate::drivers::Expansion;
    match expansion {
        Expansion::Online => "online",
        Expansion::Offline => "offline",
        Expansion::CapacityOnly => "the number only",
        Expansion::None => "no",
        Expansion::Unknown => "",
    }
}
