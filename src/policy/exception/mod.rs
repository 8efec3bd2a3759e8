//! Exceptions: findings that somebody accepts, for a reason and until a time.
//!
//! One function decides for all three doors whether a finding is excepted, and by which exception: [`Exceptions::find`].

mod compiled;
mod types;

pub use compiled::{CompiledException, ExceptionTarget, compile_exception, judge_exception};
use jiff::Timestamp;
use std::collections::BTreeMap;
pub use types::{ExceptionMatch, StorageException, StorageExceptionSpec, StorageExceptionStatus};

/// The exceptions, by name; expired ones are among them, and never found.
#[derive(Debug, Clone, Default)]
pub struct Exceptions {
    all: Vec<CompiledException>,
    /// Of each rule that has any, the indices of its exceptions.
    by_rule: BTreeMap<&'static str, Vec<usize>>,
}

impl Exceptions {
    /// These exceptions, whatever their order.
    pub fn new(mut all: Vec<CompiledException>) -> Self {
        all.sort_by(|a, b| a.name.cmp(&b.name));
        let mut by_rule: BTreeMap<&'static str, Vec<usize>> = BTreeMap::new();
        for (index, exception) in all.iter().enumerate() {
            for rule in &exception.rules {
                by_rule.entry(rule).or_default().push(index);
            }
        }
        Self { all, by_rule }
    }

    /// The exceptions, sorted by name.
    pub fn all(&self) -> &[CompiledException] {
        &self.all
    }

    /// The exception that sets aside what a rule finds in an object at this time, the first by name if there are several.
    pub fn find(&self, rule: &str, object: &ExceptionTarget<'_>, now: Timestamp) -> Option<&CompiledException> {
        let indices = self.by_rule.get(rule)?;
        let mut exceptions = indices.iter().filter_map(|&index| self.all.get(index));
        exceptions.find(|exception| !exception.is_expired(now) && exception.matches(object))
    }

    /// Whether an exception of this name is an object of the cluster.
    pub fn has_object(&self, name: &str) -> bool {
        let from = self.all.partition_point(|exception| exception.name.as_str() < name);
        let mut named = self.all[from..].iter().take_while(|exception| exception.name == name);
        named.any(|exception| exception.is_object)
    }

    /// Those that no longer count.
    pub fn expired(&self, now: Timestamp) -> impl Iterator<Item = &CompiledException> {
        self.all.iter().filter(move |exception| exception.is_expired(now))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::model::ObjectKind;
    use crate::policy::compiled::tests::RULES;
    use serde_json::{Value, json};

    fn exception(name: &str, change: &Value) -> CompiledException {
        let mut spec = json!({"rules": ["open-door"], "match": {"namespaces": ["*"]}, "reason": "agreed"});
        json_patch::merge(&mut spec, change);
        compile_exception(name, &serde_json::from_value(spec).unwrap(), RULES).unwrap()
    }

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    const CLAIM: ExceptionTarget<'_> = ExceptionTarget {
        kind: ObjectKind::PersistentVolumeClaim,
        namespace: "shop",
        name: "data",
        labels: None,
    };
    const NOW: &str = "2026-06-01T00:00:00Z";

