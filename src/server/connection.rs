//! Connections: accepted within a bound, given no more than their time, closed in order at the end.
//! Why this loop is our own: docs/decisions/0002-listener.md.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

use super::Limits;

/// Pause after a failed accept: the usual cause, no more file descriptors, does not pass at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Largest header, and largest piece of an HTTP/1.1 body that is read at once.
const HTTP1_BUFFER: usize = 64 * 1024;

/// A bound socket and what is served on it.
pub(super) struct Listener {
    pub(super) tcp: TcpListener,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) router: Router,
    pub(super) limits: Arc<Limits>,
}

/// What every connection of a listener shares.
struct Shared {
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: Arc<Limits>,
    http: Builder<TokioExecutor>,
}

impl Listener {
    /// Serves until `drain` is true, then takes no more connections and returns when none is left, at the latest
    /// after `grace`.
    pub(super) async fn serve(self, mut drain: watch::Receiver<bool>, grace: Duration) {
        let slots = Arc::new(Semaphore::new(self.limits.connections));
        let http = http_builder(&self.limits);
        let shared = Arc::new(Shared {
            tls: self.tls,
            router: self.router,
            limits: self.limits,
            http,
        });
        let mut connections = JoinSet::new();
        let connection_drain = drain.clone();
        loop {
            tokio::select! {
                () = set(&mut drain) => break,
                Some(_) = connections.join_next() => {}
                (stream, slot) = accept(&self.tcp, &slots) => {
                    connections.spawn(serve_stream(stream, Arc::clone(&shared), connection_drain.clone(), slot));
                }
            }
        }
        // Clients that still connect are refused at once, instead of waiting in the queue.
        drop(self.tcp);
        let all = async { while connections.join_next().await.is_some() {} };
        if timeout(grace, all).await.is_err() {
            tracing::warn!(
                connections = connections.len(),
                "the shutdown grace is over; closing what is still open"
            );
            connections.shutdown().await;
        }
    }
}

fn http_builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // The time for a header is part of `Activity`, for both versions alike.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(HTTP1_BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.ping)
        .keep_alive_timeout(limits.ping)
        .max_concurrent_streams(limits.streams);
    builder
}

/// The next connection, once there is a slot for it.
async fn accept(tcp: &TcpListener, slots: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    loop {
        let Ok(slot) = Arc::clone(slots).acquire_owned().await else {
            // The semaphore is never closed.
            return std::future::pending().await;
        };
        match tcp.accept().await {
            Ok((stream, _)) => return (stream, slot),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Completes when the flag is set, or nobody is left to set it.
async fn set(flag: &mut watch::Receiver<bool>) {
    let _ = flag.wait_for(|set| *set).await;
}

async fn serve_stream(
    stream: TcpStream,
    shared: Arc<Shared>,
    mut drain: watch::Receiver<bool>,
    _slot: OwnedSemaphorePermit,
) {
    // An answer is one small piece, sent at once.
    let _ = stream.set_nodelay(true);
    let Some(tls) = &shared.tls else {
        return serve_http(stream, &shared, drain).await;
    };
    let handshake = timeout(shared.limits.tls_handshake, tls.accept(stream));
    let accepted = tokio::select! {
        () = set(&mut drain) => return,
        accepted = handshake => accepted,
    };
    match accepted {
        Ok(Ok(stream)) => serve_http(stream, &shared, drain).await,
        Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
        Err(_) => tracing::debug!("TLS handshake took too long"),
    }
}

async fn serve_http<S>(stream: S, shared: &Shared, mut drain: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = &shared.limits;
    let activity = Arc::new(Activity::new());
    let service = Tracked {
        router: shared.router.clone(),
        activity: Arc::clone(&activity),
    };
    let connection = shared
        .http
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    tokio::pin!(connection);
    let mut check = Instant::now() + limits.first_header;
    let mut closing = false;
    loop {
        tokio::select! {
            result = connection.as_mut() => {
                if let Err(error) = result {
                    tracing::debug!(%error, "connection ended");
                }
                return;
            }
            () = set(&mut drain), if !closing => {
                closing = true;
                connection.as_mut().graceful_shutdown();
                check = Instant::now() + limits.linger;
            }
            () = sleep_until(check) => match activity.patience(limits, closing) {
                Patience::Until(next) => check = next,
                Patience::Over if closing => return,
                Patience::Over => {
                    closing = true;
                    connection.as_mut().graceful_shutdown();
                    check = Instant::now() + limits.linger;
                }
            },
        }
    }
}

/// The requests of one connection, in flight and past.
struct Activity(Mutex<Requests>);

struct Requests {
    in_flight: usize,
    served: bool,
    /// When the connection was opened or the last request ended.
    idle_since: Instant,
}

enum Patience {
    /// Nothing is wrong with the connection; look again then.
    Until(Instant),
    /// The connection was without a request for too long.
    Over,
}

impl Activity {
    fn new() -> Self {
        Self(Mutex::new(Requests {
            in_flight: 0,
            served: false,
            idle_since: Instant::now(),
        }))
    }

    fn patience(&self, limits: &Limits, closing: bool) -> Patience {
        let now = Instant::now();
        self.with(|requests| {
            let limit = match (closing, requests.served) {
                (true, _) => limits.linger,
                (false, true) => limits.idle,
                (false, false) => limits.first_header,
            };
            let end = if requests.in_flight > 0 {
                now + limit
            } else {
                requests.idle_since + limit
            };
            if now < end {
                Patience::Until(end)
            } else {
                Patience::Over
            }
        })
    }

    fn with<T>(&self, change: impl FnOnce(&mut Requests) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A request in flight, from its header to its answer, or to the client's going away.
struct InFlight(Arc<Activity>);

impl InFlight {
    fn new(activity: &Arc<Activity>) -> Self {
        activity.with(|requests| {
            requests.in_flight += 1;
            requests.served = true;
        });
        Self(Arc::clone(activity))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.with(|requests| {
            requests.in_flight -= 1;
            requests.idle_since = Instant::now();
        });
    }
}

/// The router of one connection, with its requests noted.
#[derive(Clone)]
struct Tracked {
    router: Router,
    activity: Arc<Activity>,
}

impl<B> tower::Service<http::Request<B>> for Tracked
where
    Router: tower::Service<http::Request<B>, Response = Response, Error = Infallible>,
    <Router as tower::Service<http::Request<B>>>::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.router.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let in_flight = InFlight::new(&self.activity);
        let answer = self.router.call(request);
        Box::pin(async move {
            let _in_flight = in_flight;
            answer.await
        })
    }
}
