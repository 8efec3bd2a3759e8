//! The custom resource `StoragePolicy`, which is the file format too.

#![allow(
    clippy::duplicated_attributes,
    reason = "columns of the custom resource may have the same type"
)]

use crate::engine::{Action, Profile};
use crate::model::labels::LabelSelector;
use kube::CustomResource;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// What a policy does with what its rules find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub enum Mode {
    /// Actions are carried out.
    #[default]
    Enforce,
    /// Everything is evaluated and recorded; nothing is denied, warned or changed.
    Audit,
}

impl Mode {
    /// The mode's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "Enforce",
            Self::Audit => "Audit",
        }
    }
}

/// Which rules run on which objects, and what is done with what they find.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "volguard.dev",
    version = "v1alpha1",
    kind = "StoragePolicy",
    plural = "storagepolicies",
    shortname = "spol",
    category = "volguard",
    doc = "Which rules run on which objects, and what is done with what they find.",
    status = "StoragePolicyStatus",
    derive = "PartialEq",
    printcolumn(name = "Mode", type_ = "string", json_path = ".spec.mode"),
    printcolumn(name = "Profile", type_ = "string", json_path = ".spec.profile"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct StoragePolicySpec {
    /// Whether actions are carried out or only recorded.
    pub mode: Mode,
    /// The actions and parameter defaults to start from.
    pub profile: Profile,
    /// Which objects the policy is for; absent means everything that the webhooks send.
    #[serde(rename = "match")]
    pub matches: Match,
    /// Changes to the profile, one for each rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub rules: Vec<RuleChange>,
}

/// Which objects a policy is for. All conditions must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Match {
    /// Selects by the labels of the object's namespace. Cluster-scoped objects match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<LabelSelector>,
    /// Selects by the labels of the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_selector: Option<LabelSelector>,
    /// Namespaces that are left alone; `*` stands for any characters. Cluster-scoped objects match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude_namespaces: Vec<String>,
    /// Users whose requests are left alone; `*` stands for any characters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude_users: Vec<String>,
}

/// What a policy changes of one rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RuleChange {
    /// Name of the rule.
    pub name: String,
    /// What is done with its findings; absent means what the profile says.
    #[serde(default, deserialize_with = "action", skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "action_schema")]
    pub action: Option<Action>,
    /// Whether its fix is applied at `/mutate`; absent means what the profile says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutate: Option<bool>,
    /// Its parameters, over the profile's; `volguard rules show NAME` prints their schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "parameters_schema")]
    pub parameters: Option<Value>,
}

/// YAML 1.1, and so kubectl, reads an unquoted `Off` as `false`: both mean the action.
fn action<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Action>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Name(Action),
        Bool(bool),
    }
    match Option::<Written>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Written::Name(action)) => Ok(Some(action)),
        Some(Written::Bool(false)) => Ok(Some(Action::Off)),
        Some(Written::Bool(true)) => Err(serde::de::Error::custom("true is no action")),
    }
}

/// A structural schema has no type that is either a string or a boolean, so that the values alone are listed.
fn action_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "enum": ["Off", "Audit", "Warn", "Deny", false],
        "x-kubernetes-preserve-unknown-fields": true,
    })
}

fn parameters_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
}

/// How a policy fares.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StoragePolicyStatus {
    /// `Ready` says whether the policy is in force, and why not.
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// The `metadata.generation` that the status is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

/// One condition of a policy or an exception, as Kubernetes writes conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What is said: `Ready`.
    #[serde(rename = "type")]
    pub condition_type: String,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// Why, as one word for machines.
    pub reason: String,
    /// Why, for people.
    pub message: String,
    /// When it last changed, RFC 3339.
    pub last_transition_time: String,
    /// The `metadata.generation` that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names are the API's")]
pub enum ConditionStatus {
    True,
    False,
    Unknown,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use kube::CustomResourceExt;
    use serde_json::json;

    #[test]
    fn absent_fields_have_defaults() {
        let spec: StoragePolicySpec = serde_json::from_value(json!({})).unwrap();
        assert_eq!(spec, StoragePolicySpec::default());
        assert_eq!((spec.mode, spec.profile), (Mode::Enforce, Profile::Recommended));
    }

    #[test]
    fn an_action_off_may_be_what_yaml_makes_of_it() {
        let action = |value| serde_json::from_value::<RuleChange>(json!({"name": "a", "action": value}));
        assert_eq!(action(json!(false)).unwrap().action, Some(Action::Off));
        assert_eq!(action(json!("Off")).unwrap().action, Some(Action::Off));
        assert_eq!(action(json!("Deny")).unwrap().action, Some(Action::Deny));
        assert!(action(json!(true)).is_err());
        assert!(action(json!("deny")).is_err());
    }

    #[test]
    fn the_custom_resource_has_a_structural_schema() {
        let crd = serde_json::to_value(StoragePolicy::crd()).unwrap();
        assert_eq!(crd["spec"]["scope"], "Cluster");
        assert_eq!(crd["metadata"]["name"], "storagepolicies.volguard.dev");
        assert_eq!(crd["spec"]["names"]["shortNames"], json!(["spol"]));
        let version = &crd["spec"]["versions"][0];
        assert_eq!(version["name"], "v1alpha1");
        let columns = version["additionalPrinterColumns"].as_array().unwrap().iter();
        let columns: Vec<_> = columns.map(|column| column["name"].as_str().unwrap()).collect();
        assert_eq!(columns, ["Mode", "Profile", "Ready", "Age"]);
        assert_eq!(version["subresources"], json!({"status": {}}));
        let spec = &version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"];
        assert_eq!(spec["mode"]["enum"], json!(["Enforce", "Audit"]));
        assert_eq!(spec["profile"]["enum"], json!(["Baseline", "Recommended", "Strict"]));
        let change = &spec["rules"]["items"]["properties"];
        assert_eq!(change["parameters"]["type"], "object");
        assert_eq!(change["parameters"]["x-kubernetes-preserve-unknown-fields"], true);
        assert_eq!(change["action"]["enum"], json!(["Off", "Audit", "Warn", "Deny", false]));
        // The API server refuses a schema that closes mappings or refers to other places.
        let text = crd.to_string();
        assert!(!text.contains("\"additionalProperties\":false"), "{text}");
        assert!(!text.contains("$ref") && !text.contains("\"const\""), "{text}");
    }
}
