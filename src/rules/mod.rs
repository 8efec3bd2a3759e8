//! The catalogue: every rule, one file each, in the folder of its category.

pub mod claim;
pub mod class;
pub mod workload;

use crate::engine::Rule;

/// Every rule, in the order of categories and names.
pub static ALL: std::sync::LazyLock<Vec<&'static Rule>> =
    std::sync::LazyLock::new(|| [class::RULES, claim::RULES, workload::RULES].concat());

/// The rule of this name or former name.
pub fn find(name: &str) -> Option<&'static Rule> {
    ALL.iter()
        .copied()
        .find(|rule| rule.name == name || rule.aliases.contains(&name))
}

/// The name that was probably meant.
pub fn similar(name: &str) -> Option<&'static str> {
    let distance = |rule: &&Rule| strsim::damerau_levenshtein(rule.name, name);
    let nearest = ALL.iter().copied().min_by_key(distance)?;
    (distance(&nearest) <= name.len() / 3 + 1).then_some(nearest.name)
}
