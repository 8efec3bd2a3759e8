//! What volguard is configured by is judged where it is applied: what could not be put in force is refused.

use super::Cluster;
use crate::cluster::view::ViewKind;
use crate::model::Meta;
use crate::own;
use crate::protocol::{Cause, Invalid, Response, Review, ReviewError};
use jiff::Timestamp;
use std::sync::Arc;

/// The kind of an object that volguard is configured by, where it is made or changed as a whole.
pub(super) fn find(review: &Review<'_>) -> Option<ViewKind> {
    let is_whole = review.sub_resource.as_deref().unwrap_or_default().is_empty();
    let changes = is_whole && matches!(&*review.operation, "CREATE" | "UPDATE");
    ViewKind::find(&review.kind.group, &review.kind.kind).filter(|kind| changes && ViewKind::OWN.contains(kind))
}

/// What is answered of such an object.
pub(super) fn judge(kind: ViewKind, review: &Review<'_>, cluster: &Cluster) -> Result<Response, ReviewError> {
    let (Some(object), old) = (review.object()?, review.old_object()?) else {
        return Ok(Response::default());
    };
    let view = match cluster {
        Cluster::Fixed(view) => Arc::clone(view),
        Cluster::Live(live) => live.snapshot(),
    };
    let old = old.as_ref().map(|old| &old.value);
    let faults = own::faults(kind, &object.value, old, &view, Timestamp::now());
    let cause = |fault: own::Problem| Cause {
        reason: "Invalid".to_owned(),
        field: fault.field(),
        message: fault.message,
    };
    Ok(Response {
        causes: faults.into_iter().map(cause).collect(),
        invalid: Some(Invalid {
            kind: kind.as_str().to_owned(),
            group: kind.group().to_owned(),
            name: Meta::of(&object.value).name().to_owned(),
        }),
        ..Response::default()
    })
}
