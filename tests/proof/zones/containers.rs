//! Containers that are not played but run: volguard's own, as processes of this machine with the rights of its ServiceAccount.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::mem;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::kubelet::{name, uid};
use super::network::{Network, Route};
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
    /// The pod's address.
    address: IpAddr,
    /// From the pod's ports to the process.
    routes: [Route; 2],
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
        self.running.get(uid).map(|container| container.address.to_string())
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
        self.running.remove(uid(pod));
        true
    }

    /// Keeps the logs, and ends what runs for pods that are gone.
    pub(super) fn look_after(&mut self, pods: &[Value]) {
        for container in self.running.values_mut() {
            let fresh = container.server.log_after(container.log.copied);
            if let Err(problem) = container.log.add(&fresh) {
                eprintln!("{}: {problem}", container.log.file.display());
            }
        }
        let is_there = |uid: &String| pods.iter().any(|pod| self::uid(pod) == uid);
        let (running, gone): (BTreeMap<_, _>, BTreeMap<_, _>) = mem::take(&mut self.running)
            .into_iter()
            .partition(|(uid, _)| is_there(uid));
        self.running = running;
        for (uid, Container { routes, mut server, .. }) in gone {
            drop(routes);
            // In its own time.
            thread::spawn(move || {
                if let Err(problem) = server.end() {
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
        let problem = |error: io::Error| error.to_string();
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

        let address = format!("10.244.0.{}", self.started);
        let address = address.parse().map_err(|error| format!("{address}: {error}"))?;
        let ports = [(8443, server.address), (8080, server.admin)];
        let routes = ports.map(|(port, to)| self.network.lead(SocketAddr::new(address, port), to));
        Ok(Container {
            address,
            routes,
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
    /// How many bytes of the output are in the file.
    copied: u64,
}

impl ContainerLog {
    /// Adds the lines that are complete; these bytes were printed after what is there.
    fn add(&mut self, fresh: &[u8]) -> io::Result<()> {
        let mut text = Vec::new();
        let lines = fresh.split_inclusive(|byte| *byte == b'\n');
        for line in lines.filter(|line| line.ends_with(b"\n")) {
            write!(text, "{} stdout F ", Timestamp::now())?;
            text.extend(line);
            self.copied += line.len() as u64;
        }
        // In one piece: it is being read.
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.file)?
            .write_all(&text)
    }
}
