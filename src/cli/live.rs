//! The cluster behind `volguard serve`: its watches, and what is put in force from it.

use super::serve::{ServeArgs, tell};
use crate::cluster::live::{LiveView, Sync};
use crate::cluster::view::{View, ViewKind};
use crate::cluster::watch::{self, Watcher};
use crate::own::{self, Assembler, Effect, Uses, Verdict};
use crate::policy::InForce;
use crate::server::{Condition, Readiness};
use crate::telemetry::Metrics;
use anyhow::Context as _;
use jiff::Timestamp;
use std::collections::BTreeMap;
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
    tokio::spawn(own::write(client, told, uses.clone()));
    let follower = Follower {
        live: Arc::clone(&live),
        watcher,
        assembler,
        in_force: in_force.clone(),
        metrics: Arc::clone(metrics),
        problems: BTreeMap::new(),
        verdicts,
    };
    let synced = readiness.condition("cluster view", "the caches are not synced yet");
    supervise(readiness, "policies of the cluster", follower.run(synced));
    tokio::spawn(count(Arc::clone(&live), Arc::clone(metrics)));
    Ok(live)
}

/// Runs what never ends. If it does all the same, that is a fault of volguard: it is no longer ready, so that it is noticed.
fn supervise(readiness: &Readiness, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
    let running = readiness.condition(name, "not followed yet");
    running.met();
    let task = tokio::spawn(task);
    tokio::spawn(async move {
        let outcome = task.await;
        tracing::error!(
            ?outcome,
            "{name} are no longer followed; restart volguard, and please report this"
        );
        running.not_met("no longer followed because of a fault; restart volguard");
    });
}

/// Follows the objects that volguard is configured by.
struct Follower {
    live: Arc<LiveView>,
    watcher: Watcher,
    assembler: Assembler,
    in_force: InForce,
    metrics: Arc<Metrics>,
    /// What was said to be wrong, so that it is said once.
    problems: BTreeMap<(ViewKind, String), String>,
    verdicts: tokio::sync::watch::Sender<Vec<Verdict>>,
}

impl Follower {
    async fn run(mut self, synced: Condition) {
        let (mut seen, mut next_expiry, mut said) = (None, None, String::new());
        let mut synced = Some(synced);
        loop {
            let view = tokio::select! {
                view = self.live.changed(ViewKind::OWN, &mut seen) => view,
                () = moment(next_expiry) => self.live.snapshot(),
            };
            let assembly = self.assembler.assemble(&view, Timestamp::now());
            next_expiry = assembly.next_expiry;
            // What the rules look up is there, or soon will be, when the first review asks.
            self.watcher.extend(assembly.criteria.policies.needs());
            self.say(&assembly.verdicts);
            tell(&self.metrics, &assembly, &mut said);
            self.in_force.replace(assembly.criteria);
            self.verdicts.send_replace(assembly.verdicts);
            if let Some(synced) = synced.take() {
                let live = Arc::clone(&self.live);
                tokio::spawn(async move {
                    live.synced().await;
                    synced.met();
                });
            }
        }
    }

    /// Says what is wrong with an object, once.
    fn say(&mut self, verdicts: &[Verdict]) {
        let mut problems = BTreeMap::new();
        for Verdict { kind, name, effect, .. } in verdicts {
            let Effect::Invalid(problem) = effect else { continue };
            let key = (*kind, name.clone());
            if self.problems.get(&key) != Some(problem) {
                tracing::error!(
                    kind = kind.as_str(),
                    name,
                    problem,
                    "{} {name} is invalid",
                    kind.as_str()
                );
            }
            problems.insert(key, problem.clone());
        }
        self.problems = problems;
    }
}

/// Waits for a moment of the wall clock, for ever where there is none.
async fn moment(moment: Option<Timestamp>) {
    match moment {
        // In steps, for the clock may be set.
        Some(moment) => {
            while let Ok(left) = Duration::try_from(moment.duration_since(Timestamp::now()))
                && !left.is_zero()
            {
                tokio::time::sleep(left.min(Duration::from_secs(60))).await;
            }
        }
        None => std::future::pending().await,
    }
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
