//! Cuts objects down to what rules read: a cluster has many of them, and the view keeps them all in memory.

use super::view::ViewKind;
use crate::model::object::{at, list};
use serde_json::{Map, Value};

/// Of the metadata of every kind.
const METADATA: &[&str] = &[
    "metadata/name",
    "metadata/namespace",
    "metadata/labels",
    "metadata/uid",
    "metadata/creationTimestamp",
    "metadata/deletionTimestamp",
    "metadata/ownerReferences",
];

/// Annotations with a meaning for storage.
const ANNOTATIONS: &[&str] = &[
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
    "volume.beta.kubernetes.io/storage-class",
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/selected-node",
    "pv.kubernetes.io/provisioned-by",
    "snapshot.storage.kubernetes.io/allow-volume-mode-change",
    "snapshot.storage.kubernetes.io/is-default-class",
    "groupsnapshot.storage.kubernetes.io/is-default-class",
    "snapshot.storage.kubernetes.io/volumesnapshot-being-deleted",
];

/// The part of `object` that rules read; `None` for a pod without claims, which no rule looks up. Whatever is not an object
/// becomes an empty one.
pub fn trim(kind: ViewKind, object: &Value) -> Option<Value> {
    let uses_claims = || {
        let volumes = list(object, &["spec", "volumes"]);
        volumes.iter().any(|volume| {
            volume
                .get("persistentVolumeClaim")
                .or(volume.get("ephemeral"))
                .is_some()
        })
    };
    (kind != ViewKind::Pod || uses_claims()).then(|| kept(kind, object))
}

fn kept(kind: ViewKind, object: &Value) -> Value {
    if matches!(kind, ViewKind::StorageClass | ViewKind::VolumeAttributesClass) {
        return without_managed_fields(object);
    }
    let mut kept = Value::Object(Map::new());
    for path in METADATA.iter().chain(fields(kind)) {
        let keys: Vec<&str> = path.split('/').collect();
        copy(object, &mut kept, &keys);
    }
    for key in ANNOTATIONS {
        copy(object, &mut kept, &["metadata", "annotations", key]);
    }
    match kind {
        ViewKind::StatefulSet => {
            copy_each(
                object,
                &mut kept,
                &["spec", "volumeClaimTemplates"],
                &[
                    &["metadata", "name"],
                    &["spec", "storageClassName"],
                    &["spec", "accessModes"],
                    &["spec", "volumeMode"],
                    &["spec", "resources", "requests"],
                ],
            );
            claim_volumes(object, &mut kept, &["spec", "template", "spec", "volumes"]);
        }
        ViewKind::Deployment => claim_volumes(object, &mut kept, &["spec", "template", "spec", "volumes"]),
        ViewKind::Pod => claim_volumes(object, &mut kept, &["spec", "volumes"]),
        ViewKind::CsiNode => copy_each(
            object,
            &mut kept,
            &["spec", "drivers"],
            &[&["name"], &["topologyKeys"], &["allocatable"]],
        ),
        ViewKind::Node => copy_each(
            object,
            &mut kept,
            &["spec", "taints"],
            &[&["key"], &["value"], &["effect"]],
        ),
        _ => {}
    }
    kept
}

