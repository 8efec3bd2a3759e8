//! The definitions of volguard's own kinds.

use crate::policy::StoragePolicy;
use kube::CustomResourceExt;
use serde_json::Value;

/// The API group of volguard's own kinds.
pub(super) const GROUP: &str = "volguard.dev";

/// The version of volguard's own kinds.
pub(super) const VERSION: &str = "v1alpha1";

/// The CustomResourceDefinition of each of volguard's own kinds, by name.
pub fn crds() -> Vec<Value> {
    let definitions = [StoragePolicy::crd()];
    // A definition is made of strings, numbers and maps, which JSON can say.
    let value = |definition| serde_json::to_value(definition).unwrap_or_default();
    definitions.into_iter().map(value).collect()
}

/// What volguard's own kinds are called in permissions, and whether they have a status.
pub(super) fn resources() -> Vec<(String, bool)> {
    let resource = |crd: &Value| {
        let plural = crd["spec"]["names"]["plural"].as_str()?.to_owned();
        let has_status = crd["spec"]["versions"][0]["subresources"].get("status").is_some();
        Some((plural, has_status))
    };
    crds().iter().filter_map(resource).collect()
}
