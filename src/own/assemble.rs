//! The criteria of files and of the cluster's objects together.

use super::judge::clash;
use super::{Own, judge};
use crate::cluster::view::{View, ViewKind};
use crate::drivers::{Driver, Drivers};
use crate::engine::Rule;
use crate::model::Meta;
use crate::policy::{CompiledPolicy, Criteria, PolicySet};
use crate::resources::Problem;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Puts together what reviews are judged by: what files give, and the objects of the cluster beside it. Of an object that
/// has become invalid the last good version stays in force.
#[derive(Debug)]
pub struct Assembler {
    rules: &'static [&'static Rule],
    policies: Vec<CompiledPolicy>,
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

/// How an object fares.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Its kind.
    pub kind: ViewKind,
    /// Its name.
    pub name: String,
    /// Its `metadata.generation`.
    pub generation: Option<i64>,
    /// All that is wrong with it, for people; `None` when it is in force as it stands.
    pub problem: Option<String>,
    /// Its status as it stands.
    pub status: Value,
}

/// What came of putting things together.
#[derive(Debug)]
pub struct Assembly {
    /// What reviews are judged by from now on.
    pub criteria: Criteria,
    /// How each object fares, by kind and name.
    pub verdicts: Vec<Verdict>,
    /// Whether there is no policy at all, so that the default one is in force.
    pub is_default: bool,
}

