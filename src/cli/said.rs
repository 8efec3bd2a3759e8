//! What `volguard serve` says of what is in force, each thing once.

use crate::cluster::view::ViewKind;
use crate::model::words::listed;
use crate::own::{Assembly, Effect, Verdict};
use crate::policy::{CompiledPolicy, Mode};
use crate::telemetry::Metrics;
use std::collections::BTreeMap;

/// What was said last.
#[derive(Default)]
pub(super) struct Said {
    in_force: String,
    problems: BTreeMap<(ViewKind, String), String>,
}

impl Said {
    /// Counts what is in force from now on, and says it and what is wrong where it is not what was said last.
    pub(super) fn tell(&mut self, metrics: &Metrics, assembly: &Assembly) {
        self.problems(&assembly.verdicts);
        self.in_force(assembly);
        let policies = assembly.criteria.policies.policies();
        let in_mode = |mode| policies.iter().filter(|policy| policy.mode == mode).count();
        metrics.set_policies("enforce", in_mode(Mode::Enforce));
        metrics.set_policies("audit", in_mode(Mode::Audit));
        metrics.set_policies("invalid", assembly.invalid_policies().count());
    }

    fn in_force(&mut self, assembly: &Assembly) {
        let policies = &assembly.criteria.policies;
        let summary = if assembly.is_default {
            let why = match assembly.invalid_policies().next() {
                None => "there is no policy".to_owned(),
                Some(name) => format!("StoragePolicy {name} is invalid, and no version before it is known"),
            };
            format!("{why}: profile Recommended in mode Audit; nothing is denied, warned or changed")
        } else {
            let each = |policy: &CompiledPolicy| {
                let (profile, mode) = (policy.profile.as_str(), policy.mode.as_str());
                format!("{} ({profile}, {mode})", policy.name)
            };
            let names: Vec<_> = policies.policies().iter().map(each).collect();
            format!("in force: {policies}: {}", listed(names.iter().map(String::as_str), 10))
        };
        if self.in_force == summary {
            return;
        }
        if assembly.is_default {
            tracing::warn!("{summary}");
        } else {
            tracing::info!("{summary}");
        }
        self.in_force = summary;
    }

    /// Says what is wrong with an object.
    fn problems(&mut self, verdicts: &[Verdict]) {
        let mut problems = BTreeMap::new();
        for Verdict { kind, name, effect, .. } in verdicts {
            let Effect::Invalid(problem) = effect else { continue };
            let key = (*kind, name.clone());
            if self.problems.get(&key) != Some(problem) {
                tracing::error!(
                    problem,
                    "{} {name} is invalid; a version before it stays in force, if this replica knows one",
                    kind.as_str()
                );
            }
            problems.insert(key, problem.clone());
        }
        self.problems = problems;
    }
}
