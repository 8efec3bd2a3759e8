//! Rules about namespaces and their quotas.

use crate::engine::Rule;

/// The rules of this category, by name.
pub const RULES: &[&Rule] = &[];
