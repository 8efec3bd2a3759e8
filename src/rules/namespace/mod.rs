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

/// What stands between the name of a class and what is limited, in the keys of a quota for claims of one class.
/// <https://kubernetes.io/docs/concepts/policy/resource-quotas/#quota-for-storage>
const CLASS_QUOTA: &str = ".storageclass.storage.k8s.io/";

/// What a quota limits the requested sizes by: of all claims, or behind the name of a class.
const REQUESTS: &str = "requests.storage";
