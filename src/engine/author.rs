//! What the author of an object wrote, as against what the API server filled in.

use super::Profile;
use crate::model::Meta;
use crate::model::object::{at, text};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

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

/// What is done where nobody can tell whether the author wrote a field that has a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum WhenUnknown {
    /// The field is reported, not fixed.
    #[default]
    Report,
    /// The field is fixed as if the author had not written it.
    Fix,
}

impl WhenUnknown {
    /// Fixes in Strict, reports otherwise.
    pub fn for_profile(profile: Profile) -> Self {
        match profile {
            Profile::Baseline | Profile::Recommended => Self::Report,
            Profile::Strict => Self::Fix,
        }
    }

    /// Whether a field may be fixed of which this is known: never what the author wrote.
    pub fn may_fix(self, written: Written) -> bool {
        match written {
            Written::No => true,
            Written::Unknown => self == Self::Fix,
            Written::Yes => false,
        }
    }
}

/// Where the author's words are found.
#[derive(Debug, Clone)]
pub enum Author<'a> {
    /// A manifest, before any default was filled in.
    Manifest(Value),
    /// An object as the API server sends it. What its author wrote is looked for when a rule asks.
    Live {
        /// Its metadata.
        meta: Meta<'a>,
        /// Its `metadata.managedFields` as JSON, where they were left out of the metadata.
        managed_fields: Option<&'a RawValue>,
    },
    /// Nobody can tell.
    Unknown,
}

impl<'a> Author<'a> {
    /// The author of an object as the API server sends it.
    pub fn of_live(meta: Meta<'a>, managed_fields: Option<&'a RawValue>) -> Self {
        Self::Live { meta, managed_fields }
    }

    /// Whether the author wrote the field of these nested keys. Of a live object the managed fields of server-side apply
    /// tell, else the last-applied annotation; where neither is there (Helm 3, `kubectl create`, controllers), nothing does.
    pub fn wrote(&self, keys: &[&str]) -> Written {
        let written = match self {
            Self::Manifest(object) => Some(at(object, keys).is_some()),
            Self::Live { meta, managed_fields } => {
                let parsed: Option<Vec<Value>> = managed_fields.and_then(|raw| parsed(raw.get()));
                let entries = parsed.as_deref().unwrap_or(meta.managed_fields());
                applied(entries, keys).or_else(|| last_applied(*meta, keys))
            }
            Self::Unknown => None,
        };
        match written {
            Some(true) => Written::Yes,
            Some(false) => Written::No,
            None => Written::Unknown,
        }
    }
}

/// Longest text that is searched for what the author wrote. The objects whose author matters are classes and claims of a
/// few hundred bytes, and a hundred times its length is what a text may become when it is decoded.
const LONGEST: usize = 64 * 1024;

/// What a text holds; nobody can tell where it is too long or broken.
fn parsed<T: DeserializeOwned>(text: &str) -> Option<T> {
    (text.len() <= LONGEST).then(|| serde_json::from_str(text).ok())?
}

/// Whether server-side apply lists the field of these keys; None if nothing was applied by it.
fn applied(managed_fields: &[Value], keys: &[&str]) -> Option<bool> {
    let mut applied = managed_fields
        .iter()
        .filter(|entry| text(entry, &["operation"]) == Some("Apply"))
        .filter_map(|entry| entry.get("fieldsV1"))
        .peekable();
    applied.peek()?;
    Some(applied.any(|fields| {
        keys.iter()
            .try_fold(fields, |fields, key| fields.get(format!("f:{key}")))
            .is_some()
    }))
}

/// Whether the manifest of client-side apply has the field of these keys; None if there is no such manifest.
fn last_applied(meta: Meta<'_>, keys: &[&str]) -> Option<bool> {
    let text = meta.annotation("kubectl.kubernetes.io/last-applied-configuration")?;
    let manifest: Value = parsed(text)?;
    Some(at(&manifest, keys).is_some())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn managed(fields: &Value) -> Box<RawValue> {
        serde_json::value::to_raw_value(fields).unwrap()
    }

    #[test]
    fn server_side_apply_comes_before_the_annotation() {
        let object = json!({"metadata": {"annotations":
            {"kubectl.kubernetes.io/last-applied-configuration": "{\"volumeBindingMode\":\"Immediate\"}"}}});
        let meta = Meta::of(&object);
        let applied = managed(&json!([{"operation": "Apply", "fieldsV1": {"f:provisioner": {}}}]));
        let author = Author::of_live(meta, Some(&applied));
        assert_eq!(author.wrote(&["provisioner"]), Written::Yes);
        assert_eq!(author.wrote(&["volumeBindingMode"]), Written::No);
        let parsed =
            json!({"metadata": {"managedFields": [{"operation": "Apply", "fieldsV1": {"f:provisioner": {}}}]}});
        let author = Author::of_live(Meta::of(&parsed), None);
        assert_eq!(author.wrote(&["provisioner"]), Written::Yes);
        let author = Author::of_live(meta, None);
        assert_eq!(author.wrote(&["provisioner"]), Written::No);
        assert_eq!(author.wrote(&["volumeBindingMode"]), Written::Yes);
    }

    #[test]
    fn managed_fields_of_an_update_say_nothing() {
        for fields in [
            json!([{"operation": "Update", "fieldsV1": {"f:volumeBindingMode": {}}}]),
            json!([null, {"operation": "Apply"}]),
            json!("odd"),
        ] {
            let managed = managed(&fields);
            let author = Author::of_live(Meta::of(&Value::Null), Some(&managed));
            assert_eq!(author.wrote(&["volumeBindingMode"]), Written::Unknown, "{fields}");
        }
    }

    #[test]
    fn what_is_too_long_is_not_searched() {
        for (length, expected) in [(10, Written::Yes), (LONGEST, Written::Unknown)] {
            let manifest = json!({"provisioner": "a", "metadata": {"name": "a".repeat(length)}});
            let meta = json!({"metadata": {"annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": manifest.to_string()}}});
            let author = Author::of_live(Meta::of(&meta), None);
            assert_eq!(author.wrote(&["provisioner"]), expected, "{length}");
        }
    }
}
