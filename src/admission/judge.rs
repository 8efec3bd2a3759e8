//! Steps 5 and 6: the rules of every policy that applies, over the subject.

use super::objects::is_made_from_template;
use crate::decision::Judged;
use crate::engine::{
    Action, Certainty, Class, Context, Edit, Finding, Operation, ReportsAt, Request, Run, Skip, SkipReason, Written,
    evaluate,
};
use crate::model::{FieldPath, Step, Subject, object};
use crate::policy::{Applies, Attributes, CompiledPolicy, CompiledRule, Mode, PolicySet};
use crate::protocol::Endpoint;
use serde_json::Value;
use std::time::Instant;

/// Steps 5 and 6, the same for all doors: the rules of every policy that applies, over the subject.
///
/// Rules that have not begun at the deadline are skipped: what was found until then is worth more than no answer.
///
/// At `/validate` and `/mutate` only what reports or fixes there is run; without an endpoint (manifest files) everything is.
pub fn judge(
    policies: &PolicySet,
    attributes: &Attributes<'_>,
    subject: &Subject<'_>,
    request: &Request<'_>,
    endpoint: Option<Endpoint>,
    deadline: Option<Instant>,
) -> (Vec<Judged>, Vec<Skip>) {
    let (mut judged, mut skipped) = (Vec::new(), Vec::new());
    let mut settled: Vec<(FieldPath, &[&str])> = Vec::new();
    let from_template = is_made_from_template(attributes);
    for policy in policies.policies() {
        match policy.applies(attributes, subject.meta().labels(), request.namespace_labels) {
            Applies::Yes => {}
            Applies::No => continue,
            Applies::Unknown => {
                let detail = format!("labels of namespace {} are unknown", attributes.namespace);
                let unknown = |rule: &CompiledRule| Skip {
                    rule: rule.rule.name,
                    reason: SkipReason::Unknown,
                    detail: detail.clone(),
                };
                skipped.extend(policy.rules.iter().map(unknown));
                continue;
            }
        }
        let mut is_over = false;
        for (index, compiled) in policy.rules_for(subject.kind()).enumerate() {
            // A look at the clock costs as much as most rules.
            is_over = is_over || (index % 8 == 0 && deadline.is_some_and(|deadline| deadline <= Instant::now()));
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
                skipped.push(Skip {
                    rule: rule.name,
                    reason: SkipReason::Deadline,
                    detail: "the time of the request is over".to_owned(),
                });
                continue;
            }
            let run = compiled.run();
            if fixes && request.operation == Operation::Update {
                judged.extend(carried(run, policy, subject, request));
            }
            let Some(outcome) = evaluate(run, subject, request) else {
                continue;
            };
            skipped.extend(outcome.skipped);
            if compiled.mutate && policy.mode == Mode::Enforce {
                let settling = outcome.findings.iter().filter(|finding| !finding.settles.is_empty());
                settled.extend(settling.map(|finding| (finding.path.clone(), finding.settles)));
            }
            judged.extend(outcome.findings.into_iter().map(|mut finding| {
                let mut action = compiled.action(&finding);
                if from_template && rule.class != Class::NeverWorks {
                    // A denial here would keep the pods of an older set from coming back.
                    action = action.min(Action::Warn);
                }
                if finding.certainty == Certainty::Likely || request.operation == Operation::Update {
                    finding.fix.clear();
                }
                Judged {
                    rule,
                    finding,
                    policy: policy.name.clone(),
                    mode: policy.mode,
                    action,
                    mutate: fixes,
                }
            }));
        }
    }
    judged.retain(|j| {
        let voids =
            |(path, rules): &(FieldPath, &[&str])| rules.contains(&j.rule.name) && path.is_beside(&j.finding.path);
        !settled.iter().any(voids)
    });
    // A rule that is Off is run for its fix only.
    judged.retain(|j| j.action != Action::Off || (j.mutate && !j.finding.fix.is_empty()));
    skipped.sort_by(|a, b| (a.rule, &a.detail).cmp(&(b.rule, &b.detail)));
    skipped.dedup();
    (judged, skipped)
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
