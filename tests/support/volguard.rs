//! The built volguard binary as a server.

use std::ffi::OsString;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::process::Process;
use super::webhooks::{Installed, Webhooks};
use super::{Cx, PATIENCE, wait_for};

/// Longer than the server's own bound for what is in flight at its end.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// volguard, about to be started: `cx.connected().policy(POLICY).guard()`.
pub(crate) struct Launch<'a> {
    cx: &'a Cx<'a>,
    name: String,
    /// This server's files; a test may start several servers.
    folder: PathBuf,
    arguments: Vec<OsString>,
    /// Where the CA of the server's certificate is found once it listens.
    ca: PathBuf,
}

/// How many servers were launched.
static SERVERS: AtomicUsize = AtomicUsize::new(0);

impl<'a> Launch<'a> {
    /// Without a cluster; the certificate is made at start.
    pub(crate) fn standalone(cx: &'a Cx<'a>) -> Self {
        let launch = Self::new(cx);
        let ca = launch.ca.clone();
        launch.arg("--standalone").arg("--ca-out").arg(ca)
    }

    /// With the cluster that this kubeconfig names; the certificate is given by file.
    pub(crate) fn connected(cx: &'a Cx<'a>, kubeconfig: &Path) -> Self {
        let launch = Self::new(cx);
        let authority = cx.plane.authority();
        let issued = authority
            .issue(&["127.0.0.1"])
            .expect("a certificate for loopback can be issued");
        launch.file("ca.crt", &authority.pem());
        let certificate = launch.file("serving.crt", &issued.certificate);
        let key = launch.file("serving.key", &issued.key);
        let launch = launch.arg("--kubeconfig").arg(kubeconfig);
        launch.arg("--tls-cert").arg(certificate).arg("--tls-key").arg(key)
    }

    /// With the cluster that this kubeconfig names; its certificate is in the Secret `certificate` of the test's
    /// namespace, and the test's webhooks follow it.
    pub(crate) fn self_managed(cx: &'a Cx<'a>, kubeconfig: &Path) -> Self {
        let launch = Self::new(cx);
        launch.file("ca.crt", "");
        let launch = launch.arg("--kubeconfig").arg(kubeconfig);
        let launch = launch.arg("--tls-secret").arg(cx.fill("$NS/certificate"));
        let launch = launch.arg("--webhook-configuration").arg(cx.fill("volguard-$NS"));
        launch.arg("--tls-dns-name").arg("127.0.0.1")
    }

    /// As a container of the chart's Deployment, with its arguments; the certificate is for loopback instead of the Service.
    pub(crate) fn of_container(cx: &'a Cx<'a>, kubeconfig: &Path, container: &Value) -> Self {
        let launch = Self::new(cx);
        launch.file("ca.crt", "");
        let arguments = container["args"].as_array().expect("the container has arguments");
        let arguments = arguments.iter().filter_map(Value::as_str).skip(1);
        let arguments = arguments.filter(|argument| !argument.starts_with("--tls-dns-name="));
        let launch = launch
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .arg("--tls-dns-name=127.0.0.1");
        arguments.fold(launch, Launch::arg)
    }

    fn new(cx: &'a Cx<'a>) -> Self {
        let name = format!("volguard-{}", SERVERS.fetch_add(1, Ordering::SeqCst));
        let folder = cx.folder().join(&name);
        fs::create_dir(&folder).expect("the test's folder can be written");
        let ca = folder.join("ca.crt");
        Self {
            cx,
            name,
            folder,
            arguments: Vec::new(),
            ca,
        }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        self.cx.file(&format!("{}/{name}", self.name), text)
    }

    /// One more argument of `volguard serve`.
    pub(crate) fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// A policy, as a file (`--policy`).
    pub(crate) fn policy(self, manifest: &str) -> Self {
        self.manifest("--policy", manifest)
    }

    /// Objects of an offline cluster view, as a file (`--objects`).
    pub(crate) fn objects(self, manifest: &str) -> Self {
        self.manifest("--objects", manifest)
    }

    fn manifest(self, flag: &str, manifest: &str) -> Self {
        let name = format!("{}-{}.yaml", flag.trim_start_matches('-'), self.arguments.len());
        let path = self.file(&name, manifest);
        self.arg(flag).arg(path)
    }

    /// Starts the server and waits until it listens.
    pub(crate) fn serve(self) -> Volguard {
        let server =
            Server::start(&self.name, &self.folder, &self.arguments).unwrap_or_else(|problem| panic!("{problem}"));
        let ca = fs::read_to_string(&self.ca).expect("--ca-out is written before the ready line");
        Volguard {
            webhooks: None,
            address: server.address,
            admin: server.admin,
            ca,
            server,
        }
    }

    /// Starts the server, waits until its /readyz says yes, and registers it for the objects of this test.
    pub(crate) fn guard(self) -> Volguard {
        let cx = self.cx;
        let mut volguard = self.serve();
        volguard.wait_ready();
        volguard.webhooks = Some(volguard.registration().install(cx));
        volguard
    }
}

