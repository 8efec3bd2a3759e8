//! The way of one review, from bytes to bytes.
//!
//! All steps but the fourth are plain functions: no I/O, no clock but the deadline that is passed in.

mod objects;
mod standing;

use crate::cluster::live::LiveView;
use crate::cluster::view::{Lookup, View, ViewKind};
use crate::decision::{self, Judged};
use crate::drivers::Drivers;
use crate::engine::{
    Action, Author, Certainty, Class, Door, Edit, Operation, ReportsAt, Request, Run, Skip, SkipReason, evaluate,
};
use crate::model::{FieldPath, Meta, ObjectKind, Step, Subject, object};
use crate::policy::{Applies, Attributes, CompiledPolicy, Mode, PolicySet, out_of_scope};
use crate::protocol::{Answer, Endpoint, Record, RecordedFinding, Response, Review, ReviewError, Reviewer};
use jiff::Timestamp;
use objects::{Objects, is_judged_at_owner};
use serde_json::Value;
pub use standing::{Standing, judge_standing};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The longest that a request waits for the watch to bring an object that it names.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// Where the cluster view of a request comes from.
#[derive(Debug)]
pub enum Cluster {
    /// From watches.
    Live(Arc<LiveView>),
    /// From files: it never changes.
    Fixed(Arc<View>),
}

/// Everything that a review is judged by.
#[derive(Debug)]
pub struct Admission {
    /// The policies in force.
    pub policies: PolicySet,
    /// What is known of drivers.
    pub drivers: Arc<Drivers>,
    /// The cluster.
    pub cluster: Cluster,
    /// volguard's own namespace, which is left alone.
    pub own_namespace: String,
}

impl Reviewer for Admission {
    async fn review(&self, endpoint: Endpoint, body: &[u8], deadline: Instant) -> Result<Answer, ReviewError> {
        let start = Instant::now();
        // 1 protocol: bytes -> Review
        let review = Review::parse(body)?;
        let mut record = record(endpoint, &review);

        // 2 policy: in scope?
        let kind = subject_kind(&review);
        let attributes = attributes(&review, kind);
        let (Some(kind), None) = (kind, out_of_scope(&attributes, &self.own_namespace)) else {
            return answer(&Response::default(), record, start);
        };

        // 3 model: raw -> Subject
        let operation = operation(&attributes);
        let Some(objects) = Objects::read(&review, operation)? else {
            return answer(&Response::default(), record, start);
        };
        if objects.need_no_judgement(kind, operation) {
            return answer(&Response::default(), record, start);
        }

        // 4 cluster: one view for the whole request, taken once
        let view = match &self.cluster {
            Cluster::Fixed(view) => Arc::clone(view),
            Cluster::Live(live) => {
                let until = start + LONGEST_WAIT.min(deadline.saturating_duration_since(start) / 2);
                live.wait_for(&objects.named(kind, operation, &attributes), until).await
            }
        };
        let namespace = view.get(ViewKind::Namespace, "", attributes.namespace);
        let ends = |namespace: &Value| Meta::of(namespace).is_deleting();
        if operation == Operation::Delete && namespace.found().is_some_and(ends) {
            return answer(&Response::default(), record, start);
        }
        let Some(Objects {
            new: value,
            old: old_value,
            managed_fields,
        }) = objects.scaled(kind, operation, &view, &attributes)
        else {
            let detail = format!("{} {} is unknown", attributes.kind, record.name);
            let skipped = self.policies.skip_all(operation, &detail);
            record.skipped = decision::counted(&skipped);
            return answer(
                &decision::decide(&[], &skipped, Vec::new(), &[], false).response,
                record,
                start,
            );
        };
        let subject = Subject::new(kind, &value);
        let old = old_value.as_ref().map(|old| Subject::new(kind, old));

        // 5 policy: which rules run; 6 engine: runs -> findings
        let request = Request {
            operation,
            old: old_value.as_ref(),
            namespace: attributes.namespace,
            namespace_labels: if kind == ObjectKind::Namespace {
                Lookup::Found(&value)
            } else {
                namespace
            },
            view: &view,
            drivers: &self.drivers,
            author: Author::of_live(subject.meta(), managed_fields),
            door: Door::Webhook,
            live: matches!(self.cluster, Cluster::Live(_)),
            user: attributes.user,
            grace_period: review.options.and_then(|options| options.grace_period_seconds),
            now: Timestamp::now(),
        };
        let (mut judged, skipped) = judge(
            &self.policies,
            &attributes,
            &subject,
            old.as_ref(),
            &request,
            Some(endpoint),
        );

        // 7 decision: findings -> decision
        let mut fixes = (Vec::new(), Vec::new());
        let mut would_fix = false;
        if endpoint == Endpoint::Mutate {
            would_fix = decision::has_fix(&judged, false);
            if decision::has_fix(&judged, true) {
                fixes = decision::merge_fixes(&judged, &mut value.clone());
            }
            judged.retain(|j| j.rule.reports_at == ReportsAt::Mutate);
        }
        let judged = decision::strictest(judged);
        let decision = decision::decide(&judged, &skipped, fixes.0, &fixes.1, would_fix);

        // 8 protocol: decision -> bytes
        record.decision = decision.verdict;
        record.findings = judged
            .iter()
            .map(|j| RecordedFinding {
                rule: j.rule.name,
                action: if j.is_enforced() { j.action } else { Action::Audit }.as_str(),
            })
            .collect();
        record.fixed = fixes.1;
        record.skipped = decision::counted(&skipped);
        answer(&decision.response, record, start)
    }
}

