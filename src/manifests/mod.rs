//! Everything that is installed in a cluster, as objects.
//!
//! What the API server sends and lets volguard read is told by the rules ([`Scope`]); nothing of it is kept by hand. The
//! Helm chart in `deploy/helm/volguard` installs the same objects: it takes what the rules tell from [`for_chart`], and a
//! test compares the rest.

mod crds;
mod rbac;
mod scope;
mod webhooks;
mod workload;

use crate::policy::OWN_NAMESPACE;
pub use crds::crds;
pub use scope::{Phase, Scope};
use serde_json::{Value, json};
use std::collections::BTreeMap;
pub use webhooks::{FailurePolicy, own_kinds};

/// The name of what is installed.
const NAME: &str = "volguard";

/// The name of the Secret that holds the certificate and its CA.
const TLS_SECRET: &str = "volguard-tls";

/// What may differ from one installation to another.
#[derive(Debug, Clone)]
pub struct Installation {
    /// Where volguard runs.
    pub namespace: String,
    /// Its image.
    pub image: String,
    /// How many of it run.
    pub replicas: u32,
    /// What becomes of a create or update that nobody validates.
    pub failure_policy: FailurePolicy,
    /// What the API server sends and lets volguard read.
    pub scope: Scope,
    /// The policies that are installed along: StoragePolicy manifests by file name. Without any, those of the cluster.
    pub policies: BTreeMap<String, String>,
}

impl Default for Installation {
    fn default() -> Self {
        Self {
            namespace: OWN_NAMESPACE.to_owned(),
            image: format!("volguard:{}", env!("CARGO_PKG_VERSION")),
            replicas: 2,
            failure_policy: FailurePolicy::default(),
            scope: Scope::everything(),
            policies: BTreeMap::new(),
        }
    }
}

/// A part of what is installed. In the order in which they are applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// The namespace.
    Namespace,
    /// The definitions of volguard's own kinds.
    Crds,
    /// ServiceAccount, roles and bindings.
    Rbac,
    /// The Deployment with its Service, Secret, policies and PodDisruptionBudget.
    Workload,
    /// The webhook configurations.
    Webhooks,
}

impl Part {
    /// Every part, in the order in which they are applied.
    pub const ALL: [Self; 5] = [Self::Namespace, Self::Crds, Self::Rbac, Self::Workload, Self::Webhooks];
}

/// The objects of a part.
pub fn objects(part: Part, installation: &Installation) -> Vec<Value> {
    match part {
        Part::Namespace => vec![workload::namespace(installation)],
        Part::Crds => crds().into_iter().map(labelled).collect(),
        Part::Rbac => rbac::objects(installation),
        Part::Workload => workload::objects(installation),
        Part::Webhooks => webhooks::configurations(installation),
    }
}

/// What the chart takes from the catalogue of rules.
pub fn for_chart() -> Value {
    let scope = Scope::everything();
    json!({
        "clusterRole": {"lookUps": scope.look_ups(), "ownKinds": rbac::own_kinds()},
        "webhooks": {
            "mutate": {
                "rules": scope.webhook_rules(Phase::Mutate),
                "matchConditions": webhooks::write_conditions(),
            },
            "validate": {
                "rules": scope.webhook_rules(Phase::Validate),
                "matchConditions": webhooks::write_conditions(),
            },
            "delete": {
                "rules": scope.webhook_rules(Phase::Delete),
                "matchConditions": webhooks::delete_conditions(),
            },
            "kinds": {"rules": webhooks::own_kinds()},
        },
    })
}

fn selector_labels() -> Value {
    json!({
        "app.kubernetes.io/name": NAME,
        "app.kubernetes.io/instance": NAME,
        "app.kubernetes.io/component": "webhook",
    })
}

fn labels() -> Value {
    let mut labels = selector_labels();
    labels["app.kubernetes.io/version"] = json!(env!("CARGO_PKG_VERSION"));
    labels
}

fn metadata(name: &str, namespace: Option<&str>) -> Value {
    let mut metadata = json!({"name": name, "labels": labels()});
    if let Some(namespace) = namespace {
        metadata["namespace"] = json!(namespace);
    }
    metadata
}

fn labelled(mut object: Value) -> Value {
    object["metadata"]["labels"] = labels();
    object
}
