//! Findings and policies become a decision: allowed or not, warnings, annotations, a patch.

mod names;

use crate::engine::{Action, Class, Finding, Rule, Skip, SkipReason};
use crate::policy::{CompiledException, Mode};
use crate::protocol::{Cause, Response, UsedException};
use serde_json::Value;
use std::collections::BTreeMap;

/// Warnings longer than this are cut by kubectl's users' eyes, and by the API server at 256.
const WARNING_LENGTH: usize = 120;
/// An object can have tens of thousands of faults, and nobody reads on after the first hundred.
const MAX_CAUSES: usize = 100;
/// Characters of a cause; a value that is quoted in it may be of any length.
const CAUSE_LENGTH: usize = 2000;
/// The API server drops warnings beyond this in one response.
const WARNINGS_LENGTH: usize = 4096;

/// A finding and what one policy does with it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The rule that matched.
    pub rule: &'static Rule,
    /// What it found.
    pub finding: Finding,
    /// Name of the policy.
    pub policy: String,
    /// Whether the policy enforces.
    pub mode: Mode,
    /// What the policy does with it, or would do if it enforced.
    pub action: Action,
    /// Whether the policy applies the fix, or would if it enforced.
    pub mutate: bool,
}

impl Judged {
    /// Whether the policy enforces.
    pub fn is_enforced(&self) -> bool {
        self.mode == Mode::Enforce
    }

    /// Whether the policy sends a fix, or would if it enforced.
    pub fn has_fix(&self) -> bool {
        self.mutate && !self.finding.fix.is_empty()
    }

    /// What is wrong, what to do, and the rule's name in brackets.
    pub fn line(&self) -> String {
        let Finding { message, remedy, .. } = &self.finding;
        match remedy.as_str() {
            "" => format!("{message} [{}]", self.rule.name),
            remedy => {
                let stop = if message.ends_with('?') { "" } else { "." };
                format!("{message}{stop} {remedy} [{}]", self.rule.name)
            }
        }
    }
}

impl AsRef<Judged> for Judged {
    fn as_ref(&self) -> &Judged {
        self
    }
}

/// A finding that an exception sets aside.
#[derive(Debug, Clone)]
pub struct Excepted {
    /// The finding, and what one policy would do with it.
    pub judged: Judged,
    /// Name of the exception.
    pub exception: String,
    /// Why there is the exception.
    pub reason: String,
}

impl Excepted {
    /// The finding, set aside.
    pub fn new(judged: Judged, exception: &CompiledException) -> Self {
        Self {
            judged,
            exception: exception.name.clone(),
            reason: exception.reason.clone(),
        }
    }
}

impl AsRef<Judged> for Excepted {
    fn as_ref(&self) -> &Judged {
        &self.judged
    }
}

/// Where policies overlap, the strictest enforced action wins, and among equals the first policy by name. The order is that
/// of the object's fields, then of the rules' names.
pub fn strictest<J: AsRef<Judged>>(mut judged: Vec<J>) -> Vec<J> {
    let rank = |judged: &Judged| (judged.is_enforced(), judged.action);
    judged.sort_by(|a, b| {
        let (a, b) = (a.as_ref(), b.as_ref());
        let key = |judged: &Judged| {
            (
                judged.finding.path.clone(),
                judged.rule.name,
                judged.finding.message.clone(),
            )
        };
        key(a)
            .cmp(&key(b))
            .then_with(|| rank(b).cmp(&rank(a)))
            .then_with(|| a.policy.cmp(&b.policy))
    });
    judged.dedup_by(|later, first| {
        let (later, first) = (later.as_ref(), first.as_ref());
        later.rule.name == first.rule.name
            && later.finding.path == first.finding.path
            && later.finding.message == first.finding.message
    });
    judged
}

/// What is answered, and in one word.
#[derive(Debug)]
pub struct Decision {
    /// The response.
    pub response: Response,
    /// `allow`, `deny`, `mutate`, `would-deny`, `would-mutate`.
    pub verdict: &'static str,
}

