//! The definitions of volguard's own kinds.

use crate::own;
use serde_json::Value;

/// The CustomResourceDefinition of each of volguard's own kinds, by name.
pub fn crds() -> Vec<Value> {
    // A definition is made of strings, numbers and maps, which JSON can say.
    own::crds().unwrap_or_default()
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
