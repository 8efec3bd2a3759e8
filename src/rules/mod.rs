//! The catalogue: every rule, one file each, in the folder of its category.

pub mod claim;
pub mod class;
pub mod namespace;
mod related;
pub mod snapshot;
pub mod volume;
pub mod workload;

use crate::engine::{Category, Rule};

/// Every rule, in the order of categories and names.
pub static ALL: std::sync::LazyLock<Vec<&'static Rule>> =
    std::sync::LazyLock::new(|| Category::ALL.into_iter().flat_map(of).copied().collect());

/// The rules of a category, by name.
pub fn of(category: Category) -> &'static [&'static Rule] {
    match category {
        Category::Class => class::RULES,
        Category::Claim => claim::RULES,
        Category::Volume => volume::RULES,
        Category::Workload => workload::RULES,
        Category::Snapshot => snapshot::RULES,
        Category::Namespace => namespace::RULES,
    }
}

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
