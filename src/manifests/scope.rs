//! What the API server must send and may show, so that rules can be run: told by the rules themselves.

use crate::cluster::api::{plural, versions};
use crate::cluster::view::ViewKind;
use crate::engine::{Check, Fix, Operation, ReportsAt, Rule, Status};
use crate::model::ObjectKind;
use crate::policy::PolicySet;
use crate::rules;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The subresource through which replicas are changed.
const SCALE: &str = "/scale";

/// The kinds whose scale subresource volguard understands.
const SCALED: [ObjectKind; 2] = [ObjectKind::StatefulSet, ObjectKind::Deployment];

/// What rules judge and look up.
#[derive(Debug, Clone)]
pub struct Scope {
    rules: Vec<Asking>,
    looks_up: BTreeSet<ViewKind>,
}

/// A rule for which requests are sent.
#[derive(Debug, Clone, Copy)]
struct Asking {
    rule: &'static Rule,
    /// Whether its fix may be applied.
    fixes: bool,
}

/// When the API server asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Before an object is stored, when it may be changed.
    Mutate,
    /// Before an object is stored, when it will not change any more.
    Validate,
    /// Before an object is deleted.
    Delete,
}

impl Scope {
    /// For every rule of the catalogue, whatever policies there will be.
    pub fn everything() -> Self {
        let rules = rules::ALL.iter().copied().filter(|rule| in_webhook(rule));
        let mut looks_up: BTreeSet<_> = rules.clone().flat_map(|rule| rule.needs.iter().copied()).collect();
        // Policies may select by the labels of namespaces.
        looks_up.insert(ViewKind::Namespace);
        let fixing = |rule: &'static Rule| Asking {
            rule,
            fixes: rule.fix == Fix::Sometimes,
        };
        Self {
            rules: rules.map(fixing).collect(),
            looks_up,
        }
    }

    /// For the rules that these policies run, and the fixes that they apply.
    pub fn of(policies: &PolicySet) -> Self {
        let mut rules: BTreeMap<&str, Asking> = BTreeMap::new();
        for compiled in policies.policies().iter().flat_map(|policy| &policy.rules) {
            let rule = compiled.rule;
            let asking = rules.entry(rule.name).or_insert(Asking { rule, fixes: false });
            asking.fixes |= compiled.mutate;
        }
        Self {
            rules: rules.into_values().filter(|asking| in_webhook(asking.rule)).collect(),
            looks_up: policies.needs(),
        }
    }

    /// The kinds that rules look up.
    pub fn looks_up(&self) -> &BTreeSet<ViewKind> {
        &self.looks_up
    }

    /// The permissions to look up what rules look up: rules of a ClusterRole.
    pub fn look_ups(&self) -> Vec<Value> {
        let mut resources: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for kind in &self.looks_up {
            let of_group = resources.entry(kind.group()).or_default();
            of_group.insert(plural(kind.group(), kind.as_str()));
        }
        let rule = |(group, resources)| {
            json!({
                "apiGroups": [group],
                "resources": resources,
                "verbs": ["list", "watch"],
            })
        };
        resources.into_iter().map(rule).collect()
    }

    /// What the API server is to send in this phase: rules of a webhook.
    pub fn webhook_rules(&self, phase: Phase) -> Vec<Value> {
        let mut operations: BTreeMap<(ObjectKind, &str), BTreeSet<&str>> = BTreeMap::new();
        for asking in &self.rules {
            for (operation, subresource) in asking.operations(phase) {
                for kind in ObjectKind::ALL {
                    if asking.reads(kind, phase, subresource) {
                        operations.entry((kind, subresource)).or_default().insert(operation);
                    }
                }
            }
        }
        // Resources that are alike in everything else share a rule.
        let mut resources: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        for ((kind, subresource), operations) in operations {
            let (group, kind) = (kind.group(), kind.as_str());
            let alike = resources.entry((group, versions(group, kind), operations));
            let resource = plural(group, kind) + subresource;
            alike.or_default().insert(resource);
        }
        let rule = |((group, versions, operations), resources)| {
            json!({
                "apiGroups": [group],
                "apiVersions": versions,
                "operations": operations,
                "resources": resources,
            })
        };
        resources.into_iter().map(rule).collect()
    }
}

impl Asking {
    /// The operations and subresources about which the rule must be asked in this phase.
    fn operations(self, phase: Phase) -> Vec<(&'static str, &'static str)> {
        let Self { rule, fixes } = self;
        let reports = (rule.reports_at == ReportsAt::Mutate) == (phase == Phase::Mutate);
        let fixes = fixes && phase == Phase::Mutate;
        let mut asked = Vec::new();
        for operation in rule.operations {
            match operation {
                Operation::Create if (reports || fixes) && phase != Phase::Delete => asked.push(("CREATE", "")),
                Operation::Update if reports && phase != Phase::Delete => asked.push(("UPDATE", "")),
                Operation::Scale if reports && phase != Phase::Delete => asked.push(("UPDATE", SCALE)),
                Operation::Delete if phase == Phase::Delete => asked.push(("DELETE", "")),
                _ => {}
            }
        }
        if fixes && matches!(rule.check, Check::Class(_)) {
            // What a fix has set in an immutable field of a class is carried forward.
            asked.push(("UPDATE", ""));
        }
        asked
    }

    /// Whether the rule reads objects of the kind when it is asked so.
    fn reads(self, kind: ObjectKind, phase: Phase, subresource: &str) -> bool {
        match self.rule.check {
            // Of claims, only those that are objects can be deleted.
            Check::Claim(_) if phase == Phase::Delete => kind == ObjectKind::PersistentVolumeClaim,
            _ if subresource == SCALE => self.rule.check.reads(kind) && SCALED.contains(&kind),
            _ => self.rule.check.reads(kind),
        }
    }
}

