//! Rules of the category `class`.

use crate::engine::Rule;

/// The rules of this category, by name.
pub const RULES: &[&Rule] = &[];
