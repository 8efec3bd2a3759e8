//! The catalogue: every rule file is registered, documented and has a case file, and nothing is left over.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use volguard::engine::{Action, Category, Check, Class, Fix, Profile};
use volguard::rules;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Stems of the files in a folder, as rule names.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    entries
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .replace('_', "-")
        })
        .filter(|name| name != "mod")
        .collect()
}

fn registered(category: Category) -> BTreeSet<String> {
    let of = rules::ALL.iter().filter(|rule| rule.category == category);
    of.map(|rule| rule.name.to_owned()).collect()
}

#[test]
fn every_file_is_a_registered_rule_with_a_case_file() {
    for category in Category::ALL {
        let folder = |parent: &str| root().join(parent).join(category.as_str());
        assert_eq!(
            names(&folder("src/rules")),
            registered(category),
            "src/rules/{}",
            category.as_str()
        );
        assert_eq!(
            names(&folder("tests/rules")),
            registered(category),
            "tests/rules/{}",
            category.as_str()
        );
    }
}

#[test]
fn registration_is_in_order_and_names_are_unique() {
    for rules in Category::ALL.map(rules::of) {
        assert!(
            rules.windows(2).all(|pair| pair[0].name < pair[1].name),
            "rules of a category stand by name"
        );
    }
    let names: Vec<&str> = rules::ALL
        .iter()
        .flat_map(|rule| rule.aliases.iter().copied().chain([rule.name]))
        .collect();
    assert_eq!(
        names.len(),
        names.iter().collect::<BTreeSet<_>>().len(),
        "names and aliases are unique"
    );
}

#[test]
fn documentation_has_its_sections_in_order() {
    for rule in rules::ALL.iter() {
        let sections: Vec<&str> = rule
            .documentation
            .lines()
            .filter_map(|line| line.trim().strip_prefix("## "))
            .collect();
        let order = [
            "What it checks",
            "Why it matters",
            "How to fix",
            "Examples",
            "References",
        ];
        assert_eq!(sections, order, "{}", rule.name);
        let references = rule.documentation.split("## References").nth(1).unwrap();
        assert!(references.contains("https://"), "{}: references are URLs", rule.name);
        assert!(
            !rule.summary.is_empty() && !rule.summary.contains('\n') && !rule.summary.ends_with('.'),
            "{}",
            rule.name
        );
    }
}

#[test]
fn profiles_grow_stricter_and_fit_the_class() {
    for rule in rules::ALL.iter() {
        let [baseline, recommended, strict] = Profile::ALL.map(|profile| rule.profiles.of(profile));
        assert!(
            baseline.action <= recommended.action && recommended.action <= strict.action,
            "{}",
            rule.name
        );
        let may_deny = matches!(rule.class, Class::NeverWorks | Class::LosesData);
        assert!(
            may_deny || baseline.action < Action::Deny,
            "{}: Baseline denies only what fails or loses data",
            rule.name
        );
        let fixes = [baseline, recommended, strict].iter().any(|setting| setting.mutate);
        assert!(
            !fixes || rule.fix == Fix::Sometimes,
            "{}: a profile applies a fix that is not there",
            rule.name
        );
        let fits = match rule.check {
            Check::Class(_) => rule.category == Category::Class,
            Check::Claim(_) => rule.category == Category::Claim,
            Check::Volume(_) => rule.category == Category::Volume,
            Check::Workload(..) => rule.category == Category::Workload,
            Check::Object(..) => true,
        };
        assert!(fits, "{}: the check fits the category", rule.name);
    }
}

#[test]
fn no_rule_names_a_provisioner() {
    for category in Category::ALL {
        let folder = root().join("src/rules").join(category.as_str());
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            for line in code {
                assert!(
                    !line.contains(".csi.") && !line.contains("kubernetes.io/aws"),
                    "{}: {line}",
                    path.display()
                );
            }
        }
    }
}
