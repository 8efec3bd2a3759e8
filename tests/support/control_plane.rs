//! A real control plane on loopback: etcd, kube-apiserver, kube-controller-manager, kube-scheduler. No kubelet.

use std::fs;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::Method;
use rcgen::KeyPair;
use serde_json::json;
use tempfile::TempDir;

use super::api::Api;
use super::binaries::Binaries;
use super::certificates::{Authority, base64};
use super::kubectl::Kubectl;
use super::process::Process;
use super::wait_for;

/// A start takes about four seconds on an idle machine; the rest is for a machine that is busy compiling.
const START_LIMIT: Duration = Duration::from_secs(90);

/// What one kind of cluster has beside the other.
#[derive(Default)]
pub(crate) struct Extras<'a> {
    /// More flags of kube-apiserver.
    pub(crate) apiserver: &'a [String],
    /// More users that the API server knows by token, and their groups.
    pub(crate) users: &'a [(&'a str, &'a str)],
}

/// The users that every control plane knows by token, and their groups.
const USERS: [(&str, &str); 3] = [
    ("admin", "system:masters"),
    ("system:kube-controller-manager", ""),
    ("system:kube-scheduler", ""),
];

/// A running control plane. It is stopped by [`ControlPlane::stop`] or on drop.
pub(crate) struct ControlPlane {
    /// How long it took until the control plane was ready for tests.
    pub(crate) start: Duration,
    binaries: Binaries,
    server: String,
    authority: Authority,
    api: Api,
    processes: Mutex<Vec<Process>>,
    folder: TempDir,
}

impl ControlPlane {
    /// Starts a control plane and waits until it is ready: /readyz, and the default namespace with its ServiceAccount.
    /// The error names what failed and ends with the process's last lines.
    pub(crate) fn start(extras: &Extras<'_>) -> Result<Self, String> {
        let binaries = Binaries::locate()?;
        let start = Instant::now();
        let folder = TempDir::with_prefix("volguard-").map_err(|error| error.to_string())?;
        let authority = write_identity(folder.path(), extras.users)?;

        let mut etcd = Process::spawn("etcd", etcd(&binaries, folder.path()), folder.path())?;
        let socket = folder.path().join("etcd.sock");
        alive(&mut etcd, "etcd's socket", || UnixStream::connect(&socket).is_ok())?;

        let (apiserver, server, api) = start_apiserver(&binaries, folder.path(), &authority, extras.apiserver)?;
        let mut processes = vec![etcd, apiserver];
        for (name, flags) in [
            ("kube-controller-manager", CONTROLLER_MANAGER),
            ("kube-scheduler", SCHEDULER),
        ] {
            let user = format!("system:{name}");
            let kubeconfig = write(
                folder.path().join(format!("{name}.kubeconfig")),
                &kubeconfig_text(&server, &authority.pem(), &token(&user)),
            )?;
            let mut command = Command::new(binaries.path(name));
            command
                .current_dir(folder.path())
                .arg("--kubeconfig")
                .arg(&kubeconfig)
                .args(flags);
            processes.push(Process::spawn(name, command, folder.path())?);
        }
        let account = "/api/v1/namespaces/default/serviceaccounts/default";
        let manager = &mut processes[2];
        alive(manager, "the default ServiceAccount", || {
            api.request(Method::GET, account, None).is_ok()
        })?;

        let start = start.elapsed();
        let processes = Mutex::new(processes);
        let plane = Self {
            start,
            binaries,
            server,
            authority,
            api,
            processes,
            folder,
        };
        write(plane.admin_kubeconfig(), &plane.kubeconfig(&token("admin")))?;
        Ok(plane)
    }

    /// A client as cluster administrator.
    pub(crate) fn api(&self) -> &Api {
        &self.api
    }

    /// The authority that the API server's certificate is from; tests issue theirs from it too.
    pub(crate) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// A kubeconfig, as text, for the bearer of this token.
    pub(crate) fn kubeconfig(&self, token: &str) -> String {
        kubeconfig_text(&self.server, &self.authority.pem(), token)
    }

    /// The path of the cluster administrator's kubeconfig.
    pub(crate) fn admin_kubeconfig(&self) -> PathBuf {
        self.folder.path().join("admin.kubeconfig")
    }

    /// kubectl as cluster administrator.
    pub(crate) fn kubectl(&self, namespace: &str) -> Kubectl {
        Kubectl::new(
            self.binaries.path("kubectl"),
            self.admin_kubeconfig(),
            self.folder.path(),
            namespace,
        )
    }

    /// The last lines of every process's log.
    pub(crate) fn logs(&self) -> String {
        let processes = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
        processes.iter().map(Process::log_tail).collect()
    }

    /// Ends all processes.
    pub(crate) fn stop(&self) {
        let mut processes = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
        // Clients before servers, so that none of them spends its end on a server that is gone.
        while let Some(process) = processes.pop() {
            drop(process);
        }
    }
}

