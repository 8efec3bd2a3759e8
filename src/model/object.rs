//! What every Kubernetes object has, read leniently: a field of the wrong type is a field that is not there.

use super::ObjectKind;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Objects with this label and the value `true` may not be deleted. A label, so that a webhook's objectSelector can use it.
pub const PROTECT_LABEL: &str = "volguard.dev/protect";

/// Looks a nested field up: `at(value, &["spec", "template"])`.
pub fn at<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().try_fold(value, |value, key| value.get(key))
}

/// A nested string.
pub fn text<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a str> {
    at(value, keys).and_then(Value::as_str)
}

/// A nested list; empty when it is absent or of another type.
pub fn list<'a>(value: &'a Value, keys: &[&str]) -> &'a [Value] {
    at(value, keys).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A nested mapping.
pub fn map<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a Map<String, Value>> {
    at(value, keys).and_then(Value::as_object)
}

/// A nested time in RFC 3339, as the API server writes times.
pub fn time(value: &Value, keys: &[&str]) -> Option<jiff::Timestamp> {
    text(value, keys)?.parse().ok()
}

/// The API group of a group and version, empty for the core group.
pub fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// The API group of an object, empty for the core group.
pub fn group(object: &Value) -> &str {
    group_of(text(object, &["apiVersion"]).unwrap_or_default())
}

/// The metadata of an object that rules and policies read.
#[derive(Debug, Clone, Copy)]
pub struct Meta<'a>(&'a Value);

impl<'a> Meta<'a> {
    /// The metadata of `object`.
    pub fn of(object: &'a Value) -> Self {
        Self(object.get("metadata").unwrap_or(&Value::Null))
    }

    /// `metadata.name`, empty when there is none.
    pub fn name(self) -> &'a str {
        text(self.0, &["name"]).unwrap_or_default()
    }

    /// The name for people: what the API server will make one of, where there is none yet.
    pub fn shown_name(self) -> &'a str {
        match self.name() {
            "" => text(self.0, &["generateName"]).unwrap_or_default(),
            name => name,
        }
    }

    /// `metadata.namespace`, empty for cluster-scoped objects.
    pub fn namespace(self) -> &'a str {
        text(self.0, &["namespace"]).unwrap_or_default()
    }

    /// The value of a label.
    pub fn label(self, key: &str) -> Option<&'a str> {
        self.labels()?.get(key)?.as_str()
    }

    /// All labels.
    pub fn labels(self) -> Option<&'a Map<String, Value>> {
        map(self.0, &["labels"])
    }

    /// Whether the object has one of these names and all of these labels; where none are given, any will do.
    pub fn is_among(self, names: &[String], labels: &BTreeMap<String, String>) -> bool {
        (names.is_empty() || names.iter().any(|name| name == self.name()))
            && labels.iter().all(|(key, value)| self.label(key) == Some(value))
    }

    /// The value of an annotation.
    pub fn annotation(self, key: &str) -> Option<&'a str> {
        self.annotations()?.get(key)?.as_str()
    }

    /// All annotations.
    pub fn annotations(self) -> Option<&'a Map<String, Value>> {
        map(self.0, &["annotations"])
    }

    /// When the object was created.
    pub fn created(self) -> Option<jiff::Timestamp> {
        time(self.0, &["creationTimestamp"])
    }

    /// The object's identity.
    pub fn uid(self) -> Option<&'a str> {
        text(self.0, &["uid"])
    }

    /// Whether the object carries the label that protects its data: `volguard.dev/protect: "true"`.
    pub fn is_protected(self) -> bool {
        self.label(PROTECT_LABEL) == Some("true")
    }

    /// Whether the object is being deleted.
    pub fn is_deleting(self) -> bool {
        self.0.get("deletionTimestamp").is_some_and(|time| !time.is_null())
    }

    fn owner(self) -> Option<&'a Value> {
        list(self.0, &["ownerReferences"])
            .iter()
            .find(|owner| owner.get("controller") == Some(&Value::Bool(true)))
    }

    /// The controller that owns the object: kind and name.
    pub fn controller(self) -> Option<(&'a str, &'a str)> {
        let owner = self.owner()?;
        Some((text(owner, &["kind"])?, text(owner, &["name"])?))
    }

    /// The kind of the controller that owns the object, where it is one that rules read.
    pub fn controller_kind(self) -> Option<ObjectKind> {
        let owner = self.owner()?;
        ObjectKind::find(group(owner), text(owner, &["kind"])?)
    }

    /// `metadata.managedFields`.
    pub fn managed_fields(self) -> &'a [Value] {
        list(self.0, &["managedFields"])
    }
}
