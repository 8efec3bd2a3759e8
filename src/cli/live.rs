//! The cluster behind `volguard serve`: its watches, and what is put in force from it.

use super::said::Said;
use super::serve::ServeArgs;
use super::supervise::supervise;
use crate::cluster::live::{LiveView, Sync};
use crate::cluster::view::{View, ViewKind};
use crate::cluster::watch::{self, Watcher};
use crate::own::{self, Assembler, Assembly, Follower, Uses};
use crate::policy::InForce;
use crate::server::Readiness;
use crate::telemetry::Metrics;
use anyhow::Context as _;
use std::sync::Arc;
use std::time::Duration;

/// Starts to watch the cluster, keeps what is in force current, and says in `readiness` when all of it is known.
pub(super) async fn start(
    args: &ServeArgs,
    assembler: Assembler,
    in_force: &InForce,
    uses: &Uses,
    readiness: &Readiness,
    metrics: &Arc<Metrics>,
) -> anyhow::Result<Arc<LiveView>> {
    let client = watch::connect(args.kubeconfig.as_deref(), args.context.as_deref())
        .await
        .context("no cluster (--standalone serves without one)")?;
    let live = Arc::new(LiveView::new(View::default()));
    let watcher = Watcher::start(&client, ViewKind::OWN, &live);
    let (verdicts, told) = tokio::sync::watch::channel(Vec::new());
    supervise(
        readiness,
        "statuses of policies",
        own::write(client, told, uses.clone()),
    );
    let follower = Follower {
        live: Arc::clone(&live),
        watcher,
        assembler,
        in_force: in_force.clone(),
        verdicts,
    };
    let (known, synced) = (
        Arc::clone(&live),
        readiness.condition("cluster view", "the caches are not synced yet"),
    );
    let (metrics_of_policies, mut said, mut synced) = (Arc::clone(metrics), Said::default(), Some(synced));
    let told = move |assembly: &Assembly| {
        said.tell(&metrics_of_policies, assembly);
        // Not before the policies are known is it known what else is looked up.
        if let Some(synced) = synced.take() {
            let known = Arc::clone(&known);
            tokio::spawn(async move {
                known.synced().await;
                synced.met();
            });
        }
    };
    supervise(readiness, "policies of the cluster", follower.run(told));
    supervise(
        readiness,
        "metrics of the caches",
        count(Arc::clone(&live), Arc::clone(metrics)),
    );
    Ok(live)
}

/// Counts what the watches bring.
async fn count(live: Arc<LiveView>, metrics: Arc<Metrics>) {
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
