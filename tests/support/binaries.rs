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

/// A folder that holds a whole control plane and kubectl.
pub(crate) struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// Takes the binaries from `KUBEBUILDER_ASSETS` if that is set, else from target/control-plane,
    /// where `tests/cluster/build.sh` builds them when they are missing.
    pub(crate) fn locate() -> Result<Self, String> {
        let folder = match env::var_os("KUBEBUILDER_ASSETS") {
            Some(folder) => PathBuf::from(folder),
            None => build("tests/cluster/build.sh")?,
        };
        complete(&folder)?;
        Ok(Self { folder })
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

/// helm: from `KUBEBUILDER_ASSETS` if it is there, else from target/control-plane, where `tests/cluster/helm/build.sh` builds
/// it when it is missing.
pub(crate) fn helm() -> Result<PathBuf, String> {
    let assets = env::var_os("KUBEBUILDER_ASSETS").map(|folder| Path::new(&folder).join("helm"));
    match assets.filter(|helm| helm.is_file()) {
        Some(helm) => Ok(helm),
        None => Ok(build("tests/cluster/helm/build.sh")?.join("helm")),
    }
}

/// Runs a script that builds what is missing and prints the folder that holds it.
fn build(script: &str) -> Result<PathBuf, String> {
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
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script))
        .env("OUT", &out)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{script} cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("{script} gave no binaries; its message above says why"));
    }
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}
