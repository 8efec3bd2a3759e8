//! The webhook's listener and the admin listener: routes, limits, readiness and an orderly end.

mod admin;
mod answer;
mod body;
mod connection;
mod deadline;
mod decision_log;
mod memory;
mod readiness;
mod routes;
mod signal;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::protocol::Reviewer;
use crate::telemetry::Metrics;

pub use deadline::parse_duration;
pub use readiness::{Condition, Readiness};
pub use signal::shutdown_signal;

const MIB: usize = 1024 * 1024;

/// Where and how the server listens, and how it ends.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Address of the admission endpoints (HTTPS); port 0 takes a free port.
    pub listen: SocketAddr,
    /// Address of the probes and metrics (plain HTTP); port 0 takes a free port.
    pub admin_listen: SocketAddr,
    /// Bounds on what clients can ask for.
    pub limits: Limits,
    /// How long reviews are still accepted after the shutdown signal while the probe already says "not ready", so
    /// that load balancers stop sending first.
    pub shutdown_delay: Duration,
    /// How long at most reviews in flight may then take; the server ends as soon as there are none.
    pub shutdown_grace: Duration,
}

/// Bounds on what clients can ask for. The defaults suit production; tests set smaller ones.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest review in bytes.
    pub max_body: usize,
    /// How much of a larger review is read and thrown away so that its client, busy sending, comes to read the answer.
    pub max_drain: usize,
    /// How long such a client is read from at most.
    pub drain_time: Duration,
    /// How long a client may send nothing in the middle of a review's body.
    pub body_pause: Duration,
    /// Bytes of reviews in memory at once; more wait until their deadline.
    pub body_memory: usize,
    /// Bytes of what reviews become when they are decoded, at once; more wait until their deadline. At least one review
    /// is decoded whatever this says.
    pub decoded_memory: usize,
    /// Reviews evaluated at once; more wait until their deadline.
    pub evaluations: usize,
    /// A review larger than this, in bytes, is evaluated without holding up other tasks of its thread.
    pub large_body: usize,
    /// Open connections at once; more wait in the listener's queue.
    pub connections: usize,
    /// Requests at once on one HTTP/2 connection.
    pub streams: u32,
    /// How long a client may take for the TLS handshake.
    pub tls_handshake: Duration,
    /// How long a client may take, after the handshake, for its first request's header.
    pub first_header: Duration,
    /// How long a connection may be without a request.
    pub idle: Duration,
    /// How long a connection without a request may take for its closing handshake.
    pub linger: Duration,
    /// Interval of pings on HTTP/2 connections, and how long an answer to one may take.
    pub ping: Duration,
    /// A review's time when `?timeout=` is absent or invalid.
    pub default_timeout: Duration,
    /// Longest time of a review, whatever `?timeout=` says.
    pub max_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // An UPDATE carries two objects, and etcd's and the API server's limit on one is 3 MiB with room for
            // other encodings: 2 x 3 MiB + 1 MiB for the rest of the review.
            max_body: 7 * MIB,
            max_drain: 16 * MIB,
            drain_time: Duration::from_secs(2),
            // The API server has the whole review when it begins to send.
            body_pause: Duration::from_secs(2),
            // 9 reviews of the largest size, thousands of usual ones.
            body_memory: 64 * MIB,
            // 2 reviews of the largest weight, hundreds of usual ones.
            decoded_memory: 64 * MIB,
            evaluations: 256,
            // Parsing 256 KiB takes about a millisecond.
            large_body: 256 * 1024,
            connections: 512,
            streams: 250,
            tls_handshake: Duration::from_secs(5),
            first_header: Duration::from_secs(5),
            // Go's HTTP client closes idle connections after 90 s: let it be the first, so that it never sends a
            // review on a connection that is being closed here.
            idle: Duration::from_secs(120),
            linger: Duration::from_secs(1),
            ping: Duration::from_secs(20),
            // The API server's own default and maximum.
            default_timeout: Duration::from_secs(10),
            max_timeout: Duration::from_secs(30),
        }
    }
}

/// Why the server cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address} for {purpose}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What it was for.
        purpose: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A server that is bound to its addresses. Connections queue from [`Server::bind`] on and are served by [`Server::run`].
pub struct Server<R> {
    config: ServerConfig,
    listener: TcpListener,
    admin_listener: TcpListener,
    address: SocketAddr,
    admin_address: SocketAddr,
    tls: Arc<rustls::ServerConfig>,
    reviewer: Arc<R>,
    metrics: Arc<Metrics>,
    readiness: Readiness,
}

impl<R: Reviewer> Server<R> {
    /// Binds both addresses. Fails if one of them cannot be listened on.
    pub async fn bind(
        config: ServerConfig,
        tls: Arc<rustls::ServerConfig>,
        reviewer: Arc<R>,
        metrics: Arc<Metrics>,
        readiness: Readiness,
    ) -> Result<Self, ServerError> {
        let (listener, address) = bind(config.listen, "the admission endpoints").await?;
        let (admin_listener, admin_address) = bind(config.admin_listen, "probes and metrics").await?;
        Ok(Self {
            config,
            listener,
            admin_listener,
            address,
            admin_address,
            tls,
            reviewer,
            metrics,
            readiness,
        })
    }

    /// Where the admission endpoints are, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the probes and metrics are, with the port that was taken.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// Serves until `shutdown` completes, then ends in order: not ready, but serving, for the shutdown delay; no new
    /// connections; return as soon as no review is in flight, at the latest after the grace. Probes and metrics are
    /// answered to the end. Runs on a multi-threaded tokio runtime, or else large reviews hold up small ones.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let limits = Arc::new(self.config.limits);
        let (draining, drain) = watch::channel(false);
        let admin = connection::Listener {
            tcp: self.admin_listener,
            tls: None,
            router: admin::router(self.readiness.clone(), Arc::clone(&self.metrics)),
            limits: Arc::clone(&limits),
        };
        let linger = limits.linger;
        let (admin_end, admin_drain) = watch::channel(false);
        let webhook = connection::Listener {
            tcp: self.listener,
            tls: Some(TlsAcceptor::from(self.tls)),
            router: routes::router(self.reviewer, self.metrics, Arc::clone(&limits)),
            limits,
        };
        let end = async {
            shutdown.await;
            tracing::info!("shutting down");
            self.readiness.shut_down();
            tokio::time::sleep(self.config.shutdown_delay).await;
            draining.send_replace(true);
        };
        let serve = async {
            webhook.serve(drain, self.config.shutdown_grace).await;
            admin_end.send_replace(true);
        };
        // A probe or a scrape that is being answered gets a moment to finish.
        tokio::join!(end, serve, admin.serve(admin_drain, linger));
    }
}

async fn bind(address: SocketAddr, purpose: &'static str) -> Result<(TcpListener, SocketAddr), ServerError> {
    let bound = async {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    bound.await.map_err(|source| ServerError::Bind {
        address,
        purpose,
        source,
    })
}
