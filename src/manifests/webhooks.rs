//! The webhook configurations: what the API server sends, and what becomes of a request when nobody answers.

use super::crds;
use super::scope::Phase;
use super::{Installation, NAME, metadata};
use crate::model::ObjectKind;
use crate::model::user::{MACHINERY_NAMES, MACHINERY_PREFIXES};
use crate::policy::{NAME_LABEL, SYSTEM_NAMESPACES};
use crate::resources::{GROUP, VERSION};
use serde_json::{Value, json};

/// How long the API server waits for an answer. The mutating webhooks of a cluster are asked one after the other.
const TIMEOUT_SECONDS: u8 = 3;

/// What the API server does with a request when the webhook does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum FailurePolicy {
    /// It goes on as if there were no webhook.
    #[default]
    Ignore,
    /// It refuses the request.
    Fail,
}

impl FailurePolicy {
    /// The policy's name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ignore => "Ignore",
            Self::Fail => "Fail",
        }
    }
}

/// The configurations; one that would ask about nothing is left out.
pub(super) fn configurations(installation: &Installation) -> Vec<Value> {
    let scope = &installation.scope;
    let mut mutate = webhook(installation, "mutate", FailurePolicy::Ignore);
    mutate["rules"] = json!(scope.webhook_rules(Phase::Mutate));
    mutate["matchConditions"] = write_conditions();
    mutate["reinvocationPolicy"] = json!("IfNeeded");

    let mut validate = webhook(installation, "validate", installation.failure_policy);
    validate["rules"] = json!(scope.webhook_rules(Phase::Validate));
    validate["matchConditions"] = write_conditions();

    // Whatever happens, an outage keeps nothing from being deleted.
    let mut delete = webhook(installation, "delete", FailurePolicy::Ignore);
    delete["rules"] = json!(scope.webhook_rules(Phase::Delete));
    delete["matchConditions"] = delete_conditions();

    // Asked twice: before the API server's own schema is, volguard can say what was probably meant.
    let mut kinds = webhook(installation, "kinds", FailurePolicy::Ignore);
    kinds["rules"] = json!(own_kinds());
    let mut early_kinds = kinds.clone();
    early_kinds["clientConfig"]["service"]["path"] = json!("/mutate");
    [
        ("MutatingWebhookConfiguration", vec![mutate, early_kinds]),
        ("ValidatingWebhookConfiguration", vec![validate, delete, kinds]),
    ]
    .into_iter()
    .filter_map(|(kind, mut webhooks)| {
        webhooks.retain(has_rules);
        (!webhooks.is_empty()).then(|| configuration(kind, &webhooks))
    })
    .collect()
}

fn has_rules(webhook: &Value) -> bool {
    webhook["rules"].as_array().is_some_and(|rules| !rules.is_empty())
}

fn configuration(kind: &str, webhooks: &[Value]) -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": metadata(NAME, None),
        "webhooks": webhooks,
    })
}

/// A webhook that is asked about nothing yet. The CA is not here: volguard fills it in.
fn webhook(installation: &Installation, name: &str, failure_policy: FailurePolicy) -> Value {
    let namespace = installation.namespace.as_str();
    let left_alone: Vec<&str> = SYSTEM_NAMESPACES.into_iter().chain([namespace]).collect();
    let endpoint = if name == "mutate" { "/mutate" } else { "/validate" };
    json!({
        "name": format!("{name}.volguard.dev"),
        "admissionReviewVersions": ["v1"],
        "clientConfig": {"service": {"name": NAME, "namespace": namespace, "path": endpoint, "port": 443}},
        "failurePolicy": failure_policy.as_str(),
        "matchPolicy": "Equivalent",
        "namespaceSelector": {"matchExpressions": [{"key": NAME_LABEL, "operator": "NotIn", "values": left_alone}]},
        "sideEffects": "NoneOnDryRun",
        "timeoutSeconds": TIMEOUT_SECONDS,
    })
}

/// volguard's own kinds are judged before they are stored.
pub fn own_kinds() -> Vec<Value> {
    let resources: Vec<String> = crds::resources().into_iter().map(|(plural, _)| plural).collect();
    vec![json!({
        "apiGroups": [GROUP],
        "apiVersions": [VERSION],
        "operations": ["CREATE", "UPDATE"],
        "resources": resources,
    })]
}

/// Which creates and updates are sent: volguard would let the others through without a look at its rules
/// (`admission/objects.rs`).
pub(super) fn write_conditions() -> Value {
    let controllers: Vec<String> = ObjectKind::ALL
        .into_iter()
        .filter(|kind| kind.is_workload() && *kind != ObjectKind::Pod)
        .map(|kind| format!("'{}/{}'", kind.group(), kind.as_str()))
        .collect();
    let made_by_controller = format!(
        "!(request.resource.resource in ['pods', 'replicasets', 'jobs'] && has(object.metadata.ownerReferences) && \
         object.metadata.ownerReferences.exists(owner, has(owner.controller) && owner.controller && \
         owner.apiVersion.split('/')[0] + '/' + owner.kind in [{}]))",
        controllers.join(", ")
    );
    json!([
        {"name": "is-not-being-deleted", "expression": "!has(object.metadata.deletionTimestamp)"},
        {
            "name": "changes-more-than-metadata",
            "expression": "request.operation != 'UPDATE' || !has(object.spec) || !has(oldObject.spec) || \
                           object.spec != oldObject.spec",
        },
        {"name": "is-not-judged-at-its-owner", "expression": made_by_controller},
        {
            // Claims are bound in an outage too.
            "name": "is-not-a-binding",
            "expression": "!(request.operation == 'UPDATE' && \
                           request.resource.resource in ['persistentvolumeclaims', 'persistentvolumes'] && \
                           request.userInfo.username in ['system:serviceaccount:kube-system:persistent-volume-binder', \
                           'system:kube-controller-manager'])",
        },
    ])
}

/// Which deletes are sent: not those that the cluster itself carries out, such as the end of a namespace.
pub(super) fn delete_conditions() -> Value {
    let [controllers, kubelets] = MACHINERY_PREFIXES;
    let machinery = format!(
        "!(request.userInfo.username.startsWith('{controllers}') || request.userInfo.username.startsWith('{kubelets}') || \
         request.userInfo.username in ['{}'])",
        MACHINERY_NAMES.join("', '")
    );
    json!([
        {"name": "is-not-by-the-cluster-itself", "expression": machinery},
        {
            "name": "is-not-being-deleted",
            "expression": "request.resource.resource == 'pods' || !has(oldObject.metadata.deletionTimestamp)",
        },
    ])
}