    #[test]
    fn every_condition_that_is_given_must_hold() {
        let set = ExceptionTarget {
            kind: ObjectKind::StatefulSet,
            ..CLAIM
        };
        let unnamed = ExceptionTarget { name: "", ..CLAIM };
        let class = ExceptionTarget {
            kind: ObjectKind::StorageClass,
            namespace: "",
            ..CLAIM
        };
        let labels = json!({"tier": "db"});
        let labelled = ExceptionTarget {
            labels: labels.as_object(),
            ..CLAIM
        };
        let by_tier = json!({"objectSelector": {"matchLabels": {"tier": "db"}}});
        let but_tier = json!({"objectSelector": {"matchExpressions": [
            {"key": "tier", "operator": "NotIn", "values": ["db"]}]}});
        for (matches, object, expected) in [
            (json!({"kinds": ["PersistentVolumeClaim"]}), CLAIM, true),
            (json!({"kinds": ["StorageClass", "PersistentVolumeClaim"]}), CLAIM, true),
            (json!({"kinds": ["PersistentVolumeClaim"]}), set, false),
            (json!({"kinds": ["StorageClass"]}), class, true),
            (json!({"namespaces": ["shop"]}), CLAIM, true),
            (json!({"namespaces": ["shop"]}), set, true),
            (json!({"namespaces": ["web", "sh*"]}), CLAIM, true),
            (json!({"namespaces": ["shop-*"]}), CLAIM, false),
            (json!({"namespaces": ["*"]}), CLAIM, true),
            (json!({"namespaces": ["*"]}), class, false),
            (json!({"namespaces": [""]}), class, false),
            (json!({"names": ["data"]}), class, true),
            (json!({"names": ["d*a"]}), CLAIM, true),
            (json!({"names": ["data-*"]}), CLAIM, false),
            (json!({"names": ["*"]}), unnamed, false),
            (json!({"names": [""]}), unnamed, false),
            (json!({"namespaces": ["shop"]}), unnamed, true),
            (json!({"names": ["data"], "namespaces": ["web"]}), CLAIM, false),
            (json!({"names": ["data"], "namespaces": ["shop"]}), CLAIM, true),
            (by_tier.clone(), CLAIM, false),
            (by_tier, labelled, true),
            (but_tier.clone(), CLAIM, true),
            (but_tier, labelled, false),
        ] {
            let mut spec = json!({"match": matches});
            if matches.get("namespaces").is_none() {
                spec["match"]["namespaces"] = Value::Null;
            }
            let exceptions = Exceptions::new(vec![exception("e", &spec)]);
            let found = exceptions.find("open-door", &object, at(NOW)).is_some();
            assert_eq!(found, expected, "{matches} {object:?}");
        }
    }

    #[test]
    fn an_exception_counts_until_the_moment_that_it_expires() {
        let exceptions = |expires: &str| Exceptions::new(vec![exception("e", &json!({"expires": expires}))]);
        for (expires, now, counts) in [
            ("2026-06-01T00:00:01Z", NOW, true),
            ("2026-06-01T00:00:00Z", NOW, false),
            ("2026-05-31T23:59:59.5Z", NOW, false),
            ("2026-06-01T02:00:00+02:00", NOW, false),
            ("2026-06-01T02:00:00+02:00", "2026-05-31T23:59:59Z", true),
        ] {
            let exceptions = exceptions(expires);
            let found = exceptions.find("open-door", &CLAIM, at(now)).is_some();
            let expired = exceptions.expired(at(now)).count() == 1;
            assert_eq!((found, expired), (counts, !counts), "{expires} at {now}");
        }
        let forever = Exceptions::new(vec![exception("e", &json!({}))]);
        assert!(forever.find("open-door", &CLAIM, Timestamp::MAX).is_some());
    }

    #[test]
    fn the_first_by_name_that_counts_is_found_by_any_of_its_rules() {
        let exceptions = Exceptions::new(vec![
            exception("c", &json!({})),
            exception("b", &json!({"rules": ["draught", "open-window", "open-door"]})),
            exception("a", &json!({"expires": "2026-01-01T00:00:00Z"})),
        ]);
        let found = |rule| exceptions.find(rule, &CLAIM, at(NOW)).map(|e| e.name.as_str());
        assert_eq!(found("open-door"), Some("b"));
        assert_eq!(
            found("open-window"),
            Some("b"),
            "a rule's former name stands for the rule"
        );
        assert_eq!(found("loud-music"), None);
        let names: Vec<_> = exceptions.all().iter().map(|e| e.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(exceptions.all()[1].rules, ["open-window", "open-door"]);
    }
}
