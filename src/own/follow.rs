//! What the cluster is configured by is put in force as it changes.

use super::{Assembler, Assembly, Verdict};
use crate::cluster::live::LiveView;
use crate::cluster::view::ViewKind;
use crate::cluster::watch::Watcher;
use crate::policy::InForce;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Follows the objects that volguard is configured by.
#[derive(Debug)]
pub struct Follower {
    /// Where they come from.
    pub live: Arc<LiveView>,
    /// Watches them, and what the rules look up that they bring.
    pub watcher: Watcher,
    /// Puts together what is in force.
    pub assembler: Assembler,
    /// Where it is put in force.
    pub in_force: InForce,
    /// Where it is said how the objects fare.
    pub verdicts: watch::Sender<Vec<Verdict>>,
}

impl Follower {
    /// Puts in force what is there, as soon as it is known, and again whenever it changes or an exception expires; `told` is
    /// called each time. Never ends, unless a watch does, which is a fault.
    pub async fn run(mut self, mut told: impl FnMut(&Assembly)) {
        let (mut seen, mut next_expiry) = (None, None);
        loop {
            let view = tokio::select! {
                view = self.live.changed(ViewKind::OWN, &mut seen) => view,
                () = moment(next_expiry) => self.live.snapshot(),
                () = self.watcher.ended() => return,
            };
            let assembly = self.assembler.assemble(&view, Timestamp::now());
            next_expiry = assembly.next_expiry;
            // What the rules look up is there, or soon will be, when the first review asks.
            self.watcher.extend(assembly.criteria.policies.needs());
            self.in_force.replace(Arc::clone(&assembly.criteria));
            told(&assembly);
            self.verdicts.send_replace(assembly.verdicts);
        }
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