/// Steps 5 and 6, the same for all doors: the rules of every policy that applies, over the subject.
///
/// At `/validate` and `/mutate` only what reports or fixes there is run; without an endpoint (manifest files) everything is.
pub fn judge(
    policies: &PolicySet,
    attributes: &Attributes<'_>,
    subject: &Subject<'_>,
    old: Option<&Subject<'_>>,
    request: &Request<'_>,
    endpoint: Option<Endpoint>,
) -> (Vec<Judged>, Vec<Skip>) {
    let (mut judged, mut skipped) = (Vec::new(), Vec::new());
    let mut settled: Vec<(FieldPath, &[&str])> = Vec::new();
    let from_template = objects::is_made_from_template(attributes);
    for policy in policies.policies() {
        match policy.applies(attributes, subject.meta().labels(), request.namespace_labels) {
            Applies::Yes => {}
            Applies::No => continue,
            Applies::Unknown => {
                let detail = format!("labels of namespace {} are unknown", attributes.namespace);
                let unknown = |rule: &crate::policy::CompiledRule| Skip {
                    rule: rule.rule.name,
                    reason: SkipReason::Unknown,
                    detail: detail.clone(),
                };
                skipped.extend(policy.rules.iter().map(unknown));
                continue;
            }
        }
        for compiled in &policy.rules {
            let rule = compiled.rule;
            let run = compiled.run();
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
            if !reports && !fixes {
                continue;
            }
            if fixes && request.operation == Operation::Update {
                judged.extend(carried(&run, policy, subject, request));
            }
            let outcome = evaluate(&run, subject, old, request);
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
fn carried(run: &Run, policy: &CompiledPolicy, subject: &Subject<'_>, request: &Request<'_>) -> Option<Judged> {
    let (Subject::Class(class), Some(old)) = (subject, request.old) else {
        return None;
    };
    let cx = crate::engine::Context::new(request, &run.parameters);
    let paths = (run.rule.carries)(*class, &cx);
    let edits: Vec<Edit> = paths
        .into_iter()
        .filter_map(|path| carry(&path, class.value(), old, request))
        .collect();
    let first = edits.first()?;
    let Edit::Set(path, _) = first else { return None };
    Some(Judged {
        rule: run.rule,
        finding: crate::engine::Finding::new(path.clone(), "", "is immutable and was not written").fix(edits.clone()),
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
            Step::Key(key) => key.as_str(),
            Step::Index(_) => "",
        })
        .collect();
    let before = object::at(old, &keys)?;
    let differs = object::at(value, &keys) != Some(before);
    let written = request.author.wrote(&keys) == crate::engine::Written::Yes;
    (differs && !written).then(|| Edit::Set(path.clone(), before.clone()))
}

/// The kind of the subject: of the workload, where its replicas are changed through the scale subresource.
fn subject_kind(review: &Review<'_>) -> Option<ObjectKind> {
    match review.sub_resource.as_deref() {
        Some("scale") => objects::scaled_resource(&review.resource.group, &review.resource.resource),
        _ => ObjectKind::find(&review.kind.group, &review.kind.kind),
    }
}

fn attributes<'r>(review: &'r Review<'_>, kind: Option<ObjectKind>) -> Attributes<'r> {
    let (group, kind) = match kind {
        Some(kind) => (kind.group(), kind.as_str()),
        None => (&*review.kind.group, &*review.kind.kind),
    };
    Attributes {
        group,
        kind,
        subresource: review.sub_resource.as_deref().unwrap_or_default(),
        operation: &review.operation,
        namespace: review.namespace.as_deref().unwrap_or_default(),
        user: &review.user_info.username,
    }
}

/// What is done, of the operations that are in scope.
fn operation(attributes: &Attributes<'_>) -> Operation {
    match (attributes.operation, attributes.subresource) {
        ("DELETE", _) => Operation::Delete,
        (_, "scale") => Operation::Scale,
        ("UPDATE", _) => Operation::Update,
        _ => Operation::Create,
    }
}

fn record(endpoint: Endpoint, review: &Review<'_>) -> Record {
    let kind = subject_kind(review).map_or("other", ObjectKind::as_str);
    let operation = match &*review.operation {
        "CREATE" => "CREATE",
        "UPDATE" => "UPDATE",
        "DELETE" => "DELETE",
        _ => "CONNECT",
    };
    Record {
        endpoint,
        uid: review.uid.to_string(),
        kind,
        operation,
        namespace: review.namespace.as_deref().unwrap_or_default().to_owned(),
        name: review.name.as_deref().unwrap_or_default().to_owned(),
        user: review.user_info.username.to_string(),
        dry_run: review.dry_run == Some(true),
        decision: "allow",
        findings: Vec::new(),
        fixed: Vec::new(),
        skipped: Vec::new(),
        exceptions: Vec::new(),
        duration: Duration::ZERO,
    }
}

fn answer(response: &Response, mut record: Record, start: Instant) -> Result<Answer, ReviewError> {
    let body = response.to_bytes(&record.uid)?;
    record.duration = start.elapsed();
    Ok(Answer { body, record })
}
