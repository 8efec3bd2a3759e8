//! Where the programs come from that the tests run: `KUBEBUILDER_ASSETS` where it has them, else target/control-plane, where
//! `tests/cluster/build.sh` builds them when they are missing.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder of programs.
pub(crate) struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// etcd, the control plane and kubectl.
    pub(crate) fn locate() -> Result<Self, String> {
        build("control-plane")
    }

    /// What stands for storage in a cluster without a cloud: the CSI sidecars, kwok, the drivers behind them, and in `crds`
    /// the kinds of snapshots.
    pub(crate) fn of_storage() -> Result<Self, String> {
        build("storage")
    }

    /// The path of one program.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// helm.
pub(crate) fn helm() -> Result<PathBuf, String> {
    Ok(build("helm")?.path("helm"))
}

/// Runs `tests/cluster/build.sh`, which builds what is missing and prints the folder that holds it.
fn build(name: &str) -> Result<Binaries, String> {
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
            "tests/cluster/build.sh {name} gave no programs; its message above says why"
        ));
    }
    Ok(Binaries {
        folder: PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()),
    })
}
