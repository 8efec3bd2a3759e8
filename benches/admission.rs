//! What a review costs: volguard side by side with a server that only parses the envelope and allows.
//!
//! Both are processes of their own with the same listener, TLS and HTTP/2, asked in turns over loopback, so that the
//! ratio says what judging costs on whatever machine this runs. Nothing is asserted of times; every answer must be
//! HTTP 200 with the right decision. Needs Linux's /proc.

#![allow(clippy::print_stdout)]

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::{Map, Value, json};
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

/// The argument that makes this binary the null server.
const NULL_SERVER: &str = "null-server";
const ROUNDS: u32 = 5;
const CONNECTIONS: u32 = 2;
const STREAMS_PER_CONNECTION: u32 = 4;
const REQUESTS_PER_STREAM: u32 = 500;
const REQUESTS: u32 = CONNECTIONS * STREAMS_PER_CONNECTION * REQUESTS_PER_STREAM;
const STARTS: u32 = 10;
/// Nothing takes longer, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(120);
/// Unit of the times in /proc/PID/stat: Linux shows user space 100 ticks a second, whatever the kernel's own rate.
const TICK: Duration = Duration::from_millis(10);

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    match arguments.as_slice() {
        [_, command, ca] if command == NULL_SERVER => runtime.enable_all().build()?.block_on(null_server(ca)),
        // One thread asks; the server has the other processors.
        _ => runtime.worker_threads(1).enable_all().build()?.block_on(measure()),
    }
}

// === The null server ===

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
async fn null_server(ca: &str) -> Result<()> {
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

// === What is asked ===

struct Case {
    name: &'static str,
    body: Bytes,
    /// What volguard says; the null server allows everything.
    allowed: bool,
}

fn cases() -> Result<Vec<Case>> {
    let set = |containers| stateful_set(containers, "registry.example/shop/orders:2.4.1");
    let older = stateful_set(24, "registry.example/shop/orders:2.4.0");
    [
        (
            "PersistentVolumeClaim",
            claim("orders-data", "ReadWriteOnce"),
            None,
            true,
        ),
        (
            "PersistentVolumeClaim, denied",
            claim("orders-data", "ReadWriteMany"),
            None,
            false,
        ),
        ("StorageClass", class("fast"), None, true),
        ("StatefulSet, small", set(1), None, true),
        ("StatefulSet, large, UPDATE", set(24), Some(older), true),
    ]
    .into_iter()
    .map(|(name, object, old, allowed)| {
        let body = Bytes::from(serde_json::to_vec(&review(object, old))?);
        Ok(Case { name, body, allowed })
    })
    .collect()
}

/// The AdmissionReview with all that the API server puts into it.
fn review(mut object: Value, mut old: Option<Value>) -> Value {
    for object in [Some(&mut object), old.as_mut()].into_iter().flatten() {
        let written = fields(object);
        let (version, metadata) = (object["apiVersion"].clone(), &mut object["metadata"]);
        metadata["uid"] = "5c0fe7a0-3f0e-4b1f-9c55-0d6f3f0a9b11".into();
        metadata["creationTimestamp"] = "2026-03-02T09:14:07Z".into();
        metadata["managedFields"] = json!([{
            "manager": "kubectl", "operation": "Apply", "apiVersion": version, "time": "2026-03-02T09:14:07Z",
            "fieldsType": "FieldsV1", "fieldsV1": written,
        }]);
    }
    let (group, version) = object["apiVersion"]
        .as_str()
        .unwrap_or_default()
        .rsplit_once('/')
        .unwrap_or(("", "v1"));
    let kind = json!({"group": group, "version": version, "kind": object["kind"]});
    let plural = format!("{}s", object["kind"].as_str().unwrap_or_default().to_lowercase());
    let resource = json!({"group": group, "version": version, "resource": plural});
    let operation = if old.is_some() { "UPDATE" } else { "CREATE" };
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "0df28fbd-5f5f-11e8-bc74-36e6bb280816",
        "kind": kind, "resource": resource, "requestKind": kind, "requestResource": resource,
        "name": object["metadata"]["name"], "namespace": object["metadata"]["namespace"],
        "operation": operation, "dryRun": false,
        "userInfo": {"username": "jane", "uid": "014fbff9a07c", "groups": ["developers", "system:authenticated"]},
        "options": {"kind": format!("{}Options", if old.is_some() { "Update" } else { "Create" }),
            "apiVersion": "meta.k8s.io/v1", "fieldManager": "kubectl"},
        "object": object, "oldObject": old,
    }})
}

/// The FieldsV1 of everything in an object; list items are named as in lists keyed by name.
fn fields(value: &Value) -> Value {
    let entries: Map<String, Value> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (format!("f:{key}"), fields(value)))
            .collect(),
        Value::Array(items) if items.iter().all(|item| item["name"].is_string()) => {
            let key = |item: &Value| format!("k:{}", json!({"name": item["name"]}));
            items.iter().map(|item| (key(item), fields(item))).collect()
        }
        _ => Map::new(),
    };
    Value::Object(entries)
}

