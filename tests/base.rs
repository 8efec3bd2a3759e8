//! Objects that no rule complains of, and for every rule the change after which it complains, and no other does.
//!
//! `tests/base/*.yaml` hold the objects of one small cluster; under `policy.yaml` they have no finding at any door.
//! Each entry of `tweaks.yaml` names a rule and what makes it speak:
//!
//! - `object`: the object under review, `Kind/name`; `patch`: its change, a merge patch or a list of RFC 6902 operations
//! - `old`: the change that makes the base object the object before the update
//! - `around`: objects that are added, or merged into those of their kind and name; `without`: objects that are not there
//! - `operation`, `user`, `gracePeriodSeconds`: as in the case files
//! - `also`: other rules that speak too, each with the reason why they must

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod judging;
mod odd;

use judging::Review;
use odd::{changed, changes, pointers};
use proptest::prelude::prop;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use volguard::check;
use volguard::cluster::files;
use volguard::cluster::view::{View, ViewKind};
use volguard::decision::Judged;
use volguard::drivers::Drivers;
use volguard::engine::{Action, Skip, SkipReason};
use volguard::model::{Meta, ObjectKind};
use volguard::policy::{PolicySet, read};
use volguard::rules;

/// Objects by `Kind/name`.
type Objects = BTreeMap<String, Value>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Tweak {
    rule: String,
    object: String,
    #[serde(default)]
    patch: Value,
    #[serde(default)]
    old: Value,
    #[serde(default)]
    around: Vec<Value>,
    #[serde(default)]
    without: Vec<String>,
    #[serde(default)]
    operation: Option<String>,
    #[serde(default)]
    user: String,
    #[serde(default)]
    grace_period_seconds: Option<i64>,
    #[serde(default)]
    also: BTreeMap<String, String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/base")
}

/// The files that hold objects.
fn object_files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| !path.ends_with("policy.yaml") && !path.ends_with("tweaks.yaml"));
    files.sort();
    files
}

fn policies() -> PolicySet {
    PolicySet::from(read(&[folder().join("policy.yaml")], &rules::ALL).unwrap())
}

fn kind_of(object: &Value) -> &str {
    object["kind"].as_str().expect("a kind")
}

fn title(object: &Value) -> String {
    format!("{}/{}", kind_of(object), Meta::of(object).name())
}

fn base() -> Objects {
    let texts = object_files()
        .into_iter()
        .map(|path| std::fs::read_to_string(path).unwrap());
    let objects: Vec<Value> = texts
        .flat_map(|text| volguard::yaml::values(&text).map(Result::unwrap).collect::<Vec<_>>())
        .collect();
    objects.into_iter().map(|object| (title(&object), object)).collect()
}

/// The kind of a subject; nothing for what stands there only to be looked up.
fn subject_kind(object: &Value) -> Option<ObjectKind> {
    ObjectKind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == kind_of(object))
}

/// A cluster that has these objects and no others.
fn view(objects: &Objects) -> View {
    let mut view = View::default();
    for object in objects.values() {
        files::insert(&mut view, object.clone());
    }
    for kind in ViewKind::ALL {
        view.set_complete(kind, true);
    }
    view
}

fn patched(object: &Value, patch: &Value) -> Value {
    let mut object = object.clone();
    match patch {
        Value::Null => {}
        Value::Array(_) => {
            let patch: json_patch::Patch = serde_json::from_value(patch.clone()).expect("RFC 6902 operations");
            json_patch::patch(&mut object, &patch).expect("a patch that fits");
        }
        merged => json_patch::merge(&mut object, merged),
    }
    object
}

impl Tweak {
    fn review(&self) -> Review {
        Review {
            operation: self.operation.clone(),
            user: self.user.clone(),
            grace_period_seconds: self.grace_period_seconds,
            live: true,
            ..Review::default()
        }
    }

    /// The tweak as it is judged.
    fn situation(&self, base: &Objects) -> Situation {
        let given = base.get(&self.object).expect("an object of the base");
        let object = patched(given, &self.patch);
        let old = matches!(self.operation.as_deref(), Some("UPDATE" | "SCALE")).then(|| patched(given, &self.old));
        let mut cluster = base.clone();
        // On CREATE the object is not there yet, on an update it is there as it was.
        if self.operation.is_none() {
            cluster.remove(&self.object);
        } else {
            cluster.insert(self.object.clone(), old.as_ref().unwrap_or(&object).clone());
        }
        for change in &self.around {
            let known = cluster.entry(title(change)).or_insert(Value::Null);
            json_patch::merge(known, change);
        }
        for gone in &self.without {
            cluster
                .remove(gone)
                .unwrap_or_else(|| panic!("{}: there is no {gone}", self.rule));
        }
        let kind = subject_kind(&object).expect("a kind that rules read");
        Situation {
            kind,
            object,
            old,
            cluster,
        }
    }

    /// What is wrong with the tweak, if anything.
    fn fault(&self, base: &Objects, policies: &PolicySet) -> Option<String> {
        let (judged, skipped) = self.situation(base).judge(&self.review(), policies);
        let mut expected: BTreeSet<&str> = self.also.keys().map(String::as_str).collect();
        expected.insert(&self.rule);
        let found: BTreeSet<&str> = judged.iter().map(|judged| judged.rule.name).collect();
        if found == expected && skipped.is_empty() {
            return None;
        }
        let lines: Vec<String> = judged.iter().map(Judged::line).collect();
        Some(format!("{}: {lines:#?} {skipped:#?}", self.rule))
    }
}