impl Assembler {
    /// Starts with the policies of files and with what is known of drivers without the cluster. With `audit_only` every
    /// policy behaves as in mode Audit, those of the cluster too.
    pub fn new(
        rules: &'static [&'static Rule],
        policies: Vec<CompiledPolicy>,
        drivers: Arc<Drivers>,
        audit_only: bool,
    ) -> Self {
        Self {
            rules,
            policies,
            drivers,
            audit_only,
            known: BTreeMap::new(),
        }
    }

    /// The criteria with the objects in `view`. A policy of a file and one of the cluster may have one name: both are in
    /// force.
    pub fn assemble(&mut self, view: &View) -> Assembly {
        let rows: Vec<_> = ViewKind::OWN
            .into_iter()
            .flat_map(|kind| view.rows(kind).map(move |row| (kind, row)))
            .collect();
        let there: BTreeSet<_> = rows.iter().map(|&(kind, row)| (kind, Meta::of(row).name())).collect();
        self.known
            .retain(|(kind, name), _| there.contains(&(*kind, name.as_str())));
        for &(kind, row) in &rows {
            self.take(kind, row);
        }
        let (policies, drivers, clashes) = self.in_force();
        let is_default = policies.is_empty();
        let mut policies = if is_default {
            PolicySet::default_audit(self.rules)
        } else {
            PolicySet::new(policies)
        };
        if self.audit_only {
            policies.audit_only();
        }
        Assembly {
            criteria: Criteria { policies, drivers },
            verdicts: rows
                .iter()
                .filter_map(|&(kind, row)| self.verdict(kind, row, &clashes))
                .collect(),
            is_default,
        }
    }

    /// Judges an object, unless it is as it was.
    fn take(&mut self, kind: ViewKind, row: &Value) {
        let name = Meta::of(row).name();
        let spec = row.get("spec").cloned().unwrap_or_default();
        let known = self.known.remove(&(kind, name.to_owned()));
        let known = match known {
            Some(known) if known.spec == spec => known,
            before => {
                let Some(judged) = judge(kind, name, row, self.rules) else {
                    return;
                };
                let (in_force, problems) = match judged {
                    Ok(own) => (Some(own), Vec::new()),
                    Err(problems) => (before.and_then(|before| before.in_force), problems),
                };
                Known {
                    spec,
                    in_force,
                    problems,
                }
            }
        };
        self.known.insert((kind, name.to_owned()), known);
    }

    /// The policies and drivers in force, and the StorageDrivers that are not, because another one describes their driver:
    /// the first by name does.
    fn in_force(&self) -> (Vec<CompiledPolicy>, Arc<Drivers>, BTreeMap<&str, String>) {
        let mut policies = self.policies.clone();
        let mut drivers: Vec<Driver> = Vec::new();
        let mut describing: BTreeMap<&str, &str> = BTreeMap::new();
        let mut clashes = BTreeMap::new();
        for ((_, name), known) in &self.known {
            match &known.in_force {
                Some(Own::Policy(policy)) => policies.push((**policy).clone()),
                Some(Own::Driver(driver)) => match describing.get(driver.name()) {
                    Some(first) => {
                        clashes.insert(name.as_str(), clash(first, driver.name()).message);
                    }
                    None => {
                        describing.insert(driver.name(), name);
                        drivers.push((**driver).clone());
                    }
                },
                None => {}
            }
        }
        let drivers = if drivers.is_empty() {
            Arc::clone(&self.drivers)
        } else {
            Arc::new(self.drivers.with(drivers))
        };
        (policies, drivers, clashes)
    }

    fn verdict(&self, kind: ViewKind, row: &Value, clashes: &BTreeMap<&str, String>) -> Option<Verdict> {
        let name = Meta::of(row).name();
        let known = self.known.get(&(kind, name.to_owned()))?;
        let clash = clashes.get(name).filter(|_| kind == ViewKind::StorageDriver);
        let problem = if known.problems.is_empty() {
            clash.cloned()
        } else {
            let problems = known.problems.iter();
            let said: Vec<_> = problems
                .map(|problem| format!("{}: {}", problem.field(), problem.message))
                .collect();
            let stays = known
                .in_force
                .as_ref()
                .map_or("", |_| "; the version before stays in force");
            Some(said.join("; ") + stays)
        };
        Some(Verdict {
            kind,
            name: name.to_owned(),
            generation: row.pointer("/metadata/generation").and_then(Value::as_i64),
            problem,
            status: row.get("status").cloned().unwrap_or_default(),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::engine::Profile;
    use crate::policy::Mode;
    use serde_json::json;

    fn assembler() -> Assembler {
        Assembler::new(&crate::rules::ALL, Vec::new(), Drivers::builtin(), false)
    }

    fn view(objects: &[(ViewKind, &str, Value)]) -> View {
        let mut view = View::default();
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

    fn problems(assembly: &Assembly) -> Vec<Option<&str>> {
        assembly
            .verdicts
            .iter()
            .map(|verdict| verdict.problem.as_deref())
            .collect()
    }

    #[test]
    fn the_last_good_version_stays_until_the_object_is_gone() {
        let mut assembler = assembler();
        let first = assembler.assemble(&View::default());
        assert!(first.is_default);
        assert_eq!(first.criteria.policies.mode(), "Audit");

        let good = assembler.assemble(&view(&[policy("a", json!({"profile": "Strict"}))]));
        assert_eq!((good.is_default, problems(&good)), (false, vec![None]));
        assert_eq!(good.criteria.policies.policies()[0].profile, Profile::Strict);

        let wrong = json!({"rules": [{"name": "imediate-binding"}]});
        let stays = assembler.assemble(&view(&[policy("a", wrong.clone())]));
        assert_eq!(
            problems(&stays),
            [Some(
                "spec.rules[0].name: unknown rule `imediate-binding`; did you mean `immediate-binding`?; the version \
                 before stays in force"
            )]
        );
        assert_eq!(stays.criteria.policies.policies()[0].profile, Profile::Strict);

        assert!(assembler.assemble(&View::default()).is_default);
        let never = assembler.assemble(&view(&[policy("a", wrong)]));
        assert!(never.is_default);
        assert!(problems(&never)[0].unwrap().ends_with("`immediate-binding`?"));
    }

    #[test]
    fn policies_of_files_and_of_the_cluster_are_in_force_together() {
        let of_file = CompiledPolicy::from_profile("a", Profile::Strict, Mode::Enforce, &crate::rules::ALL);
        let mut assembler = Assembler::new(&crate::rules::ALL, vec![of_file], Drivers::builtin(), true);
        let both = assembler.assemble(&view(&[policy("b", json!({})), policy("a", json!({}))]));
        let policies = both.criteria.policies;
        let names: Vec<_> = policies.policies().iter().map(|policy| policy.name.as_str()).collect();
        assert_eq!(names, ["a", "a", "b"]);
        // --audit is for those of the cluster too.
        assert_eq!(policies.mode(), "Audit");
    }

    #[test]
    fn of_two_descriptions_of_a_driver_the_first_by_name_counts() {
        let says = |product: &str| json!({"name": "disk.example.com", "product": product});
        let mut assembler = assembler();
        let assembly = assembler.assemble(&view(&[driver("b", says("late")), driver("a", says("early"))]));
        let found = assembly.criteria.drivers.find("disk.example.com").unwrap();
        assert_eq!(found.driver.product(), "early");
        assert_eq!(
            problems(&assembly),
            [
                None,
                Some("the StorageDriver a describes `disk.example.com` already; make one of both")
            ]
        );
        let left = assembler.assemble(&view(&[driver("b", says("late"))]));
        let found = left.criteria.drivers.find("disk.example.com").unwrap();
        assert_eq!((found.driver.product(), problems(&left)), ("late", vec![None]));
    }
}
