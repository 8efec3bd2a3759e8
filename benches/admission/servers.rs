//! The two servers, as processes of their own.

use crate::PATIENCE;
use anyhow::{Context as _, Result, bail, ensure};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use volguard::protocol::{Answer, Endpoint, Record, Response, Review, ReviewError, Reviewer};
use volguard::server::{Limits, Readiness, Server, ServerConfig};
use volguard::telemetry::{LogFormat, Metrics, init_logs};
use volguard::tls::{self, CertificateResolver, Identity};

/// Unit of the times in /proc/PID/stat: Linux shows user space 100 ticks a second, whatever the kernel's own rate.
const TICK: Duration = Duration::from_millis(10);

struct Null;

impl Reviewer for Null {
    async fn review(&self, endpoint: Endpoint, body: &[u8], _deadline: Instant) -> Result<Answer, ReviewError> {
        let start = Instant::now();
        let review = Review::parse(body)?;
        Ok(Answer {
            body: Response::default().to_bytes(&review.uid)?,
            record: Record {
                endpoint,
                uid: review.uid.to_string(),
                kind: "other",
                operation: "CREATE",
                namespace: review.namespace.unwrap_or_default().into_owned(),
                name: review.name.unwrap_or_default().into_owned(),
                user: review.user_info.username.into_owned(),
                dry_run: false,
                decision: "allow",
                findings: Vec::new(),
                fixed: Vec::new(),
                skipped: Vec::new(),
                exceptions: Vec::new(),
                duration: start.elapsed(),
            },
        })
    }
}

/// Serves until it is killed, and says its addresses in the words of `volguard serve`.
pub(crate) async fn null_server(ca: &str) -> Result<()> {
    init_logs(LogFormat::Text)?;
    let made = tls::standalone("bench")?;
    std::fs::write(ca, &made.ca_pem)?;
    let identity = Identity::from_pem(&made.pair, "the certificate", "its key")?;
    let tls = Arc::new(tls::server_config(Arc::new(CertificateResolver::new(&identity)), None)?);
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let config = ServerConfig {
        listen: any,
        admin_listen: any,
        limits: Limits::default(),
        shutdown_delay: Duration::ZERO,
        shutdown_grace: Duration::ZERO,
    };
    let metrics = Arc::new(Metrics::new(&[])?);
    let server = Server::bind(config, tls, Arc::new(Null), metrics, Readiness::default()).await?;
    let mut err = std::io::stderr();
    writeln!(err, "volguard admin on http://{}", server.admin_address())?;
    writeln!(err, "volguard listening on https://{} (null)", server.address())?;
    server.run(std::future::pending()).await;
    Ok(())
}

/// A process that listens, killed at the end.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Process {
    /// Starts a server and waits until it is ready.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = child.stderr.take().context("standard error is piped")?;
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut process = Self { child, address: any };
        let (say, said) = mpsc::channel();
        // Reads on when the addresses are known, or else the log would hold the server up.
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                drop(say.send(line));
            }
        });
        let (mut log, mut admin) = (Vec::new(), None);
        loop {
            let Ok(line) = said.recv_timeout(PATIENCE) else {
                bail!("the server said no address: {}", log.join("\n"));
            };
            if let Some(address) = line.strip_prefix("volguard admin on http://") {
                admin = Some(address.parse()?);
            } else if let Some(rest) = line.strip_prefix("volguard listening on https://") {
                process.address = rest.split(' ').next().unwrap_or_default().parse()?;
                break;
            }
            log.push(line);
        }
        let mut probe = std::net::TcpStream::connect::<SocketAddr>(admin.context("no admin address was said")?)?;
        probe.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        probe.read_to_string(&mut answer)?;
        ensure!(answer.starts_with("HTTP/1.1 200"), "the server is not ready: {answer}");
        Ok(process)
    }

    fn proc(&self, file: &str) -> Result<String> {
        Ok(std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id()))?)
    }

    /// Time of processors used so far, in the kernel too.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let stat = self.proc("stat")?;
        // utime and stime, counted from after the name of the process, which may hold blanks.
        let (_, rest) = stat.rsplit_once(") ").context("/proc/PID/stat")?;
        let ticks: u32 = rest
            .split(' ')
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u32>().ok())
            .sum();
        Ok(TICK * ticks)
    }

    /// A line of /proc/PID/status in MiB.
    pub(crate) fn memory(&self, name: &str) -> Result<f64> {
        let status = self.proc("status")?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let kib = line
            .and_then(|line| line.trim().strip_suffix(" kB"))
            .context("/proc/PID/status")?;
        Ok(kib.parse::<f64>()? / 1024.0)
    }
}

pub(crate) fn volguard(folder: &Path, with_cluster: bool) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_volguard"));
    command.args([
        "serve",
        "--standalone",
        "--listen",
        "127.0.0.1:0",
        "--admin-listen",
        "127.0.0.1:0",
    ]);
    command.arg("--ca-out").arg(folder.join("volguard.pem"));
    if with_cluster {
        command.arg("--policy").arg(folder.join("policy.yaml"));
        command.arg("--objects").arg(folder.join("objects.json"));
    }
    command
}
