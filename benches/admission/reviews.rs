//! What is asked, and the cluster it is asked about.

use anyhow::Result;
use bytes::Bytes;
use serde_json::{Map, Value, json};

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) body: Bytes,
    /// What volguard says; the null server allows everything.
    pub(crate) allowed: bool,
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    let set = |containers| stateful_set(containers, "registry.example/shop/orders:2.4.1");
    let older = stateful_set(18, "registry.example/shop/orders:2.4.0");
    [
        (
            "PersistentVolumeClaim",
            claim("orders-data", "ReadWriteOnce"),
            None,
            true,
        ),
        (
            "PersistentVolumeClaim, denied",
            claim("orders-data", "ReadWriteMany"),
            None,
            false,
        ),
        ("StorageClass", class("fast"), None, true),
        ("StatefulSet, small", set(1), None, true),
        ("StatefulSet, large, UPDATE", set(18), Some(older), true),
    ]
    .into_iter()
    .map(|(name, object, old, allowed)| {
        let body = Bytes::from(serde_json::to_vec(&review(object, old))?);
        Ok(Case { name, body, allowed })
    })
    .collect()
}

/// The AdmissionReview with all that the API server puts into it.
fn review(mut object: Value, mut old: Option<Value>) -> Value {
    for object in [Some(&mut object), old.as_mut()].into_iter().flatten() {
        let written = fields(object);
        let (version, metadata) = (object["apiVersion"].clone(), &mut object["metadata"]);
        metadata["uid"] = "5c0fe7a0-3f0e-4b1f-9c55-0d6f3f0a9b11".into();
        metadata["creationTimestamp"] = "2026-03-02T09:14:07Z".into();
        metadata["managedFields"] = json!([{
            "manager": "kubectl", "operation": "Apply", "apiVersion": version, "time": "2026-03-02T09:14:07Z",
            "fieldsType": "FieldsV1", "fieldsV1": written,
        }]);
    }
    let (group, version) = object["apiVersion"]
        .as_str()
        .unwrap_or_default()
        .rsplit_once('/')
        .unwrap_or(("", "v1"));
    let kind = json!({"group": group, "version": version, "kind": object["kind"]});
    let plural = format!("{}s", object["kind"].as_str().unwrap_or_default().to_lowercase());
    let resource = json!({"group": group, "version": version, "resource": plural});
    let operation = if old.is_some() { "UPDATE" } else { "CREATE" };
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "0df28fbd-5f5f-11e8-bc74-36e6bb280816",
        "kind": kind, "resource": resource, "requestKind": kind, "requestResource": resource,
        "name": object["metadata"]["name"], "namespace": object["metadata"]["namespace"],
        "operation": operation, "dryRun": false,
        "userInfo": {"username": "jane", "uid": "014fbff9a07c", "groups": ["developers", "system:authenticated"]},
        "options": {"kind": format!("{}Options", if old.is_some() { "Update" } else { "Create" }),
            "apiVersion": "meta.k8s.io/v1", "fieldManager": "kubectl"},
        "object": object, "oldObject": old,
    }})
}

/// The FieldsV1 of everything in an object; list items are named as in lists keyed by name.
fn fields(value: &Value) -> Value {
    let entries: Map<String, Value> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (format!("f:{key}"), fields(value)))
            .collect(),
        Value::Array(items) if items.iter().all(|item| item["name"].is_string()) => {
            let key = |item: &Value| format!("k:{}", json!({"name": item["name"]}));
            items.iter().map(|item| (key(item), fields(item))).collect()
        }
        _ => Map::new(),
    };
    Value::Object(entries)
}

fn class(name: &str) -> Value {
    json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
        "metadata": {"name": name, "labels": {"team": "platform"}},
        "provisioner": "ebs.csi.aws.com",
        "parameters": {"type": "gp3", "encrypted": "true", "csi.storage.k8s.io/fstype": "ext4"},
        "reclaimPolicy": "Retain", "volumeBindingMode": "WaitForFirstConsumer", "allowVolumeExpansion": true,
    })
}