/// Writes a file; its path. The error names it.
pub(crate) fn write(path: PathBuf, text: &str) -> Result<PathBuf, String> {
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

/// Waits for `condition` as long as the process lives.
fn alive(process: &mut Process, what: &str, mut condition: impl FnMut() -> bool) -> Result<(), String> {
    let outcome = wait_for(what, START_LIMIT, || match process.ended() {
        Some(status) => Some(Err(format!("{} ended: {status}", process.name()))),
        None => condition().then_some(Ok(())),
    });
    outcome
        .flatten()
        .map_err(|problem| format!("{problem}\n{}", process.log_tail()))
}

/// Writes the certificates, the key of service-account tokens and the users' tokens.
fn write_identity(folder: &Path, more_users: &[(&str, &str)]) -> Result<Authority, String> {
    let problem = |error: rcgen::Error| error.to_string();
    let authority = Authority::new("volguard tests").map_err(problem)?;
    let serving = authority
        .issue(&["127.0.0.1", "localhost", "kubernetes.default.svc"])
        .map_err(problem)?;
    let accounts = KeyPair::generate().map_err(problem)?;
    let users = USERS.iter().chain(more_users);
    let tokens: Vec<String> = users
        .map(|(user, groups)| format!("{},{user},{user},\"{groups}\"\n", token(user)))
        .collect();
    let tokens = tokens.concat();
    for (name, text) in [
        ("ca.crt", authority.pem()),
        ("serving.crt", serving.certificate),
        ("serving.key", serving.key),
        ("accounts.key", accounts.serialize_pem()),
        ("accounts.pub", accounts.public_key_pem()),
        ("tokens.csv", tokens),
    ] {
        write(folder.join(name), &text)?;
    }
    Ok(authority)
}

/// The token of one of the users that are known by token: reachable on loopback only, and as short-lived as the tests.
pub(crate) fn token(user: &str) -> String {
    format!("{}-token", user.trim_start_matches("system:"))
}

/// A kubeconfig with one context. YAML is a superset of JSON, and JSON takes care of quoting.
fn kubeconfig_text(server: &str, authority: &str, token: &str) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "tests", "cluster": {"server": server, "certificate-authority-data": base64(authority)}}],
        "users": [{"name": "user", "user": {"token": token}}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "user"}}],
        "current-context": "tests",
    })
    .to_string()
}

fn etcd(binaries: &Binaries, folder: &Path) -> Command {
    let mut command = Command::new(binaries.path("etcd"));
    command
        .current_dir(folder)
        .arg("--data-dir")
        .arg(folder.join("etcd"))
        .arg("--unsafe-no-fsync")
        .args(["--log-level", "error"])
        .arg("--listen-client-urls")
        .arg(format!("unix://{}", folder.join("etcd.sock").display()))
        // Nobody reads what is advertised: the API server is told the socket, and there is no second member.
        .args(["--advertise-client-urls", "http://localhost:2379"])
        .args(["--listen-peer-urls", "http://127.0.0.1:0"]);
    command
}

/// Starts kube-apiserver and waits until it is ready; tried again when another process took the port first.
fn start_apiserver(
    binaries: &Binaries,
    folder: &Path,
    authority: &Authority,
    flags: &[String],
) -> Result<(Process, String, Api), String> {
    let mut attempts = 3;
    loop {
        attempts -= 1;
        let port = free_port().map_err(|error| format!("no free port on 127.0.0.1: {error}"))?;
        let mut command = Command::new(binaries.path("kube-apiserver"));
        command
            .current_dir(folder)
            .arg(format!("--secure-port={port}"))
            .arg(format!("--etcd-servers=unix://{}", folder.join("etcd.sock").display()))
            .args(APISERVER)
            .args(flags);
        let mut process = Process::spawn("kube-apiserver", command, folder)?;
        let server = format!("https://127.0.0.1:{port}");
        let api = Api::new(&kubeconfig_text(&server, &authority.pem(), &token("admin")))?;
        match alive(&mut process, "/readyz of kube-apiserver", || {
            api.request(Method::GET, "/readyz", None).is_ok()
        }) {
            Ok(()) => return Ok((process, server, api)),
            Err(_) if attempts > 0 && process.log().contains("address already in use") => {}
            Err(problem) => return Err(problem),
        }
    }
}

/// A port of loopback that nobody listens on now.
pub(crate) fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

const APISERVER: &[&str] = &[
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    // Endpoints refuse loopback addresses, and nothing in the tests reaches the API server by its Service.
    "--endpoint-reconciler-type=none",
    "--authorization-mode=RBAC",
    "--token-auth-file=tokens.csv",
    "--tls-cert-file=serving.crt",
    "--tls-private-key-file=serving.key",
    "--service-account-issuer=https://kubernetes.default.svc",
    "--service-account-key-file=accounts.pub",
    "--service-account-signing-key-file=accounts.key",
    "--service-cluster-ip-range=10.0.0.0/24",
    // Services lead nowhere without kube-proxy; so the API server sees for itself that a webhook's has no endpoints.
    "--enable-aggregator-routing=true",
];

const CONTROLLER_MANAGER: &[&str] = &[
    "--secure-port=0",
    "--leader-elect=false",
    // Each controller acts as its own ServiceAccount, as in every real cluster: policies exempt them by name.
    "--use-service-account-credentials=true",
    "--service-account-private-key-file=accounts.key",
    "--root-ca-file=ca.crt",
    "--kube-api-qps=200",
    "--kube-api-burst=400",
    // The tests' nodes have no kubelet that reports in; they stay ready for as long as the tests run.
    "--node-monitor-grace-period=24h",
];

const SCHEDULER: &[&str] = &[
    "--secure-port=0",
    "--leader-elect=false",
    "--kube-api-qps=200",
    "--kube-api-burst=400",
];
