//! The criteria of files and of the cluster's objects together.

use super::{Own, judge};
use crate::cluster::view::{View, ViewKind};
use crate::drivers::{Driver, Drivers, described_twice};
use crate::engine::Rule;
use crate::model::Meta;
use crate::policy::{Criteria, PolicyFiles, PolicySet};
use crate::resources::Problem;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Puts together what reviews are judged by: what files give, and the objects of the cluster beside it. Of an object that
/// has become invalid the last good version stays in force.
#[derive(Debug)]
pub struct Assembler {
    rules: &'static [&'static Rule],
    files: PolicyFiles,
    drivers: Arc<Drivers>,
    audit_only: bool,
    known: BTreeMap<(ViewKind, String), Known>,
}

/// What is known of one object.
#[derive(Debug)]
struct Known {
    spec: Value,
    in_force: Option<Own>,
    problems: Vec<Problem>,
}

/// Whether an object has effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It is, as it stands.
    InForce,
    /// It is an exception that no longer counts.
    Expired(Timestamp),
    /// It is not, or an earlier version of it is; all that is wrong, for people. It says nothing of the earlier version: a
    /// replica that was started later does not know it, and both write the same status.
    Invalid(String),
}

/// How an object fares.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Its kind.
    pub kind: ViewKind,
    /// Its name.
    pub name: String,
    /// Its `metadata.generation`.
    pub generation: Option<i64>,
    /// Whether it is in force.
    pub effect: Effect,
    /// Its status as it stands.
    pub status: Value,
}

/// What came of putting things together.
#[derive(Debug)]
pub struct Assembly {
    /// What reviews are judged by from now on.
    pub criteria: Arc<Criteria>,
    /// How each object fares, by kind and name.
    pub verdicts: Vec<Verdict>,
    /// Whether there is no policy at all, so that the default one is in force.
    pub is_default: bool,
    /// When the next exception expires: from then on fewer findings are set aside.
    pub next_expiry: Option<Timestamp>,
}

impl Assembly {
    /// The names of the StoragePolicies that are invalid.
    pub fn invalid_policies(&self) -> impl Iterator<Item = &str> {
        let is_invalid = |verdict: &&Verdict| {
            verdict.kind == ViewKind::StoragePolicy && matches!(verdict.effect, Effect::Invalid(_))
        };
        let invalid = self.verdicts.iter().filter(is_invalid);
        invalid.map(|verdict| verdict.name.as_str())
    }
}

