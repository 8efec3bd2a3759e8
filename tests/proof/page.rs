//! docs/proof.md: which failures are shown, and which rules come of which section of the reference document.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use volguard::rules;

use crate::scenarios;
use crate::sections::{self, Section};
use crate::support::generated;

/// With `UPDATE=1` the page is written, otherwise it is compared.
pub(crate) fn is_up_to_date() {
    generated::is_up_to_date(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/proof.md"), &page());
}

/// Every section has a scenario or a reason, every rule a section, and every name is one that there is.
pub(crate) fn leaves_nothing_out() {
    let catalogue: BTreeSet<&str> = rules::ALL.iter().map(|rule| rule.name).collect();
    let mapped: BTreeSet<&str> = sections::ALL
        .iter()
        .flat_map(|section| section.rules)
        .copied()
        .collect();
    assert_eq!(catalogue, mapped, "rules of the catalogue, and of all sections");

    for section in sections::ALL {
        let shown = shown_in(section).len();
        assert!(
            (shown == 0) == section.not_shown.is_some(),
            "{}: {shown} scenarios, and {:?}",
            section.heading,
            section.not_shown
        );
    }
    let mut names = BTreeSet::new();
    for scenario in scenarios::ALL {
        assert!(names.insert(scenario.name), "{} is there twice", scenario.name);
        let of = |heading: &&'static str| sections::ALL.iter().find(|section| section.heading == *heading);
        let known: Vec<&Section> = scenario.sections.iter().filter_map(of).collect();
        assert_eq!(
            known.len(),
            scenario.sections.len(),
            "{}: {:?}",
            scenario.name,
            scenario.sections
        );
        for rule in scenario.rules {
            let is_there = known.iter().any(|section| section.rules.contains(rule));
            assert!(
                is_there,
                "{}: {rule} is in none of {:?}",
                scenario.name, scenario.sections
            );
        }
    }
}

/// The sections are those of the reference document, where that is there to be read.
pub(crate) fn follows_the_reference_document() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference/kubernetes-storage.txt");
    let Ok(text) = fs::read(&path) else { return };
    let text = String::from_utf8_lossy(&text);
    let headings = text.lines().filter_map(|line| {
        let bold = line.strip_prefix("### **").and_then(|rest| rest.strip_suffix("**"));
        bold.or((line == "## Summary").then_some("Summary"))
    });
    let ours: Vec<&str> = sections::ALL.iter().map(|section| section.heading).collect();
    assert_eq!(headings.collect::<Vec<_>>(), ours);
}

/// The numbers of the section's scenarios.
fn shown_in(section: &Section) -> Vec<String> {
    let numbered = (1_u32..).zip(scenarios::ALL);
    let of_section = numbered.filter(|(_, scenario)| scenario.sections.contains(&section.heading));
    of_section.map(|(number, _)| number.to_string()).collect()
}

fn page() -> String {
    let mut page = String::from(
        "# The proof\n\n\
         What goes wrong with storage, played on a real control plane of three zones: once without volguard, and once with it\n\
         ([guardrails.yaml](../deploy/sample/guardrails.yaml) enforced). `make demo` tells it at a terminal, `cargo test --test proof`\n\
         asserts both halves of every line, and that in mode Audit everything happens as without volguard while its log names the\n\
         rules that would have prevented it. [Decision 0008](decisions/0008-a-cluster-without-a-cloud.md) says what in that cluster is\n\
         real. Made of [tests/proof](../tests/proof); `make docs` writes this page.\n\n\
         ## Failures\n\n\
         | | somebody does this | without volguard | with volguard | rules |\n|--:|---|---|---|---|\n",
    );
    for (number, scenario) in (1_u32..).zip(scenarios::ALL) {
        let _ = writeln!(
            page,
            "| {number} | [{}](../tests/proof/scenarios/{}.rs) | {} | {} | {} |",
            scenario.title,
            scenario.name.replace('-', "_"),
            scenario.without.outcome,
            scenario.with.outcome,
            links(scenario.rules),
        );
    }
    page += "\n## From the reference document to rules\n\n\
         The sections of \"Kubernetes Storage & State Management\", the document that volguard was made for. Every rule of the\n\
         catalogue is in at least one.\n\n\
         | section | rules | shown by |\n|---|---|---|\n";
    for section in sections::ALL {
        let shown = section
            .not_shown
            .map_or_else(|| shown_in(section).join(", "), |why| format!("nothing: {why}"));
        let _ = writeln!(page, "| {} | {} | {shown} |", section.heading, links(section.rules));
    }
    page
}

fn links(rules: &[&str]) -> String {
    let links: Vec<String> = rules.iter().map(|rule| format!("[{rule}](rules/{rule}.md)")).collect();
    links.join(", ")
}
