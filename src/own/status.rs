//! What volguard writes into the status of its own objects.

use super::{Effect, Verdict};
use crate::model::object::text;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The status that an object is to have, as a merge patch; `None` where it says all of it already.
pub(super) fn patch(verdict: &Verdict, now: Timestamp) -> Option<Value> {
    let (holds, reason, message) = match &verdict.effect {
        Effect::InForce => ("True", "InForce", "in force as it stands".to_owned()),
        Effect::Expired(expires) => ("False", "Expired", format!("expired at {expires} and no longer counts")),
        Effect::Invalid(problem) => (
            "False",
            "Invalid",
            format!("{problem}; replicas that know an earlier version keep it in force until they end"),
        ),
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
pub(super) fn written_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
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
            effect: Effect::InForce,
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

        verdict.effect = Effect::Invalid("spec.mode: no".to_owned());
        let failed = told(&mut verdict, "2026-06-01T00:00:03Z").unwrap();
        assert_eq!(failed, ["False", "Invalid", "2026-06-01T00:00:03Z"]);
        let message = verdict.status["conditions"][0]["message"].as_str().unwrap();
        assert!(
            message.starts_with("spec.mode: no; replicas that know an earlier version"),
            "{message}"
        );
        assert_eq!(told(&mut verdict, "2026-06-01T00:00:04Z"), None);
    }
}