fn claim(name: &str, access_mode: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": "orders"}},
        "spec": {
            "accessModes": [access_mode], "storageClassName": "class-7", "volumeMode": "Filesystem",
            "resources": {"requests": {"storage": "20Gi"}},
        },
    })
}

fn stateful_set(containers: u32, image: &str) -> Value {
    let container = |i: u32| {
        let variable = |v: u32| json!({"name": format!("SETTING_{v}"), "value": format!("value-{v}-of-{i}")});
        json!({
            "name": format!("part-{i}"), "image": image, "imagePullPolicy": "IfNotPresent",
            "ports": [{"name": format!("http-{i}"), "containerPort": 8000 + i, "protocol": "TCP"}],
            "env": (0..8).map(variable).collect::<Vec<_>>(),
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
            "volumeMounts": [{"name": "data", "mountPath": "/var/lib/orders", "subPath": format!("part-{i}")}],
            "readinessProbe": {"httpGet": {"path": "/ready", "port": 8000 + i, "scheme": "HTTP"}, "timeoutSeconds": 1},
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        })
    };
    let labels = json!({"app": "orders"});
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": "orders", "namespace": "shop", "labels": labels},
        "spec": {
            "replicas": 3, "serviceName": "orders", "podManagementPolicy": "OrderedReady", "revisionHistoryLimit": 10,
            "selector": {"matchLabels": labels},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            "template": {"metadata": {"labels": labels}, "spec": {
                "containers": (0..containers).map(container).collect::<Vec<_>>(),
                "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
                "schedulerName": "default-scheduler", "securityContext": {"runAsNonRoot": true},
                "topologySpreadConstraints": [{
                    "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": {"matchLabels": labels},
                }],
            }},
            "volumeClaimTemplates": [{
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
                "spec": claim("data", "ReadWriteOncePod")["spec"],
            }],
        },
    })
}

/// 200 classes, 2,000 claims and what else the rules look up.
pub(crate) fn cluster() -> Value {
    let node = |zone| {
        let labels = json!({"topology.kubernetes.io/zone": zone});
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": format!("node-{zone}"), "labels": labels}})
    };
    let mut items = vec![
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "orders", "namespace": "shop"},
            "spec": {"clusterIP": "None", "selector": {"app": "orders"}}}),
    ];
    // One of each kind that rules look up: of a kind that is not given nothing is known, and rules would be skipped.
    let elsewhere = |api_version: &str, kind: &str, name: &str, spec: Value| json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "other"}, "spec": spec});
    items.extend([
        elsewhere(
            "v1",
            "ResourceQuota",
            "storage",
            json!({"hard": {"requests.storage": "1Ti"}}),
        ),
        elsewhere(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            "web",
            json!({"maxReplicas": 3}),
        ),
        elsewhere("apps/v1", "Deployment", "web", json!({"replicas": 1})),
        elsewhere("apps/v1", "StatefulSet", "db", json!({"replicas": 1})),
        elsewhere(
            "v1",
            "PersistentVolume",
            "volume",
            json!({"capacity": {"storage": "1Gi"}}),
        ),
        elsewhere(
            "storage.k8s.io/v1",
            "CSIDriver",
            "ebs.csi.aws.com",
            json!({"attachRequired": true}),
        ),
        elsewhere("storage.k8s.io/v1", "CSINode", "node-a", json!({"drivers": []})),
        elsewhere("storage.k8s.io/v1", "VolumeAttributesClass", "fast", json!({})),
        elsewhere(
            "v1",
            "Pod",
            "one",
            json!({"volumes": [{"persistentVolumeClaim": {"claimName": "data"}}]}),
        ),
    ]);
    items.extend(["a", "b", "c"].map(node));
    items.extend((0..200).map(|i| class(&format!("class-{i}"))));
    items.extend((0..2000).map(|i| claim(&format!("claim-{i}"), "ReadWriteOnce")));
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}
