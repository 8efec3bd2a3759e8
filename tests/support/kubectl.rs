//! kubectl, as a user of the cluster would call it.

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// kubectl with one kubeconfig and one namespace, and nothing of the machine's own configuration.
#[derive(Clone)]
pub(crate) struct Kubectl {
    binary: PathBuf,
    kubeconfig: PathBuf,
    home: PathBuf,
    namespace: String,
}

/// What one call of kubectl did.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) success: bool,
    /// The exit status; -1 when a signal ended it. `kubectl diff` says 1 when there are differences.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Kubectl {
    /// kubectl with this kubeconfig; its caches go below `home`.
    pub(crate) fn new(binary: PathBuf, kubeconfig: PathBuf, home: &Path, namespace: &str) -> Self {
        Self {
            binary,
            kubeconfig,
            home: home.to_owned(),
            namespace: namespace.to_owned(),
        }
    }

    /// The same kubectl as another user.
    pub(crate) fn with_kubeconfig(&self, kubeconfig: &Path) -> Self {
        Self {
            kubeconfig: kubeconfig.to_owned(),
            ..self.clone()
        }
    }

    /// Calls kubectl.
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        self.call(arguments, None)
    }

    /// Calls kubectl with `input` on its standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Outcome {
        self.call(arguments, Some(input))
    }

    /// `kubectl apply` of a manifest.
    pub(crate) fn apply(&self, manifest: &str) -> Outcome {
        self.run_with(&["apply", "-f", "-"], manifest)
    }

    /// Calls kubectl, which must succeed; its standard output.
    pub(crate) fn must(&self, arguments: &[&str]) -> String {
        let outcome = self.run(arguments);
        assert!(outcome.success, "kubectl {}: {}", arguments.join(" "), outcome.stderr);
        outcome.stdout
    }

    /// The object that `kubectl get` gives for these arguments, which must exist.
    pub(crate) fn get_json(&self, arguments: &[&str]) -> Value {
        let text = self.must(&[&["get", "-o", "json"], arguments].concat());
        serde_json::from_str(&text).expect("kubectl get -o json prints JSON")
    }

    fn call(&self, arguments: &[&str], input: Option<&str>) -> Outcome {
        let mut child = Command::new(&self.binary)
            .args(["--namespace", &self.namespace, "--request-timeout", "30s"])
            .args(arguments)
            .env_clear()
            // kubectl diff calls the system's diff.
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.home)
            .env("KUBECONFIG", &self.kubeconfig)
            .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kubectl starts");
        if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
            // kubectl may refuse its arguments and leave without reading.
            let _ = stdin.write_all(input.as_bytes());
        }
        let output = child.wait_with_output().expect("kubectl's output can be read");
        Outcome {
            success: output.status.success(),
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