/// Whether the rule has anything to do in the webhook.
fn in_webhook(rule: &Rule) -> bool {
    rule.operations != [Operation::Scan] && !matches!(rule.status, Status::Removed { .. })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::policy::compile;

    /// What is asked in a phase for one rule alone: `OPERATION resource`.
    fn asked_for(rule: &str, phase: Phase) -> Vec<String> {
        let rule = rules::find(rule).unwrap();
        let mut scope = Scope::everything();
        scope.rules.retain(|asking| asking.rule.name == rule.name);
        let strings = |value: &Value| -> Vec<String> {
            let values = value.as_array().unwrap().iter();
            values.map(|value| value.as_str().unwrap().to_owned()).collect()
        };
        let mut asked = Vec::new();
        for rule in scope.webhook_rules(phase) {
            for operation in strings(&rule["operations"]) {
                let resources = strings(&rule["resources"]);
                asked.extend(resources.iter().map(|resource| format!("{operation} {resource}")));
            }
        }
        asked
    }

    #[test]
    fn a_rule_has_the_requests_sent_that_it_judges() {
        for (rule, phase, expected) in [
            (
                "quota-for-unknown-class",
                Phase::Validate,
                vec!["CREATE resourcequotas", "UPDATE resourcequotas"],
            ),
            ("quota-for-unknown-class", Phase::Mutate, vec![]),
            (
                "claims-left-by-scale-down",
                Phase::Validate,
                vec!["UPDATE statefulsets", "UPDATE statefulsets/scale"],
            ),
            // It speaks before the API server refuses the update itself.
            ("claim-template-changed", Phase::Mutate, vec!["UPDATE statefulsets"]),
            ("claim-template-changed", Phase::Validate, vec![]),
            // Its fix is sent at one endpoint, its findings at the other; what it has fixed stays fixed.
            (
                "reclaim-delete",
                Phase::Mutate,
                vec!["CREATE storageclasses", "UPDATE storageclasses"],
            ),
            (
                "reclaim-delete",
                Phase::Validate,
                vec!["CREATE storageclasses", "UPDATE storageclasses"],
            ),
            ("missing-zone-spread", Phase::Mutate, vec!["CREATE statefulsets"]),
            (
                "protected-claim-deleted",
                Phase::Delete,
                vec!["DELETE persistentvolumeclaims"],
            ),
            ("protected-claim-deleted", Phase::Validate, vec![]),
            ("force-deleted-pod", Phase::Delete, vec!["DELETE pods"]),
            ("orphaned-claim", Phase::Validate, vec![]),
        ] {
            assert_eq!(asked_for(rule, phase), expected, "{rule} {phase:?}");
        }
        let claims = asked_for("unsupported-access-mode", Phase::Validate);
        for resource in ["persistentvolumeclaims", "statefulsets", "cronjobs", "pods"] {
            assert!(claims.contains(&format!("CREATE {resource}")), "{claims:?}");
        }
    }

    fn policy(changes: &Value) -> Scope {
        let spec = serde_json::json!({"rules": changes});
        let policy = compile("p", &serde_json::from_value(spec).unwrap(), &rules::ALL).unwrap();
        Scope::of(&PolicySet::new(vec![policy]))
    }

    #[test]
    fn without_fixes_only_what_reports_before_storing_is_sent_there() {
        let off = |rule: &&'static Rule| serde_json::json!({"name": rule.name, "mutate": false});
        let fixing: Vec<_> = rules::ALL
            .iter()
            .filter(|rule| rule.fix == Fix::Sometimes)
            .map(off)
            .collect();
        let sent = |changes| serde_json::to_string(&policy(&changes).webhook_rules(Phase::Mutate)).unwrap();
        assert!(sent(serde_json::json!([])).contains("storageclasses"));
        let narrow = sent(serde_json::json!(fixing));
        assert!(
            !narrow.contains("storageclasses") && narrow.contains("statefulsets"),
            "{narrow}"
        );
    }

    #[test]
    fn every_rule_of_the_webhook_is_asked_somewhere() {
        for rule in rules::ALL.iter().filter(|rule| in_webhook(rule)) {
            let phases = [Phase::Mutate, Phase::Validate, Phase::Delete];
            assert!(
                phases.into_iter().any(|phase| !asked_for(rule.name, phase).is_empty()),
                "{}",
                rule.name
            );
        }
    }

    #[test]
    fn a_rule_that_judges_a_scale_looks_up_what_is_scaled() {
        for rule in rules::ALL
            .iter()
            .filter(|rule| rule.operations.contains(&Operation::Scale))
        {
            for (scaled, view) in [
                (ObjectKind::StatefulSet, ViewKind::StatefulSet),
                (ObjectKind::Deployment, ViewKind::Deployment),
            ] {
                let looks_up = rule.needs.contains(&view);
                assert!(looks_up || !rule.check.reads(scaled), "{} {scaled:?}", rule.name);
            }
        }
    }

    #[test]
    fn every_look_up_of_every_policy_is_allowed() {
        let everything = Scope::everything();
        for rule in rules::ALL.iter() {
            let narrow = policy(&serde_json::json!([{"name": rule.name, "action": "Warn"}]));
            assert!(narrow.looks_up().is_subset(everything.looks_up()), "{}", rule.name);
        }
        // Nothing that only `scan` reads.
        assert!(!everything.looks_up().contains(&ViewKind::PodDisruptionBudget));
    }
}
