//! The policies in force, and the exceptions from them.

use super::compiled::CompiledPolicy;
use super::exception::{CompiledException, Exceptions};
use super::load::PolicyFiles;
use super::types::Mode;
use crate::cluster::view::ViewKind;
use crate::engine::{Operation, Profile, Rule, Skip, SkipReason};
use std::collections::BTreeSet;
use std::fmt;

/// The policies in force, by name, and the exceptions from them.
#[derive(Debug, Clone, Default)]
pub struct PolicySet {
    policies: Vec<CompiledPolicy>,
    exceptions: Exceptions,
}

impl From<PolicyFiles> for PolicySet {
    fn from(files: PolicyFiles) -> Self {
        Self::new(files.policies).with_exceptions(files.exceptions)
    }
}

impl PolicySet {
    /// These policies, whatever their order, and no exceptions.
    pub fn new(mut policies: Vec<CompiledPolicy>) -> Self {
        policies.sort_by(|a, b| a.name.cmp(&b.name));
        Self {
            policies,
            exceptions: Exceptions::default(),
        }
    }

    /// With these exceptions, in place of those it had.
    #[must_use]
    pub fn with_exceptions(mut self, exceptions: Vec<CompiledException>) -> Self {
        self.exceptions = Exceptions::new(exceptions);
        self
    }

    /// What is in force where nobody has made a policy: profile Recommended in mode Audit.
    pub fn default_audit(rules: &[&'static Rule]) -> Self {
        let policy = CompiledPolicy::from_profile("default", Profile::Recommended, Mode::Audit, rules);
        Self::new(vec![policy])
    }

    /// The policies, sorted by name.
    pub fn policies(&self) -> &[CompiledPolicy] {
        &self.policies
    }

    /// The exceptions from the policies.
    pub fn exceptions(&self) -> &Exceptions {
        &self.exceptions
    }

    /// Lets every policy behave as mode Audit.
    pub fn audit_only(&mut self) {
        for policy in &mut self.policies {
            policy.mode = Mode::Audit;
        }
    }

    /// The kinds that must be watched for these policies and their rules in the webhook.
    pub fn needs(&self) -> BTreeSet<ViewKind> {
        let rules = || self.rules().filter(|rule| rule.operations != [Operation::Scan]);
        let mut kinds: BTreeSet<_> = rules().flat_map(|rule| rule.needs.iter().copied()).collect();
        // What goes with a namespace that ends is let through.
        let judges_deletes = rules().any(|rule| rule.operations.contains(&Operation::Delete));
        if judges_deletes || self.policies.iter().any(CompiledPolicy::selects_namespaces) {
            kinds.insert(ViewKind::Namespace);
        }
        kinds
    }

    /// Every rule that runs for some policy, as often as it does.
    pub fn rules(&self) -> impl Iterator<Item = &'static Rule> {
        self.policies
            .iter()
            .flat_map(|policy| &policy.rules)
            .map(|rule| rule.rule)
    }

    /// Every rule that judges the operation, skipped for this reason.
    pub fn skip_all(&self, operation: Operation, reason: SkipReason, detail: &str) -> Vec<Skip> {
        let judging = self.rules().filter(|rule| rule.operations.contains(&operation));
        let skip = |rule| Skip {
            rule,
            reason,
            detail: detail.to_owned(),
        };
        judging
            .map(|rule| rule.name)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .map(skip)
            .collect()
    }

    /// How many different rules run.
    pub fn rule_count(&self) -> usize {
        self.rules().map(|rule| rule.name).collect::<BTreeSet<_>>().len()
    }

    /// The mode of all policies in a word: `Enforce`, `Audit`, or `mixed`.
    pub fn mode(&self) -> &'static str {
        let mut modes = self.policies.iter().map(|policy| policy.mode);
        match modes.next() {
            None => Mode::Audit.as_str(),
            Some(first) if modes.all(|mode| mode == first) => first.as_str(),
            Some(_) => "mixed",
        }
    }
}

impl fmt::Display for PolicySet {
    /// `policies: 2, rules: 96, mode: Enforce`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (policies, rules) = (self.policies.len(), self.rule_count());
        write!(f, "policies: {policies}, rules: {rules}, mode: {}", self.mode())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::policy::compile;
    use crate::policy::compiled::tests::RULES;
    use serde_json::{Value, json};

    fn policy(name: &str, spec: Value) -> CompiledPolicy {
        compile(name, &serde_json::from_value(spec).unwrap(), RULES).unwrap()
    }

    #[test]
    fn policies_stand_by_name_and_modes_are_told() {
        let mut set = PolicySet::new(vec![
            policy("b", json!({})),
            policy("a", json!({"mode": "Audit", "profile": "Baseline"})),
        ]);
        let names: Vec<_> = set.policies().iter().map(|policy| policy.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!((set.mode(), set.rule_count()), ("mixed", 3));
        set.audit_only();
        assert_eq!(set.mode(), "Audit");
        assert_eq!(PolicySet::new(vec![policy("a", json!({}))]).mode(), "Enforce");
        let default = PolicySet::default_audit(RULES);
        assert_eq!((default.mode(), default.policies().len()), ("Audit", 1));
        assert_eq!(default.policies()[0].profile, Profile::Recommended);
    }

    #[test]
    fn needs_are_those_of_the_rules_that_run() {
        let needs = |spec| {
            PolicySet::new(vec![policy("a", spec)])
                .needs()
                .into_iter()
                .collect::<Vec<_>>()
        };
        assert_eq!(needs(json!({})), [ViewKind::StorageClass, ViewKind::Node]);
        assert_eq!(needs(json!({"profile": "Baseline"})), [ViewKind::Node]);
        let guests = json!([{"name": "too-many-guests", "action": "Warn"}]);
        let kinds = needs(json!({"profile": "Baseline", "rules": guests}));
        assert_eq!(kinds, [ViewKind::Node, ViewKind::Service]);
        let by_label = json!({"namespaceSelector": {"matchLabels": {"a": "b"}}});
        let kinds = needs(json!({"profile": "Baseline", "match": by_label}));
        assert_eq!(kinds, [ViewKind::Node, ViewKind::Namespace]);
        let all = json!({"namespaceSelector": {}, "objectSelector": {"matchLabels": {"a": "b"}}});
        assert_eq!(needs(json!({"profile": "Baseline", "match": all})), [ViewKind::Node]);
    }
}