fn class(name: &str) -> Value {
    json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
        "metadata": {"name": name, "labels": {"team": "platform"}},
        "provisioner": "ebs.csi.aws.com",
        "parameters": {"type": "gp3", "encrypted": "true", "csi.storage.k8s.io/fstype": "ext4"},
        "reclaimPolicy": "Retain", "volumeBindingMode": "WaitForFirstConsumer", "allowVolumeExpansion": true,
    })
}

fn claim(name: &str, access_mode: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": "orders"}},
        "spec": {
            "accessModes": [access_mode], "storageClassName": "class-7", "volumeMode": "Filesystem",
            "resources": {"requests": {"storage": "20Gi"}},
        },
    })
}

fn stateful_set(containers: u32, image: &str) -> Value {
    let container = |i: u32| {
        let variable = |v: u32| json!({"name": format!("SETTING_{v}"), "value": format!("value-{v}-of-{i}")});
        json!({
            "name": format!("part-{i}"), "image": image, "imagePullPolicy": "IfNotPresent",
            "ports": [{"name": format!("http-{i}"), "containerPort": 8000 + i, "protocol": "TCP"}],
            "env": (0..8).map(variable).collect::<Vec<_>>(),
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
            "volumeMounts": [{"name": "data", "mountPath": "/var/lib/orders", "subPath": format!("part-{i}")}],
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        })
    };
    let labels = json!({"app": "orders"});
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": "orders", "namespace": "shop", "labels": labels},
        "spec": {
            "replicas": 3, "serviceName": "orders", "podManagementPolicy": "OrderedReady", "revisionHistoryLimit": 10,
            "selector": {"matchLabels": labels},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            "template": {"metadata": {"labels": labels}, "spec": {
                "containers": (0..containers).map(container).collect::<Vec<_>>(),
                "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
                "schedulerName": "default-scheduler", "securityContext": {"runAsNonRoot": true},
                "topologySpreadConstraints": [{
                    "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": {"matchLabels": labels},
                }],
            }},
            "volumeClaimTemplates": [{
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
                "spec": claim("data", "ReadWriteOnce")["spec"],
            }],
        },
    })
}

/// 200 classes, 2,000 claims and what else the rules look up.
fn cluster() -> Value {
    let node = |zone| {
        let labels = json!({"topology.kubernetes.io/zone": zone});
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": format!("node-{zone}"), "labels": labels}})
    };
    let mut items = vec![
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "orders", "namespace": "shop"},
            "spec": {"clusterIP": "None", "selector": {"app": "orders"}}}),
    ];
    items.extend(["a", "b", "c"].map(node));
    items.extend((0..200).map(|i| class(&format!("class-{i}"))));
    items.extend((0..2000).map(|i| claim(&format!("claim-{i}"), "ReadWriteOnce")));
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}

// === The servers as child processes ===

