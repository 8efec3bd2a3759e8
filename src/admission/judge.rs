//! Steps 5 and 6: the rules of every policy that applies, over the subject.

use super::objects::is_made_from_template;
use crate::decision::{Excepted, Judged};
use crate::engine::{
    Action, Certainty, Class, Context, Edit, Finding, Operation, Outcomes, ReportsAt, Request, Run, Skip, SkipReason,
    Written,
};
use crate::model::{FieldPath, Step, Subject, object};
use crate::policy::{Applies, Attributes, CompiledPolicy, CompiledRule, ExceptionTarget, Mode, PolicySet};
use crate::protocol::Endpoint;
use serde_json::Value;
use std::time::Instant;

/// What the rules of all policies made of a subject.
#[derive(Debug, Default)]
pub struct Judgement {
    /// The findings, each with what one policy does with it.
    pub judged: Vec<Judged>,
    /// The findings that exceptions set aside: nothing is done with them.
    pub excepted: Vec<Excepted>,
    /// Rules that could not be evaluated.
    pub skipped: Vec<Skip>,
    /// Whether a policy selects namespaces by labels, and those of the object's namespace are unknown.
    pub lacks_namespace: bool,
}

/// Steps 5 and 6, the same for all doors: the rules of every policy that applies, over the subject, and what exceptions set
/// aside of their findings.
///
/// Rules that have not begun at the deadline, or not yet compared an update with what was before, are skipped: what was
/// found until then is worth more than no answer.
///
/// At `/validate` and `/mutate` only what reports or fixes there is run; without an endpoint (manifest files) everything is.
pub fn judge(
    policies: &PolicySet,
    attributes: &Attributes<'_>,
    subject: &Subject<'_>,
    request: &Request<'_>,
    endpoint: Option<Endpoint>,
    deadline: Option<Instant>,
) -> Judgement {
    let mut judgement = Judgement::default();
    let mut settled: Vec<(FieldPath, &[&str])> = Vec::new();
    let from_template = is_made_from_template(attributes);
    let target = exception_target(subject, request);
    let mut outcomes = Outcomes::of_policies(policies.policies().len());
    let is_late = || deadline.is_some_and(|deadline| deadline <= Instant::now());
    for policy in policies.policies() {
        match policy.applies(attributes, subject.meta().labels(), request.namespace_labels) {
            Applies::Yes => {}
            Applies::No => continue,
            Applies::Unknown => {
                judgement.lacks_namespace = true;
                let detail = format!("labels of namespace {} are unknown", attributes.namespace);
                let unknown = |rule: &CompiledRule| Skip {
                    rule: rule.rule.name,
                    reason: SkipReason::Unknown,
                    detail: detail.clone(),
                };
                judgement.skipped.extend(policy.rules.iter().map(unknown));
                continue;
            }
        }
        let mut is_over = false;
        for (index, compiled) in policy.rules_for(subject.kind()).enumerate() {
            // A look at the clock costs as much as most rules.
            is_over = is_over || (index % 8 == 0 && is_late());
            let rule = compiled.rule;
            let changes = matches!(
                request.operation,
                Operation::Create | Operation::Update | Operation::Scan
            );
            let fixes = compiled.mutate && changes && endpoint != Some(Endpoint::Validate);
            let reports = match endpoint {
                None => true,
                Some(Endpoint::Validate) => rule.reports_at == ReportsAt::Validate,
                Some(Endpoint::Mutate) => rule.reports_at == ReportsAt::Mutate,
            };
            if !(reports || fixes) {
                continue;
            }
            if is_over {
                judgement.skipped.push(Skip::late(rule));
                continue;
            }
            let run = compiled.run();
            if fixes && request.operation == Operation::Update {
                judgement.judged.extend(carried(run, policy, subject, request));
            }
            let Some(outcome) = outcomes.of(run, subject, request, &is_late) else {
                continue;
            };
            judgement.skipped.extend(outcome.skipped);
            if outcome.findings.is_empty() {
                continue;
            }
            let findings = outcome.findings.into_iter();
            let judged = findings.map(|finding| Judged {
                rule,
                action: action(compiled, &finding, from_template),
                finding: with_sendable_fix(finding, request.operation),
                policy: policy.name.clone(),
                mode: policy.mode,
                mutate: fixes,
            });
            if let Some(exception) = policies.exceptions().find(rule.name, &target, request.now) {
                let excepted = judged.map(|judged| Excepted::new(judged, exception));
                judgement.excepted.extend(excepted);
                continue;
            }
            let judged: Vec<Judged> = judged.collect();
            if compiled.mutate && policy.mode == Mode::Enforce {
                let settling = judged.iter().filter(|j| !j.finding.settles.is_empty());
                settled.extend(settling.map(|j| (j.finding.path.clone(), j.finding.settles)));
            }
            judgement.judged.extend(judged);
        }
    }
    judgement.tidy(&settled);
    judgement
}

