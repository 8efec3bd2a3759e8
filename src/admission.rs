//! The way of one review, from bytes to bytes.
//!
//! All steps but the fourth are plain functions: no I/O, no clock but the deadline that is passed in.

mod conclude;
mod judge;
mod objects;
mod own_kinds;
mod standing;

use crate::cluster::live::LiveView;
use crate::cluster::view::{Lookup, View, ViewKind};
use crate::decision;
use crate::engine::{Author, Door, Operation, Request, Skip, SkipReason};
use crate::model::{Meta, ObjectKind, Subject};
use crate::own::Uses;
use crate::policy::{Attributes, Criteria, InForce, out_of_scope};
use crate::protocol::{Answer, Endpoint, Record, Response, Review, ReviewError, Reviewer, UsedException};
use conclude::conclude;
use jiff::Timestamp;
pub use judge::{Judgement, judge};
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
    /// The policies and exceptions in force, and what is known of drivers.
    pub in_force: InForce,
    /// Takes down which exceptions are used.
    pub uses: Uses,
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

        if let Some(kind) = own_kinds::find(&review) {
            let response = own_kinds::judge(kind, &review, &self.cluster)?;
            record.decision = if response.causes.is_empty() { "allow" } else { "deny" };
            return answer(&response, record, start);
        }

        // 2 policy: in scope?
        let kind = subject_kind(&review);
        let attributes = attributes(&review, kind);
        let (Some(kind), None) = (kind, out_of_scope(&attributes, &self.own_namespace)) else {
            return answer(&Response::default(), record, start);
        };

        // 3 model: raw -> Subject
        let operation = operation(&attributes);
        let objects = match Objects::read(&review, operation) {
            Ok(Some(objects)) => objects,
            Ok(None) => return answer(&Response::default(), record, start),
            Err(ReviewError::TooLarge(problem)) => {
                let skipped = self
                    .in_force
                    .now()
                    .policies
                    .skip_all(operation, SkipReason::Size, &problem);
                let mut response = not_judged(&skipped, &mut record);
                response
                    .warnings
                    .push(format!("volguard did not judge this: {problem}"));
                return answer(&response, record, start);
            }
            Err(error) => return Err(error),
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
        let criteria = self.in_force.now();
        let Criteria { policies, drivers } = &*criteria;
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
            let skipped = policies.skip_all(operation, SkipReason::Unknown, &detail);
            return answer(&not_judged(&skipped, &mut record), record, start);
        };
        let subject = Subject::new(kind, &value);
        let old = old_value.as_ref().map(|old| Subject::new(kind, old));

        // 5 policy: which rules run; 6 engine: runs -> findings, without those that exceptions set aside
        let request = Request {
            operation,
            old: old.as_ref(),
            namespace: attributes.namespace,
            namespace_labels: if kind == ObjectKind::Namespace {
                Lookup::Found(&value)
            } else {
                namespace
            },
            view: &view,
            drivers,
            author: Author::of_live(subject.meta(), managed_fields),
            door: Door::Webhook,
            live: matches!(self.cluster, Cluster::Live(_)),
            user: attributes.user,
            grace_period: review.options.and_then(|options| options.grace_period_seconds),
            now: Timestamp::now(),
        };
        let judgement = judge(
            policies,
            &attributes,
            &subject,
            &request,
            Some(endpoint),
            Some(deadline),
        );

        // 7 decision: findings -> decision
        let response = conclude(judgement, &value, &mut record);
        if !record.dry_run {
            let of_objects = |used: &&UsedException| policies.exceptions().has_object(&used.exception);
            for used in record.exceptions.iter().filter(of_objects) {
                self.uses.note(&used.exception, request.now);
            }
        }

        // 8 protocol: decision -> bytes
        answer(&response, record, start)
    }
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

/// The response where no rule could be evaluated; the record takes it down.
fn not_judged(skipped: &[Skip], record: &mut Record) -> Response {
    record.skipped = decision::counted(skipped);
    decision::decide(&[], skipped, &[], Vec::new(), &[], false).response
}

fn answer(response: &Response, mut record: Record, start: Instant) -> Result<Answer, ReviewError> {
    let body = response.to_bytes(&record.uid)?;
    record.duration = start.elapsed();
    Ok(Answer { body, record })
}