impl Assembler {
    /// Starts with what files hold and with what is known of drivers without the cluster. With `audit_only` every policy
    /// behaves as in mode Audit, those of the cluster too.
    pub fn new(rules: &'static [&'static Rule], files: PolicyFiles, drivers: Arc<Drivers>, audit_only: bool) -> Self {
        Self {
            rules,
            files,
            drivers,
            audit_only,
            known: BTreeMap::new(),
        }
    }

    /// The criteria with the objects in `view`, and how they fare at this time. A policy of a file and one of the cluster may
    /// have one name: both are in force.
    pub fn assemble(&mut self, view: &View, now: Timestamp) -> Assembly {
        let rows: Vec<_> = ViewKind::OWN
            .into_iter()
            .flat_map(|kind| view.rows(kind).map(move |row| (kind, row)))
            .collect();
        let there: BTreeSet<_> = rows.iter().map(|&(kind, row)| (kind, Meta::of(row).name())).collect();
        // Where the kind can no longer be read, nobody can say that what was in force is gone.
        self.known
            .retain(|(kind, name), _| !view.is_complete(*kind) || there.contains(&(*kind, name.as_str())));
        for &(kind, row) in &rows {
            self.take(kind, row);
        }
        let (files, drivers, clashes) = self.in_force();
        let is_default = files.policies.is_empty();
        let mut policies = if is_default {
            PolicySet::default_audit(self.rules).with_exceptions(files.exceptions)
        } else {
            PolicySet::from(files)
        };
        if self.audit_only {
            policies.audit_only();
        }
        let exceptions = policies.exceptions().all().iter();
        let expiries = exceptions.filter_map(|exception| exception.expires);
        Assembly {
            next_expiry: expiries.filter(|expires| *expires > now).min(),
            verdicts: rows
                .iter()
                .filter_map(|&(kind, row)| self.verdict(kind, row, &clashes, now))
                .collect(),
            criteria: Arc::new(Criteria { policies, drivers }),
            is_default,
        }
    }

    /// Judges an object, unless it is as it was.
    fn take(&mut self, kind: ViewKind, row: &Value) {
        let name = Meta::of(row).name();
        let spec = row.get("spec").unwrap_or(&Value::Null);
        let key = (kind, name.to_owned());
        if self.known.get(&key).is_some_and(|known| known.spec == *spec) {
            return;
        }
        let Some(judged) = judge(kind, name, row, self.rules) else {
            return;
        };
        let (in_force, problems) = match judged {
            Ok(own) => (Some(own), Vec::new()),
            Err(problems) => (self.known.remove(&key).and_then(|before| before.in_force), problems),
        };
        let known = Known {
            spec: spec.clone(),
            in_force,
            problems,
        };
        self.known.insert(key, known);
    }

    /// The policies, exceptions and drivers in force, and the StorageDrivers that are not, because another one describes
    /// their driver: the first by name does.
    fn in_force(&self) -> (PolicyFiles, Arc<Drivers>, BTreeMap<&str, String>) {
        let mut all = self.files.clone();
        let mut drivers: Vec<Driver> = Vec::new();
        let mut describing: BTreeMap<&str, &str> = BTreeMap::new();
        let mut clashes = BTreeMap::new();
        for ((_, name), known) in &self.known {
            match &known.in_force {
                Some(Own::Policy(policy)) => all.policies.push((**policy).clone()),
                Some(Own::Exception(exception)) => all.exceptions.push((**exception).clone()),
                Some(Own::Driver(driver)) => {
                    if let Some(first) = describing.get(driver.name()) {
                        clashes.insert(name.as_str(), described_twice(first, driver.name()).message);
                    } else {
                        describing.insert(driver.name(), name);
                        drivers.push((**driver).clone());
                    }
                }
                None => {}
            }
        }
        let drivers = if drivers.is_empty() {
            Arc::clone(&self.drivers)
        } else {
            Arc::new(self.drivers.with(drivers))
        };
        (all, drivers, clashes)
    }

    fn verdict(
        &self,
        kind: ViewKind,
        row: &Value,
        clashes: &BTreeMap<&str, String>,
        now: Timestamp,
    ) -> Option<Verdict> {
        let name = Meta::of(row).name();
        let known = self.known.get(&(kind, name.to_owned()))?;
        let clash = clashes.get(name).filter(|_| kind == ViewKind::StorageDriver);
        Some(Verdict {
            kind,
            name: name.to_owned(),
            generation: row.pointer("/metadata/generation").and_then(Value::as_i64),
            effect: known.effect(clash, now),
            status: row.get("status").cloned().unwrap_or_default(),
        })
    }
}