/// Decides at `/validate` (and for what reports at `/mutate`): denials, warnings, annotations.
///
/// `exceptions` are those that set something aside, `fixed` names the rules whose fix is in the patch, `would_fix` those whose
/// fix a policy in mode Audit would have sent.
pub fn decide(
    judged: &[Judged],
    skipped: &[Skip],
    exceptions: &[UsedException],
    patch: Vec<json_patch::PatchOperation>,
    fixed: &[&'static str],
    would_fix: bool,
) -> Decision {
    let enforced = |action| judged.iter().filter(move |j| j.is_enforced() && j.action == action);
    let causes: Vec<Cause> = enforced(Action::Deny)
        .take(MAX_CAUSES)
        .map(|j| Cause {
            reason: j.rule.name.to_owned(),
            message: cut(&j.line(), j.rule.name, CAUSE_LENGTH),
            field: j.finding.path.to_string(),
        })
        .collect();
    let would_deny = judged.iter().any(|j| !j.is_enforced() && j.action == Action::Deny);
    let verdict = match () {
        () if !causes.is_empty() => "deny",
        () if !patch.is_empty() => "mutate",
        () if would_deny => "would-deny",
        () if would_fix => "would-mutate",
        () => "allow",
    };
    let rules: Vec<&str> = judged
        .iter()
        .map(|j| j.rule.name)
        .chain(fixed.iter().copied())
        .collect();
    let mut annotations = BTreeMap::new();
    let lists = [
        ("rules", rules),
        ("skipped", skipped.iter().map(|skip| skip.rule).collect()),
        ("exceptions", exceptions.iter().map(|used| &*used.exception).collect()),
    ];
    for (key, mut names) in lists {
        names.sort_unstable();
        names.dedup();
        if !names.is_empty() {
            annotations.insert(key, names.join(","));
        }
    }
    if verdict != "allow" || !annotations.is_empty() {
        annotations.insert("decision", verdict.to_owned());
    }
    let patch = if causes.is_empty() { patch } else { Vec::new() };
    Decision {
        response: Response {
            warnings: warnings(enforced(Action::Warn)),
            unlisted: enforced(Action::Deny).count() - causes.len(),
            invalid: None,
            causes,
            annotations,
            patch,
        },
        verdict,
    }
}

/// One warning a finding, the gravest first, within the API server's bounds.
fn warnings<'j>(judged: impl Iterator<Item = &'j Judged>) -> Vec<String> {
    let grave = |class: Class| match class {
        Class::LosesData => 0,
        Class::NeverWorks => 1,
        Class::Availability | Class::Security => 2,
        Class::Tenancy | Class::Hygiene => 3,
    };
    let mut judged: Vec<&Judged> = judged.collect();
    judged.sort_by_key(|j| grave(j.rule.class));
    let mut left = WARNINGS_LENGTH;
    let lines = judged.into_iter().map(|j| shortened(&j.finding.message, j.rule.name));
    lines
        .take_while(|line| {
            let fits = line.len() <= left;
            left = left.saturating_sub(line.len());
            fits
        })
        .collect()
}

fn shortened(message: &str, rule: &str) -> String {
    let message = names::shortened(message, WARNING_LENGTH.saturating_sub(rule.len() + 3));
    cut(&format!("{message} [{rule}]"), rule, WARNING_LENGTH)
}

/// A line that ends with its rule's name in brackets, cut before it to a length in characters.
fn cut(line: &str, rule: &str, length: usize) -> String {
    if line.chars().count() <= length {
        return line.to_owned();
    }
    let room = length.saturating_sub(rule.len() + 4);
    let kept: String = line.chars().take(room).collect();
    format!("{}… [{rule}]", kept.trim_end())
}

/// The skips as metrics count them: each rule once for each reason.
pub fn counted(skipped: &[Skip]) -> Vec<(&'static str, &'static str)> {
    let mut counted: Vec<(&'static str, SkipReason)> = skipped.iter().map(|skip| (skip.rule, skip.reason)).collect();
    counted.sort_unstable();
    counted.dedup();
    counted
        .into_iter()
        .map(|(rule, reason)| (rule, reason.as_str()))
        .collect()
}

/// The exceptions as they are recorded, one for each finding. `reports` says of a finding whether it would have been
/// reported; of the others only the fix was kept back.
pub fn used(excepted: &[Excepted], reports: impl Fn(&Judged) -> bool) -> Vec<UsedException> {
    let action = |judged: &Judged| match () {
        () if judged.action == Action::Off || !reports(judged) => "Fix",
        () if judged.is_enforced() => judged.action.as_str(),
        () => Action::Audit.as_str(),
    };
    let used = excepted.iter().map(|Excepted { judged, exception, .. }| UsedException {
        exception: exception.clone(),
        rule: judged.rule.name,
        action: action(judged),
    });
    used.collect()
}

/// Whether a policy of this mode has a fix to send.
pub fn has_fix(judged: &[Judged], enforced: bool) -> bool {
    judged.iter().any(|j| j.is_enforced() == enforced && j.has_fix())
}

/// The fixes that are sent: of each rule those of the first policy by name that enforces them. Returns the operations and
/// the names of their rules; `object` is changed as the patch will change it.
pub fn merge_fixes(judged: &[Judged], object: &mut Value) -> (Vec<json_patch::PatchOperation>, Vec<&'static str>) {
    let mut chosen: BTreeMap<&'static str, &str> = BTreeMap::new();
    let enforced = || judged.iter().filter(|j| j.is_enforced() && j.has_fix());
    for j in enforced() {
        let policy = chosen.entry(j.rule.name).or_insert(&j.policy);
        if j.policy.as_str() < *policy {
            *policy = &j.policy;
        }
    }
    let (mut operations, mut fixed) = (Vec::new(), Vec::new());
    for j in enforced().filter(|j| chosen.get(j.rule.name) == Some(&j.policy.as_str())) {
        let mut made = crate::engine::apply(object, &j.finding.fix);
        if !made.is_empty() {
            fixed.push(j.rule.name);
        }
        operations.append(&mut made);
    }
    fixed.dedup();
    (operations, fixed)
}
