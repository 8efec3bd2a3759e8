//! `volguard serve`.

use super::certificate::{self, CertificateArgs, Surroundings};
use super::said::Said;
use super::{DriverFiles, live};
use crate::admission::{Admission, Cluster};
use crate::cluster::files;
use crate::cluster::view::View;
use crate::own::{Assembler, Uses};
use crate::policy::InForce;
use crate::server::{Limits, Readiness, Server, ServerConfig, shutdown_signal};
use crate::telemetry::{LogFormat, Metrics, init_logs};
use crate::tls;
use clap::Args;
use jiff::Timestamp;
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
    /// Serve only clients with a certificate of a CA in this file, PEM; read again when it changes.
    #[arg(long, env = "VOLGUARD_CLIENT_CA")]
    client_ca: Option<PathBuf>,
    /// No cluster: no kubeconfig is read, and without --tls-cert a certificate is made at start.
    #[arg(long, env = "VOLGUARD_STANDALONE")]
    standalone: bool,
    /// StoragePolicy and StorageException files or folders, beside those of the cluster; without any policy, profile
    /// Recommended in mode Audit.
    #[arg(long, env = "VOLGUARD_POLICY", value_delimiter = ',')]
    policy: Vec<PathBuf>,
    #[command(flatten)]
    drivers: DriverFiles,
    /// Objects of the cluster in files, in place of a live cluster.
    #[arg(long, env = "VOLGUARD_OBJECTS", value_delimiter = ',', requires = "standalone")]
    objects: Vec<PathBuf>,
    /// The kubeconfig of the cluster; without it the Pod's own service account, else the usual kubeconfig.
    #[arg(long, env = "VOLGUARD_KUBECONFIG", conflicts_with = "standalone")]
    pub(super) kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig.
    #[arg(long, env = "VOLGUARD_CONTEXT", conflicts_with = "standalone")]
    pub(super) context: Option<String>,
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
    let assembler = assembler(args)?;
    let metrics = Arc::new(Metrics::new(
        &crate::rules::ALL.iter().map(|rule| rule.name).collect::<Vec<_>>(),
    )?);
    let readiness = Readiness::default();
    let uses = Uses::default();
    let (in_force, cluster) = cluster(args, assembler, &uses, &readiness, &metrics).await?;
    let summary = in_force.now().policies.to_string();
    let surroundings = Surroundings {
        standalone: args.standalone,
        namespace: &args.namespace,
        kubeconfig: args.kubeconfig.as_deref(),
        context: args.context.as_deref(),
        metrics: &metrics,
        readiness: &readiness,
    };
    let resolver = args.certificate.resolver(&surroundings).await?;
    let clients = args
        .client_ca
        .as_deref()
        .map(|path| certificate::clients(path, &readiness))
        .transpose()?;
    let config = ServerConfig {
        listen: args.listen,
        admin_listen: args.admin_listen,
        limits: Limits::default(),
        shutdown_delay: args.shutdown_delay,
        shutdown_grace: args.shutdown_grace,
    };
    let admission = Admission {
        in_force,
        uses,
        cluster,
        own_namespace: args.namespace.clone(),
    };
    let tls = Arc::new(tls::server_config(resolver, clients)?);
    let server = Server::bind(config, tls, Arc::new(admission), metrics, readiness).await?;
    let mut err = std::io::stderr();
    writeln!(err, "volguard admin on http://{}", server.admin_address())?;
    writeln!(err, "volguard listening on https://{} ({summary})", server.address())?;
    server.run(shutdown).await;
    Ok(())
}

/// What is put in force of files, to which the objects of a cluster are added.
fn assembler(args: &ServeArgs) -> anyhow::Result<Assembler> {
    let rules = &crate::rules::ALL;
    let files = crate::policy::read(&args.policy, rules)?;
    Ok(Assembler::new(rules, files, args.drivers.load()?, args.audit))
}

async fn cluster(
    args: &ServeArgs,
    mut assembler: Assembler,
    uses: &Uses,
    readiness: &Readiness,
    metrics: &Arc<Metrics>,
) -> anyhow::Result<(InForce, Cluster)> {
    let first = assembler.assemble(&View::default(), Timestamp::now());
    for said in super::expired(first.criteria.policies.exceptions()) {
        tracing::warn!("{said}");
    }
    if args.standalone {
        Said::default().tell(metrics, &first);
        let view = if args.objects.is_empty() {
            View::default()
        } else {
            files::read(&args.objects)?
        };
        return Ok((InForce::new(first.criteria), Cluster::Fixed(Arc::new(view))));
    }
    let in_force = InForce::new(first.criteria);
    let live = live::start(args, assembler, &in_force, uses, readiness, metrics).await?;
    Ok((in_force, Cluster::Live(live)))
}
