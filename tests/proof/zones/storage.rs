//! Storage without a cloud: Kubernetes' own sidecars in front of drivers that hold nothing (tests/cluster/storage/cloud).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::nodes::NODES;
use crate::support::binaries::Binaries;
use crate::support::control_plane::{ControlPlane, token, write};
use crate::support::process::Process;
use crate::support::{PATIENCE, wait_for};

/// The driver of disks: zonal, for one node at a time.
pub(crate) const BLOCK: &str = "ebs.csi.aws.com";
/// The driver of shares, for all nodes of all zones.
pub(crate) const FILE: &str = "efs.csi.aws.com";

/// Who the sidecars are to the API server, as in the drivers' own charts, and the group that lets them do their work.
pub(crate) const USERS: [(&str, &str); 2] = [
    (
        "system:serviceaccount:kube-system:ebs-csi-controller-sa",
        "system:masters",
    ),
    (
        "system:serviceaccount:kube-system:efs-csi-controller-sa",
        "system:masters",
    ),
];

/// The sidecars, the snapshot controller and the drivers.
pub(crate) struct Storage {
    /// Ended in this order.
    _processes: Vec<Process>,
    shown: PathBuf,
}

impl Storage {
    /// Tells the API server of the drivers and of the kinds of snapshots, and starts everything.
    pub(crate) fn start(plane: &ControlPlane, binaries: &Binaries, folder: &Path) -> Result<Self, String> {
        register(plane)?;
        let crds = binaries.path("crds");
        let kubectl = plane.kubectl("default");
        for arguments in [
            vec!["apply", "-f", crds.to_str().unwrap_or_default()],
            vec!["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"],
        ] {
            let outcome = kubectl.run(&arguments);
            if !outcome.success {
                return Err(format!("kubectl {}: {}", arguments.join(" "), outcome.stderr));
            }
        }

        let (block, file) = (folder.join("block.sock"), folder.join("file.sock"));
        let shown = folder.join("cloud.json");
        let mut cloud = Command::new(binaries.path("cloud"));
        cloud.arg("--block-socket").arg(&block);
        cloud.arg("--file-socket").arg(&file).arg("--show").arg(&shown);
        let cloud = Process::spawn("cloud", cloud, folder)?;
        wait_for("the drivers' sockets", PATIENCE, || {
            (block.exists() && file.exists() && shown.exists()).then_some(())
        })?;

        let mut processes = Vec::new();
        for ((user, _), socket, sidecars) in [
            (
                USERS[0],
                &block,
                &[
                    "csi-provisioner",
                    "csi-attacher",
                    "csi-resizer",
                    "csi-snapshotter",
                    "snapshot-controller",
                ][..],
            ),
            (USERS[1], &file, &["csi-provisioner"][..]),
        ] {
            let kubeconfig = folder.join(format!("{}.kubeconfig", user.replace(':', "-")));
            let kubeconfig = write(kubeconfig, &plane.kubeconfig(&token(user)))?;
            for sidecar in sidecars {
                let mut command = Command::new(binaries.path(sidecar));
                command.arg("--kubeconfig").arg(&kubeconfig);
                command.args([
                    "--kube-api-qps=200",
                    "--kube-api-burst=400",
                    "--retry-interval-start=200ms",
                ]);
                if *sidecar == "snapshot-controller" {
                    // It would wait 30 s for the kinds of group snapshots, which this cluster does not have.
                    command.arg("--feature-gates=CSIVolumeGroupSnapshot=false");
                } else {
                    command.arg("--csi-address").arg(socket);
                }
                let name = format!("{sidecar}-{}", socket.file_stem().unwrap_or_default().display());
                processes.push(Process::spawn(&name, command, folder)?);
            }
        }
        processes.push(cloud);
        Ok(Self {
            _processes: processes,
            shown,
        })
    }

    /// What there is in the cloud now: `{"volumes": [...], "snapshots": [...]}`.
    pub(crate) fn cloud(&self) -> Value {
        let text = fs::read_to_string(&self.shown).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }
}

/// CSIDriver objects, as the drivers' charts have them, and what each node's kubelet would say of the drivers.
fn register(plane: &ControlPlane) -> Result<(), String> {
    let mut objects = Vec::new();
    for (name, attach) in [(BLOCK, true), (FILE, false)] {
        objects.push((
            "/apis/storage.k8s.io/v1/csidrivers",
            json!({
                "apiVersion": "storage.k8s.io/v1",
                "kind": "CSIDriver",
                "metadata": {"name": name},
                "spec": {"attachRequired": attach, "podInfoOnMount": false},
            }),
        ));
    }
    for node in &NODES {
        objects.push((
            "/apis/storage.k8s.io/v1/csinodes",
            json!({
                "apiVersion": "storage.k8s.io/v1",
                "kind": "CSINode",
                "metadata": {"name": node.name},
                "spec": {"drivers": [
                    {
                        "name": BLOCK,
                        // The driver reads the zone from it.
                        "nodeID": format!("{}/{}", node.name, node.zone),
                        "topologyKeys": ["topology.kubernetes.io/zone"],
                        "allocatable": {"count": 25},
                    },
                    {"name": FILE, "nodeID": node.name, "topologyKeys": null},
                ]},
            }),
        ));
    }
    for (collection, object) in objects {
        plane
            .api()
            .create(collection, &object)
            .map_err(|refusal| refusal.message)?;
    }
    Ok(())
}
