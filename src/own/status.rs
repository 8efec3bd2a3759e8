//! What volguard writes into the status of its own objects.

use super::{Standing, Verdict};
use crate::cluster::api::resource;
use crate::cluster::view::ViewKind;
use crate::model::object::text;
use crate::model::words::with_causes;
use jiff::Timestamp;
use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long after a failure a status is written again.
const RETRY: Duration = Duration::from_secs(10);
/// How often it is looked whether exceptions were used.
const TICK: Duration = Duration::from_secs(1);
/// Seconds between two uses of an exception that are both written.
const BETWEEN_USES: i64 = 60;

/// The status that an object is to have, as a merge patch; `None` where it says all of it already.
pub fn patch(verdict: &Verdict, now: Timestamp) -> Option<Value> {
    let (holds, reason, message) = match &verdict.standing {
        Standing::InForce => ("True", "InForce", "in force as it stands".to_owned()),
        Standing::Expired(expires) => ("False", "Expired", format!("expired at {expires} and no longer counts")),
        Standing::Invalid(problem) => ("False", "Invalid", problem.clone()),
    };
    let generation = verdict.generation;
    let before = verdict.status.pointer("/conditions/0").unwrap_or(&Value::Null);
    let same = |key: &str, value: &str| text(before, &[key]) == Some(value);
    let has_transition = !same("status", holds);
    let is_told = same("type", "Ready")
        && !has_transition
        && same("reason", reason)
        && same("message", &message)
        && verdict.status.get("observedGeneration").and_then(Value::as_i64) == generation;
    if is_told {
        return None;
    }
    let since = text(before, &["lastTransitionTime"]).filter(|_| !has_transition);
    let since = since.map_or_else(|| written_time(now), str::to_owned);
    let ready = json!({
        "type": "Ready", "status": holds, "reason": reason, "message": message,
        "lastTransitionTime": since, "observedGeneration": generation,
    });
    Some(json!({"status": {"conditions": [ready], "observedGeneration": generation}}))
}

/// A time as the API server writes it.
fn written_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// When exceptions were last used, by name, as far as it has not been written. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Uses(Arc<Mutex<BTreeMap<String, Timestamp>>>);

impl Uses {
    /// The exception set a finding aside.
    pub fn note(&self, exception: &str, now: Timestamp) {
        self.unwritten().insert(exception.to_owned(), now);
    }

    /// Those that are to be written now: one that is used all the time is written once in a while.
    fn due(&self, written: &BTreeMap<String, Timestamp>) -> Vec<(String, Timestamp)> {
        let is_due = |name: &String, used: &Timestamp| {
            written
                .get(name)
                .is_none_or(|before| used.duration_since(*before).as_secs() >= BETWEEN_USES)
        };
        let mut unwritten = self.unwritten();
        let due = unwritten.iter().filter(|(name, used)| is_due(name, used));
        let due: Vec<_> = due.map(|(name, used)| (name.clone(), *used)).collect();
        unwritten.retain(|name, used| !is_due(name, used));
        due
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
        is_reported: false,
        written: BTreeMap::new(),
    };
    let mut retry = Instant::now();
    let mut ticks = tokio::time::interval(TICK);
    loop {
        let changed = tokio::select! {
            changed = verdicts.changed() => match changed {
                Ok(()) => true,
                Err(_) => return,
            },
            _ = ticks.tick() => false,
        };
        if changed || (writer.is_reported && retry <= Instant::now()) {
            let all = verdicts.borrow_and_update().clone();
            writer.statuses(&all).await;
            retry = Instant::now() + RETRY;
        }
        writer.uses(&uses).await;
    }
}

struct Writer {
    client: Client,
    /// Whether it was said that statuses cannot be written.
    is_reported: bool,
    /// When the uses of exceptions were that have been written.
    written: BTreeMap<String, Timestamp>,
}

impl Writer {
    async fn statuses(&mut self, verdicts: &[Verdict]) {
        let mut outcome = Ok(());
        for verdict in verdicts {
            if let Some(patch) = patch(verdict, Timestamp::now()) {
                outcome = outcome.and(send(&self.client, verdict.kind, &verdict.name, &patch).await);
            }
        }
        self.report(outcome.err().as_ref());
    }

    async fn uses(&mut self, uses: &Uses) {
        for (name, used) in uses.due(&self.written) {
            let patch = json!({"status": {"lastUsed": written_time(used)}});
            match send(&self.client, ViewKind::StorageException, &name, &patch).await {
                Ok(()) => {
                    self.written.insert(name, used);
                }
                // The next use is written again.
                Err(error) => self.report(Some(&error)),
            }
        }
    }

    fn report(&mut self, failure: Option<&kube::Error>) {
        if let (Some(error), false) = (failure, self.is_reported) {
            tracing::warn!(
                error = with_causes(error),
                "cannot write the status of volguard's own objects; allow patch of storagepolicies/status, \
                 storageexceptions/status and storagedrivers/status in API group volguard.dev in the ClusterRole of \
                 volguard's ServiceAccount"
            );
        }
        self.is_reported = failure.is_some();
    }
}

async fn send(client: &Client, kind: ViewKind, name: &str, patch: &Value) -> Result<(), kube::Error> {
    let resource = resource(kind.group(), kind.as_str(), 0);
    let api = Api::<DynamicObject>::all_with(client.clone(), &resource);
    match api
        .patch_status(name, &PatchParams::default(), &Patch::Merge(patch))
        .await
    {
        // It is gone.
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        other => other.map(|_| ()),
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
        let mut due = |time: &str| {
            uses.note("a", at(time));
            let due = uses.due(&written);
            written.extend(due.clone());
            due.len()
        };
        assert_eq!(due("2026-06-01T00:00:00Z"), 1);
        assert_eq!(due("2026-06-01T00:00:59Z"), 0);
        assert_eq!(due("2026-06-01T00:01:00Z"), 1);
        assert_eq!(uses.due(&written), []);
    }

    #[test]
    fn a_status_is_written_once_and_keeps_the_time_of_the_last_transition() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut verdict = Verdict {
            kind: ViewKind::StoragePolicy,
            name: "a".to_owned(),
            generation: Some(1),
            standing: Standing::InForce,
            status: Value::Null,
        };
        let told = |verdict: &mut Verdict, now: &str| {
            let patch = patch(verdict, at(now))?;
            verdict.status = patch["status"].clone();
            let ready = &verdict.status["conditions"][0];
            Some(
                [&ready["status"], &ready["reason"], &ready["lastTransitionTime"]]
                    .map(|v| v.as_str().unwrap().to_owned()),
            )
        };
        let first = told(&mut verdict, "2026-06-01T00:00:00Z").unwrap();
        assert_eq!(first, ["True", "InForce", "2026-06-01T00:00:00Z"]);
        assert_eq!(told(&mut verdict, "2026-06-01T00:00:01Z"), None);

        verdict.generation = Some(2);
        let next = told(&mut verdict, "2026-06-01T00:00:02Z").unwrap();
        assert_eq!(next[2], "2026-06-01T00:00:00Z");
        assert_eq!(verdict.status["observedGeneration"], 2);

        verdict.standing = Standing::Invalid("spec.mode: no".to_owned());
        let failed = told(&mut verdict, "2026-06-01T00:00:03Z").unwrap();
        assert_eq!(failed, ["False", "Invalid", "2026-06-01T00:00:03Z"]);
        assert_eq!(verdict.status["conditions"][0]["message"], "spec.mode: no");
        assert_eq!(told(&mut verdict, "2026-06-01T00:00:04Z"), None);
    }
}
