//! The server through real sockets: protocols, limits, faults, certificates and an orderly end.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Version};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::RootCertStore;
use rustls::server::danger::ClientCertVerifier;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use volguard::protocol::{Answer, Endpoint, Record, RecordedFinding, ReviewError, Reviewer};
use volguard::server::{Limits, Readiness, Server, ServerConfig, shutdown_signal};
use volguard::telemetry::Metrics;
use volguard::tls::{
    CertificateFiles, CertificateResolver, ClientCa, Identity, PemPair, Reloader, provider, server_config, standalone,
};

/// Nothing in these tests takes longer, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

// === The reviewer: does what the body says ===

struct Fake {
    /// Reviews that wait have come this far.
    waiting: Arc<Semaphore>,
    /// Lets one of them go on.
    gate: Arc<Semaphore>,
}

impl Reviewer for Fake {
    async fn review(&self, endpoint: Endpoint, body: &[u8], deadline: Instant) -> Result<Answer, ReviewError> {
        match body {
            b"panic" => panic!("a bug"),
            b"bad" => return Err(ReviewError::BadRequest("The body is no AdmissionReview.".to_owned())),
            b"large" => return Err(ReviewError::TooLarge("The object is too large.".to_owned())),
            b"internal" => return Err(ReviewError::Internal("secret detail".to_owned())),
            _ if body.starts_with(b"wait") => {
                self.waiting.add_permits(1);
                self.gate.acquire().await.unwrap().forget();
            }
            _ => {}
        }
        let left = deadline.saturating_duration_since(Instant::now()).as_millis();
        Ok(Answer {
            body: format!("{} {} bytes, {left} ms left", endpoint.as_str(), body.len()).into_bytes(),
            record: Record {
                endpoint,
                uid: "1".to_owned(),
                kind: "Pod",
                operation: "CREATE",
                namespace: "default".to_owned(),
                name: "a".to_owned(),
                user: "jane".to_owned(),
                dry_run: false,
                decision: "deny",
                findings: vec![RecordedFinding {
                    rule: "some-rule",
                    action: "Deny",
                }],
                skipped: Vec::new(),
                fixed: Vec::new(),
                exceptions: Vec::new(),
                duration: Duration::from_micros(80),
            },
        })
    }
}

// === The server under test ===

struct Running {
    address: SocketAddr,
    admin: SocketAddr,
    ca_pem: String,
    readiness: Readiness,
    waiting: Arc<Semaphore>,
    gate: Arc<Semaphore>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

struct Setup {
    limits: Limits,
    clients: Option<Arc<dyn ClientCertVerifier>>,
    delay: Duration,
    grace: Duration,
    certificate: Option<(Arc<CertificateResolver>, String)>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            clients: None,
            delay: Duration::ZERO,
            grace: PATIENCE,
            certificate: None,
        }
    }
}

fn limits(change: impl FnOnce(&mut Limits)) -> Setup {
    let mut setup = Setup::default();
    change(&mut setup.limits);
    setup
}

