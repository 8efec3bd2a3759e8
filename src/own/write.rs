//! Writes the status of volguard's own objects. Every replica does, and writes only what is not there yet.

use super::Verdict;
use super::status::{patch, written_time};
use crate::cluster::api::resource;
use crate::cluster::view::ViewKind;
use crate::model::words::with_causes;
use crate::pace::Pace;
use jiff::{SignedDuration, Timestamp};
use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often it is looked whether something is left to write.
const TICK: Duration = Duration::from_secs(1);
/// How long after a failure uses are written again.
const RETRY: Duration = Duration::from_secs(10);
/// The longest that one write takes.
const PATIENCE: Duration = Duration::from_secs(10);
/// The time between two uses of an exception that are both written.
const BETWEEN_USES: SignedDuration = SignedDuration::from_secs(60);

/// When exceptions of the cluster were last used, by name, as far as it has not been written. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Uses(Arc<Mutex<BTreeMap<String, Timestamp>>>);

impl Uses {
    /// The exception set a finding aside.
    pub fn note(&self, exception: &str, now: Timestamp) {
        self.unwritten().insert(exception.to_owned(), now);
    }

    /// Those that are to be written now: one that is used all the time is written once in a while.
    fn due(&self, written: &BTreeMap<String, Timestamp>, now: Timestamp) -> Vec<(String, Timestamp)> {
        let is_due = |name: &str| {
            written
                .get(name)
                .is_none_or(|before| now.duration_since(*before) >= BETWEEN_USES)
        };
        let unwritten = self.unwritten();
        let due = unwritten.iter().filter(|(name, _)| is_due(name));
        due.map(|(name, used)| (name.clone(), *used)).collect()
    }

    /// This use is written; a later one is not.
    fn done(&self, name: &str, used: Timestamp) {
        let mut unwritten = self.unwritten();
        if unwritten.get(name) == Some(&used) {
            unwritten.remove(name);
        }
    }

    fn unwritten(&self) -> MutexGuard<'_, BTreeMap<String, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes the statuses that are sent until the sender is gone, and when exceptions were used. What cannot be written is
/// tried again, and said once.
pub async fn write(client: Client, mut verdicts: watch::Receiver<Vec<Verdict>>, uses: Uses) {
    let mut writer = Writer {
        client,
        paces: BTreeMap::new(),
        written: BTreeMap::new(),
        retry_uses: Instant::now(),
        statuses_fail: false,
        uses_fail: false,
    };
    let mut ticks = tokio::time::interval(TICK);
    let mut is_done = false;
    loop {
        let changed = tokio::select! {
            changed = verdicts.changed() => match changed {
                Ok(()) => true,
                Err(_) => return,
            },
            _ = ticks.tick() => false,
        };
        if changed || !is_done {
            let all = verdicts.borrow_and_update().clone();
            is_done = writer.statuses(&all).await;
        }
        writer.uses(&uses).await;
    }
}

struct Writer {
    client: Client,
    /// Replicas of two versions may disagree; none writes the same object without pause.
    paces: BTreeMap<(ViewKind, String), Pace>,
    /// When the uses of exceptions were last written.
    written: BTreeMap<String, Timestamp>,
    /// Not before then are uses written.
    retry_uses: Instant,
    /// Whether it was said that this cannot be written.
    statuses_fail: bool,
    uses_fail: bool,
}

impl Writer {
    /// Writes what differs; whether nothing is left to write.
    async fn statuses(&mut self, verdicts: &[Verdict]) -> bool {
        let key = |verdict: &Verdict| (verdict.kind, verdict.name.clone());
        let there: BTreeSet<_> = verdicts.iter().map(key).collect();
        self.paces.retain(|object, _| there.contains(object));
        self.written
            .retain(|name, _| there.contains(&(ViewKind::StorageException, name.clone())));
        let (mut is_done, mut failure) = (true, None);
        for verdict in verdicts {
            let Some(patch) = patch(verdict, Timestamp::now()) else {
                continue;
            };
            if !self.paces.entry(key(verdict)).or_default().starts(Instant::now()) {
                is_done = false;
                continue;
            }
            if let Err(error) = send(&self.client, verdict.kind, &verdict.name, &patch).await {
                is_done = false;
                failure = Some(error);
            }
        }
        if is_done || failure.is_some() {
            report(&mut self.statuses_fail, failure.as_deref());
        }
        is_done
    }

    async fn uses(&mut self, uses: &Uses) {
        let now = Timestamp::now();
        if self.retry_uses > Instant::now() {
            return;
        }
        for (name, used) in uses.due(&self.written, now) {
            let patch = json!({"status": {"lastUsed": written_time(used)}});
            match send(&self.client, ViewKind::StorageException, &name, &patch).await {
                Ok(()) => {
                    uses.done(&name, used);
                    self.written.insert(name, now);
                    report(&mut self.uses_fail, None);
                }
                Err(error) => {
                    report(&mut self.uses_fail, Some(&error));
                    self.retry_uses = Instant::now() + RETRY;
                    return;
                }
            }
        }
    }
}

/// Says what failed, unless it has been said since it last went well.
fn report(is_said: &mut bool, failure: Option<&str>) {
    if let (Some(error), false) = (failure, *is_said) {
        tracing::warn!(
            error,
            "cannot write the status of volguard's own objects; allow patch of storagepolicies/status, \
             storageexceptions/status and storagedrivers/status in API group volguard.dev in the ClusterRole of volguard's \
             ServiceAccount"
        );
    }
    *is_said = failure.is_some();
}

async fn send(client: &Client, kind: ViewKind, name: &str, patch: &Value) -> Result<(), String> {
    let resource = resource(kind.group(), kind.as_str(), 0);
    let api = Api::<DynamicObject>::all_with(client.clone(), &resource);
    let parameters = PatchParams {
        field_manager: Some("volguard".to_owned()),
        ..PatchParams::default()
    };
    let patch = Patch::Merge(patch);
    let asked = api.patch_status(name, &parameters, &patch);
    match tokio::time::timeout(PATIENCE, asked).await {
        Err(_) => Err(format!("the API server did not answer for {} s", PATIENCE.as_secs())),
        // It is gone.
        Ok(Err(kube::Error::Api(status))) if status.code == 404 => Ok(()),
        Ok(answer) => answer.map(drop).map_err(|error| with_causes(&error)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_written_at_once_and_then_once_a_minute() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (uses, mut written) = (Uses::default(), BTreeMap::new());
        let mut due = |now: &str| {
            let due = uses.due(&written, at(now));
            for (name, used) in &due {
                uses.done(name, *used);
                written.insert(name.clone(), at(now));
            }
            due.into_iter().map(|(_, used)| used.to_string()).collect::<Vec<_>>()
        };
        uses.note("a", at("2026-06-01T00:00:00Z"));
        assert_eq!(due("2026-06-01T00:00:01Z"), ["2026-06-01T00:00:00Z"]);
        uses.note("a", at("2026-06-01T00:00:30Z"));
        assert!(due("2026-06-01T00:00:31Z").is_empty());
        // It is not forgotten, although nobody uses the exception any more.
        assert_eq!(due("2026-06-01T00:01:01Z"), ["2026-06-01T00:00:30Z"]);
        assert!(due("2026-06-01T00:02:02Z").is_empty());
    }
}
