//! Rules about namespaces and their quotas.

pub mod namespace_with_data_deleted;
pub mod quota_for_unknown_class;
pub mod unlimited_storage_namespace;

use crate::engine::Rule;

/// The rules of this category, by name.
pub const RULES: &[&Rule] = &[
    &namespace_with_data_deleted::RULE,
    &quota_for_unknown_class::RULE,
    &unlimited_storage_namespace::RULE,
];
