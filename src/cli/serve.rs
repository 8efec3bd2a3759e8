//! `volguard serve`.

use super::DriverFiles;
use super::certificate::{CertificateArgs, Surroundings};
use crate::admission::{Admission, Cluster};
use crate::cluster::live::{LiveView, Sync};
use crate::cluster::view::View;
use crate::cluster::{files, watch};
use crate::policy::{Mode, PolicySet};
use crate::server::{Limits, Readiness, Server, ServerConfig, shutdown_signal};
use crate::telemetry::{LogFormat, Metrics, init_logs};
use crate::tls;
use anyhow::Context as _;
use clap::Args;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Address of the admission endpoints (HTTPS).
    #[arg(long, env = "VOLGUARD_LISTEN", default_value = "0.0.0.0:8443")]
    listen: SocketAddr,
    /// Address of /livez, /readyz and /metrics (plain HTTP).
    #[arg(long, env = "VOLGUARD_ADMIN_LISTEN", default_value = "0.0.0.0:8080")]
    admin_listen: SocketAddr,
    #[command(flatten)]
    certificate: CertificateArgs,
    /// Serve only clients with a certificate of the CA in this file.
    #[arg(long, env = "VOLGUARD_CLIENT_CA")]
    client_ca: Option<PathBuf>,
    /// No cluster: no kubeconfig is read, and without --tls-cert a certificate is made at start.
    #[arg(long, env = "VOLGUARD_STANDALONE")]
    standalone: bool,
    /// StoragePolicy files or folders; without any, profile Recommended in mode Audit.
    #[arg(long, env = "VOLGUARD_POLICY", value_delimiter = ',')]
    policy: Vec<PathBuf>,
    #[command(flatten)]
    drivers: DriverFiles,
    /// Objects of the cluster in files, in place of a live cluster.
    #[arg(long, env = "VOLGUARD_OBJECTS", value_delimiter = ',', requires = "standalone")]
    objects: Vec<PathBuf>,
    /// The kubeconfig of the cluster; without it the Pod's own service account, else the usual kubeconfig.
    #[arg(long, env = "VOLGUARD_KUBECONFIG", conflicts_with = "standalone")]
    kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig.
    #[arg(long, env = "VOLGUARD_CONTEXT", conflicts_with = "standalone")]
    context: Option<String>,
    /// volguard's own namespace, which is left alone.
    #[arg(long, env = "VOLGUARD_NAMESPACE", default_value = crate::policy::OWN_NAMESPACE)]
    namespace: String,
    /// Every policy behaves as in mode Audit: nothing is denied, warned or changed.
    #[arg(long, env = "VOLGUARD_AUDIT")]
    audit: bool,
    /// How log lines are written.
    #[arg(long, env = "VOLGUARD_LOG_FORMAT", default_value = "text")]
    log_format: LogFormat,
    /// How long to go on serving after the signal to end while /readyz already says no.
    #[arg(long, env = "VOLGUARD_SHUTDOWN_DELAY", default_value = "0s", value_parser = duration)]
    shutdown_delay: Duration,
    /// How long requests in flight may then take at most.
    #[arg(long, env = "VOLGUARD_SHUTDOWN_GRACE", default_value = "20s", value_parser = duration)]
    shutdown_grace: Duration,
}

fn duration(text: &str) -> Result<Duration, String> {
    crate::server::parse_duration(text).ok_or_else(|| format!("{text} is no duration; write for example 5s or 1m30s"))
}

pub(super) fn run(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    init_logs(args.log_format)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(args))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(args: &ServeArgs) -> anyhow::Result<()> {
    let shutdown = shutdown_signal()?;
    let policies = policies(args)?;
    let drivers = args.drivers.load()?;
    let metrics = Arc::new(Metrics::new(
        &crate::rules::ALL.iter().map(|rule| rule.name).collect::<Vec<_>>(),
    )?);
    for (state, mode) in [("enforce", Mode::Enforce), ("audit", Mode::Audit)] {
        metrics.set_policies(
            state,
            policies.policies().iter().filter(|policy| policy.mode == mode).count(),
        );
    }
    let readiness = Readiness::default();
    let summary = format!(
        "policies: {}, rules: {}, mode: {}",
        policies.policies().len(),
        policies.rule_count(),
        policies.mode()
    );

    let cluster = cluster(args, &policies, &readiness, &metrics).await?;
    let surroundings = Surroundings {
        standalone: args.standalone,
        namespace: &args.namespace,
        kubeconfig: args.kubeconfig.as_deref(),
        context: args.context.as_deref(),
        metrics: &metrics,
        readiness: &readiness,
    };
    let certificate = args.certificate.resolver(&surroundings).await?;
    let clients = args.client_ca.as_deref().map(tls::client_verifier).transpose()?;
    let config = ServerConfig {
        listen: args.listen,
        admin_listen: args.admin_listen,
        limits: Limits::default(),
        shutdown_delay: args.shutdown_delay,
        shutdown_grace: args.shutdown_grace,
    };
    let admission = Admission {
        policies,
        drivers,
        cluster,
        own_namespace: args.namespace.clone(),
    };
    let tls = Arc::new(tls::server_config(certificate, clients)?);
    let server = Server::bind(config, tls, Arc::new(admission), metrics, readiness).await?;
    let mut err = std::io::stderr();
    writeln!(err, "volguard admin on http://{}", server.admin_address())?;
    writeln!(err, "volguard listening on https://{} ({summary})", server.address())?;
    server.run(shutdown).await;
    Ok(())
}

fn policies(args: &ServeArgs) -> anyhow::Result<PolicySet> {
    let mut policies = if args.policy.is_empty() {
        tracing::warn!("no policy is given: profile Recommended in mode Audit; nothing is denied, warned or changed");
        PolicySet::default_audit(&crate::rules::ALL)
    } else {
        PolicySet::new(crate::policy::read(&args.policy, &crate::rules::ALL)?)
    };
    if args.audit {
        policies.audit_only();
    }
    Ok(policies)
}

async fn cluster(
    args: &ServeArgs,
    policies: &PolicySet,
    readiness: &Readiness,
    metrics: &Arc<Metrics>,
) -> anyhow::Result<Cluster> {
    if args.standalone {
        let view = if args.objects.is_empty() {
            View::default()
        } else {
            files::read(&args.objects)?
        };
        return Ok(Cluster::Fixed(Arc::new(view)));
    }
    let client = watch::connect(args.kubeconfig.as_deref(), args.context.as_deref())
        .await
        .context("no cluster (--standalone serves without one)")?;
    let live = Arc::new(LiveView::new(View::default()));
    let watcher = watch::Watcher::start(&client, policies.needs(), &live);
    let synced = readiness.condition("cluster view", "the caches are not synced yet");
    tokio::spawn({
        let live = Arc::clone(&live);
        async move {
            live.synced().await;
            synced.met();
        }
    });
    tokio::spawn({
        let (live, metrics) = (Arc::clone(&live), Arc::clone(metrics));
        async move {
            // The watches live as long as somebody counts what they bring.
            let _watcher = watcher;
            let mut ticks = tokio::time::interval(Duration::from_secs(1));
            loop {
                ticks.tick().await;
                for (kind, sync, objects) in live.status() {
                    if sync != Sync::Unwatched {
                        metrics.set_cache(kind.as_str(), sync == Sync::Synced, objects);
                    }
                }
            }
        }
    });
    Ok(Cluster::Live(live))
}
