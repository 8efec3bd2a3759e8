//! What a test is given.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::api::Api;
use super::control_plane::ControlPlane;
use super::kubectl::{Kubectl, Outcome};
use super::volguard::Launch;
use super::{PATIENCE, wait_for};

/// The namespaces are numbered: names of tests are longer than a namespace's may be.
static NAMESPACES: AtomicUsize = AtomicUsize::new(1);

/// The context of one test: the control plane, a namespace and a folder of its own.
///
/// In manifests `$NS` stands for the namespace. Cluster-scoped objects are named `$NS-something`:
/// so tests that run at the same time stay apart, and [`super::webhooks::Webhooks`] can tell whose object it is.
pub(crate) struct Cx<'a> {
    pub(crate) plane: &'a ControlPlane,
    pub(crate) namespace: String,
    folder: TempDir,
}

impl<'a> Cx<'a> {
    /// Makes the namespace and waits for its ServiceAccount.
    pub(crate) fn new(plane: &'a ControlPlane) -> Result<Self, String> {
        let namespace = format!("test-{}", NAMESPACES.fetch_add(1, Ordering::SeqCst));
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        plane
            .api()
            .create("/api/v1/namespaces", &object)
            .map_err(|refusal| refusal.message)?;
        let account = format!("/api/v1/namespaces/{namespace}/serviceaccounts/default");
        wait_for("the namespace's ServiceAccount", PATIENCE, || plane.api().get(&account))?;
        let folder = TempDir::with_prefix("volguard-test-").map_err(|error| error.to_string())?;
        Ok(Self {
            plane,
            namespace,
            folder,
        })
    }

    /// A client as cluster administrator.
    pub(crate) fn api(&self) -> &Api {
        self.plane.api()
    }

    /// kubectl as cluster administrator, in the test's namespace.
    pub(crate) fn kubectl(&self) -> Kubectl {
        self.plane.kubectl(&self.namespace)
    }

    /// A folder for the test's files, removed after it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the test's folder, with `$NS` filled in.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder().join(name);
        fs::write(&path, self.fill(text)).expect("the test's folder can be written");
        path
    }

    /// The text with the namespace in place of `$NS`.
    pub(crate) fn fill(&self, text: &str) -> String {
        text.replace("$NS", &self.namespace)
    }

    /// `kubectl apply` of a manifest.
    pub(crate) fn apply(&self, manifest: &str) -> Outcome {
        self.kubectl().apply(&self.fill(manifest))
    }

    /// `kubectl apply` of a manifest that must be accepted; standard error, where kubectl shows warnings.
    pub(crate) fn accepts(&self, manifest: &str) -> String {
        let outcome = self.apply(manifest);
        assert!(outcome.success, "kubectl apply was refused: {}", outcome.stderr);
        outcome.stderr
    }

    /// `kubectl apply` of a manifest that must be refused; standard error, which says why.
    pub(crate) fn rejects(&self, manifest: &str) -> String {
        let outcome = self.apply(manifest);
        assert!(!outcome.success, "kubectl apply was accepted: {}", outcome.stdout);
        outcome.stderr
    }

    /// The object that `kubectl get` gives; `$NS` is filled in: `cx.get_json(&["storageclass", "$NS-fast"])`.
    pub(crate) fn get_json(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<String> = arguments.iter().map(|argument| self.fill(argument)).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.kubectl().get_json(&arguments)
    }

    /// volguard without a cluster view, about to be started.
    pub(crate) fn standalone(&self) -> Launch<'_> {
        Launch::standalone(self)
    }

    /// volguard that watches the cluster as administrator, about to be started.
    pub(crate) fn connected(&self) -> Launch<'_> {
        Launch::connected(self, &self.plane.admin_kubeconfig())
    }

    /// A kubeconfig of the administrator.
    pub(crate) fn admin_kubeconfig(&self) -> PathBuf {
        self.plane.admin_kubeconfig()
    }

    /// A kubeconfig for a ServiceAccount of the test's namespace: what volguard may do with the chart's RBAC.
    pub(crate) fn service_account(&self, name: &str) -> PathBuf {
        let token = self.kubectl().must(&["create", "token", name]);
        self.file(&format!("{name}.kubeconfig"), &self.plane.kubeconfig(token.trim()))
    }
}
