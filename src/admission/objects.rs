//! The objects of a review: what is judged, and what it was before.

use crate::cluster::live::Named;
use crate::cluster::named::named_by;
use crate::cluster::view::{View, ViewKind};
use crate::engine::Operation;
use crate::model::object::at;
use crate::model::{Meta, ObjectKind, Subject, Workload};
use crate::policy::Attributes;
use crate::protocol::{Review, ReviewError};
use serde_json::Value;
use serde_json::value::RawValue;

/// What is judged, and what it was before.
#[derive(Debug)]
pub(super) struct Objects<'r> {
    /// The object that is to be stored; on DELETE the one that is stored; for the scale subresource first the Scale.
    pub(super) new: Value,
    /// The object that is stored, on UPDATE.
    pub(super) old: Option<Value>,
    /// The managed fields of `new`, which it does not have itself.
    pub(super) managed_fields: Option<&'r RawValue>,
}

impl<'r> Objects<'r> {
    /// Decodes the objects of a review; `None` when it has none.
    pub(super) fn read(review: &Review<'r>, operation: Operation) -> Result<Option<Self>, ReviewError> {
        let old = review.old_object()?;
        let (new, old) = match operation {
            Operation::Delete => (old, None),
            _ => (review.object()?, old),
        };
        Ok(new.map(|new| Self {
            new: new.value,
            old: old.map(|old| old.value),
            managed_fields: new.managed_fields,
        }))
    }

    /// Whether nothing that rules read is done: the object is on its way out already, or the update leaves it as it was.
    /// The API server is told not to send most of it (`manifests/webhooks.rs`): what is judged here must be sent there.
    pub(super) fn need_no_judgement(&self, kind: ObjectKind, operation: Operation) -> bool {
        let is_unchanged = |old| same_but_metadata(&self.new, old) && same_default_mark(kind, &self.new, old);
        // A pod that hangs in Terminating is what a forced deletion is for.
        let is_forced = operation == Operation::Delete && kind == ObjectKind::Pod;
        (Meta::of(&self.new).is_deleting() && !is_forced)
            || (operation == Operation::Update && self.old.as_ref().is_some_and(is_unchanged))
            || (operation != Operation::Delete && is_judged_at_owner(kind, &self.new))
    }

    /// The objects that rules will look up, for which it may be worth waiting.
    pub(super) fn named(&self, kind: ObjectKind, operation: Operation, attributes: &Attributes<'_>) -> Vec<Named> {
        match (operation, scaled_kind(kind)) {
            (Operation::Scale, Some(kind)) => vec![Named::new(kind, attributes.namespace, Meta::of(&self.new).name())],
            _ => named_by(&Subject::new(kind, &self.new), attributes.namespace),
        }
    }

    /// The same, where a Scale has become the workload with its new and its old number of replicas; `None` when the view
    /// does not have the workload.
    pub(super) fn scaled(
        self,
        kind: ObjectKind,
        operation: Operation,
        view: &View,
        attributes: &Attributes<'_>,
    ) -> Option<Self> {
        if operation != Operation::Scale {
            return Some(self);
        }
        let name = Meta::of(&self.new).name();
        let row = view.get(scaled_kind(kind)?, attributes.namespace, name).found()?;
        let workload = Workload::new(kind, row);
        Some(Self {
            old: self.old.map(|scale| scaled(&workload, &scale)),
            new: scaled(&workload, &self.new),
            managed_fields: None,
        })
    }
}

/// The kind of the view whose rows tell what is scaled.
fn scaled_kind(kind: ObjectKind) -> Option<ViewKind> {
    match kind {
        ObjectKind::StatefulSet => Some(ViewKind::StatefulSet),
        ObjectKind::Deployment => Some(ViewKind::Deployment),
        _ => None,
    }
}

fn scaled(workload: &Workload<'_>, scale: &Value) -> Value {
    // Go leaves a number of zero out.
    let replicas = at(scale, &["spec", "replicas"]).cloned();
    workload.with_replicas(replicas.unwrap_or_else(|| 0.into()))
}

/// Whether the object is made by a controller from a template that rules judge where it stands.
pub(super) fn is_judged_at_owner(kind: ObjectKind, object: &Value) -> bool {
    matches!(kind, ObjectKind::Pod | ObjectKind::ReplicaSet | ObjectKind::Job)
        && Meta::of(object).controller_kind().is_some()
}

/// Whether an update leaves everything but metadata and status as it was.
fn same_but_metadata(new: &Value, old: &Value) -> bool {
    let (Some(new), Some(old)) = (new.as_object(), old.as_object()) else {
        return false;
    };
    let matters = |key: &&String| !matches!(key.as_str(), "metadata" | "status");
    new.keys()
        .chain(old.keys())
        .filter(matters)
        .all(|key| new.get(key) == old.get(key))
}

/// Whether an update leaves alone which class is the default: the one thing that rules read in metadata.
fn same_default_mark(kind: ObjectKind, new: &Value, old: &Value) -> bool {
    if kind.is_workload() {
        return true;
    }
    let is_default = |object| match Subject::new(kind, object) {
        Subject::Class(class) => class.is_default(),
        Subject::SnapshotClass(class) => class.is_default(),
        _ => false,
    };
    is_default(new) == is_default(old)
}

/// The kind of workload whose replicas a request to the scale subresource changes.
pub(super) fn scaled_resource(group: &str, resource: &str) -> Option<ObjectKind> {
    match (group, resource) {
        ("apps", "statefulsets") => Some(ObjectKind::StatefulSet),
        ("apps", "deployments") => Some(ObjectKind::Deployment),
        _ => None,
    }
}

/// Whether a claim is made by a controller from a template that was judged before.
pub(super) fn is_made_from_template(attributes: &Attributes<'_>) -> bool {
    attributes.kind == ObjectKind::PersistentVolumeClaim.as_str()
        && [
            "system:serviceaccount:kube-system:statefulset-controller",
            "system:serviceaccount:kube-system:ephemeral-volume-controller",
        ]
        .contains(&attributes.user)
}
