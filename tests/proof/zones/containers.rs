//! Containers that are not played but run: volguard's own, as processes of this machine with the rights of its ServiceAccount.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::mem;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::kubelet::{name, uid};
use super::network::Network;
use crate::support::api::Api;
use crate::support::control_plane::ControlPlane;
use crate::support::kubectl::Kubectl;
use crate::support::volguard::Server;

/// volguard's containers, by the UIDs of their pods. They are killed on drop.
pub(super) struct Containers {
    api: Api,
    kubectl: Kubectl,
    /// A kubeconfig for the bearer of the token `TOKEN`.
    kubeconfig: String,
    network: Arc<Network>,
    folder: PathBuf,
    running: BTreeMap<String, Container>,
    /// How many were started.
    started: usize,
    /// The pods whose containers did not start.
    failed: BTreeSet<String>,
}

struct Container {
    /// The pod's addresses, which lead to the process.
    addresses: Vec<SocketAddr>,
    server: Server,
    log: ContainerLog,
    is_asked_to_end: bool,
}

impl Containers {
    pub(super) fn new(plane: &ControlPlane, api: Api, network: Arc<Network>, folder: &Path) -> Self {
        Self {
            api,
            kubectl: plane.kubectl("default"),
            kubeconfig: plane.kubeconfig("TOKEN"),
            network,
            folder: folder.to_owned(),
            running: BTreeMap::new(),
            started: 0,
            failed: BTreeSet::new(),
        }
    }

    /// The pod's address, once its container runs and is ready; the first call starts it. None where it does not start, which
    /// is said once.
    pub(super) fn start(&mut self, pod: &Value) -> Option<String> {
        let uid = uid(pod);
        if self.failed.contains(uid) {
            return None;
        }
        if !self.running.contains_key(uid) {
            match self.run(pod) {
                Ok(container) => {
                    self.running.insert(uid.to_owned(), container);
                }
                Err(problem) => {
                    eprintln!("{}: {problem}", name(pod));
                    self.failed.insert(uid.to_owned());
                }
            }
        }
        let container = self.running.get(uid)?;
        Some(container.addresses[0].ip().to_string())
    }

    /// Whether the pod's container has ended, if it has one here; the first call asks it to.
    pub(super) fn end(&mut self, pod: &Value) -> bool {
        let Some(container) = self.running.get_mut(uid(pod)) else {
            return true;
        };
        if !container.server.has_ended() {
            if !container.is_asked_to_end {
                container.server.terminate();
                container.is_asked_to_end = true;
            }
            return false;
        }
        for address in &container.addresses {
            self.network.forget(*address);
        }
        self.running.remove(uid(pod));
        true
    }

    /// Keeps the logs, and ends what runs for pods that are gone.
    pub(super) fn look_after(&mut self, pods: &[Value]) {
        for container in self.running.values_mut() {
            let printed = container.server.log();
            if let Err(problem) = container.log.follow(&printed) {
                eprintln!("{}: {problem}", container.log.file.display());
            }
        }
        let is_there = |uid: &String| pods.iter().any(|pod| self::uid(pod) == uid);
        let (running, gone): (BTreeMap<_, _>, BTreeMap<_, _>) = mem::take(&mut self.running)
            .into_iter()
            .partition(|(uid, _)| is_there(uid));
        self.running = running;
        for (uid, mut container) in gone {
            for address in &container.addresses {
                self.network.forget(*address);
            }
            // In its own time.
            thread::spawn(move || {
                if let Err(problem) = container.server.end() {
                    eprintln!("the container of pod {uid}: {problem}");
                }
            });
        }
    }

    fn run(&mut self, pod: &Value) -> Result<Container, String> {
        let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
        let account = pod["spec"]["serviceAccountName"].as_str().unwrap_or_default();
        let token = self
            .kubectl
            .run(&["create", "token", account, "--namespace", namespace]);
        if !token.success {
            return Err(token.stderr);
        }
        self.started += 1;
        let name = format!("volguard-{}", self.started);
        let folder = self.folder.join(&name);
        let problem = |error: std::io::Error| error.to_string();
        fs::create_dir_all(&folder).map_err(problem)?;
        let kubeconfig = folder.join("kubeconfig");
        fs::write(&kubeconfig, self.kubeconfig.replace("TOKEN", token.stdout.trim())).map_err(problem)?;

        let given = pod["spec"]["containers"][0]["args"].as_array().into_iter().flatten();
        let given = given.filter_map(Value::as_str).skip(1).map(Into::into);
        let mut arguments = vec!["--kubeconfig".into(), kubeconfig.into()];
        arguments.extend(given);
        let server = Server::start(&name, &folder, &arguments)?;
        server.wait_ready()?;

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

        let ip = format!("10.244.0.{}", self.started);
        let ip = ip.parse().map_err(|error| format!("{ip}: {error}"))?;
        let ports = [(8443, server.address), (8080, server.admin)];
        let addresses = ports.map(|(port, to)| {
            let from = SocketAddr::new(ip, port);
            self.network.lead(from, to);
            from
        });
        Ok(Container {
            addresses: addresses.to_vec(),
            server,
            log,
            is_asked_to_end: false,
        })
    }
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