/// An object under review and what stands around it.
struct Situation {
    kind: ObjectKind,
    object: Value,
    old: Option<Value>,
    cluster: Objects,
}

impl Situation {
    fn judge(&self, review: &Review, policies: &PolicySet) -> (Vec<Judged>, Vec<Skip>) {
        review.judge(
            self.kind,
            &self.object,
            self.old.as_ref(),
            &view(&self.cluster),
            policies,
        )
    }
}

fn tweaks() -> Vec<Tweak> {
    let text = std::fs::read_to_string(folder().join("tweaks.yaml")).unwrap();
    let document = volguard::yaml::values(&text).next().expect("a list").unwrap();
    serde_json::from_value(document).expect("tweaks")
}

#[test]
fn the_base_has_every_kind() {
    let base = base();
    let kinds: BTreeSet<&str> = base.values().map(kind_of).collect();
    // What volguard is configured by is in the view, and read by no rule.
    let views = ViewKind::ALL.into_iter().filter(|kind| !ViewKind::OWN.contains(kind));
    let wanted = ObjectKind::ALL.map(ObjectKind::as_str).into_iter();
    let wanted: BTreeSet<&str> = wanted.chain(views.map(ViewKind::as_str)).collect();
    assert_eq!(kinds, wanted);
}

#[test]
fn the_base_passes_as_manifests() {
    let (files, drivers) = (object_files(), Drivers::builtin());
    let given = files::read(&files).unwrap();
    let report = check::check(check::read(&files), &given, &policies(), &drivers, "default");
    assert_eq!(report.errors, []);
    let lines: Vec<String> = report.findings.iter().map(|finding| finding.judged.line()).collect();
    assert_eq!(lines, [""; 0]);
    let skipped: Vec<_> = report.skipped.iter().map(|skipped| &skipped.skip).collect();
    assert!(skipped.is_empty(), "{skipped:#?}");
    assert!(report.objects >= ObjectKind::ALL.len());
}

#[test]
fn the_base_passes_in_a_cluster() {
    let (base, policies) = (base(), policies());
    let view = view(&base);
    for (title, object) in &base {
        let Some(kind) = subject_kind(object) else { continue };
        for operation in ["CREATE", "UPDATE", "SCAN"] {
            let review = Review {
                operation: Some(operation.to_owned()),
                live: true,
                ..Review::default()
            };
            let old = (operation == "UPDATE").then_some(object);
            let (mut judged, skipped) = review.judge(kind, object, old, &view, &policies);
            judged.retain(|judged| judged.action != Action::Off);
            let lines: Vec<String> = judged.iter().map(Judged::line).collect();
            assert_eq!(lines, [""; 0], "{title}, {operation}");
            assert_eq!(skipped, [], "{title}, {operation}");
        }
    }
}

#[test]
fn every_rule_speaks_alone() {
    let (base, policies, tweaks) = (base(), policies(), tweaks());
    let faults: Vec<String> = tweaks
        .iter()
        .filter_map(|tweak| tweak.fault(&base, &policies))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let tweaked: BTreeSet<&str> = tweaks.iter().map(|tweak| tweak.rule.as_str()).collect();
    let all: BTreeSet<&str> = rules::ALL.iter().map(|rule| rule.name).collect();
    assert_eq!(tweaked, all, "every rule has a tweak");
}

fn assert_no_rule_fails(skipped: &[Skip]) {
    let failed = skipped.iter().find(|skip| skip.reason == SkipReason::Panic);
    assert!(failed.is_none(), "{failed:?}");
}

#[test]
fn a_field_of_another_type_makes_no_rule_fail() {
    let (base, policies) = (base(), policies());
    for tweak in tweaks() {
        let Situation {
            kind,
            object,
            old,
            cluster,
        } = tweak.situation(&base);
        let (view, review) = (view(&cluster), tweak.review());
        for pointer in pointers(&object) {
            for value in odd::values().into_iter().take(3) {
                let mut odd = object.clone();
                *odd.pointer_mut(&pointer).unwrap() = value;
                assert_no_rule_fails(&review.judge(kind, &odd, old.as_ref(), &view, &policies).1);
            }
        }
    }
}

#[test]
fn odd_objects_in_an_odd_cluster_make_no_rule_fail() {
    let (base, policies) = (base(), policies());
    for tweak in tweaks() {
        let situation = tweak.situation(&base);
        let around = prop::collection::vec(changes(1), situation.cluster.len());
        odd::try_cases(
            6,
            &tweak.rule,
            &(changes(2), changes(2), around),
            |(new, old, around)| {
                let odd = Situation {
                    kind: situation.kind,
                    object: changed(&situation.object, &new),
                    old: situation.old.as_ref().map(|object| changed(object, &old)),
                    cluster: std::iter::zip(&situation.cluster, &around)
                        .map(|((title, object), changes)| (title.clone(), changed(object, changes)))
                        .collect(),
                };
                assert_no_rule_fails(&odd.judge(&tweak.review(), &policies).1);
            },
        );
    }
}
