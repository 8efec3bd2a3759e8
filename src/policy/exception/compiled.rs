//! An exception resolved against the catalogue, and the objects that it is for.

use super::types::{ExceptionMatch, StorageExceptionSpec};
use crate::engine::Rule;
use crate::model::ObjectKind;
use crate::model::labels::LabelSelector;
use crate::policy::compiled::{find, judge_selector};
use crate::policy::scope::glob_matches;
use crate::resources::Problem;
use crate::resources::schema::{self, did_you_mean, shown, similar};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// An exception, ready to be applied.
#[derive(Debug, Clone)]
pub struct CompiledException {
    /// Its name.
    pub name: String,
    /// The rules whose findings it sets aside, by their present names.
    pub rules: Vec<&'static str>,
    /// Why.
    pub reason: String,
    /// From when on it does not count; None means that it always does.
    pub expires: Option<Timestamp>,
    /// It is an object of the cluster, whose status says when it was last used, and does not stand in a file.
    pub is_object: bool,
    kinds: Vec<ObjectKind>,
    matches: ExceptionMatch,
}

/// What exceptions look at of an object.
#[derive(Debug, Clone, Copy)]
pub struct ExceptionTarget<'a> {
    /// The kind of the object that was sent or read; a claim that stands in a StatefulSet is part of that StatefulSet.
    pub kind: ObjectKind,
    /// Its namespace, empty for cluster-scoped objects.
    pub namespace: &'a str,
    /// `metadata.name`, empty as long as the API server has not made one.
    pub name: &'a str,
    /// Its labels.
    pub labels: Option<&'a Map<String, Value>>,
}

impl CompiledException {
    /// Whether the exception no longer counts at this time.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// What is wrong with its time, if it is written now: expired already, it has no effect, which is not what its author
    /// expects.
    pub fn expiry_fault(&self, now: Timestamp) -> Option<Problem> {
        let expires = self.expires.filter(|_| self.is_expired(now))?;
        let message = format!("is over: {expires} lies in the past, so the exception would have no effect");
        Some(Problem::new("/spec/expires", message))
    }

    pub(super) fn matches(&self, object: &ExceptionTarget<'_>) -> bool {
        let ExceptionMatch {
            namespaces,
            names,
            object_selector,
            ..
        } = &self.matches;
        // What an object does not have fits no pattern, not even `*`.
        let fits = |patterns: &[String], text: &str| {
            patterns.is_empty() || (!text.is_empty() && patterns.iter().any(|pattern| glob_matches(pattern, text)))
        };
        let label = |key: &str| object.labels?.get(key)?.as_str();
        (self.kinds.is_empty() || self.kinds.contains(&object.kind))
            && fits(namespaces, object.namespace)
            && fits(names, object.name)
            && object_selector.as_ref().is_none_or(|selector| selector.selects(label))
    }
}

