//! What volguard may do in the cluster.

use super::crds;
use super::{Installation, NAME, TLS_SECRET, metadata};
use crate::resources::GROUP;
use serde_json::{Value, json};

const READ: [&str; 2] = ["list", "watch"];

/// What it takes to keep an object that is there up to date.
const KEEP: [&str; 4] = ["get", "list", "update", "watch"];

/// ServiceAccount, roles and bindings.
pub(super) fn objects(installation: &Installation) -> Vec<Value> {
    let namespace = installation.namespace.as_str();
    let mut account = json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata(NAME, Some(namespace)),
    });
    // The token is mounted by the Deployment alone.
    account["automountServiceAccountToken"] = json!(false);
    vec![
        account,
        role("ClusterRole", None, &cluster_rules(installation)),
        binding("ClusterRole", namespace, None),
        role("Role", Some(namespace), &[secret()]),
        binding("Role", namespace, Some(namespace)),
    ]
}

fn cluster_rules(installation: &Installation) -> Vec<Value> {
    let mut rules = installation.scope.look_ups();
    rules.extend(own_kinds());
    rules.push(json!({
        "apiGroups": ["admissionregistration.k8s.io"],
        "resources": ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
        "resourceNames": [NAME],
        "verbs": KEEP,
    }));
    rules
}

/// The permissions on volguard's own kinds: rules of a ClusterRole.
pub(super) fn own_kinds() -> Vec<Value> {
    let resources = crds::resources();
    let plurals: Vec<&str> = resources.iter().map(|(plural, _)| plural.as_str()).collect();
    let with_status = resources.iter().filter(|(_, has_status)| *has_status);
    let statuses: Vec<String> = with_status.map(|(plural, _)| format!("{plural}/status")).collect();
    vec![
        json!({"apiGroups": [GROUP], "resources": plurals, "verbs": READ}),
        json!({"apiGroups": [GROUP], "resources": statuses, "verbs": ["patch"]}),
    ]
}

/// The permission on the Secret with certificate and CA, which is made with it.
fn secret() -> Value {
    json!({
        "apiGroups": [""],
        "resources": ["secrets"],
        "resourceNames": [TLS_SECRET],
        "verbs": KEEP,
    })
}

fn role(kind: &str, namespace: Option<&str>, rules: &[Value]) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": metadata(NAME, namespace),
        "rules": rules,
    })
}

fn binding(role: &str, account_namespace: &str, namespace: Option<&str>) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": format!("{role}Binding"),
        "metadata": metadata(NAME, namespace),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role, "name": NAME},
        "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": account_namespace}],
    })
}