/// A process that listens, killed at the end.
struct Process {
    child: Child,
    address: SocketAddr,
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
    fn start(command: &mut Command) -> Result<Self> {
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
    fn cpu(&self) -> Result<Duration> {
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
    fn memory(&self, name: &str) -> Result<f64> {
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

fn volguard(folder: &Path, with_cluster: bool) -> Command {
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

// === Measuring ===

type Sender = http2::SendRequest<Full<Bytes>>;

async fn connect(address: SocketAddr, ca: &Path) -> Result<Sender> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca)?)?;
    let mut config = rustls::ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = tokio::net::TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = connector.connect(ServerName::try_from("localhost")?, stream).await?;
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn ask(sender: &mut Sender, body: &Bytes) -> Result<Bytes> {
    let request = Request::post("https://localhost/validate?timeout=10s")
        .header("content-type", "application/json")
        .header("content-length", body.len())
        .body(Full::new(body.clone()))?;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    ensure!(
        status == StatusCode::OK,
        "HTTP {status}: {}",
        String::from_utf8_lossy(&body)
    );
    Ok(body)
}

/// One server, and what was measured of one case so far.
struct Side {
    name: &'static str,
    process: Process,
    connections: Vec<Sender>,
    latencies: Vec<Duration>,
    /// Requests a second, of each round.
    rates: Vec<f64>,
    /// Microseconds of processor a request, of each round.
    costs: Vec<f64>,
}

impl Side {
    async fn new(name: &'static str, process: Process, ca: &Path) -> Result<Self> {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(connect(process.address, ca).await?);
        }
        let (latencies, rates, costs) = Default::default();
        Ok(Self {
            name,
            process,
            connections,
            latencies,
            rates,
            costs,
        })
    }

    /// The answer to a case, once it is found right.
    async fn right_answer(&mut self, case: &Case, allowed: bool) -> Result<Bytes> {
        let answer = ask(&mut self.connections[0], &case.body).await?;
        let value: Value = serde_json::from_slice(&answer)?;
        ensure!(
            value["response"]["allowed"] == allowed,
            "{}, {}: {value}",
            self.name,
            case.name
        );
        Ok(answer)
    }

    /// Asks the same over and over; every answer must be `expected`.
    async fn round(&mut self, case: &Case, expected: &Bytes) -> Result<()> {
        let (start, cpu) = (Instant::now(), self.process.cpu()?);
        let mut streams = tokio::task::JoinSet::new();
        for sender in &self.connections {
            for _ in 0..STREAMS_PER_CONNECTION {
                let (mut sender, body, expected) = (sender.clone(), case.body.clone(), expected.clone());
                streams.spawn(async move {
                    let mut latencies = Vec::new();
                    for _ in 0..REQUESTS_PER_STREAM {
                        let start = Instant::now();
                        let answer = ask(&mut sender, &body).await?;
                        latencies.push(start.elapsed());
                        ensure!(
                            answer == expected,
                            "another answer: {}",
                            String::from_utf8_lossy(&answer)
                        );
                    }
                    anyhow::Ok(latencies)
                });
            }
        }
        while let Some(latencies) = tokio::time::timeout(PATIENCE, streams.join_next()).await? {
            self.latencies.extend(latencies??);
        }
        self.rates.push(f64::from(REQUESTS) / start.elapsed().as_secs_f64());
        self.costs
            .push((self.process.cpu()? - cpu).as_secs_f64() * 1e6 / f64::from(REQUESTS));
        Ok(())
    }
}

async fn measure() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    let spec = json!({"mode": "Enforce", "profile": "Recommended"});
    let policy = json!({"apiVersion": "volguard.dev/v1alpha1", "kind": "StoragePolicy",
        "metadata": {"name": "bench"}, "spec": spec});
    std::fs::write(at("policy.yaml"), policy.to_string())?;
    std::fs::write(at("objects.json"), cluster().to_string())?;

    for (with_cluster, name) in [
        (false, "nothing to read"),
        (true, "a policy and 2,200 objects in a file"),
    ] {
        let mut times = Vec::new();
        for _ in 0..STARTS {
            let start = Instant::now();
            let _process = Process::start(&mut volguard(folder.path(), with_cluster))?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        println!("start to ready, {name}: {} ms of {STARTS}", spread(times, 0));
    }

    let mut null = Command::new(std::env::current_exe()?);
    null.arg(NULL_SERVER).arg(at("null.pem"));
    let ours = Process::start(&mut volguard(folder.path(), true))?;
    println!(
        "memory of volguard when ready: {:.1} MiB, at most {:.1} MiB so far",
        ours.memory("VmRSS")?,
        ours.memory("VmHWM")?
    );
    let mut ours = Side::new("volguard", ours, &at("volguard.pem")).await?;
    let mut null = Side::new("null", Process::start(&mut null)?, &at("null.pem")).await?;

    println!(
        "\n{ROUNDS} rounds of {REQUESTS} requests a server, in turns; {CONNECTIONS} connections of {STREAMS_PER_CONNECTION} streams\n"
    );
    println!("| review | bytes | server | requests/s | p50 µs | p99 µs | CPU µs/request |");
    println!("|---|--:|---|--:|--:|--:|--:|");
    let mut ratios = Vec::new();
    for case in cases()? {
        let expected = (
            ours.right_answer(&case, case.allowed).await?,
            null.right_answer(&case, true).await?,
        );
        // The first round of both warms up.
        for round in 0..=ROUNDS {
            ours.round(&case, &expected.0).await?;
            null.round(&case, &expected.1).await?;
            if round == 0 {
                for side in [&mut ours, &mut null] {
                    (side.latencies, side.rates, side.costs) = Default::default();
                }
            }
        }
        let ratio = |ours: &[f64], null: &[f64]| spread(ours.iter().zip(null).map(|(a, b)| a / b).collect(), 2);
        ratios.push((
            case.name,
            ratio(&ours.rates, &null.rates),
            ratio(&ours.costs, &null.costs),
        ));
        for side in [&mut ours, &mut null] {
            let (mut latencies, rates, costs) = (
                std::mem::take(&mut side.latencies),
                std::mem::take(&mut side.rates),
                std::mem::take(&mut side.costs),
            );
            latencies.sort_unstable();
            let at = |percent: usize| latencies[(latencies.len() - 1) * percent / 100].as_micros();
            println!(
                "| {} | {} | {} | {} | {} | {} | {} |",
                case.name,
                case.body.len(),
                side.name,
                spread(rates, 0),
                at(50),
                at(99),
                spread(costs, 1)
            );
        }
    }
    println!("\n| review | rate, volguard / null | CPU, volguard / null |\n|---|--:|--:|");
    for (name, rate, cost) in ratios {
        println!("| {name} | {rate} | {cost} |");
    }
    println!("\n| server | RSS at the end, MiB | most, MiB |\n|---|--:|--:|");
    for side in [&ours, &null] {
        println!(
            "| {} | {:.1} | {:.1} |",
            side.name,
            side.process.memory("VmRSS")?,
            side.process.memory("VmHWM")?
        );
    }
    Ok(())
}

/// Median (least..greatest).
fn spread(mut values: Vec<f64>, digits: usize) -> String {
    values.sort_by(f64::total_cmp);
    match (values.first(), values.get(values.len() / 2), values.last()) {
        (Some(least), Some(median), Some(greatest)) => {
            format!("{median:.digits$} ({least:.digits$}..{greatest:.digits$})")
        }
        _ => "nothing".to_owned(),
    }
}