impl Judgement {
    /// Drops what other findings settle, and what comes to nothing: a rule that is Off is run for its fix only.
    fn tidy(&mut self, settled: &[(FieldPath, &[&str])]) {
        let matters = |j: &Judged| {
            let voids =
                |(path, rules): &(FieldPath, &[&str])| rules.contains(&j.rule.name) && path.is_beside(&j.finding.path);
            !settled.iter().any(voids) && (j.action != Action::Off || j.has_fix())
        };
        self.judged.retain(matters);
        self.excepted.retain(|excepted| matters(&excepted.judged));
        self.skipped
            .sort_by(|a, b| (a.rule, &a.detail).cmp(&(b.rule, &b.detail)));
        self.skipped.dedup();
    }
}

/// What exceptions look at.
fn exception_target<'a>(subject: &Subject<'a>, request: &Request<'a>) -> ExceptionTarget<'a> {
    let (kind, meta) = (subject.kind(), subject.meta());
    ExceptionTarget {
        kind,
        // A Namespace has its own name as namespace, and is cluster-scoped all the same.
        namespace: if kind.is_cluster_scoped() {
            ""
        } else {
            request.namespace
        },
        name: meta.name(),
        labels: meta.labels(),
    }
}

/// What the policy does with the finding.
fn action(compiled: &CompiledRule, finding: &Finding, from_template: bool) -> Action {
    let action = compiled.action(finding);
    // A denial here would keep the pods of an older workload from coming back.
    if (from_template || finding.comes_back) && compiled.rule.class != Class::NeverWorks {
        return action.min(Action::Warn);
    }
    action
}

/// The finding, without its fix where that must not be sent.
fn with_sendable_fix(mut finding: Finding, operation: Operation) -> Finding {
    if finding.certainty == Certainty::Likely || operation == Operation::Update {
        finding.fix.clear();
    }
    finding
}

/// What an update must carry forward: immutable fields that the rule's fix may have set when the object was created, and
/// that the author did not write. Otherwise `kubectl replace` of the same manifest would be refused.
fn carried(run: Run<'_>, policy: &CompiledPolicy, subject: &Subject<'_>, request: &Request<'_>) -> Option<Judged> {
    let (Subject::Class(class), Some(old)) = (subject, request.old) else {
        return None;
    };
    let cx = Context::new(request, run.parameters);
    let paths = (run.rule.carries)(*class, &cx);
    let edits: Vec<Edit> = paths
        .into_iter()
        .filter_map(|path| carry(&path, class.value(), old.value(), request))
        .collect();
    let first = edits.first()?;
    let Edit::Set(path, _) = first else { return None };
    Some(Judged {
        rule: run.rule,
        finding: Finding::new(path.clone(), "", "is immutable and was not written").fix(edits.clone()),
        policy: policy.name.clone(),
        mode: policy.mode,
        action: Action::Off,
        mutate: true,
    })
}

fn carry(path: &FieldPath, value: &Value, old: &Value, request: &Request<'_>) -> Option<Edit> {
    let keys: Vec<&str> = path
        .steps()
        .iter()
        .map(|step| match step {
            Step::Key(key) => &**key,
            Step::Index(_) => "",
        })
        .collect();
    let before = object::at(old, &keys)?;
    let differs = object::at(value, &keys) != Some(before);
    let written = request.author.wrote(&keys) == Written::Yes;
    (differs && !written).then(|| Edit::Set(path.clone(), before.clone()))
}