/// Resolves an exception against the catalogue `rules`. What is wrong is said with pointers into the whole object
/// (`/spec/rules/0`), all of it at once. That it is expired is no fault.
pub fn compile_exception(
    name: &str,
    spec: &StorageExceptionSpec,
    rules: &[&'static Rule],
) -> Result<CompiledException, Vec<Problem>> {
    let matches = &spec.matches;
    let (rules, mut problems) = resolve_rules(indexed(&spec.rules), rules);
    let (kinds, of_kinds) = resolve_kinds(indexed(&matches.kinds));
    problems.extend(of_kinds);
    if spec.rules.is_empty() {
        let message = "names no rule; list the rules whose findings are set aside";
        problems.push(Problem::new("/spec/rules", message));
    }
    let expires = spec.expires.as_deref().map(time);
    let expires = expires.and_then(|expires| expires.map_err(|problem| problems.push(problem)).ok());
    problems.extend(judge_reason(&spec.reason));
    problems.extend(judge_match(matches, &kinds));
    if let Some(selector) = &matches.object_selector {
        judge_selector(selector, "/spec/match/objectSelector", &mut problems);
    }
    if problems.is_empty() {
        Ok(CompiledException {
            name: name.to_owned(),
            rules,
            reason: spec.reason.trim().to_owned(),
            expires,
            is_object: false,
            kinds,
            matches: matches.clone(),
        })
    } else {
        Err(problems)
    }
}

/// The exception that stands in an object or a file, or all that is wrong with its `spec`. That it is expired is no fault
/// here: files age.
pub fn judge_exception(name: &str, spec: &Value, rules: &[&'static Rule]) -> Result<CompiledException, Vec<Problem>> {
    let mut problems = match schema::decode::<StorageExceptionSpec>(spec, "/spec") {
        Ok(spec) => return compile_exception(name, &spec, rules),
        Err(problems) => problems,
    };
    // What can be read is judged too, so that one round of mending is enough.
    let words = |pointer| {
        let words = spec.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
        words
            .enumerate()
            .filter_map(|(index, word)| Some((index, word.as_str()?)))
    };
    let text = |key: &str| spec.get(key).and_then(Value::as_str);
    problems.extend(resolve_rules(words("/rules"), rules).1);
    problems.extend(resolve_kinds(words("/match/kinds")).1);
    problems.extend(text("expires").and_then(|text| time(text).err()));
    problems.extend(text("reason").and_then(judge_reason));
    Err(problems)
}

fn indexed(words: &[String]) -> impl Iterator<Item = (usize, &str)> {
    words.iter().map(String::as_str).enumerate()
}

fn resolve_rules<'a>(
    names: impl Iterator<Item = (usize, &'a str)>,
    rules: &[&'static Rule],
) -> (Vec<&'static str>, Vec<Problem>) {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for (index, name) in names {
        match find(name, rules) {
            Ok(rule) if found.contains(&rule.name) => {}
            Ok(rule) => found.push(rule.name),
            Err(message) => problems.push(Problem::new(format!("/spec/rules/{index}"), message)),
        }
    }
    (found, problems)
}

fn resolve_kinds<'a>(names: impl Iterator<Item = (usize, &'a str)>) -> (Vec<ObjectKind>, Vec<Problem>) {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for (index, name) in names {
        if let Some(kind) = ObjectKind::ALL.into_iter().find(|kind| kind.as_str() == name) {
            found.push(kind);
            continue;
        }
        let hint = match similar(name, ObjectKind::ALL.map(ObjectKind::as_str)) {
            Some(similar) => did_you_mean(Some(similar)),
            None => format!("; it judges {}", ObjectKind::ALL.map(ObjectKind::as_str).join(", ")),
        };
        let message = format!("volguard judges no kind {}{hint}", shown(&name.into()));
        problems.push(Problem::new(format!("/spec/match/kinds/{index}"), message));
    }
    (found, problems)
}

fn time(text: &str) -> Result<Timestamp, Problem> {
    text.parse().map_err(|_| {
        let message = format!(
            "must be a time with date, time and zone such as `2027-01-31T00:00:00Z` (RFC 3339), but is {}",
            shown(&text.into())
        );
        Problem::new("/spec/expires", message)
    })
}

fn judge_reason(reason: &str) -> Option<Problem> {
    let message = "must say why the findings are accepted, but is blank";
    reason.trim().is_empty().then(|| Problem::new("/spec/reason", message))
}

/// Nobody excepts everything by accident, or nothing.
fn judge_match(matches: &ExceptionMatch, kinds: &[ObjectKind]) -> Option<Problem> {
    let ExceptionMatch {
        kinds: written_kinds,
        namespaces,
        names,
        object_selector,
    } = matches;
    let selects_all = object_selector.as_ref().is_none_or(LabelSelector::is_empty);
    if written_kinds.is_empty() && namespaces.is_empty() && names.is_empty() && selects_all {
        let message = "would set findings aside on every object: give at least one of kinds, namespaces, names, \
                       objectSelector (`namespaces: [\"*\"]` stands for all namespaces)";
        return Some(Problem::new("/spec/match", message));
    }
    let are_cluster_scoped = !kinds.is_empty() && kinds.iter().all(|kind| kind.is_cluster_scoped());
    (are_cluster_scoped && !namespaces.is_empty()).then(|| {
        let message = "matches nothing: objects of these kinds stand in no namespace; name them by `names`";
        Problem::new("/spec/match/namespaces", message)
    })
}
