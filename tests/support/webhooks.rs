//! Registration of volguard with the API server.

use std::net::SocketAddr;

use serde_json::{Value, json};
use volguard::manifests::{self, Scope};

use super::api::Api;
use super::certificates::base64;
use super::{Cx, PATIENCE, wait, wait_for};

/// What is to be registered; [`Webhooks::install`] does it.
pub(crate) struct Webhooks {
    address: SocketAddr,
    ca: String,
    failure_policy: &'static str,
    timeout_seconds: u8,
    everybody: bool,
}

/// Registered webhooks. On drop they are taken off, and the API server no longer calls them.
pub(crate) struct Installed {
    api: Api,
    namespace: String,
    paths: Vec<String>,
}

/// One of the two configurations, and how it is told apart.
struct Phase {
    collection: &'static str,
    kind: &'static str,
    endpoint: &'static str,
}

const PHASES: [Phase; 2] = [
    Phase {
        collection: "mutatingwebhookconfigurations",
        kind: "MutatingWebhookConfiguration",
        endpoint: "mutate",
    },
    Phase {
        collection: "validatingwebhookconfigurations",
        kind: "ValidatingWebhookConfiguration",
        endpoint: "validate",
    },
];

impl Webhooks {
    /// Webhooks at this address, trusted by this CA: for the objects of the test that installs them only,
    /// and failing closed, so that a server that does not answer is seen.
    pub(crate) fn new(address: SocketAddr, ca: &str) -> Self {
        Self {
            address,
            ca: ca.to_owned(),
            failure_policy: "Fail",
            timeout_seconds: 5,
            everybody: false,
        }
    }

    /// What the API server does when the webhook does not answer: Fail or Ignore.
    pub(crate) fn failure_policy(self, failure_policy: &'static str) -> Self {
        Self { failure_policy, ..self }
    }

    /// How long the API server waits for an answer.
    pub(crate) fn timeout_seconds(self, timeout_seconds: u8) -> Self {
        Self {
            timeout_seconds,
            ..self
        }
    }

    /// For all objects of the cluster, as an installation does; the test must be one that runs alone.
    pub(crate) fn for_everybody(self) -> Self {
        Self {
            everybody: true,
            ..self
        }
    }

    /// Registers both webhooks and waits until the API server calls them.
    pub(crate) fn install(&self, cx: &Cx<'_>) -> Installed {
        let mut installed = Installed {
            api: cx.api().clone(),
            namespace: cx.namespace.clone(),
            paths: Vec::new(),
        };
        for phase in &PHASES {
            let name = format!("volguard-{}", cx.namespace);
            let collection = format!("/apis/admissionregistration.k8s.io/v1/{}", phase.collection);
            let object = self.configuration(phase, &name, &cx.namespace);
            cx.api()
                .create(&collection, &object)
                .unwrap_or_else(|refusal| panic!("{}: {}", phase.kind, refusal.message));
            installed.paths.push(format!("{collection}/{name}"));
            wait("the API server to use the webhook", || installed.canary(phase).err());
        }
        installed
    }

    fn configuration(&self, phase: &Phase, name: &str, namespace: &str) -> Value {
        let mut webhook = json!({
            "name": format!("{}.volguard.dev", phase.endpoint),
            "clientConfig": {"url": format!("https://{}/{}", self.address, phase.endpoint), "caBundle": base64(&self.ca)},
            "rules": rules(phase.endpoint),
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "matchPolicy": "Equivalent",
            "failurePolicy": self.failure_policy,
            "timeoutSeconds": self.timeout_seconds,
        });
        if !self.everybody {
            // Of a request for a cluster-scoped object the namespace is not empty but missing.
            let ours = format!(
                "has(request.namespace) ? request.namespace == '{namespace}' : \
                 has(request.name) && request.name.startsWith('{namespace}-')"
            );
            webhook["matchConditions"] = json!([{"name": "test", "expression": ours}]);
        }
        // The API server takes a new configuration into use some time after it was stored. This webhook, which nobody
        // answers, shows when: it has a ConfigMap refused that nobody stores.
        let mut canary = json!({
            "name": "canary.volguard.dev",
            "clientConfig": {"url": "https://127.0.0.1:1"},
            "rules": [rule("", &["configmaps"], &["CREATE"])],
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "failurePolicy": "Fail",
            "timeoutSeconds": 1,
        });
        let named = format!(
            "request.?namespace.orValue('') == '{namespace}' && request.?name.orValue('') == 'canary-{}'",
            phase.endpoint
        );
        canary["matchConditions"] = json!([{"name": "canary", "expression": named}]);
        if phase.endpoint == "mutate" {
            webhook["reinvocationPolicy"] = json!("IfNeeded");
        }
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": phase.kind,
            "metadata": {"name": name},
            "webhooks": [webhook, canary],
        })
    }
}

impl Installed {
    /// Tries to create the ConfigMap that the canary of this phase has refused; the error is the canary's.
    fn canary(&self, phase: &Phase) -> Result<(), ()> {
        let name = format!("canary-{}", phase.endpoint);
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
        let path = format!("/api/v1/namespaces/{}/configmaps?dryRun=All", self.namespace);
        match self.api.create(&path, &object) {
            Err(refusal) if refusal.message.contains("canary.volguard.dev") => Err(()),
            _ => Ok(()),
        }
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        for path in &self.paths {
            let _ = self.api.delete(path);
        }
        // A panic in a drop ends all tests; what a webhook that stays does shows in the test that it disturbs.
        for phase in &PHASES {
            let _ = wait_for("the API server to forget the webhook", PATIENCE, || {
                self.canary(phase).ok()
            });
        }
    }
}

/// What volguard is asked about, told by its rules as in every installation.
fn rules(endpoint: &str) -> Vec<Value> {
    let scope = Scope::everything();
    let phases: &[manifests::Phase] = match endpoint {
        "mutate" => &[manifests::Phase::Mutate],
        _ => &[manifests::Phase::Validate, manifests::Phase::Delete],
    };
    let judged = phases.iter().flat_map(|phase| scope.webhook_rules(*phase));
    judged.chain(manifests::own_kinds()).collect()
}

fn rule(group: &str, resources: &[&str], operations: &[&str]) -> Value {
    json!({"apiGroups": [group], "apiVersions": ["*"], "resources": resources, "operations": operations, "scope": "*"})
}
