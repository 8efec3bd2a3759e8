//! Where the control plane's binaries come from.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const NAMES: [&str; 5] = [
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubectl",
];

/// A folder that holds a whole control plane and kubectl, or another set of programs.
#[derive(Clone)]
pub(crate) struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// Takes the binaries from `KUBEBUILDER_ASSETS` if that is set, else from target/control-plane,
    /// where `tests/cluster/build.sh` builds them when they are missing.
    pub(crate) fn locate() -> Result<Self, String> {
        let folder = match env::var_os("KUBEBUILDER_ASSETS") {
            Some(folder) => PathBuf::from(folder),
            None => build("control-plane")?,
        };
        complete(&folder)?;
        Ok(Self { folder })
    }

    /// What stands for storage in a cluster without a cloud: the CSI sidecars, kwok, the drivers behind them, and in `crds`
    /// the kinds of snapshots. From `KUBEBUILDER_ASSETS` if it is there, else built when it is missing.
    pub(crate) fn of_storage() -> Result<Self, String> {
        Ok(Self {
            folder: either("csi-provisioner", "storage")?,
        })
    }

    /// The path of one binary.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn complete(folder: &Path) -> Result<(), String> {
    let missing: Vec<&str> = NAMES.into_iter().filter(|name| !folder.join(name).is_file()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{} lacks {}: the tests need {}; unset KUBEBUILDER_ASSETS to have them built from Go modules",
        folder.display(),
        missing.join(", "),
        NAMES.join(", "),
    ))
}

/// helm: from `KUBEBUILDER_ASSETS` if it is there, else from target/control-plane, where it is built when it is missing.
pub(crate) fn helm() -> Result<PathBuf, String> {
    Ok(either("helm", "helm")?.join("helm"))
}

/// `KUBEBUILDER_ASSETS` if `program` is there, else the folder where `tests/cluster/build.sh` has `name` built.
fn either(program: &str, name: &str) -> Result<PathBuf, String> {
    let assets = env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    match assets.filter(|folder| folder.join(program).is_file()) {
        Some(folder) => Ok(folder),
        None => build(name),
    }
}

/// Runs `tests/cluster/build.sh`, which builds what is missing and prints the folder that holds it.
fn build(name: &str) -> Result<PathBuf, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap_or(Path::new("target"));
    let out = target.join("control-plane");
    let problem = |error: std::io::Error| format!("{}: {error}", out.display());
    fs::create_dir_all(&out).map_err(problem)?;

    // Test binaries may run side by side; the second one waits for the first one's build.
    let lock = File::create(out.join("lock")).map_err(problem)?;
    lock.lock().map_err(problem)?;
    let output = Command::new("sh")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cluster/build.sh"))
        .arg(name)
        .env("OUT", &out)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("tests/cluster/build.sh cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "tests/cluster/build.sh {name} gave no binaries; its message above says why"
        ));
    }
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}
