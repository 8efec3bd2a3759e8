//! The part of a kubelet that has to do with storage: a pod starts when its volumes are attached to its node, it is gone when
//! its node has ended it, a filesystem grows after its disk. kwok plays the rest.
//!
//! One container is not played but run: volguard's own, as a process of this machine with the rights of its ServiceAccount.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::network::Network;
use super::nodes;
use super::storage::BLOCK;
use crate::support::api::Api;
use crate::support::control_plane::{ControlPlane, token};
use crate::support::kubectl::Kubectl;
use crate::support::volguard::Server;

/// Who the kubelets are to the API server. A webhook that judged what they do as if a person did it would be in their way.
pub(crate) const USER: (&str, &str) = ("system:node:kubelet", "system:masters");

/// How often it looks.
const PERIOD: Duration = Duration::from_millis(100);

/// How long a preStop hook takes, in seconds.
const HOOK: i64 = 3;

/// The kubelets of all nodes. On drop they stop, and the containers with them.
pub(crate) struct Kubelet {
    stopped: Arc<AtomicBool>,
    containers: Containers,
    thread: Option<JoinHandle<()>>,
}

/// Containers that run as processes, by the UIDs of their pods.
type Containers = Arc<Mutex<BTreeMap<String, Container>>>;

/// volguard's container.
struct Container {
    pod: String,
    /// The pod's addresses, which lead to the process.
    addresses: Vec<SocketAddr>,
    server: Server,
    log: ContainerLog,
}

/// What a container runtime keeps of a process's output: each line with its time, as `kubectl logs` wants it.
/// <https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md>
struct ContainerLog {
    file: PathBuf,
    /// How much of the output is in the file.
    copied: usize,
}

impl ContainerLog {
    /// Adds the lines that were printed since the last call.
    fn follow(&mut self, printed: &str) -> std::io::Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.file)?;
        let fresh = printed.get(self.copied..).unwrap_or_default();
        for line in fresh.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            write!(file, "{} stdout F {line}", Timestamp::now())?;
            self.copied += line.len();
        }
        Ok(())
    }
}

impl Kubelet {
    /// Starts looking after pods.
    pub(crate) fn start(plane: &ControlPlane, network: Arc<Network>, folder: &Path) -> Result<Self, String> {
        let stopped = Arc::new(AtomicBool::new(false));
        let containers = Containers::default();
        let mut rounds = Rounds {
            api: Api::new(&plane.kubeconfig(&token(USER.0)))?,
            kubectl: plane.kubectl("default"),
            kubeconfig_of: {
                let template = plane.kubeconfig("TOKEN");
                Box::new(move |token| template.replace("TOKEN", token))
            },
            network,
            containers: Arc::clone(&containers),
            folder: folder.to_owned(),
            started: 0,
            failed: BTreeSet::new(),
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
            containers,
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
        lock(&self.containers).clear();
    }
}

fn lock(containers: &Containers) -> std::sync::MutexGuard<'_, BTreeMap<String, Container>> {
    containers.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one round looks at and changes.
struct Rounds {
    api: Api,
    kubectl: Kubectl,
    kubeconfig_of: Box<dyn Fn(&str) -> String + Send>,
    network: Arc<Network>,
    containers: Containers,
    folder: PathBuf,
    /// How many containers were started.
    started: usize,
    /// The UIDs of pods whose containers did not start.
    failed: BTreeSet<String>,
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
        self.end_containers(&seen.pods);
        for container in lock(&self.containers).values_mut() {
            let printed = container.server.log();
            if let Err(problem) = container.log.follow(&printed) {
                eprintln!("{}: {problem}", container.log.file.display());
            }
        }
        for pod in seen.pods.iter().filter(|pod| seen.has_a_kubelet(pod)) {
            let is_new = pod["status"]["phase"] == "Pending"
                && !has_condition(pod, "PodReadyToStartContainers")
                && !self.failed.contains(uid(pod));
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
            match self.start_container(pod) {
                Ok(address) => status["podIP"] = json!(address),
                Err(problem) => {
                    eprintln!("{}: {problem}", name(pod));
                    self.failed.insert(uid(pod).to_owned());
                    return;
                }
            }
        }
        let mut conditions = pod["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.push(json!({"type": "PodReadyToStartContainers", "status": "True"}));
        status["conditions"] = json!(conditions);
        // A pod that was deleted meanwhile needs nothing.
        let _ = self
            .api
            .patch(&format!("{}/status", path(pod)), &json!({"status": status}));
    }