impl Setup {
    async fn start(self) -> Running {
        let (resolver, ca_pem) = self.certificate.unwrap_or_else(|| {
            let made = standalone("test").unwrap();
            let identity = Identity::from_pem(&made.pair, "certificate", "key").unwrap();
            (Arc::new(CertificateResolver::new(&identity)), made.ca_pem)
        });
        let tls = Arc::new(server_config(resolver, self.clients).unwrap());
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let config = ServerConfig {
            listen: any,
            admin_listen: any,
            limits: self.limits,
            shutdown_delay: self.delay,
            shutdown_grace: self.grace,
        };
        let (waiting, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let reviewer = Arc::new(Fake {
            waiting: Arc::clone(&waiting),
            gate: Arc::clone(&gate),
        });
        let metrics = Arc::new(Metrics::new(&["some-rule"]).unwrap());
        let readiness = Readiness::default();
        let server = Server::bind(config, tls, reviewer, metrics, readiness.clone())
            .await
            .unwrap();
        let (address, admin) = (server.address(), server.admin_address());
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        Running {
            address,
            admin,
            ca_pem,
            readiness,
            waiting,
            gate,
            stop: Some(stop),
            task,
        }
    }
}

impl Running {
    fn tls(&self, versions: &[&'static rustls::SupportedProtocolVersion]) -> rustls::ClientConfig {
        client_config(&self.ca_pem, versions, None)
    }

    async fn http1(&self) -> Http1 {
        connect_http1(self.address, self.tls(rustls::ALL_VERSIONS))
            .await
            .unwrap()
    }

    async fn http2(&self) -> Http2 {
        let stream = connect(self.address, self.tls(rustls::ALL_VERSIONS), b"h2")
            .await
            .unwrap();
        let builder = http2::Builder::new(TokioExecutor::new());
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
        Http2 {
            sender,
            connection: tokio::spawn(async { drop(connection.await) }),
        }
    }

    fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Waits until a review waits in the reviewer.
    async fn review_waits(&self) {
        timeout(PATIENCE, self.waiting.acquire())
            .await
            .unwrap()
            .unwrap()
            .forget();
    }

    async fn admin(&self, path: &str) -> (StatusCode, String) {
        let stream = TcpStream::connect(self.admin).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = Request::get(path)
            .header("host", "admin")
            .body(Full::<Bytes>::default())
            .unwrap();
        text(sender.send_request(request).await.unwrap()).await
    }

    /// Waits until the admin page at `path` has `status`.
    async fn admin_says(&self, path: &str, status: StatusCode) -> String {
        let until = async {
            loop {
                let (found, text) = self.admin(path).await;
                if found == status {
                    return text;
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, until).await.unwrap()
    }

    async fn ended(self) {
        timeout(PATIENCE, self.task)
            .await
            .expect("the server did not end")
            .unwrap();
    }
}

// === Clients ===

type Body = BoxBody<Bytes, Infallible>;

struct Http1 {
    sender: http1::SendRequest<Body>,
    connection: JoinHandle<()>,
}

struct Http2 {
    sender: http2::SendRequest<Body>,
    connection: JoinHandle<()>,
}

fn certificate_of(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

fn client_config(
    ca_pem: &str,
    versions: &[&'static rustls::SupportedProtocolVersion],
    client: Option<&PemPair>,
) -> rustls::ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(certificate_of(ca_pem)).unwrap();
    let builder = rustls::ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    match client {
        None => builder.with_no_client_auth(),
        Some(pair) => {
            let chain = CertificateDer::pem_slice_iter(&pair.certificate)
                .map(Result::unwrap)
                .collect();
            builder
                .with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(&pair.key).unwrap())
                .unwrap()
        }
    }
}

async fn connect(
    address: SocketAddr,
    mut config: rustls::ClientConfig,
    protocol: &[u8],
) -> std::io::Result<TlsStream<TcpStream>> {
    config.alpn_protocols = vec![protocol.to_vec()];
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol));
    Ok(stream)
}

async fn connect_http1(address: SocketAddr, config: rustls::ClientConfig) -> std::io::Result<Http1> {
    let stream = connect(address, config, b"http/1.1").await?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(std::io::Error::other)?;
    Ok(Http1 {
        sender,
        connection: tokio::spawn(async { drop(connection.await) }),
    })
}

fn full(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).boxed()
}

fn post(path: &str, body: Body) -> Request<Body> {
    let uri = format!("https://localhost{path}");
    Request::post(uri)
        .header("host", "localhost")
        .header("content-type", "application/json")
        .body(body)
        .unwrap()
}

/// A body that starts and never ends.
fn endless() -> Body {
    let start = futures::stream::iter([Ok(Frame::data(Bytes::from_static(b"{")))]);
    BodyExt::boxed(StreamBody::new(futures::StreamExt::chain(
        start,
        futures::stream::pending(),
    )))
}

/// HTTP/1.1 without an absolute URI.
fn origin_form(mut request: Request<Body>) -> Request<Body> {
    *request.uri_mut() = request.uri().path_and_query().unwrap().as_str().parse().unwrap();
    request
}

impl Http1 {
    async fn send(&mut self, request: Request<Body>) -> Result<Response<hyper::body::Incoming>, hyper::Error> {
        timeout(PATIENCE, async {
            self.sender.ready().await?;
            self.sender.send_request(origin_form(request)).await
        })
        .await
        .expect("no answer")
    }

    async fn post(&mut self, path: &str, body: impl Into<Bytes>) -> (StatusCode, String) {
        text(self.send(post(path, full(body))).await.unwrap()).await
    }
}

impl Http2 {
    async fn send(&mut self, request: Request<Body>) -> Result<Response<hyper::body::Incoming>, hyper::Error> {
        timeout(PATIENCE, self.sender.send_request(request))
            .await
            .expect("no answer")
    }

    async fn post(&mut self, path: &str, body: impl Into<Bytes>) -> (StatusCode, String) {
        text(self.send(post(path, full(body))).await.unwrap()).await
    }
}

async fn text(response: Response<hyper::body::Incoming>) -> (StatusCode, String) {
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

// === Protocols and routes ===

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_endpoints_over_http1_and_http2_and_tls_1_2_and_1_3() {
    let server = limits(|limits| limits.default_timeout = Duration::from_secs(20))
        .start()
        .await;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut client = connect_http1(server.address, server.tls(&[version])).await.unwrap();
        let (status, answer) = client.post("/validate?timeout=30s", "{}").await;
        assert_eq!(status, StatusCode::OK);
        assert!(answer.starts_with("validate 2 bytes, "), "{answer}");
        let left = left(&answer);
        assert!(
            left <= 29_800 && left > 19_800,
            "29.8 s of the 30 are the reviewer's: {answer}"
        );
    }
    let mut client = server.http2().await;
    let response = client.send(post("/mutate", full("{}"))).await.unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
    assert_eq!(response.headers()["content-type"], "application/json");
    let (status, answer) = text(response).await;
    assert_eq!(status, StatusCode::OK);
    assert!(answer.starts_with("mutate 2 bytes, "), "{answer}");
    let left = left(&answer);
    assert!(
        left <= 19_800 && left > 9_800,
        "19.8 s of the 20 are the reviewer's: {answer}"
    );
}

/// How many milliseconds a reviewer had, by its answer.
fn left(answer: &str) -> u64 {
    let (_, left) = answer.split_once("bytes, ").unwrap();
    left.strip_suffix(" ms left").unwrap().parse().unwrap()
}

#[tokio::test]
async fn what_is_no_review_is_told_so() {
    let server = Setup::default().start().await;
    let mut client = server.http1().await;

    let (status, message) = client.post("/elsewhere", "{}").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(message.contains("/validate or /mutate"), "{message}");

    let mut get = post("/validate", full(""));
    *get.method_mut() = Method::GET;
    let response = client.send(get).await.unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()["allow"], "POST");
    assert!(text(response).await.1.contains("not with GET"));