/// The fields that rules read, beside the metadata and lists of objects.
fn fields(kind: ViewKind) -> &'static [&'static str] {
    match kind {
        ViewKind::StorageClass
        | ViewKind::VolumeAttributesClass
        | ViewKind::CsiNode
        | ViewKind::Node
        | ViewKind::Namespace => &[],
        ViewKind::CsiDriver => &["spec"],
        // Not `status/lastUsed`, which changes with every use.
        ViewKind::StoragePolicy | ViewKind::StorageException | ViewKind::StorageDriver => &[
            "spec",
            "metadata/generation",
            "status/conditions",
            "status/observedGeneration",
        ],
        ViewKind::PersistentVolumeClaim => &[
            "spec/accessModes",
            "spec/storageClassName",
            "spec/volumeMode",
            "spec/volumeName",
            "spec/resources",
            "spec/dataSource",
            "spec/dataSourceRef",
            "spec/volumeAttributesClassName",
            "status/phase",
            "status/capacity",
        ],
        ViewKind::PersistentVolume => &[
            "spec/accessModes",
            "spec/capacity",
            "spec/storageClassName",
            "spec/volumeMode",
            "spec/claimRef",
            "spec/csi/driver",
            "spec/csi/volumeHandle",
            "spec/nodeAffinity",
            "spec/persistentVolumeReclaimPolicy",
            "spec/mountOptions",
            "status/phase",
            "status/lastPhaseTransitionTime",
        ],
        ViewKind::Service => &["spec/clusterIP", "spec/selector"],
        ViewKind::ResourceQuota => &["spec/hard", "spec/scopes", "spec/scopeSelector", "status/used"],
        ViewKind::Pod => &["spec/nodeName", "status/phase"],
        ViewKind::StatefulSet => &[
            "spec/replicas",
            "spec/ordinals",
            "spec/persistentVolumeClaimRetentionPolicy",
            "spec/selector",
            "spec/template/metadata/labels",
            "spec/template/spec/nodeName",
            "spec/template/spec/nodeSelector",
            "spec/template/spec/affinity/podAffinity",
        ],
        ViewKind::Deployment => &[
            "spec/replicas",
            "spec/strategy",
            "spec/template/metadata/labels",
            "spec/template/spec/nodeName",
            "spec/template/spec/nodeSelector",
            "spec/template/spec/affinity/podAffinity",
        ],
        ViewKind::HorizontalPodAutoscaler => &["spec/scaleTargetRef", "spec/minReplicas", "spec/maxReplicas"],
        ViewKind::PodDisruptionBudget => &["spec/selector"],
        ViewKind::VolumeSnapshotClass | ViewKind::VolumeGroupSnapshotClass => {
            &["driver", "deletionPolicy", "parameters"]
        }
        ViewKind::VolumeSnapshot => &[
            "spec",
            "status/readyToUse",
            "status/restoreSize",
            "status/boundVolumeSnapshotContentName",
        ],
        ViewKind::VolumeSnapshotContent => &[
            "spec",
            "status/readyToUse",
            "status/restoreSize",
            "status/snapshotHandle",
        ],
        ViewKind::VolumePopulator => &["sourceKind"],
    }
}

/// Copies of a pod's volumes what says which claims it uses.
fn claim_volumes(object: &Value, kept: &mut Value, keys: &[&str]) {
    copy_each(
        object,
        kept,
        keys,
        &[
            &["name"],
            &["persistentVolumeClaim"],
            &["ephemeral", "volumeClaimTemplate", "spec"],
        ],
    );
}

/// Classes are few, and rules compare all of a class.
fn without_managed_fields(object: &Value) -> Value {
    let mut kept = match object {
        Value::Object(_) => object.clone(),
        _ => Value::Object(Map::new()),
    };
    if let Some(metadata) = kept.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    kept
}

/// Copies the node at `keys`, if `from` has it, and makes the objects on the way to it.
fn copy(from: &Value, to: &mut Value, keys: &[&str]) {
    let (Some(node), Some((last, parents))) = (at(from, keys), keys.split_last()) else {
        return;
    };
    let mut place = to;
    for key in parents {
        let Value::Object(map) = place else { return };
        place = map.entry(*key).or_insert_with(|| Value::Object(Map::new()));
    }
    if let Value::Object(map) = place {
        map.insert((*last).to_owned(), node.clone());
    }
}

