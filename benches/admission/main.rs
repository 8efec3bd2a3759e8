//! What a review costs: volguard side by side with a server that only parses the envelope and allows.
//!
//! Both are processes of their own with the same listener, TLS and HTTP/2, asked in turns over loopback, so that the
//! ratio says what judging costs on whatever machine this runs. Nothing is asserted of times; every answer must be
//! HTTP 200 with the right decision. Needs Linux's /proc.

#![allow(clippy::print_stdout)]

mod reviews;
mod servers;

use anyhow::{Result, ensure};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use reviews::{Case, cases, cluster};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use servers::{Process, null_server, volguard};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use volguard::tls;

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

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    match arguments.as_slice() {
        [_, command, ca] if command == NULL_SERVER => runtime.enable_all().build()?.block_on(null_server(ca)),
        // One thread asks; the server has the other processors.
        _ => runtime.worker_threads(1).enable_all().build()?.block_on(measure()),
    }
}

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
            .push(self.process.cpu()?.saturating_sub(cpu).as_secs_f64() * 1e6 / f64::from(REQUESTS));
        Ok(())
    }
}

async fn measure() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    let policy = match std::env::var_os("VOLGUARD_BENCH_POLICY") {
        Some(file) => std::fs::read_to_string(file)?,
        None => json!({"apiVersion": "volguard.dev/v1alpha1", "kind": "StoragePolicy", "metadata": {"name": "bench"},
            "spec": {"mode": "Enforce", "profile": "Strict"}})
        .to_string(),
    };
    std::fs::write(at("policy.yaml"), policy)?;
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
