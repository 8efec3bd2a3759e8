//! The loop: rules over a subject.

use super::{Check, Context, Finding, Findings, Request, Rule, rule::Parameters};
use crate::model::{FieldPath, Subject};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A rule and the parameters to run it with.
#[derive(Debug, Clone, Copy)]
pub struct Run<'p> {
    /// The rule.
    pub rule: &'static Rule,
    /// Its parameters.
    pub parameters: &'p Parameters,
}

/// Why a rule was skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipReason {
    /// Something that it looks up is unknown.
    Unknown,
    /// The rule failed.
    Panic,
    /// The time of the request was over.
    Deadline,
    /// The object takes more memory than is given to one.
    Size,
}

impl SkipReason {
    /// The reason as a metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Panic => "panic",
            Self::Deadline => "deadline",
            Self::Size => "size",
        }
    }
}

/// A rule that could not be evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    /// Name of the rule.
    pub rule: &'static str,
    /// Why, as a class.
    pub reason: SkipReason,
    /// Why, for people.
    pub detail: String,
}

impl Skip {
    /// The time was over before the rule was done.
    pub fn late(rule: &Rule) -> Self {
        Self {
            rule: rule.name,
            reason: SkipReason::Deadline,
            detail: "the time of the request is over".to_owned(),
        }
    }
}

/// What one run yielded.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// The findings, in the order of the object's fields.
    pub findings: Vec<Finding>,
    /// Why the rule could not be evaluated, or not in full.
    pub skipped: Vec<Skip>,
}

/// What the runs over one subject yielded. Policies that give a rule the same parameters have it run once between them.
#[derive(Debug)]
pub struct Outcomes {
    known: HashMap<(usize, usize), Option<Outcome>>,
    are_shared: bool,
}

impl Outcomes {
    /// Nothing has been run yet for so many policies.
    pub fn of_policies(count: usize) -> Self {
        Self {
            known: HashMap::new(),
            are_shared: count > 1,
        }
    }

    /// As [`evaluate`], which is asked once for every rule and its parameters.
    pub fn of(
        &mut self,
        run: Run<'_>,
        subject: &Subject<'_>,
        request: &Request<'_>,
        is_late: &dyn Fn() -> bool,
    ) -> Option<Outcome> {
        if !self.are_shared {
            return evaluate(run, subject, request, is_late);
        }
        let rule = std::ptr::from_ref(run.rule).addr();
        let parameters = Arc::as_ptr(run.parameters).cast::<()>().addr();
        let outcome = self.known.entry((rule, parameters));
        outcome
            .or_insert_with(|| evaluate(run, subject, request, is_late))
            .clone()
    }
}

/// Runs one rule over a subject; `None` when it has nothing to say.
///
/// A rule that panics is unwound and skipped. On an update only what the update makes worse is kept: a finding is dropped
/// when the old object has it too, with the same field (indices aside) and the same offending value. Where the old object
/// is a workload at rest, with no replicas, findings are marked that it would have with the new number. Where `is_late` says
/// before the old object is judged that the time is over, the rule is skipped: nobody knows what is new.
pub fn evaluate(
    run: Run<'_>,
    subject: &Subject<'_>,
    request: &Request<'_>,
    is_late: &dyn Fn() -> bool,
) -> Option<Outcome> {
    let rule = run.rule;
    if !rule.judges(request.operation, request.door) {
        return None;
    }
    let mut outcome = check(run, subject, request)?;
    if let Some(old) = request.old.filter(|_| !outcome.findings.is_empty()) {
        if is_late() {
            return Some(Outcome {
                findings: Vec::new(),
                skipped: vec![Skip::late(rule)],
            });
        }
        let before = before(run, old, request);
        let known = offences(&before);
        outcome.findings.retain(|finding| !known.contains(&offence(finding)));
        if let Some(awake) = awake(old, subject) {
            let before = self::before(run, &Subject::new(old.kind(), &awake), request);
            let known = offences(&before);
            for finding in &mut outcome.findings {
                finding.comes_back = known.contains(&offence(finding));
            }
        }
    }
    Some(outcome)
}

/// What the rule finds in the object before an update. It is judged as if it were created now: what a rule compares with its
/// own past is no excuse.
fn before(run: Run<'_>, old: &Subject<'_>, request: &Request<'_>) -> Vec<Finding> {
    let request = Request {
        old: None,
        author: request.author.clone(),
        ..*request
    };
    check(run, old, &request).unwrap_or_default().findings
}

/// What a finding of the old object and one of the new have in common when an update did not make it worse.
fn offence(finding: &Finding) -> (FieldPath, &str) {
    (finding.path.field(), &finding.value)
}

fn offences(findings: &[Finding]) -> HashSet<(FieldPath, &str)> {
    findings.iter().map(offence).collect()
}

/// The old workload with the new number of replicas, where it had none.
fn awake(old: &Subject<'_>, new: &Subject<'_>) -> Option<Value> {
    let (Subject::Workload(old), Subject::Workload(new)) = (old, new) else {
        return None;
    };
    (old.replicas() == 0 && new.replicas() > 0).then(|| old.with_replicas(new.replicas().into()))
}

fn check(run: Run<'_>, subject: &Subject<'_>, request: &Request<'_>) -> Option<Outcome> {
    let cx = Context::new(request, run.parameters);
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut out = Findings::default();
        match (run.rule.check, subject) {
            (Check::Class(check), Subject::Class(class)) => check(*class, &cx, &mut out),
            (Check::Claim(check), subject) => subject.claims().iter().for_each(|claim| check(claim, &cx, &mut out)),
            (Check::Volume(check), Subject::Volume(volume)) => check(*volume, &cx, &mut out),
            (Check::Workload(kinds, check), Subject::Workload(workload)) if kinds.contains(&workload.kind()) => {
                check(workload, &cx, &mut out);
            }
            (Check::Object(kinds, check), subject) if kinds.contains(&subject.kind()) => check(subject, &cx, &mut out),
            _ => {}
        }
        out
    }));
    let skip = |reason, detail| Skip {
        rule: run.rule.name,
        reason,
        detail,
    };
    match result {
        // Most rules have nothing to say of most objects.
        Ok(Findings { found, skipped }) if found.is_empty() && skipped.is_empty() => None,
        Ok(Findings { found, skipped }) => Some(Outcome {
            findings: found,
            skipped: skipped
                .into_iter()
                .map(|detail| skip(SkipReason::Unknown, detail))
                .collect(),
        }),
        Err(_) => Some(Outcome {
            findings: Vec::new(),
            skipped: vec![skip(
                SkipReason::Panic,
                "the rule failed; please report this".to_owned(),
            )],
        }),
    }
}
