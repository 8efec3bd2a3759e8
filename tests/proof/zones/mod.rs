//! A cluster of three zones on one machine: the control plane of the tests, six nodes, a driver of zonal disks and one of
//! shares, snapshots, and pods that run when their volumes are attached. docs/decisions/0008 says what in it is real.

mod containers;
mod kubelet;
mod network;
pub(crate) mod nodes;
pub(crate) mod storage;

use std::env;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::binaries::{self, Binaries};
use crate::support::control_plane::{ControlPlane, Extras, write};
use kubelet::Kubelet;
use network::Network;
use nodes::Kwok;
use storage::Storage;

/// The running cluster. Everything in it ends on drop.
pub(crate) struct ThreeZones {
    /// How long it took until pods could be scheduled.
    pub(crate) start: Duration,
    // Fields are dropped in this order: clients before servers.
    _kubelet: Kubelet,
    storage: Storage,
    _kwok: Kwok,
    pub(crate) plane: ControlPlane,
    _network: Arc<Network>,
    search_path: String,
    folder: TempDir,
}

impl ThreeZones {
    /// Starts everything and waits until pods can be scheduled. The error names what failed.
    pub(crate) fn start() -> Result<Self, String> {
        let search_path = search_path(&Binaries::locate()?)?;
        let binaries = Binaries::of_storage()?;
        let begin = Instant::now();
        let folder = TempDir::with_prefix("volguard-zones-").map_err(|error| error.to_string())?;
        let network = Arc::new(Network::start(folder.path())?);
        let file = |name: &str, text: &str| write(folder.path().join(name), text);
        let egress = file("egress.json", &network.egress_configuration())?;
        let audit = file("audit-policy.json", &audit_policy())?;
        let flags = [
            format!("--egress-selector-config-file={}", egress.display()),
            format!("--audit-policy-file={}", audit.display()),
            format!("--audit-log-path={}", folder.path().join("audit.log").display()),
            // The names of nodes mean nothing to the network.
            "--kubelet-preferred-address-types=InternalIP".to_owned(),
        ];
        let plane = ControlPlane::start(&Extras {
            apiserver: &flags,
            users: &[storage::USERS[0], storage::USERS[1], kubelet::USER],
        })?;
        let storage = Storage::start(&plane, &binaries, folder.path())?;
        let kwok = nodes::start(&plane, &binaries, &network, folder.path())?;
        let kubelet = Kubelet::start(&plane, Arc::clone(&network), folder.path())?;
        Ok(Self {
            start: begin.elapsed(),
            _kubelet: kubelet,
            storage,
            _kwok: kwok,
            plane,
            _network: network,
            search_path,
            folder,
        })
    }

    /// What there is in the cloud behind the drivers now: `{"volumes": [...], "snapshots": [...]}`.
    pub(crate) fn cloud(&self) -> Value {
        self.storage.cloud()
    }

    /// Where a shell finds kubectl, helm and volguard (`PATH`).
    pub(crate) fn search_path(&self) -> &str {
        &self.search_path
    }

    /// The file of the API server's audit log: one event a line.
    pub(crate) fn audit_log(&self) -> PathBuf {
        self.folder.path().join("audit.log")
    }
}

/// Records who changed what, with what webhooks had to say, and nothing else.
fn audit_policy() -> String {
    json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {"level": "None", "nonResourceURLs": ["*"]},
            {"level": "Metadata", "users": ["admin"], "verbs": ["create", "update", "patch", "delete"]},
            {"level": "None"},
        ],
    })
    .to_string()
}

/// kubectl, helm and volguard, and what the machine has.
fn search_path(control_plane: &Binaries) -> Result<String, String> {
    let programs = [
        control_plane.path("kubectl"),
        binaries::helm()?,
        PathBuf::from(env!("CARGO_BIN_EXE_volguard")),
    ];
    let folders = programs.iter().filter_map(|program| program.parent());
    let machine = env::var_os("PATH").unwrap_or_default();
    let machine = env::split_paths(&machine);
    let path = env::join_paths(folders.map(PathBuf::from).chain(machine)).map_err(|error| error.to_string())?;
    path.into_string()
        .map_err(|path| format!("{} is not text", path.display()))
}
