//! Six nodes in three zones, played by kwok.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::network::{Network, Route};
use crate::support::api::Api;
use crate::support::binaries::Binaries;
use crate::support::control_plane::{ControlPlane, free_port, write};
use crate::support::process::Process;
use crate::support::{PATIENCE, wait_for};

/// A node and its zone.
pub(crate) struct Node {
    pub(crate) name: &'static str,
    pub(crate) zone: &'static str,
}

/// Two in each zone: a pod can move to another node of its volume's zone.
pub(crate) const NODES: [Node; 6] = [
    node("node-a1", "us-east-1a"),
    node("node-a2", "us-east-1a"),
    node("node-b1", "us-east-1b"),
    node("node-b2", "us-east-1b"),
    node("node-c1", "us-east-1c"),
    node("node-c2", "us-east-1c"),
];

const fn node(name: &'static str, zone: &'static str) -> Node {
    Node { name, zone }
}

/// The address of every node, and the port of its kubelet, where the API server asks for logs.
const KUBELET: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 245, 0, 1)), 10250);

/// What plays the nodes. It ends on drop.
pub(crate) struct Kwok {
    _process: Process,
    _route: Route,
}

/// Starts kwok, makes the nodes and waits until pods can be scheduled on them.
pub(crate) fn start(
    plane: &ControlPlane,
    binaries: &Binaries,
    network: &Network,
    folder: &Path,
) -> Result<Kwok, String> {
    let file = |name: &str, text: &str| write(folder.join(name), text);
    let stages = file("kwok.yaml", include_str!("kwok.yaml"))?;
    let issued = plane.authority().issue(&[&KUBELET.ip().to_string()]);
    let issued = issued.map_err(|error| error.to_string())?;
    let port = free_port().map_err(|error| format!("no free port on 127.0.0.1: {error}"))?;
    let mut kwok = Command::new(binaries.path("kwok"));
    kwok.arg("--kubeconfig").arg(plane.admin_kubeconfig());
    kwok.arg("--config").arg(stages).arg("--manage-all-nodes=true");
    kwok.arg("--node-ip").arg(KUBELET.ip().to_string());
    kwok.arg("--node-port").arg(KUBELET.port().to_string());
    kwok.arg(format!("--server-address=127.0.0.1:{port}"));
    kwok.arg("--tls-cert-file")
        .arg(file("kubelet.crt", &issued.certificate)?);
    kwok.arg("--tls-private-key-file")
        .arg(file("kubelet.key", &issued.key)?);
    kwok.arg("--enable-crds=Logs");
    let route = network.lead(KUBELET, SocketAddr::from(([127, 0, 0, 1], port)));
    // kwok reads more from the home folder.
    kwok.env("HOME", folder);
    let process = Process::spawn("kwok", kwok, folder)?;
    for node in &NODES {
        add(plane.api(), node)?;
    }
    for node in &NODES {
        takes_pods(plane.api(), node).map_err(|problem| format!("{problem}\n{}", process.log_tail()))?;
    }
    Ok(Kwok {
        _process: process,
        _route: route,
    })
}

/// Loses a node: writes what the node controller writes of one that has not been heard of for 50 seconds, whose last word was
/// that its disks are in use. From then on its pods are neither started nor ended.
pub(crate) fn lose(api: &Api, name: &str) -> Result<(), String> {
    let path = format!("/api/v1/nodes/{name}");
    let node = api.get(&path).ok_or_else(|| format!("there is no {name}"))?;
    let attached = node["status"]["volumesAttached"].as_array().into_iter().flatten();
    let in_use: Vec<&Value> = attached.map(|volume| &volume["name"]).collect();
    let ready = json!({
        "type": "Ready",
        "status": "Unknown",
        "reason": "NodeStatusUnknown",
        "message": "Kubelet stopped posting node status.",
    });
    let status = json!({"status": {"conditions": [ready], "volumesInUse": in_use}});
    api.patch(&format!("{path}/status"), &status)
        .map_err(|refusal| refusal.message)?;
    wait_for(&format!("{name} to take no more pods"), PATIENCE, || {
        let node = api.get(&path)?;
        let taints = node["spec"]["taints"].as_array()?;
        let unreachable = |taint: &Value| taint["key"] == "node.kubernetes.io/unreachable";
        taints.iter().any(unreachable).then_some(())
    })
}

/// All nodes as they were at the start: there, uncordoned and ready.
pub(crate) fn put_back(api: &Api) -> Result<(), String> {
    for node in &NODES {
        add(api, node)?;
        let path = format!("/api/v1/nodes/{}", node.name);
        let mut changes = vec![(path.clone(), json!({"spec": {"unschedulable": null, "taints": null}}))];
        if api.get(&path).is_some_and(|node| is_lost(&node)) {
            // kwok makes it ready as it does a new one.
            let status = json!({"status": {"conditions": null, "volumesInUse": null}});
            changes.push((format!("{path}/status"), status));
        }
        for (path, change) in changes {
            api.patch(&path, &change).map_err(|refusal| refusal.message)?;
        }
    }
    NODES.iter().try_for_each(|node| takes_pods(api, node))
}

/// Whether [`lose`] was here.
pub(super) fn is_lost(node: &Value) -> bool {
    let mut conditions = node["status"]["conditions"].as_array().into_iter().flatten();
    conditions.any(|condition| condition["type"] == "Ready" && condition["status"] == "Unknown")
}

/// Waits until pods can be scheduled on the node.
fn takes_pods(api: &Api, node: &Node) -> Result<(), String> {
    let path = format!("/api/v1/nodes/{}", node.name);
    // The API server taints every new node; the node controller takes the taint off when it sees that it is ready.
    wait_for(&format!("{} to take pods", node.name), PATIENCE, || {
        let node = api.get(&path)?;
        let ready = node["status"]["allocatable"]["cpu"].is_string() && !is_lost(&node);
        (ready && node["spec"]["taints"] == Value::Null).then_some(())
    })
}

/// Adds a node, where there is none of its name.
fn add(api: &Api, node: &Node) -> Result<(), String> {
    let object = json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": node.name,
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": node.name,
                "kubernetes.io/os": "linux",
                "topology.ebs.csi.aws.com/zone": node.zone,
                "topology.kubernetes.io/region": "us-east-1",
                "topology.kubernetes.io/zone": node.zone,
            },
            "annotations": {
                // Shown by `kubectl get nodes`.
                "kubelet": "kwok",
                // Without it the attach controller leaves a node to its kubelet.
                "volumes.kubernetes.io/controller-managed-attach-detach": "true",
            },
        },
    });
    match api.create("/api/v1/nodes", &object) {
        Err(refusal) if refusal.code != 409 => Err(format!("node {}: {}", node.name, refusal.message)),
        _ => Ok(()),
    }
}
