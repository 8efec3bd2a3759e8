//! What the author of an object wrote, as against what the API server filled in.

use crate::model::Meta;
use serde_json::Value;

/// Whether the author wrote a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The author did.
    Yes,
    /// The author did not: the API server filled it in, or it is not there.
    No,
    /// Nobody can tell.
    Unknown,
}

/// Where the author's words are found.
#[derive(Debug, Clone)]
pub enum Author<'a> {
    /// A manifest, before any default was filled in.
    Manifest(Value),
    /// The fields that a server-side apply lists: exactly the written ones.
    Applied(Vec<&'a Value>),
    /// The annotation that client-side `kubectl apply` leaves.
    LastApplied(Value),
    /// Neither: Helm 3, `kubectl create`, controllers.
    Unknown,
}

impl<'a> Author<'a> {
    /// Recovers what the author wrote from an object as the API server sends it: server-side apply's managed fields first,
    /// then the last-applied annotation.
    pub fn of_live(meta: Meta<'a>) -> Self {
        let applied: Vec<&Value> = meta
            .managed_fields()
            .iter()
            .filter(|entry| entry.get("operation").and_then(Value::as_str) == Some("Apply"))
            .filter_map(|entry| entry.get("fieldsV1"))
            .collect();
        if !applied.is_empty() {
            return Self::Applied(applied);
        }
        meta.annotation("kubectl.kubernetes.io/last-applied-configuration")
            .and_then(|text| serde_json::from_str(text).ok())
            .map_or(Self::Unknown, Self::LastApplied)
    }

    /// Whether the author wrote the field of these nested keys.
    pub fn wrote(&self, keys: &[&str]) -> Written {
        let written = match self {
            Self::Manifest(object) | Self::LastApplied(object) => crate::model::object::at(object, keys).is_some(),
            Self::Applied(entries) => entries.iter().any(|fields| {
                keys.iter()
                    .try_fold(*fields, |fields, key| fields.get(format!("f:{key}")))
                    .is_some()
            }),
            Self::Unknown => return Written::Unknown,
        };
        if written { Written::Yes } else { Written::No }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn server_side_apply_comes_before_the_annotation() {
        let object = json!({"metadata": {
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{\"volumeBindingMode\":\"Immediate\"}"},
            "managedFields": [{"operation": "Apply", "fieldsV1": {"f:provisioner": {}}}]}});
        let author = Author::of_live(Meta::of(&object));
        assert_eq!(author.wrote(&["provisioner"]), Written::Yes);
        assert_eq!(author.wrote(&["volumeBindingMode"]), Written::No);
    }

    #[test]
    fn managed_fields_of_an_update_say_nothing() {
        let object = json!({"metadata": {"managedFields": [
            {"operation": "Update", "fieldsV1": {"f:volumeBindingMode": {}}}]}});
        assert_eq!(
            Author::of_live(Meta::of(&object)).wrote(&["volumeBindingMode"]),
            Written::Unknown
        );
    }
}