    /// Says that the pod's containers have ended. None of them needs its grace period, but a preStop hook takes its time.
    fn end_pod(&self, pod: &Value) {
        if !has_stopped(pod) {
            return;
        }
        let options = json!({"gracePeriodSeconds": 0, "preconditions": {"uid": uid(pod)}});
        // Somebody else may have deleted it for good meanwhile.
        let _ = self.api.request(http::Method::DELETE, &path(pod), Some(&options));
    }

    /// Starts volguard as the pod's container, waits until it is ready, and gives the pod's address.
    fn start_container(&mut self, pod: &Value) -> Result<String, String> {
        let containers = lock(&self.containers);
        let known = containers.get(uid(pod));
        if let Some(known) = known {
            return Ok(known.addresses[0].ip().to_string());
        }
        drop(containers);
        let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
        let account = pod["spec"]["serviceAccountName"].as_str().unwrap_or_default();
        let token = self
            .kubectl
            .run(&["create", "token", account, "--namespace", namespace]);
        if !token.success {
            return Err(token.stderr);
        }
        self.started += 1;
        let name_of_process = format!("volguard-{}", self.started);
        let folder = self.folder.join(&name_of_process);
        let problem = |error: std::io::Error| error.to_string();
        fs::create_dir_all(&folder).map_err(problem)?;
        let kubeconfig = folder.join("kubeconfig");
        fs::write(&kubeconfig, (self.kubeconfig_of)(token.stdout.trim())).map_err(problem)?;

        let given = pod["spec"]["containers"][0]["args"].as_array().into_iter().flatten();
        let given = given.filter_map(Value::as_str).skip(1).map(Into::into);
        let mut arguments = vec!["--kubeconfig".into(), kubeconfig.into()];
        arguments.extend(given);
        let server = Server::start(&name_of_process, &folder, &arguments)?;
        server.wait_ready()?;

        let address = format!("10.244.0.{}", self.started);
        let mut addresses = Vec::new();
        for (port, to) in [(8443, server.address), (8080, server.admin)] {
            let from = SocketAddr::new(address.parse().map_err(|error| format!("{address}: {error}"))?, port);
            self.network.lead(from, to);
            addresses.push(from);
        }
        let log = ContainerLog {
            file: folder.join("container.log"),
            copied: 0,
        };
        // kwok answers `kubectl logs` from it.
        let logs = json!({
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "Logs",
            "metadata": {"name": pod["metadata"]["name"], "namespace": namespace},
            "spec": {"logs": [{"containers": ["volguard"], "logsFile": log.file, "follow": true}]},
        });
        let collection = format!("/apis/kwok.x-k8s.io/v1alpha1/namespaces/{namespace}/logs");
        self.api.create(&collection, &logs).map_err(|refusal| refusal.message)?;
        let container = Container {
            pod: name(pod),
            addresses,
            server,
            log,
        };
        lock(&self.containers).insert(uid(pod).to_owned(), container);
        Ok(address)
    }

    /// Ends the containers whose pods are gone, each in its own time.
    fn end_containers(&self, pods: &[Value]) {
        let mut containers = lock(&self.containers);
        let gone: Vec<String> = containers
            .keys()
            .filter(|known| pods.iter().all(|pod| uid(pod) != **known))
            .cloned()
            .collect();
        for key in gone {
            let Some(mut container) = containers.remove(&key) else {
                continue;
            };
            let network = Arc::clone(&self.network);
            thread::spawn(move || {
                if let Err(problem) = container.server.end() {
                    eprintln!("{}: {problem}", container.pod);
                }
                container
                    .addresses
                    .into_iter()
                    .for_each(|address| network.forget(address));
            });
        }
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

fn uid(object: &Value) -> &str {
    object["metadata"]["uid"].as_str().unwrap_or_default()
}

fn name(object: &Value) -> String {
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
