//! helm, as a user of the chart would call it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::binaries;

/// The chart.
pub(crate) fn chart() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/helm/volguard")
}

/// helm with nothing of the machine's own configuration.
pub(crate) struct Helm {
    binary: PathBuf,
    kubeconfig: Option<PathBuf>,
    home: PathBuf,
}

impl Helm {
    /// helm without a cluster; its caches go below `home`.
    pub(crate) fn new(home: &Path) -> Self {
        Self {
            binary: binaries::helm().unwrap_or_else(|problem| panic!("{problem}")),
            kubeconfig: None,
            home: home.to_owned(),
        }
    }

    /// helm for the cluster of this kubeconfig.
    pub(crate) fn with_kubeconfig(self, kubeconfig: PathBuf) -> Self {
        Self {
            kubeconfig: Some(kubeconfig),
            ..self
        }
    }

    /// Calls helm; its standard output, or its standard error where it fails.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .env_clear()
            .env("HOME", &self.home)
            .stdin(Stdio::null());
        if let Some(kubeconfig) = &self.kubeconfig {
            command.env("KUBECONFIG", kubeconfig);
        }
        let output = command.output().expect("helm starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(format!("{}{}", text(&output.stdout), text(&output.stderr)))
        }
    }

    /// Calls helm, which must succeed; its standard output.
    pub(crate) fn must(&self, arguments: &[&str]) -> String {
        self.run(arguments)
            .unwrap_or_else(|problem| panic!("helm {}: {problem}", arguments.join(" ")))
    }
}
