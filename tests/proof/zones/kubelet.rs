//! The part of a kubelet that has to do with storage: a pod starts when its volumes are attached to its node, it is gone when
//! its node has ended it, a filesystem grows after its disk. kwok plays the rest.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::containers::Containers;
use super::network::Network;
use super::nodes;
use super::storage::BLOCK;
use crate::support::api::Api;
use crate::support::control_plane::{ControlPlane, token};

/// Who the kubelets are to the API server. A webhook that judged what they do as if a person did it would be in their way.
pub(crate) const USER: (&str, &str) = ("system:node:kubelet", "system:masters");

/// How often it looks.
const PERIOD: Duration = Duration::from_millis(100);

/// How long a preStop hook takes, in seconds.
const HOOK: i64 = 3;

/// The kubelets of all nodes. On drop they stop, and the containers with them.
pub(crate) struct Kubelet {
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Kubelet {
    /// Starts looking after pods.
    pub(crate) fn start(plane: &ControlPlane, network: Arc<Network>, folder: &Path) -> Result<Self, String> {
        let stopped = Arc::new(AtomicBool::new(false));
        let api = Api::new(&plane.kubeconfig(&token(USER.0)))?;
        let mut rounds = Rounds {
            containers: Containers::new(plane, api.clone(), network, folder),
            api,
        };
        let over = Arc::clone(&stopped);
        let thread = thread::spawn(move || {
            while !over.load(Ordering::SeqCst) {
                rounds.make();
                thread::sleep(PERIOD);
            }
        });
        Ok(Self {
            stopped,
            thread: Some(thread),
        })
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What one round looks at and changes.
struct Rounds {
    api: Api,
    containers: Containers,
}

/// What is stored, as one round sees it.
struct Seen {
    nodes: Vec<Value>,
    pods: Vec<Value>,
    claims: Vec<Value>,
    volumes: Vec<Value>,
}

impl Rounds {
    fn make(&mut self) {
        // A control plane that does not answer is asked again in the next round.
        let list = |path: &str| {
            let text = self.api.request(http::Method::GET, path, None).ok()?;
            let mut list: Value = serde_json::from_str(&text).ok()?;
            serde_json::from_value(list["items"].take()).ok()
        };
        let (Some(nodes), Some(pods), Some(claims), Some(volumes)) = (
            list("/api/v1/nodes"),
            list("/api/v1/pods"),
            list("/api/v1/persistentvolumeclaims"),
            list("/api/v1/persistentvolumes"),
        ) else {
            return;
        };
        let seen = Seen {
            nodes,
            pods,
            claims,
            volumes,
        };
        self.containers.look_after(&seen.pods);
        for pod in seen.pods.iter().filter(|pod| seen.has_a_kubelet(pod)) {
            let is_new = pod["status"]["phase"] == "Pending" && !has_condition(pod, "PodReadyToStartContainers");
            if pod["metadata"].get("deletionTimestamp").is_some() {
                self.end_pod(pod);
            } else if is_new && seen.has_its_volumes(pod) {
                self.start_pod(pod);
            }
        }
        for claim in &seen.claims {
            if has_condition(claim, "FileSystemResizePending") {
                self.grow_filesystem(claim, &seen);
            }
        }
    }

    /// Says that the pod's volumes are mounted, whereupon kwok runs it.
    fn start_pod(&mut self, pod: &Value) {
        let mut status = json!({});
        if pod["spec"]["containers"][0]["name"] == "volguard" {
            let Some(address) = self.containers.start(pod) else {
                return;
            };
            status["podIP"] = json!(address);
        }
        let mut conditions = pod["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.push(json!({"type": "PodReadyToStartContainers", "status": "True"}));
        status["conditions"] = json!(conditions);
        // A pod that was deleted meanwhile needs nothing.
        let _ = self
            .api
            .patch(&format!("{}/status", path(pod)), &json!({"status": status}));
    }

    /// Says that the pod's containers have ended. What is played needs no grace period, but a preStop hook takes its time.
    fn end_pod(&mut self, pod: &Value) {
        if !has_stopped(pod) || !self.containers.end(pod) {
            return;
        }
        let options = json!({"gracePeriodSeconds": 0, "preconditions": {"uid": uid(pod)}});
        // Somebody else may have deleted it for good meanwhile.
        let _ = self.api.request(http::Method::DELETE, &path(pod), Some(&options));
    }

    /// What NodeExpandVolume does, once a pod uses the claim.
    fn grow_filesystem(&self, claim: &Value, seen: &Seen) {
        let is_used = seen.pods.iter().any(|pod| {
            pod["status"]["phase"] == "Running"
                && pod["metadata"]["namespace"] == claim["metadata"]["namespace"]
                && claims(pod).any(|name| claim["metadata"]["name"] == name)
        });
        let Some(volume) = seen.volume_of(claim).filter(|_| is_used) else {
            return;
        };
        let status = json!({
            "capacity": {"storage": volume["spec"]["capacity"]["storage"]},
            "conditions": null,
            "allocatedResources": null,
            "allocatedResourceStatuses": null,
        });
        let _ = self
            .api
            .patch(&format!("{}/status", path(claim)), &json!({"status": status}));
    }
}

impl Seen {
    /// Whether the pod is on a node whose kubelet works.
    fn has_a_kubelet(&self, pod: &Value) -> bool {
        let mut nodes = self.nodes.iter();
        nodes.any(|node| node["metadata"]["name"] == pod["spec"]["nodeName"] && !nodes::is_lost(node))
    }

    /// Whether every claim of the pod is bound, and what has to be attached is attached to the pod's node.
    fn has_its_volumes(&self, pod: &Value) -> bool {
        let mut nodes = self.nodes.iter();
        let node = nodes.find(|node| node["metadata"]["name"] == pod["spec"]["nodeName"]);
        let attached = node.and_then(|node| node["status"]["volumesAttached"].as_array());
        claims(pod).all(|name| {
            let claim = self.claims.iter().find(|claim| {
                claim["metadata"]["namespace"] == pod["metadata"]["namespace"] && claim["metadata"]["name"] == name
            });
            let volume = claim.and_then(|claim| self.volume_of(claim));
            volume.is_some_and(|volume| {
                let csi = &volume["spec"]["csi"];
                // The name by which the attach controller tells kubelets that it is done.
                let name = format!(
                    "kubernetes.io/csi/{BLOCK}^{}",
                    csi["volumeHandle"].as_str().unwrap_or_default()
                );
                csi["driver"] != BLOCK || attached.into_iter().flatten().any(|volume| volume["name"] == name)
            })
        })
    }

    /// The volume of a bound claim.
    fn volume_of(&self, claim: &Value) -> Option<&Value> {
        let is_bound = claim["status"]["phase"] == "Bound";
        let mut volumes = self.volumes.iter();
        volumes.find(|volume| is_bound && volume["metadata"]["name"] == claim["spec"]["volumeName"])
    }
}

/// Whether the hooks of a pod that is being deleted have run.
fn has_stopped(pod: &Value) -> bool {
    let mut containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    if !containers.any(|container| container["lifecycle"].get("preStop").is_some()) {
        return true;
    }
    let grace = pod["metadata"]["deletionGracePeriodSeconds"]
        .as_i64()
        .unwrap_or_default();
    let at_latest = pod["metadata"]["deletionTimestamp"].as_str().unwrap_or_default();
    at_latest.parse::<Timestamp>().is_ok_and(|at_latest| {
        let asked = at_latest.as_second() - grace;
        Timestamp::now().as_second() - asked >= HOOK
    })
}

/// The names of the claims that a pod uses, those of its ephemeral volumes too.
fn claims(pod: &Value) -> impl Iterator<Item = String> {
    let volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
    volumes.filter_map(|volume| {
        if volume.get("ephemeral").is_some() {
            let pod = pod["metadata"]["name"].as_str()?;
            return Some(format!("{pod}-{}", volume["name"].as_str()?));
        }
        volume["persistentVolumeClaim"]["claimName"].as_str().map(str::to_owned)
    })
}

fn has_condition(object: &Value, kind: &str) -> bool {
    let mut conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    conditions.any(|condition| condition["type"] == kind && condition["status"] == "True")
}

pub(super) fn uid(object: &Value) -> &str {
    object["metadata"]["uid"].as_str().unwrap_or_default()
}

pub(super) fn name(object: &Value) -> String {
    let part = |key: &str| object["metadata"][key].as_str().unwrap_or_default().to_owned();
    format!("{}/{}", part("namespace"), part("name"))
}

/// Where a pod or claim is found; lists do not say the kinds of their items.
fn path(object: &Value) -> String {
    let part = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
    let plural = if object["spec"].get("containers").is_some() {
        "pods"
    } else {
        "persistentvolumeclaims"
    };
    format!("/api/v1/namespaces/{}/{plural}/{}", part("namespace"), part("name"))
}
