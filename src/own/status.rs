//! What volguard writes into the status of its own objects.

use super::Verdict;
use crate::cluster::api::resource;
use crate::model::object::text;
use crate::model::words::with_causes;
use jiff::Timestamp;
use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::watch;

/// How long after a failure a status is written again.
const RETRY: Duration = Duration::from_secs(10);

/// The status that an object is to have, as a merge patch; `None` where it says all of it already.
pub fn patch(verdict: &Verdict, now: Timestamp) -> Option<Value> {
    let (holds, reason, message) = match &verdict.problem {
        None => ("True", "InForce", "in force as it stands"),
        Some(problem) => ("False", "Invalid", problem.as_str()),
    };
    let generation = verdict.generation;
    let before = verdict.status.pointer("/conditions/0").unwrap_or(&Value::Null);
    let same = |key: &str, value: &str| text(before, &[key]) == Some(value);
    let has_transition = !same("status", holds);
    let is_told = same("type", "Ready")
        && !has_transition
        && same("reason", reason)
        && same("message", message)
        && verdict.status.get("observedGeneration").and_then(Value::as_i64) == generation;
    if is_told {
        return None;
    }
    let since = text(before, &["lastTransitionTime"]).filter(|_| !has_transition);
    let since = since.map_or_else(|| now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), str::to_owned);
    let ready = json!({
        "type": "Ready", "status": holds, "reason": reason, "message": message,
        "lastTransitionTime": since, "observedGeneration": generation,
    });
    Some(json!({"status": {"conditions": [ready], "observedGeneration": generation}}))
}

/// Writes the statuses that are sent until the sender is gone. What cannot be written is tried again, and said once.
pub async fn write(client: Client, mut verdicts: watch::Receiver<Vec<Verdict>>) {
    let mut is_reported = false;
    loop {
        let all = verdicts.borrow_and_update().clone();
        let mut failure = None;
        for verdict in &all {
            if let Some(patch) = patch(verdict, Timestamp::now())
                && let Err(error) = send(&client, verdict, &patch).await
            {
                failure = Some(error);
            }
        }
        if let (Some(error), false) = (&failure, is_reported) {
            tracing::warn!(
                error = with_causes(error),
                "cannot write the status of volguard's own objects; allow patch of storagepolicies/status and \
                 storagedrivers/status in API group volguard.dev in the ClusterRole of volguard's ServiceAccount"
            );
        }
        is_reported = failure.is_some();
        let change = verdicts.changed();
        let changed = match failure {
            None => change.await,
            Some(_) => tokio::time::timeout(RETRY, change).await.unwrap_or(Ok(())),
        };
        if changed.is_err() {
            return;
        }
    }
}

async fn send(client: &Client, verdict: &Verdict, patch: &Value) -> Result<(), kube::Error> {
    let kind = verdict.kind;
    let resource = resource(kind.group(), kind.as_str(), 0);
    let api = Api::<DynamicObject>::all_with(client.clone(), &resource);
    match api
        .patch_status(&verdict.name, &PatchParams::default(), &Patch::Merge(patch))
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
    use crate::cluster::view::ViewKind;

    #[test]
    fn a_status_is_written_once_and_keeps_the_time_of_the_last_transition() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut verdict = Verdict {
            kind: ViewKind::StoragePolicy,
            name: "a".to_owned(),
            generation: Some(1),
            problem: None,
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

        verdict.problem = Some("spec.mode: no".to_owned());
        let failed = told(&mut verdict, "2026-06-01T00:00:03Z").unwrap();
        assert_eq!(failed, ["False", "Invalid", "2026-06-01T00:00:03Z"]);
        assert_eq!(verdict.status["conditions"][0]["message"], "spec.mode: no");
        assert_eq!(told(&mut verdict, "2026-06-01T00:00:04Z"), None);
    }
}
