//! Rules of the category `workload`.

use crate::engine::Rule;

/// The rules of this category, by name.
pub const RULES: &[&Rule] = &[];
