//! StorageClass.

use super::FieldPath;
use super::object::{Meta, list, map, text};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A `storage.k8s.io` StorageClass.
#[derive(Debug, Clone, Copy)]
pub struct StorageClass<'a> {
    value: &'a Value,
}

/// One expression of a class's `allowedTopologies`.
#[derive(Debug, Clone)]
pub struct AllowedTopology<'a> {
    /// Where it stands.
    pub path: FieldPath,
    /// The label of nodes.
    pub key: &'a str,
    /// The values that are allowed, by their index.
    pub values: Vec<(usize, &'a str)>,
}

impl<'a> StorageClass<'a> {
    /// The annotations that make a class the default, the current one first.
    /// <https://github.com/kubernetes/kubernetes/blob/master/pkg/volume/util/storageclass.go>
    pub const DEFAULT_MARKS: [&'static str; 2] = [
        "storageclass.kubernetes.io/is-default-class",
        "storageclass.beta.kubernetes.io/is-default-class",
    ];

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
        let expressions = self.allowed_topologies().into_iter();
        expressions
            .filter(|expression| expression.key.ends_with("/zone"))
            .flat_map(|expression| expression.values)
            .map(|(_, zone)| zone)
            .collect()
    }

    /// Whether claims without a class get this one: either annotation, the value exactly `true`.
    pub fn is_default(self) -> bool {
        self.default_mark().is_some()
    }

    /// The annotation that makes it the default.
    pub fn default_mark(self) -> Option<&'static str> {
        Self::DEFAULT_MARKS
            .into_iter()
            .find(|key| self.meta().annotation(key) == Some("true"))
    }

    /// Where volumes may be: every expression of every term of `allowedTopologies`.
    pub fn allowed_topologies(self) -> Vec<AllowedTopology<'a>> {
        const TERMS: &str = "allowedTopologies";
        const EXPRESSIONS: &str = "matchLabelExpressions";
        let terms = list(self.value, &[TERMS]).iter().enumerate();
        let expressions = terms.flat_map(|(term, value)| {
            let path = FieldPath::of(&[TERMS]).index(term).key(EXPRESSIONS);
            let expressions = list(value, &[EXPRESSIONS]).iter().enumerate();
            expressions.map(move |(index, expression)| (path.index(index), expression))
        });
        expressions
            .map(|(path, expression)| {
                let values = list(expression, &["values"]).iter().enumerate();
                AllowedTopology {
                    path,
                    key: text(expression, &["key"]).unwrap_or_default(),
                    values: values.filter_map(|(i, value)| Some((i, value.as_str()?))).collect(),
                }
            })
            .collect()
    }

    /// The options that its volumes are mounted with, by their index. One entry may hold several, with commas between.
    pub fn mount_options(self) -> Vec<(usize, &'a str)> {
        let entries = list(self.value, &["mountOptions"]).iter().enumerate();
        entries
            .filter_map(|(index, entry)| Some((index, entry.as_str()?)))
            .flat_map(|(index, entry)| entry.split(',').map(move |option| (index, option.trim())))
            .collect()
    }
}
