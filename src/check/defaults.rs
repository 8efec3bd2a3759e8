//! The defaults that the API server fills in before any webhook sees an object, as far as rules read them.
//! <https://github.com/kubernetes/kubernetes/tree/master/pkg/apis> (`defaults.go` of storage, core and apps)

use crate::model::ObjectKind;
use serde_json::{Map, Value, json};

/// Fills in what the author left out.
pub(super) fn fill_in(kind: ObjectKind, object: &mut Value) {
    let Some(object) = object.as_object_mut() else { return };
    match kind {
        ObjectKind::StorageClass => {
            default(object, "reclaimPolicy", json!("Delete"));
            default(object, "volumeBindingMode", json!("Immediate"));
        }
        ObjectKind::PersistentVolumeClaim => claim(object),
        ObjectKind::StatefulSet => {
            let Some(spec) = child(object, "spec") else { return };
            default(spec, "replicas", json!(1));
            default(spec, "podManagementPolicy", json!("OrderedReady"));
            default(spec, "updateStrategy", json!({"type": "RollingUpdate"}));
            for template in spec
                .get_mut("volumeClaimTemplates")
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                if let Some(template) = template.as_object_mut() {
                    claim(template);
                }
            }
        }
        ObjectKind::Deployment => {
            let Some(spec) = child(object, "spec") else { return };
            default(spec, "replicas", json!(1));
            default(spec, "strategy", json!({"type": "RollingUpdate"}));
            let Some(strategy) = child(spec, "strategy") else {
                return;
            };
            default(strategy, "type", json!("RollingUpdate"));
            if strategy.get("type") == Some(&json!("RollingUpdate")) {
                default(strategy, "rollingUpdate", json!({}));
                let Some(rolling) = child(strategy, "rollingUpdate") else {
                    return;
                };
                default(rolling, "maxUnavailable", json!("25%"));
                default(rolling, "maxSurge", json!("25%"));
            }
        }
        ObjectKind::ReplicaSet => {
            if let Some(spec) = child(object, "spec") {
                default(spec, "replicas", json!(1));
            }
        }
        ObjectKind::PersistentVolume => {
            if let Some(spec) = child(object, "spec") {
                default(spec, "persistentVolumeReclaimPolicy", json!("Retain"));
                default(spec, "volumeMode", json!("Filesystem"));
            }
        }
        // Of the other kinds no rule reads a field that has a default.
        _ => {}
    }
}

fn claim(claim: &mut Map<String, Value>) {
    if let Some(spec) = child(claim, "spec") {
        default(spec, "volumeMode", json!("Filesystem"));
    }
}

fn child<'v>(map: &'v mut Map<String, Value>, key: &str) -> Option<&'v mut Map<String, Value>> {
    map.get_mut(key)?.as_object_mut()
}

fn default(map: &mut Map<String, Value>, key: &str, value: Value) {
    let field = map.entry(key).or_insert(Value::Null);
    if field.is_null() {
        *field = value;
    }
}
