//! The custom resource `StorageException`, which is the file format too.

#![allow(
    clippy::duplicated_attributes,
    reason = "columns of the custom resource may have the same type"
)]

use crate::model::labels::LabelSelector;
use crate::policy::types::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Findings of named rules on matched objects that are accepted, for a reason and until a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "volguard.dev",
    version = "v1alpha1",
    kind = "StorageException",
    plural = "storageexceptions",
    shortname = "sexc",
    category = "volguard",
    doc = "Findings of named rules on matched objects that are accepted, for a reason and until a time.",
    status = "StorageExceptionStatus",
    derive = "PartialEq",
    printcolumn(name = "Rules", type_ = "string", json_path = ".spec.rules"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".spec.reason"),
    // A column of type date shows how long ago it was, which a time to come is not.
    printcolumn(name = "Expires", type_ = "string", json_path = ".spec.expires"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(name = "Last-Used", type_ = "date", json_path = ".status.lastUsed"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StorageExceptionSpec {
    /// Names of the rules whose findings are set aside.
    #[schemars(length(min = 1), extend("x-kubernetes-list-type" = "set"))]
    pub rules: Vec<String>,
    /// On which objects. At least one condition must be given, and all that are given must hold.
    #[serde(rename = "match")]
    pub matches: ExceptionMatch,
    /// Why the findings are accepted, for whoever reads the exception later.
    #[schemars(extend("x-kubernetes-validations" = [{
        "rule": "self.trim() != ''",
        "message": "must say why the findings are accepted, but is blank",
    }]))]
    pub reason: String,
    /// When the exception stops to count, RFC 3339; absent means never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub expires: Option<String>,
    /// Who asked for it; it changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
}

/// Which objects an exception is for. All conditions that are given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "(has(self.kinds) && self.kinds.size() > 0) || (has(self.namespaces) && self.namespaces.size() > 0) \
             || (has(self.names) && self.names.size() > 0) || (has(self.objectSelector) && self.objectSelector != null \
             && ((has(self.objectSelector.matchLabels) && self.objectSelector.matchLabels.size() > 0) \
             || (has(self.objectSelector.matchExpressions) && self.objectSelector.matchExpressions.size() > 0)))",
    "message": "would set findings aside on every object: give at least one of kinds, namespaces, names, objectSelector",
}]))]
pub struct ExceptionMatch {
    /// Kinds of objects, such as `PersistentVolumeClaim`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// Namespaces of objects; `*` stands for any characters. Cluster-scoped objects do not match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
    /// Names of objects; `*` stands for any characters. An object that has no name yet does not match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Selects by the labels of the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_selector: Option<LabelSelector>,
}

/// How an exception fares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StorageExceptionStatus {
    /// `Ready` says whether the exception counts, and why not.
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// The `metadata.generation` that the status is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// When the webhook last set a finding aside for it, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub last_used: Option<String>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use kube::CustomResourceExt;
    use serde_json::json;

    #[test]
    fn the_custom_resource_has_a_structural_schema_with_validations() {
        let crd = serde_json::to_value(StorageException::crd()).unwrap();
        assert_eq!(crd["spec"]["scope"], "Cluster");
        assert_eq!(crd["metadata"]["name"], "storageexceptions.volguard.dev");
        assert_eq!(crd["spec"]["names"]["shortNames"], json!(["sexc"]));
        let version = &crd["spec"]["versions"][0];
        assert_eq!(version["subresources"], json!({"status": {}}));
        let spec = &version["schema"]["openAPIV3Schema"]["properties"]["spec"];
        assert_eq!(spec["required"], json!(["match", "reason", "rules"]));
        let fields = &spec["properties"];
        assert_eq!(fields["rules"]["minItems"], 1);
        assert_eq!(fields["expires"]["format"], "date-time");
        for validated in ["reason", "match"] {
            let rules = &fields[validated]["x-kubernetes-validations"];
            assert!(rules[0]["message"].is_string(), "{validated}: {rules}");
        }
        let text = crd.to_string();
        assert!(!text.contains("\"additionalProperties\":false"), "{text}");
        assert!(!text.contains("$ref") && !text.contains("\"const\""), "{text}");
    }
}
