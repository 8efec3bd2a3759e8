//! What runs: the Deployment and what stands round it.

use super::{Installation, NAME, TLS_SECRET, metadata, selector_labels};
use serde_json::{Value, json};

/// Where the policies of the installation are mounted.
const POLICIES: &str = "/etc/volguard/policies";

/// The name of the ConfigMap that holds the policies of the installation.
const POLICIES_NAME: &str = "volguard-policies";

/// A namespace that lets pods without privileges in only.
pub(super) fn namespace(installation: &Installation) -> Value {
    let mut namespace = json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": metadata(&installation.namespace, None),
    });
    namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = json!("restricted");
    namespace
}

/// The Deployment, its policies, certificate, address and protection from evictions.
pub(super) fn objects(installation: &Installation) -> Vec<Value> {
    let namespace = Some(installation.namespace.as_str());
    let mut objects = Vec::new();
    if !installation.policies.is_empty() {
        objects.push(json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata(POLICIES_NAME, namespace),
            "data": installation.policies,
        }));
    }
    objects.extend([
        // Empty: volguard fills it, and who applies this again leaves what it holds.
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata(TLS_SECRET, namespace), "type": "Opaque"}),
        json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata(NAME, namespace),
            "spec": {
                "selector": selector_labels(),
                "ports": [
                    {"name": "https", "port": 443, "targetPort": "https", "protocol": "TCP"},
                    {"name": "metrics", "port": 8080, "targetPort": "admin", "protocol": "TCP"},
                ],
            },
        }),
        deployment(installation),
    ]);
    if installation.replicas > 1 {
        objects.push(json!({
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": metadata(NAME, namespace),
            "spec": {
                "maxUnavailable": 1,
                "selector": {"matchLabels": selector_labels()},
                // Pods that do not get ready must not keep a node from being drained.
                "unhealthyPodEvictionPolicy": "AlwaysAllow",
            },
        }));
    }
    objects
}

fn deployment(installation: &Installation) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(NAME, Some(&installation.namespace)),
        "spec": {
            "replicas": installation.replicas,
            "selector": {"matchLabels": selector_labels()},
            // A new replica is ready before an old one ends.
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {"metadata": {"labels": selector_labels()}, "spec": pod(installation)},
        },
    })
}

fn pod(installation: &Installation) -> Value {
    let spread = |key: &str| {
        json!({
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": selector_labels()},
            "matchLabelKeys": ["pod-template-hash"],
        })
    };
    let mut pod = json!({
        "serviceAccountName": NAME,
        "automountServiceAccountToken": true,
        "enableServiceLinks": false,
        "terminationGracePeriodSeconds": 30,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "securityContext": {
            "runAsNonRoot": true,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{
            "weight": 100,
            "podAffinityTerm": {
                "topologyKey": "kubernetes.io/hostname",
                "labelSelector": {"matchLabels": selector_labels()},
            },
        }]}},
        "topologySpreadConstraints": [spread("topology.kubernetes.io/zone"), spread("kubernetes.io/hostname")],
        "containers": [container(installation)],
    });
    if !installation.policies.is_empty() {
        pod["volumes"] = json!([{"name": "policies", "configMap": {"name": POLICIES_NAME}}]);
    }
    pod
}

fn container(installation: &Installation) -> Value {
    let probe = |path: &str, period: u8| json!({"httpGet": {"path": path, "port": "admin"}, "periodSeconds": period, "timeoutSeconds": 2, "failureThreshold": 3});
    // All replicas share the Secret: were they unready while it cannot be renewed, nobody would serve the good certificate.
    let mut container = json!({
        "name": "volguard",
        "image": installation.image,
        "imagePullPolicy": "IfNotPresent",
        "args": arguments(installation),
        "ports": [
            {"name": "https", "containerPort": 8443, "protocol": "TCP"},
            {"name": "admin", "containerPort": 8080, "protocol": "TCP"},
        ],
        "livenessProbe": probe("/livez", 10),
        "readinessProbe": probe("/readyz?exclude=certificate-renewal", 5),
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": true,
        },
    });
    if !installation.policies.is_empty() {
        container["volumeMounts"] = json!([{"name": "policies", "mountPath": POLICIES, "readOnly": true}]);
    }
    container
}

fn arguments(installation: &Installation) -> Vec<String> {
    let namespace = installation.namespace.as_str();
    let mut arguments = vec![
        "serve".to_owned(),
        format!("--namespace={namespace}"),
        format!("--tls-secret={namespace}/{TLS_SECRET}"),
        format!("--tls-dns-name={NAME}.{namespace}.svc"),
        format!("--webhook-configuration={NAME}"),
        "--shutdown-delay=5s".to_owned(),
        "--log-format=json".to_owned(),
    ];
    if !installation.policies.is_empty() {
        arguments.push(format!("--policy={POLICIES}"));
    }
    arguments
}