/// A running volguard. On drop its webhooks are taken off and it is killed; [`Volguard::stop`] ends it in good order.
pub(crate) struct Volguard {
    // Dropped before the server: the API server must not call one that is gone.
    webhooks: Option<Installed>,
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    /// The CA of its certificate, in PEM; empty where volguard itself tells the webhooks.
    pub(crate) ca: String,
    server: Server,
}

impl Volguard {
    /// Webhooks of this server, to be installed.
    pub(crate) fn registration(&self) -> Webhooks {
        Webhooks::new(self.address, &self.ca)
    }

    /// Waits until /readyz says yes.
    pub(crate) fn wait_ready(&self) {
        self.server.wait_ready().unwrap_or_else(|problem| panic!("{problem}"));
    }

    /// The status and body of one GET at the admin listener; status 0 when it does not answer.
    pub(crate) fn admin_get(&self, path: &str) -> (u16, String) {
        self.server.admin_get(path)
    }

    /// The value of a metric with exactly these labels, as in `volguard_policies{state="active"}`; `None` without it.
    pub(crate) fn metric(&self, series: &str) -> Option<f64> {
        let (_, text) = self.admin_get("/metrics");
        text.lines()
            .find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
    }

    /// What the server has printed until now.
    pub(crate) fn log(&self) -> String {
        self.server.log()
    }

    /// Asks the server to end, without waiting; its webhooks stay registered.
    pub(crate) fn terminate(&self) {
        self.server.terminate();
    }

    /// Takes its webhooks off, asks the server to end and waits for it; its status and all that it printed.
    pub(crate) fn stop(mut self) -> (ExitStatus, String) {
        self.webhooks = None;
        self.server.end().unwrap_or_else(|problem| panic!("{problem}"))
    }
}

impl Drop for Volguard {
    fn drop(&mut self) {
        if thread::panicking() {
            eprint!("{}", self.server.process.log_tail());
        }
    }
}

/// The process of a volguard that listens on loopback. It is killed on drop.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    process: Process,
}

impl Server {
    /// Starts `volguard serve` with these arguments, with files in `folder`, and waits until it listens.
    pub(crate) fn start(name: &str, folder: &Path, arguments: &[OsString]) -> Result<Self, String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_volguard"));
        command
            .current_dir(folder)
            .args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"])
            .args(arguments)
            // What the machine's own environment says about clusters and volguard is not the test's.
            .env_clear()
            .env("HOME", folder);
        let mut process = Process::spawn(name, command, folder)?;
        let addresses = wait_for("volguard's ready line", PATIENCE, || {
            if let Some(status) = process.ended() {
                return Some(Err(format!("volguard ended before it was ready: {status}")));
            }
            let log = process.log();
            let public = address_after(&log, "volguard listening on https://")?;
            let admin = address_after(&log, "volguard admin on http://")?;
            Some(Ok((public, admin)))
        });
        let (address, admin) = addresses
            .flatten()
            .map_err(|problem| format!("{problem}\n{}", process.log_tail()))?;
        Ok(Self {
            address,
            admin,
            process,
        })
    }

    /// Waits until /readyz says yes.
    pub(crate) fn wait_ready(&self) -> Result<(), String> {
        wait_for("volguard's /readyz", PATIENCE, || {
            (self.admin_get("/readyz").0 == 200).then_some(())
        })
        .map_err(|problem| {
            let answer = self.admin_get("/readyz").1;
            format!("{problem}: {answer}\n{}", self.process.log_tail())
        })
    }

    /// The status and body of one GET at the admin listener; status 0 when it does not answer.
    pub(crate) fn admin_get(&self, path: &str) -> (u16, String) {
        http_get(self.admin, path).unwrap_or((0, String::new()))
    }

    /// What the server has printed until now.
    pub(crate) fn log(&self) -> String {
        self.process.log()
    }

    /// What the server has printed after its first `start` bytes.
    pub(crate) fn log_after(&self, start: u64) -> Vec<u8> {
        self.process.log_after(start)
    }

    /// Asks the server to end, without waiting.
    pub(crate) fn terminate(&self) {
        self.process.terminate();
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.process.ended().is_some()
    }

    /// Asks the server to end and waits for it; its status and all that it printed.
    pub(crate) fn end(&mut self) -> Result<(ExitStatus, String), String> {
        self.process.terminate();
        let status = self.process.wait(STOP_LIMIT)?;
        Ok((status, self.process.log()))
    }
}

/// The address that follows `words` in a log; `None` until its line is complete.
fn address_after(log: &str, words: &str) -> Option<SocketAddr> {
    let (_, rest) = log.split_once(words)?;
    let (line, _) = rest.split_once('\n')?;
    line.split_whitespace().next()?.parse().ok()
}

/// One GET over HTTP/1.0, which ends with the connection and knows no chunks.
fn http_get(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}
