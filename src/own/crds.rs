//! The CustomResourceDefinitions of volguard's own kinds.

use crate::drivers::Driver;
use crate::policy::{StorageException, StoragePolicy, StoragePolicyStatus};
use crate::resources::{GROUP, VERSION};
use kube::CustomResourceExt;
use kube::core::schema::{OptionalEnum, StructuralSchemaRewriter};
use schemars::generate::SchemaSettings;
use schemars::transform::{AddNullable, RecursiveTransform};
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

/// The CustomResourceDefinitions, as the API server takes them. Fails only if a type of this crate cannot be written as
/// JSON, which a test would show.
pub fn crds() -> Result<Vec<Value>, serde_json::Error> {
    Ok(vec![
        serde_json::to_value(StoragePolicy::crd())?,
        serde_json::to_value(StorageException::crd())?,
        driver_crd(),
    ])
}

/// StorageDrivers have the schema of the built-in data, which knows nothing of custom resources.
fn driver_crd() -> Value {
    let column = |name: &str, kind: &str, path: &str| json!({"name": name, "type": kind, "jsonPath": path});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("storagedrivers.{GROUP}")},
        "spec": {
            "group": GROUP,
            "scope": "Cluster",
            "names": {
                "kind": "StorageDriver", "plural": "storagedrivers", "singular": "storagedriver",
                "shortNames": ["sdrv"], "categories": ["volguard"],
            },
            "versions": [{
                "name": VERSION, "served": true, "storage": true,
                "subresources": {"status": {}},
                "additionalPrinterColumns": [
                    column("Driver", "string", ".spec.name"),
                    column("Ready", "string", ".status.conditions[?(@.type==\"Ready\")].status"),
                    column("Age", "date", ".metadata.creationTimestamp"),
                ],
                "schema": {"openAPIV3Schema": {
                    "type": "object",
                    "title": "StorageDriver",
                    "description": "What is known of a CSI driver or provisioner; of a built-in one the fields that are \
                                    given take the place of what is known.",
                    "required": ["spec"],
                    "properties": {
                        "spec": structural::<Driver>(),
                        "status": structural::<StoragePolicyStatus>(),
                    },
                }},
            }],
        },
    })
}

/// The schema of a type as a custom resource has it, made as kube makes those that it derives: without references, in one
/// piece.
fn structural<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::openapi3().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let settings = settings
        .with_transform(AddNullable::default())
        .with_transform(StructuralSchemaRewriter)
        .with_transform(OptionalEnum)
        .with_transform(RecursiveTransform(open));
    settings.into_generator().into_root_schema_for::<T>().into()
}

/// The API server prunes unknown fields, and refuses a schema that closes mappings; of formats it knows those of OpenAPI.
fn open(schema: &mut Schema) {
    if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
        schema.remove("additionalProperties");
    }
    let format = schema.get("format").and_then(Value::as_str);
    if format.is_some_and(|format| format.starts_with("uint")) {
        schema.remove("format");
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_structural_schema_a_short_name_and_a_ready_column() {
        for crd in crds().unwrap() {
            let name = crd["metadata"]["name"].as_str().unwrap();
            assert!(crd["spec"]["names"]["shortNames"][0].is_string(), "{name}");
            let columns = crd.pointer("/spec/versions/0/additionalPrinterColumns").unwrap();
            assert!(
                columns
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|column| column["name"] == "Ready"),
                "{name}"
            );
            let text = crd.to_string();
            for refused in ["\"additionalProperties\":false", "$ref", "\"const\"", "$schema"] {
                assert!(!text.contains(refused), "{name}: {refused}");
            }
        }
    }
}
