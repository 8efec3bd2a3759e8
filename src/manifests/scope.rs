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