impl Known {
    fn effect(&self, clash: Option<&String>, now: Timestamp) -> Effect {
        if !self.problems.is_empty() {
            let said = self.problems.iter();
            let said: Vec<_> = said.map(|p| format!("{}: {}", p.field(), p.message)).collect();
            return Effect::Invalid(said.join("; "));
        }
        match (&self.in_force, clash) {
            (_, Some(clash)) => Effect::Invalid(clash.clone()),
            (Some(Own::Exception(exception)), None) => match exception.expires {
                Some(expires) if exception.is_expired(now) => Effect::Expired(expires),
                _ => Effect::InForce,
            },
            _ => Effect::InForce,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::engine::Profile;
    use crate::policy::{CompiledPolicy, Mode};
    use serde_json::json;

    fn assembler() -> Assembler {
        let files = PolicyFiles::default();
        Assembler::new(&crate::rules::ALL, files, Drivers::builtin(), false)
    }

    fn view(objects: &[(ViewKind, &str, Value)]) -> View {
        let mut view = View::default();
        for kind in ViewKind::OWN {
            view.set_complete(kind, true);
        }
        for (kind, name, spec) in objects {
            let row = json!({"metadata": {"name": name, "generation": 3}, "spec": spec});
            view.insert(*kind, "", name, Arc::new(row));
        }
        view
    }

    fn policy(name: &'static str, spec: Value) -> (ViewKind, &'static str, Value) {
        (ViewKind::StoragePolicy, name, spec)
    }

    fn driver(name: &'static str, spec: Value) -> (ViewKind, &'static str, Value) {
        (ViewKind::StorageDriver, name, spec)
    }

    fn now() -> Timestamp {
        "2026-06-01T00:00:00Z".parse().unwrap()
    }

    fn problems(assembly: &Assembly) -> Vec<Option<&str>> {
        let effects = assembly.verdicts.iter().map(|verdict| &verdict.effect);
        effects
            .map(|effect| match effect {
                Effect::Invalid(problem) => Some(problem.as_str()),
                Effect::InForce | Effect::Expired(_) => None,
            })
            .collect()
    }

    #[test]
    fn exceptions_are_in_force_until_they_expire() {
        let spec = json!({"rules": ["no-storage-class"], "match": {"names": ["a"]}, "reason": "agreed",
            "expires": "2026-06-01T00:00:10Z"});
        let view = view(&[(ViewKind::StorageException, "e", spec)]);
        let mut assembler = assembler();
        let before = assembler.assemble(&view, now());
        assert_eq!(before.criteria.policies.exceptions().all().len(), 1);
        assert_eq!(before.verdicts[0].effect, Effect::InForce);
        let end = before.next_expiry.unwrap();
        let after = assembler.assemble(&view, end);
        assert_eq!(after.verdicts[0].effect, Effect::Expired(end));
        assert_eq!(after.next_expiry, None);
    }

    #[test]
    fn the_last_good_version_stays_until_the_object_is_gone() {
        let mut assembler = assembler();
        let first = assembler.assemble(&View::default(), now());
        assert!(first.is_default);
        assert_eq!(first.criteria.policies.mode(), "Audit");

        let good = assembler.assemble(&view(&[policy("a", json!({"profile": "Strict"}))]), now());
        assert_eq!((good.is_default, problems(&good)), (false, vec![None]));
        assert_eq!(good.criteria.policies.policies()[0].profile, Profile::Strict);

        let wrong = json!({"rules": [{"name": "imediate-binding"}]});
        let stays = assembler.assemble(&view(&[policy("a", wrong.clone())]), now());
        assert_eq!(
            problems(&stays),
            [Some(
                "spec.rules[0].name: unknown rule `imediate-binding`; did you mean `immediate-binding`?"
            )]
        );
        assert_eq!(stays.criteria.policies.policies()[0].profile, Profile::Strict);

        // Without the permission to read policies nobody knows that they are gone.
        let unread = assembler.assemble(&View::default(), now());
        assert_eq!(unread.criteria.policies.policies()[0].profile, Profile::Strict);
        assert!(assembler.assemble(&view(&[]), now()).is_default);
        let never = assembler.assemble(&view(&[policy("a", wrong)]), now());
        assert!(never.is_default);
        assert_eq!(problems(&never), problems(&stays));
    }

    #[test]
    fn policies_of_files_and_of_the_cluster_are_in_force_together() {
        let of_file = CompiledPolicy::from_profile("a", Profile::Strict, Mode::Enforce, &crate::rules::ALL);
        let files = PolicyFiles {
            policies: vec![of_file],
            exceptions: Vec::new(),
        };
        let mut assembler = Assembler::new(&crate::rules::ALL, files, Drivers::builtin(), true);
        let both = assembler.assemble(&view(&[policy("b", json!({})), policy("a", json!({}))]), now());
        let policies = &both.criteria.policies;
        let names: Vec<_> = policies.policies().iter().map(|policy| policy.name.as_str()).collect();
        assert_eq!(names, ["a", "a", "b"]);
        // --audit is for those of the cluster too.
        assert_eq!(policies.mode(), "Audit");
    }

    #[test]
    fn of_two_descriptions_of_a_driver_the_first_by_name_counts() {
        let says = |product: &str| json!({"name": "disk.example.com", "product": product});
        let mut assembler = assembler();
        let assembly = assembler.assemble(&view(&[driver("b", says("late")), driver("a", says("early"))]), now());
        let found = assembly.criteria.drivers.find("disk.example.com").unwrap();
        assert_eq!(found.driver.product(), "early");
        assert_eq!(
            problems(&assembly),
            [
                None,
                Some("the StorageDriver a describes `disk.example.com` already; make one of both")
            ]
        );
        let left = assembler.assemble(&view(&[driver("b", says("late"))]), now());
        let found = left.criteria.drivers.find("disk.example.com").unwrap();
        assert_eq!((found.driver.product(), problems(&left)), ("late", vec![None]));
    }
}