/// Copies `parts` of each object in the list at `keys`, if `from` has it. The list keeps its length and order.
fn copy_each(from: &Value, to: &mut Value, keys: &[&str], parts: &[&[&str]]) {
    if at(from, keys).is_none() {
        return;
    }
    copy(from, to, keys);
    let Some(kept) = keys.iter().try_fold(to, |value, key| value.get_mut(key)) else {
        return;
    };
    let trimmed = list(from, keys).iter().map(|item| {
        let mut part = Value::Object(Map::new());
        for keys in parts {
            copy(item, &mut part, keys);
        }
        part
    });
    *kept = Value::Array(trimmed.collect());
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_claim_keeps_what_rules_read_and_nothing_else() {
        let claim = json!({
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {
                "name": "data-db-0",
                "namespace": "prod",
                "uid": "1",
                "labels": {"app": "db"},
                "annotations": {
                    "volume.beta.kubernetes.io/storage-class": "fast",
                    "kubectl.kubernetes.io/last-applied-configuration": "{}",
                },
                "managedFields": [{"manager": "kubectl"}],
                "ownerReferences": [{"kind": "StatefulSet", "name": "db", "controller": true}],
            },
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "fast",
                "volumeName": "pv-1",
                "resources": {"requests": {"storage": "1Gi"}},
                "dataSourceRef": {"kind": "VolumeSnapshot", "name": "s"},
                "selector": {},
            },
            "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}, "conditions": []},
        });
        let expected = json!({
            "metadata": {
                "name": "data-db-0",
                "namespace": "prod",
                "uid": "1",
                "labels": {"app": "db"},
                "annotations": {"volume.beta.kubernetes.io/storage-class": "fast"},
                "ownerReferences": [{"kind": "StatefulSet", "name": "db", "controller": true}],
            },
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "fast",
                "volumeName": "pv-1",
                "resources": {"requests": {"storage": "1Gi"}},
                "dataSourceRef": {"kind": "VolumeSnapshot", "name": "s"},
            },
            "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}},
        });
        assert_eq!(kept(ViewKind::PersistentVolumeClaim, &claim), expected);
    }

    #[test]
    fn a_class_keeps_all_but_its_managed_fields() {
        let class = json!({
            "metadata": {"name": "fast", "annotations": {"team": "storage"}, "managedFields": []},
            "provisioner": "disk.example.com",
            "parameters": {"type": "ssd"},
            "mountOptions": ["discard"],
        });
        let mut expected = class.clone();
        expected["metadata"].as_object_mut().unwrap().remove("managedFields");
        assert_eq!(kept(ViewKind::StorageClass, &class), expected);
    }

    #[test]
    fn of_a_volume_the_driver_and_the_handle_are_kept() {
        let volume = json!({"spec": {
            "capacity": {"storage": "1Gi"},
            "csi": {"driver": "disk.example.com", "volumeHandle": "vol-1", "volumeAttributes": {"a": "b"}},
            "claimRef": {"name": "data", "namespace": "prod", "uid": "1"},
        }});
        let trimmed = kept(ViewKind::PersistentVolume, &volume);
        assert_eq!(
            trimmed["spec"]["csi"],
            json!({"driver": "disk.example.com", "volumeHandle": "vol-1"})
        );
        assert_eq!(trimmed["spec"]["claimRef"]["uid"], "1");
    }

    #[test]
    fn lists_keep_their_order_and_the_parts_that_rules_read() {
        let set = json!({"spec": {"replicas": 3, "ordinals": {"start": 5}, "template": {}, "volumeClaimTemplates": [
            {"metadata": {"name": "data", "labels": {}}, "spec": {"storageClassName": "fast"}, "status": {}},
            {"metadata": {"name": "log"}, "spec": {"resources": {"requests": {"storage": "1Gi"}, "limits": {}}}},
        ]}});
        assert_eq!(
            kept(ViewKind::StatefulSet, &set),
            json!({"spec": {"replicas": 3, "ordinals": {"start": 5}, "volumeClaimTemplates": [
                {"metadata": {"name": "data"}, "spec": {"storageClassName": "fast"}},
                {"metadata": {"name": "log"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}},
            ]}})
        );
        let node = json!({"spec": {"drivers": [
            {"name": "disk.example.com", "nodeID": "i-1", "topologyKeys": ["zone"], "allocatable": {"count": 25}},
        ]}});
        assert_eq!(
            kept(ViewKind::CsiNode, &node),
            json!({"spec": {"drivers": [
                {"name": "disk.example.com", "topologyKeys": ["zone"], "allocatable": {"count": 25}},
            ]}})
        );
    }

    #[test]
    fn of_a_deployment_stays_what_tells_whether_its_pods_can_share_a_claim() {
        let template = json!({
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "nodeSelector": {"kubernetes.io/hostname": "a"},
                "affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": []}},
                "volumes": [{"name": "files", "persistentVolumeClaim": {"claimName": "files"}}],
            },
        });
        let mut whole = template.clone();
        whole["spec"]["containers"] = json!([{"name": "web"}]);
        whole["spec"]["affinity"]["nodeAffinity"] = json!({});
        let deployment = json!({"spec": {"replicas": 3, "paused": false, "template": whole}});
        assert_eq!(
            kept(ViewKind::Deployment, &deployment),
            json!({"spec": {"replicas": 3, "template": template}})
        );
    }

    #[test]
    fn of_a_node_the_metadata_and_the_taints_are_kept() {
        let node = json!({
            "metadata": {"name": "a", "labels": {"topology.kubernetes.io/zone": "z"}},
            "spec": {
                "podCIDR": "10.0.0.0/24",
                "taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule", "timeAdded": "2026-06-01T00:00:00Z"}],
            },
            "status": {"images": []},
        });
        assert_eq!(
            kept(ViewKind::Node, &node),
            json!({
                "metadata": {"name": "a", "labels": {"topology.kubernetes.io/zone": "z"}},
                "spec": {"taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]},
            })
        );
    }

    #[test]
    fn malformed_objects_are_trimmed_without_a_panic() {
        for kind in ViewKind::ALL {
            for object in [
                json!(null),
                json!([1]),
                json!({"metadata": 1, "spec": {"drivers": {}, "volumeClaimTemplates": ["x", null]}}),
            ] {
                assert!(kept(kind, &object).is_object());
            }
        }
    }
}
