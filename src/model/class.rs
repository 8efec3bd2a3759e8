//! StorageClass.

use super::object::{Meta, list, map, text};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A `storage.k8s.io` StorageClass.
#[derive(Debug, Clone, Copy)]
pub struct StorageClass<'a> {
    value: &'a Value,
}

impl<'a> StorageClass<'a> {
    /// Reads a class from its JSON.
    pub fn new(value: &'a Value) -> Self {
        Self { value }
    }

    /// The class as JSON.
    pub fn value(self) -> &'a Value {
        self.value
    }

    /// Its metadata.
    pub fn meta(self) -> Meta<'a> {
        Meta::of(self.value)
    }

    /// Its name.
    pub fn name(self) -> &'a str {
        self.meta().name()
    }

    /// Who provisions its volumes.
    pub fn provisioner(self) -> &'a str {
        text(self.value, &["provisioner"]).unwrap_or_default()
    }

    /// Whether nothing provisions volumes for it: it collects volumes that somebody made.
    /// <https://kubernetes.io/docs/concepts/storage/storage-classes/#local>
    pub fn has_no_provisioner(self) -> bool {
        self.provisioner() == "kubernetes.io/no-provisioner"
    }

    /// The parameters for the provisioner.
    pub fn parameters(self) -> Option<&'a Map<String, Value>> {
        map(self.value, &["parameters"])
    }

    /// Whether volumes are bound at once, before a pod is scheduled. What the API server fills in when nothing is written.
    pub fn binds_immediately(self) -> bool {
        text(self.value, &["volumeBindingMode"]).is_none_or(|mode| mode == "Immediate")
    }

    /// Whether claims of the class may grow.
    pub fn allows_expansion(self) -> bool {
        self.value.get("allowVolumeExpansion") == Some(&Value::Bool(true))
    }

    /// Whether a volume is deleted with its claim. What the API server fills in when nothing is written.
    pub fn deletes_volumes(self) -> bool {
        text(self.value, &["reclaimPolicy"]).is_none_or(|policy| policy == "Delete")
    }

    /// The zones that its volumes are limited to; empty when they are not.
    pub fn allowed_zones(self) -> BTreeSet<&'a str> {
        // Drivers have zone keys of their own beside the well-known ones: `topology.ebs.csi.aws.com/zone`.
        list(self.value, &["allowedTopologies"])
            .iter()
            .flat_map(|term| list(term, &["matchLabelExpressions"]))
            .filter(|expression| text(expression, &["key"]).is_some_and(|key| key.ends_with("/zone")))
            .flat_map(|expression| list(expression, &["values"]))
            .filter_map(Value::as_str)
            .collect()
    }

    /// Whether claims without a class get this one: either annotation key, the value exactly `true`.
    /// <https://github.com/kubernetes/kubernetes/blob/master/pkg/volume/util/storageclass.go>
    pub fn is_default(self) -> bool {
        [
            "storageclass.kubernetes.io/is-default-class",
            "storageclass.beta.kubernetes.io/is-default-class",
        ]
        .iter()
        .any(|key| self.meta().annotation(key) == Some("true"))
    }
}
