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
    rules: Vec<&'static Rule>,
    looks_up: BTreeSet<ViewKind>,
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
        let rules: Vec<_> = rules::ALL.iter().copied().filter(|rule| in_webhook(rule)).collect();
        let mut looks_up: BTreeSet<_> = rules.iter().flat_map(|rule| rule.needs.iter().copied()).collect();
        // Policies may select by the labels of namespaces.
        looks_up.insert(ViewKind::Namespace);
        Self { rules, looks_up }
    }

    /// For the rules that these policies run.
    pub fn of(policies: &PolicySet) -> Self {
        let by_name: BTreeMap<_, _> = policies.rules().map(|rule| (rule.name, rule)).collect();
        Self {
            rules: by_name.into_values().filter(|rule| in_webhook(rule)).collect(),
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
        let rule = |(group, resources)| json!({"apiGroups": [group], "resources": resources, "verbs": ["get", "list", "watch"]});
        resources.into_iter().map(rule).collect()
    }

    /// What the API server is to send in this phase: rules of a webhook.
    pub fn webhook_rules(&self, phase: Phase) -> Vec<Value> {
        let mut operations: BTreeMap<(ObjectKind, &str), BTreeSet<&str>> = BTreeMap::new();
        for rule in &self.rules {
            for (operation, subresource) in asked(rule, phase) {
                for kind in ObjectKind::ALL
                    .into_iter()
                    .filter(|kind| reads(rule, *kind, phase, subresource))
                {
                    operations.entry((kind, subresource)).or_default().insert(operation);
                }
            }
        }
        // Resources that are alike in everything else share a rule.
        let mut resources: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        for ((kind, subresource), operations) in operations {
            let (group, kind) = (kind.group(), kind.as_str());
            let alike = resources.entry((group, versions(group, kind), operations));
            alike
                .or_default()
                .insert(format!("{}{subresource}", plural(group, kind)));
        }
        let rule = |((group, versions, operations), resources)| json!({"apiGroups": [group], "apiVersions": versions, "resources": resources, "operations": operations});
        resources.into_iter().map(rule).collect()
    }
}

/// Whether the rule has anything to do in the webhook.
fn in_webhook(rule: &Rule) -> bool {
    rule.operations != [Operation::Scan] && !matches!(rule.status, Status::Removed { .. })
}

/// The operations and subresources about which the rule must be asked in this phase.
fn asked(rule: &Rule, phase: Phase) -> Vec<(&'static str, &'static str)> {
    let reports = (rule.reports_at == ReportsAt::Mutate) == (phase == Phase::Mutate);
    let fixes = rule.fix == Fix::Sometimes && phase == Phase::Mutate;
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
fn reads(rule: &Rule, kind: ObjectKind, phase: Phase, subresource: &str) -> bool {
    match rule.check {
        // Of claims, only those that are objects can be deleted.
        Check::Claim(_) if phase == Phase::Delete => kind == ObjectKind::PersistentVolumeClaim,
        _ if subresource == SCALE => rule.check.reads(kind) && SCALED.contains(&kind),
        _ => rule.check.reads(kind),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::policy::compile;

    /// What is asked in a phase for one rule alone: `OPERATION resource`.
    fn asked_for(rule: &str, phase: Phase) -> Vec<String> {
        let rules = vec![rules::find(rule).unwrap()];
        let scope = Scope {
            rules,
            looks_up: BTreeSet::new(),
        };
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
    fn every_look_up_of_every_policy_is_allowed() {
        let everything = Scope::everything();
        for rule in rules::ALL.iter() {
            let spec = serde_json::json!({"rules": [{"name": rule.name, "action": "Warn"}]});
            let policy = compile("p", &serde_json::from_value(spec).unwrap(), &rules::ALL).unwrap();
            let narrow = Scope::of(&PolicySet::new(vec![policy]));
            assert!(narrow.looks_up().is_subset(everything.looks_up()), "{}", rule.name);
        }
        // Nothing that only `scan` reads.
        assert!(!everything.looks_up().contains(&ViewKind::PodDisruptionBudget));
    }
}
