//! Rules about snapshots, their contents and classes.

use crate::engine::Rule;

/// The rules of this category, by name.
pub const RULES: &[&Rule] = &[];