    for (content_type, expected) in [
        (Some("text/plain"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (None, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (Some("application/json; charset=utf-8"), StatusCode::OK),
    ] {
        let mut request = post("/validate", full("{}"));
        match content_type {
            Some(value) => drop(request.headers_mut().insert("content-type", value.parse().unwrap())),
            None => drop(request.headers_mut().remove("content-type")),
        }
        let (status, message) = text(client.send(request).await.unwrap()).await;
        assert_eq!(status, expected, "{content_type:?}");
        assert!(
            status == StatusCode::OK || message.contains("a review is application/json"),
            "{message}"
        );
    }

    let (status, message) = client.post("/validate", "bad").await;
    assert_eq!(
        (status, message.as_str()),
        (StatusCode::BAD_REQUEST, "The body is no AdmissionReview.\n")
    );
    let (status, message) = client.post("/validate", "large").await;
    assert_eq!(
        (status, message.as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "The object is too large.\n")
    );
}

#[tokio::test]
async fn the_machinery_failing_is_a_500_without_details() {
    let server = Setup::default().start().await;
    let (status, message) = server.http1().await.post("/validate", "internal").await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(
        message.contains("internal error") && !message.contains("secret detail"),
        "{message}"
    );
}

#[tokio::test]
async fn a_panic_ends_one_review_only() {
    let server = Setup::default().start().await;
    let (mut one, mut two) = (server.http1().await, server.http2().await);
    assert_eq!(
        one.post("/validate", "panic").await.0,
        StatusCode::INTERNAL_SERVER_ERROR
    );
    assert_eq!(one.post("/validate", "{}").await.0, StatusCode::OK);
    assert_eq!(two.post("/mutate", "panic").await.0, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(two.post("/mutate", "{}").await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_admin_listener_has_probes_and_metrics_only() {
    let server = Setup::default().start().await;
    assert_eq!(server.admin("/livez").await, (StatusCode::OK, "ok\n".to_owned()));
    assert_eq!(server.admin("/readyz").await, (StatusCode::OK, "ready\n".to_owned()));
    let condition = server.readiness.condition("StorageClass", "not listed yet");
    let (status, reasons) = server.admin("/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(reasons, "not ready\nStorageClass: not listed yet\n");
    condition.met();
    assert_eq!(server.admin("/readyz").await.0, StatusCode::OK);
    for path in ["/", "/validate", "/debug"] {
        assert_eq!(server.admin(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }

    let mut client = server.http1().await;
    client.post("/validate", "{}").await;
    client.post("/validate", "bad").await;
    let (status, metrics) = server.admin("/metrics").await;
    assert_eq!(status, StatusCode::OK);
    for line in [
        r#"volguard_admission_requests_total{decision="deny",endpoint="validate",kind="Pod",operation="CREATE"} 1"#,
        r#"volguard_findings_total{action="Deny",rule="some-rule"} 1"#,
        r#"volguard_admission_errors_total{code="400",endpoint="validate"} 1"#,
    ] {
        assert!(
            metrics.lines().any(|found| found == line),
            "no line {line} in\n{metrics}"
        );
    }
}

// === Limits ===

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_review_of_the_largest_size_is_answered_and_one_byte_more_is_not() {
    let server = Setup::default().start().await;
    let largest = Limits::default().max_body;
    for extra in [0, 1] {
        let body = Bytes::from(vec![b' '; largest + extra]);
        let expected = if extra == 0 {
            StatusCode::OK
        } else {
            StatusCode::PAYLOAD_TOO_LARGE
        };
        let (status, message) = server.http1().await.post("/validate", body.clone()).await;
        assert_eq!(status, expected, "HTTP/1.1: {message}");
        let (status, message) = server.http2().await.post("/validate", body.clone()).await;
        assert_eq!(status, expected, "HTTP/2: {message}");
        // Without a length in the header.
        let pieces: Vec<_> = body
            .chunks(64 * 1024)
            .map(|piece| Ok(Frame::data(Bytes::copy_from_slice(piece))))
            .collect();
        let stream = BodyExt::boxed(StreamBody::new(futures::stream::iter(pieces)));
        let (status, message) = text(server.http1().await.send(post("/validate", stream)).await.unwrap()).await;
        assert_eq!(status, expected, "chunked: {message}");
        assert!(
            extra == 0 || message == format!("The request has more than {largest} bytes.\n"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_connection_goes_on_after_an_over_large_review_that_was_drained() {
    let server = limits(|limits| limits.max_body = 1000).start().await;
    let mut client = server.http1().await;
    assert_eq!(
        client.post("/validate", vec![b' '; 500_000]).await.0,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert_eq!(client.post("/validate", "{}").await.0, StatusCode::OK);
}

#[tokio::test]
async fn draining_is_bounded_by_time_and_size() {
    let setup = limits(|limits| {
        limits.max_body = 1000;
        limits.drain_time = Duration::from_millis(100);
    });
    let server = setup.start().await;
    // Announces a gigabyte, sends next to nothing.
    let mut stream = connect(server.address, server.tls(rustls::ALL_VERSIONS), b"http/1.1")
        .await
        .unwrap();
    let head =
        "POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000000000\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.to_lowercase().contains("connection: close"), "{answer}");

    // Never stops sending.
    let setup = limits(|limits| {
        limits.max_body = 1000;
        limits.max_drain = 10_000;
        limits.drain_time = PATIENCE * 10;
    });
    let server = setup.start().await;
    let mut client = server.http1().await;
    let piece = || Ok(Frame::data(Bytes::from(vec![b' '; 1000])));
    let stream = BodyExt::boxed(StreamBody::new(futures::stream::repeat_with(piece)));
    let _ = client.send(post("/validate", stream)).await;
    timeout(PATIENCE, client.connection)
        .await
        .expect("the connection is still open")
        .unwrap();
}

#[tokio::test]
async fn a_client_that_asks_first_is_refused_before_it_sends() {
    let server = limits(|limits| limits.drain_time = PATIENCE).start().await;
    let mut stream = connect(server.address, server.tls(rustls::ALL_VERSIONS), b"http/1.1")
        .await
        .unwrap();
    let head = "POST /validate HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000000000\r\n\
                expect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let started = Instant::now();
    assert!(read_to_end(&mut stream).await.starts_with("HTTP/1.1 413 "));
    assert!(started.elapsed() < PATIENCE / 2);
}

async fn read_to_end(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut bytes = Vec::new();
    // A connection that ends without TLS's close is an end too.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes))
        .await
        .expect("the connection is still open");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn a_slow_handshake_is_cut() {
    let server = limits(|limits| limits.tls_handshake = Duration::from_millis(100))
        .start()
        .await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    // The start of a handshake record whose rest never comes.
    stream.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00]).await.unwrap();
    assert_eq!(read_to_end(&mut stream).await, "");
}

#[tokio::test]
async fn a_slow_header_is_cut() {
    let server = limits(|limits| limits.first_header = Duration::from_millis(100))
        .start()
        .await;
    for (protocol, start) in [
        (b"http/1.1".as_slice(), "POST /validate HTTP/1.1\r\nhost: a\r\n"),
        (b"http/1.1", ""),
        (b"h2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        (b"h2", ""),
    ] {
        let mut stream = connect(server.address, server.tls(rustls::ALL_VERSIONS), protocol)
            .await
            .unwrap();
        // It may be cut already.
        let _ = stream.write_all(start.as_bytes()).await;
        let answer = read_to_end(&mut stream).await;
        assert!(!answer.contains("200"), "{answer}");
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = limits(|limits| limits.idle = Duration::from_millis(100)).start().await;
    let (mut one, mut two) = (server.http1().await, server.http2().await);
    assert_eq!(one.post("/validate", "{}").await.0, StatusCode::OK);
    assert_eq!(two.post("/validate", "{}").await.0, StatusCode::OK);
    timeout(PATIENCE, one.connection)
        .await
        .expect("HTTP/1.1 stays open")
        .unwrap();
    timeout(PATIENCE, two.connection)
        .await
        .expect("HTTP/2 stays open")
        .unwrap();
}

#[tokio::test]
async fn a_review_in_flight_is_not_idle() {
    let setup = limits(|limits| {
        limits.idle = Duration::from_millis(50);
        // The request must come before it is over.
        limits.first_header = Duration::from_secs(2);
    });
    let server = setup.start().await;
    let mut client = server.http1().await;
    let review = tokio::spawn(async move { client.post("/validate", "wait").await });
    server.review_waits().await;
    // Time itself is what is tested here.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    server.gate.add_permits(1);
    assert_eq!(review.await.unwrap().0, StatusCode::OK);
}

#[tokio::test]
async fn a_slow_body_is_cut_at_the_reviews_time() {
    let server = Setup::default().start().await;
    let (status, message) = text(
        server
            .http1()
            .await
            .send(post("/validate?timeout=200ms", endless()))
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT, "{message}");
    let (status, _) = text(
        server
            .http2()
            .await
            .send(post("/validate?timeout=200ms", endless()))
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test]
async fn a_slow_review_ends_at_its_time() {
    let server = Setup::default().start().await;
    let (status, message) = server.http1().await.post("/validate?timeout=200ms", "wait").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(message, "The review was not evaluated within its time.\n");
}

#[tokio::test]
async fn reviews_beyond_the_bound_wait_until_their_time() {
    let server = limits(|limits| limits.evaluations = 1).start().await;
    let mut first = server.http1().await;
    let held = tokio::spawn(async move { first.post("/validate?timeout=30s", "wait").await });
    server.review_waits().await;

    let mut client = server.http2().await;
    let (status, message) = client.post("/validate?timeout=200ms", "{}").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(message, "Too many reviews are being evaluated.\n");

    let queued = tokio::spawn(async move { client.post("/validate?timeout=30s", "{}").await });
    server.gate.add_permits(1);
    assert_eq!(held.await.unwrap().0, StatusCode::OK);
    assert_eq!(queued.await.unwrap().0, StatusCode::OK);
}

#[tokio::test]
async fn bodies_beyond_the_memory_wait_until_their_time() {
    let setup = limits(|limits| {
        limits.max_body = 5;
        limits.body_memory = 5;
    });
    let server = setup.start().await;
    let mut first = server.http1().await;
    let held = tokio::spawn(async move { first.post("/validate?timeout=30s", "wait").await });
    server.review_waits().await;

    let mut client = server.http1().await;
    let (status, message) = client.post("/validate?timeout=200ms", "{}").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(message, "Too many reviews are in memory.\n");

    let queued = tokio::spawn(async move { client.post("/validate?timeout=30s", "{}").await });
    server.gate.add_permits(1);
    assert_eq!(held.await.unwrap().0, StatusCode::OK);
    assert_eq!(queued.await.unwrap().0, StatusCode::OK);
}

#[tokio::test]
async fn reviews_that_become_large_are_decoded_a_few_at_a_time() {
    let server = limits(|limits| limits.decoded_memory = volguard::protocol::REVIEW_LIMIT + 1000)
        .start()
        .await;
    // Short, and yet as large as a review may become.
    let heavy = || format!("wait{}", r#"{"":"#.repeat(50_000));
    let mut first = server.http1().await;
    let held = tokio::spawn(async move { first.post("/validate?timeout=30s", heavy()).await });
    server.review_waits().await;

    let mut client = server.http1().await;
    let (status, message) = client.post("/validate?timeout=2s", heavy()).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(message, "Too many reviews are being read.\n");
    assert_eq!(client.post("/validate", "{}").await.0, StatusCode::OK);

    let queued = tokio::spawn(async move { client.post("/validate?timeout=30s", heavy()).await });
    server.gate.add_permits(2);
    assert_eq!(held.await.unwrap().0, StatusCode::OK);
    assert_eq!(queued.await.unwrap().0, StatusCode::OK);
}

#[tokio::test]
async fn bodies_that_are_promised_and_not_sent_hold_up_nobody() {
    let setup = limits(|limits| {
        limits.max_body = 1000;
        limits.body_memory = 1000;
        limits.body_pause = PATIENCE * 10;
    });
    let server = setup.start().await;
    let mut stalled = Vec::new();
    for length in ["content-length: 1000", "transfer-encoding: chunked"].repeat(20) {
        let mut stream = connect(server.address, server.tls(rustls::ALL_VERSIONS), b"http/1.1")
            .await
            .unwrap();
        let head = format!(
            "POST /validate?timeout=30s HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n{length}\r\n\
             expect: 100-continue\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // The server says so when it begins to read the body.
        let mut said = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut said)).await.unwrap().unwrap();
        assert_eq!(&said, b"HTTP/1.1 100");
        stream.write_all(b"1\r\n{\r\n").await.unwrap();
        stalled.push(stream);
    }
    let (status, message) = server.http1().await.post("/validate?timeout=5s", "{}").await;
    assert_eq!(status, StatusCode::OK, "{message}");
}

#[tokio::test]
async fn a_body_that_pauses_is_cut_before_the_reviews_time() {
    let server = limits(|limits| limits.body_pause = Duration::from_millis(100))
        .start()
        .await;
    let request = || post("/validate?timeout=30s", endless());
    for response in [
        server.http1().await.send(request()).await,
        server.http2().await.send(request()).await,
    ] {
        let (status, message) = text(response.unwrap()).await;
        assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
        assert!(
            message.starts_with("Nothing of the request's body arrived for 100 ms"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_for_a_slot() {
    let server = limits(|limits| limits.connections = 1).start().await;
    let mut first = server.http1().await;
    assert_eq!(first.post("/validate", "{}").await.0, StatusCode::OK);
    let (address, config) = (server.address, server.tls(rustls::ALL_VERSIONS));
    let mut second = tokio::spawn(async move {
        connect_http1(address, config)
            .await
            .unwrap()
            .post("/validate", "{}")
            .await
    });
    assert!(
        timeout(Duration::from_millis(200), &mut second).await.is_err(),
        "a second connection was served"
    );
    drop(first.sender);
    assert_eq!(timeout(PATIENCE, second).await.unwrap().unwrap().0, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_large_review_does_not_hold_up_the_others() {
    /// Computes until another review has come through.
    #[derive(Default)]
    struct Busy {
        computing: AtomicBool,
        small_ones: AtomicUsize,
    }
    impl Reviewer for Busy {
        async fn review(&self, _: Endpoint, body: &[u8], _: Instant) -> Result<Answer, ReviewError> {
            if body.len() > 1000 {
                self.computing.store(true, Ordering::SeqCst);
                let started = Instant::now();
                while self.small_ones.load(Ordering::SeqCst) == 0 && started.elapsed() < PATIENCE / 2 {
                    std::thread::yield_now();
                }
            } else {
                self.small_ones.fetch_add(1, Ordering::SeqCst);
            }
            Err(ReviewError::BadRequest(format!(
                "{} small ones",
                self.small_ones.load(Ordering::SeqCst)
            )))
        }
    }
    let made = standalone("test").unwrap();
    let identity = Identity::from_pem(&made.pair, "certificate", "key").unwrap();
    let tls = Arc::new(server_config(Arc::new(CertificateResolver::new(&identity)), None).unwrap());
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let config = ServerConfig {
        listen: any,
        admin_listen: any,
        limits: Limits {
            large_body: 1000,
            ..Limits::default()
        },
        shutdown_delay: Duration::ZERO,
        shutdown_grace: Duration::ZERO,
    };
    let metrics = Arc::new(Metrics::new(&[]).unwrap());
    let reviewer = Arc::new(Busy::default());
    let server = Server::bind(config, tls, Arc::clone(&reviewer), metrics, Readiness::default())
        .await
        .unwrap();
    let address = server.address();
    tokio::spawn(server.run(std::future::pending()));

    let client = || async {
        connect_http1(address, client_config(&made.ca_pem, rustls::ALL_VERSIONS, None))
            .await
            .unwrap()
    };
    let (mut one, mut two) = (client().await, client().await);
    let large = tokio::spawn(async move { one.post("/validate", vec![b' '; 2000]).await });
    while !reviewer.computing.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
    two.post("/validate", "{}").await;
    assert_eq!(large.await.unwrap().1, "1 small ones\n");
}

// === Certificates ===

struct Client {
    ca_pem: String,
    pair: PemPair,
}

fn client_ca() -> Client {
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let mut ca = rcgen::CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut leaf = rcgen::CertificateParams::new(vec!["apiserver".to_owned()]).unwrap();
    leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = leaf.signed_by(&key, &rcgen::Issuer::from_params(&ca, &ca_key)).unwrap();
    let pair = PemPair {
        certificate: certificate.pem().into_bytes(),
        key: key.serialize_pem().into_bytes(),
    };
    Client { ca_pem, pair }
}

#[tokio::test]
async fn with_a_client_ca_only_its_clients_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let ours = client_ca();
    std::fs::write(&path, &ours.ca_pem).unwrap();
    let server = Setup {
        clients: Some(ClientCa::start(&path).unwrap().verifier()),
        ..Setup::default()
    }
    .start()
    .await;

    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let attempt = |pair: Option<PemPair>| {
            let config = client_config(&server.ca_pem, &[version], pair.as_ref());
            async move {
                let mut client = connect_http1(server.address, config).await.ok()?;
                Some(text(client.send(post("/validate", full("{}"))).await.ok()?).await.0)
            }
        };
        assert_eq!(attempt(Some(ours.pair.clone())).await, Some(StatusCode::OK));
        assert_eq!(attempt(None).await, None);
        assert_eq!(attempt(Some(client_ca().pair)).await, None);
    }
    assert_eq!(server.admin("/readyz").await.0, StatusCode::OK);
}

#[tokio::test]
async fn new_client_cas_count_from_the_next_handshake_on_and_broken_ones_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let (first, second) = (client_ca(), client_ca());
    std::fs::write(&path, &first.ca_pem).unwrap();
    let authorities = ClientCa::start(&path).unwrap();
    let verifier = authorities.verifier();
    let made = standalone("test").unwrap();
    let identity = Identity::from_pem(&made.pair, "certificate", "key").unwrap();
    let server = Setup {
        clients: Some(verifier),
        certificate: Some((Arc::new(CertificateResolver::new(&identity)), made.ca_pem)),
        ..Setup::default()
    }
    .start()
    .await;
    let (report, mut reports) = tokio::sync::watch::channel(None);
    let poll = tokio::spawn(authorities.run(Duration::from_millis(5), move |problem| {
        report.send_replace(problem.map(str::to_owned));
    }));
    // One configuration a client, so that it could resume a session.
    let configs = [&first, &second].map(|client| {
        [&rustls::version::TLS12, &rustls::version::TLS13]
            .map(|version| client_config(&server.ca_pem, &[version], Some(&client.pair)))
    });
    let reaches = async |client: usize| {
        let mut answers = [false; 2];
        for (config, answer) in configs[client].iter().zip(&mut answers) {
            if let Ok(mut client) = connect_http1(server.address, config.clone()).await {
                *answer = client.send(post("/validate", full("{}"))).await.is_ok();
            }
        }
        answers
    };
    assert_eq!((reaches(0).await, reaches(1).await), ([true; 2], [false; 2]));

    replace(&path, second.ca_pem.as_bytes());
    let swapped = async { while reaches(1).await != [true; 2] {} };
    timeout(PATIENCE, swapped).await.expect("the new CA does not count");
    assert_eq!(reaches(0).await, [false; 2]);

    replace(&path, b"junk");
    let problem = timeout(PATIENCE, reports.wait_for(Option::is_some)).await.unwrap();
    let problem = problem.unwrap().clone().unwrap();
    assert!(problem.contains("ca.pem: holds no certificate"), "{problem}");
    assert_eq!((reaches(0).await, reaches(1).await), ([false; 2], [true; 2]));

    replace(&path, first.ca_pem.as_bytes());
    let mended = timeout(PATIENCE, reports.wait_for(Option::is_none)).await.unwrap();
    drop(mended.unwrap());
    assert_eq!((reaches(0).await, reaches(1).await), ([true; 2], [false; 2]));
    poll.abort();
}

/// A Secret volume as the kubelet makes it: `..data` points to a folder that is replaced as a whole.
fn write_volume(volume: &Path, generation: usize, pair: &PemPair) {
    let folder = format!("..generation-{generation}");
    std::fs::create_dir(volume.join(&folder)).unwrap();
    std::fs::write(volume.join(&folder).join("tls.crt"), &pair.certificate).unwrap();
    std::fs::write(volume.join(&folder).join("tls.key"), &pair.key).unwrap();
    std::os::unix::fs::symlink(&folder, volume.join("..data_tmp")).unwrap();
    std::fs::rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
}

/// A CA that signs as many server certificates as are wanted.
struct Issuer {
    params: rcgen::CertificateParams,
    key: rcgen::KeyPair,
    ca_pem: String,
}

impl Issuer {
    fn new() -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca_pem = params.self_signed(&key).unwrap().pem();
        Self { params, key, ca_pem }
    }

    fn issue(&self) -> PemPair {
        let key = rcgen::KeyPair::generate().unwrap();
        let leaf = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = leaf
            .signed_by(&key, &rcgen::Issuer::from_params(&self.params, &self.key))
            .unwrap();
        PemPair {
            certificate: certificate.pem().into_bytes(),
            key: key.serialize_pem().into_bytes(),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_are_swapped_under_load_without_a_failed_review() {
    let issuer = Issuer::new();
    let volume = tempfile::tempdir().unwrap();
    let mut pair = issuer.issue();
    write_volume(volume.path(), 0, &pair);
    for file in ["tls.crt", "tls.key"] {
        std::os::unix::fs::symlink(format!("..data/{file}"), volume.path().join(file)).unwrap();
    }
    let files = CertificateFiles {
        certificate: volume.path().join("tls.crt"),
        key: volume.path().join("tls.key"),
    };
    let reloader = Reloader::start(files).unwrap();
    let resolver = reloader.resolver();
    let certificate = Some((reloader.resolver(), issuer.ca_pem.clone()));
    let server = Setup {
        certificate,
        ..Setup::default()
    }
    .start()
    .await;
    let poll = tokio::spawn(reloader.run(Duration::from_millis(5), |_| {}));

    // Reviews over a fresh connection each, and over one that stays open.
    let done = Arc::new(AtomicUsize::new(0));
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut load = Vec::new();
    for fresh in [true, true, false] {
        let (address, ca_pem) = (server.address, issuer.ca_pem.clone());
        let (done, stopped) = (Arc::clone(&done), stopped.clone());
        load.push(tokio::spawn(async move {
            let connect = || async {
                connect_http1(address, client_config(&ca_pem, rustls::ALL_VERSIONS, None))
                    .await
                    .expect("a failed handshake")
            };
            let mut client = connect().await;
            while !*stopped.borrow() {
                if fresh {
                    client = connect().await;
                }
                assert_eq!(client.post("/validate", "{}").await.0, StatusCode::OK);
                done.fetch_add(1, Ordering::SeqCst);
            }
        }));
    }
    for generation in 1..=5 {
        pair = issuer.issue();
        write_volume(volume.path(), generation, &pair);
        let expected = CertificateDer::from_pem_slice(&pair.certificate).unwrap();
        let swapped = async {
            while resolver.current().unwrap().cert[0] != expected {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            // Some load on every certificate.
            let before = done.load(Ordering::SeqCst);
            while done.load(Ordering::SeqCst) < before + 20 && !load.iter().any(JoinHandle::is_finished) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(PATIENCE, swapped)
            .await
            .expect("the new certificate did not come into use");
    }
    stop.send(true).unwrap();
    for task in load {
        task.await.expect("a review failed");
    }

    // What a client is shown is the last certificate.
    let stream = connect(server.address, server.tls(rustls::ALL_VERSIONS), b"h2")
        .await
        .unwrap();
    let shown = stream.get_ref().1.peer_certificates().unwrap()[0].clone();
    assert_eq!(shown, CertificateDer::from_pem_slice(&pair.certificate).unwrap());
    poll.abort();
}

/// In one step: a poll never sees half of it.
fn replace(path: &Path, content: &[u8]) {
    let new = path.with_extension("new");
    std::fs::write(&new, content).unwrap();
    std::fs::rename(new, path).unwrap();
}

#[tokio::test]
async fn a_broken_certificate_is_reported_and_the_good_one_stays() {
    let issuer = Issuer::new();
    let folder = tempfile::tempdir().unwrap();
    let files = CertificateFiles {
        certificate: folder.path().join("tls.crt"),
        key: folder.path().join("tls.key"),
    };
    let pair = issuer.issue();
    std::fs::write(&files.certificate, &pair.certificate).unwrap();
    std::fs::write(&files.key, &pair.key).unwrap();
    let reloader = Reloader::start(files.clone()).unwrap();
    let certificate = Some((reloader.resolver(), issuer.ca_pem.clone()));
    let server = Setup {
        certificate,
        ..Setup::default()
    }
    .start()
    .await;
    let (report, mut reports) = tokio::sync::mpsc::unbounded_channel();
    let poll = tokio::spawn(reloader.run(Duration::from_millis(5), move |status| {
        let _ = report.send(status.clone());
    }));

    let mut problem = async |is_wanted: fn(&Option<String>) -> bool| {
        let reported = async {
            loop {
                let problem = reports.recv().await.unwrap().problem;
                if is_wanted(&problem) {
                    return problem;
                }
            }
        };
        timeout(PATIENCE, reported).await.expect("nothing is reported")
    };
    replace(&files.certificate, b"junk");
    assert!(problem(Option::is_some).await.unwrap().contains("tls.crt"));
    assert_eq!(server.http1().await.post("/validate", "{}").await.0, StatusCode::OK);

    replace(&files.certificate, &pair.certificate);
    problem(Option::is_none).await;
    poll.abort();
}

// === The end ===

/// A server that would wait for long, if it waited for connections without a request.
fn lingers_long() -> Setup {
    let mut setup = limits(|limits| {
        limits.linger = 10 * PATIENCE;
        limits.tls_handshake = 10 * PATIENCE;
    });
    setup.grace = 10 * PATIENCE;
    setup
}

#[tokio::test]
async fn reviews_in_flight_finish_and_idle_connections_do_not_hold_up_the_end() {
    let mut server = lingers_long().start().await;
    let (mut idle_one, mut idle_two) = (server.http1().await, server.http2().await);
    idle_one.post("/validate", "{}").await;
    idle_two.post("/validate", "{}").await;
    let unused = TcpStream::connect(server.address).await.unwrap();
    let (mut one, mut two) = (server.http1().await, server.http2().await);
    let review_one = tokio::spawn(async move { one.post("/validate", "wait").await });
    let review_two = tokio::spawn(async move { two.post("/validate", "wait").await });
    server.review_waits().await;
    server.review_waits().await;

    server.stop();
    server.admin_says("/readyz", StatusCode::SERVICE_UNAVAILABLE).await;
    // Idle connections are closed while reviews are still in flight.
    timeout(PATIENCE, idle_one.connection)
        .await
        .expect("HTTP/1.1 stays open")
        .unwrap();
    timeout(PATIENCE, idle_two.connection)
        .await
        .expect("HTTP/2 stays open")
        .unwrap();
    assert!(
        TcpStream::connect(server.address).await.is_err(),
        "new connections are still accepted"
    );
    assert!(!server.task.is_finished());
    assert_eq!(
        server.admin("/livez").await.0,
        StatusCode::OK,
        "probes are answered to the end"
    );

    server.gate.add_permits(2);
    assert_eq!(review_one.await.unwrap().0, StatusCode::OK);
    assert_eq!(review_two.await.unwrap().0, StatusCode::OK);
    server.ended().await;
    drop(unused);
}

#[tokio::test]
async fn an_idle_server_ends_at_once() {
    let mut server = lingers_long().start().await;
    let (mut one, mut two) = (server.http1().await, server.http2().await);
    one.post("/validate", "{}").await;
    two.post("/validate", "{}").await;
    server.stop();
    server.ended().await;
}

#[tokio::test]
async fn not_ready_first_and_still_serving_during_the_delay() {
    let mut server = Setup {
        delay: PATIENCE * 10,
        ..Setup::default()
    }
    .start()
    .await;
    assert_eq!(server.admin("/readyz").await.0, StatusCode::OK);
    server.stop();
    let reasons = server.admin_says("/readyz", StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(reasons, "not ready\nshutting down\n");
    assert_eq!(server.http1().await.post("/validate", "{}").await.0, StatusCode::OK);
    assert_eq!(server.http2().await.post("/validate", "{}").await.0, StatusCode::OK);
    server.task.abort();
}

#[tokio::test]
async fn the_grace_bounds_the_end() {
    let mut server = Setup {
        grace: Duration::from_millis(200),
        ..Setup::default()
    }
    .start()
    .await;
    let mut client = server.http1().await;
    let review = tokio::spawn(async move { client.send(post("/validate?timeout=30s", full("wait"))).await.is_ok() });
    server.review_waits().await;
    server.stop();
    server.ended().await;
    assert!(!review.await.unwrap(), "the review was answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_every_review_that_was_sent_before_the_end_is_answered() {
    let mut server = Setup::default().start().await;
    let mut clients = Vec::new();
    for _ in 0..4 {
        let stream = connect(server.address, server.tls(rustls::ALL_VERSIONS), b"h2")
            .await
            .unwrap();
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new());
        let (sender, connection) = builder.handshake::<_, Body>(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        for _ in 0..5 {
            let mut sender = sender.clone();
            clients.push(tokio::spawn(async move {
                sender.send_request(post("/validate", full("wait"))).await
            }));
        }
    }
    for _ in 0..clients.len() {
        server.review_waits().await;
    }
    server.stop();
    server.admin_says("/readyz", StatusCode::SERVICE_UNAVAILABLE).await;
    server.gate.add_permits(clients.len());
    for client in clients {
        assert_eq!(
            client.await.unwrap().expect("a review was lost").status(),
            StatusCode::OK
        );
    }
    server.ended().await;
}

#[tokio::test]
async fn sigterm_and_sigint_end_the_server() {
    for signal in ["TERM", "INT"] {
        let ended = shutdown_signal().unwrap();
        let own = std::process::id().to_string();
        let status = std::process::Command::new("kill")
            .args(["-s", signal, &own])
            .status()
            .unwrap();
        assert!(status.success());
        timeout(PATIENCE, ended)
            .await
            .unwrap_or_else(|_| panic!("SIG{signal} went unnoticed"));
    }
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = taken.local_addr().unwrap();
    let made = standalone("test").unwrap();
    let identity = Identity::from_pem(&made.pair, "certificate", "key").unwrap();
    let tls = Arc::new(server_config(Arc::new(CertificateResolver::new(&identity)), None).unwrap());
    let config = ServerConfig {
        listen: address,
        admin_listen: address,
        limits: Limits::default(),
        shutdown_delay: Duration::ZERO,
        shutdown_grace: Duration::ZERO,
    };
    let reviewer = Arc::new(Fake {
        waiting: Arc::new(Semaphore::new(0)),
        gate: Arc::new(Semaphore::new(0)),
    });
    let metrics = Arc::new(Metrics::new(&[]).unwrap());
    let error = Server::bind(config, tls, reviewer, metrics, Readiness::default())
        .await
        .err()
        .unwrap();
    assert!(
        error
            .to_string()
            .starts_with(&format!("cannot listen on {address} for the admission endpoints: "))
    );
}
