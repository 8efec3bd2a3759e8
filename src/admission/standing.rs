//! The judgement of objects that stand somewhere, in a file or in a cluster, without a review.

use super::{Judgement, is_judged_at_owner, judge};
use crate::cluster::view::{Lookup, View, ViewKind};
use crate::decision::strictest;
use crate::drivers::Drivers;
use crate::engine::{Action, Author, Door, Operation, Request};
use crate::model::{ObjectKind, Subject};
use crate::policy::{Attributes, PolicySet, out_of_scope};
use jiff::Timestamp;
use serde_json::Value;

/// An object that stands somewhere.
#[derive(Debug)]
pub struct Standing<'a> {
    /// Its kind.
    pub kind: ObjectKind,
    /// The object, with the defaults of the API server.
    pub value: &'a Value,
    /// What of it the author wrote.
    pub author: Author<'a>,
    /// Its namespace, empty for cluster-scoped objects.
    pub namespace: &'a str,
    /// Where it stands.
    pub door: Door,
    /// The objects beside it.
    pub view: &'a View,
    /// The time of the evaluation.
    pub now: Timestamp,
}

/// What policies do with an object that stands somewhere; `None` when they leave it alone. In mode Audit the action of every
/// finding is Audit.
pub fn judge_standing(
    standing: &Standing<'_>,
    policies: &PolicySet,
    drivers: &Drivers,
    own_namespace: &str,
) -> Option<Judgement> {
    let Standing {
        kind,
        value,
        view,
        door,
        ..
    } = *standing;
    let subject = Subject::new(kind, value);
    // The API server gives a Namespace its own name as namespace.
    let namespace = match kind {
        ObjectKind::Namespace => subject.meta().name(),
        _ => standing.namespace,
    };
    let attributes = Attributes {
        group: kind.group(),
        kind: kind.as_str(),
        subresource: "",
        operation: "CREATE",
        namespace,
        user: "",
    };
    let leaves = out_of_scope(&attributes, own_namespace).is_some();
    if leaves || subject.meta().is_deleting() || is_judged_at_owner(kind, value) {
        return None;
    }
    let request = Request {
        operation: match door {
            Door::Cluster => Operation::Scan,
            Door::Manifests | Door::Webhook => Operation::Create,
        },
        old: None,
        namespace,
        namespace_labels: match view.get(ViewKind::Namespace, "", namespace) {
            _ if kind == ObjectKind::Namespace => Lookup::Found(value),
            // Few folders hold their namespaces.
            Lookup::Absent if door == Door::Manifests => Lookup::Unknown,
            other => other,
        },
        view,
        drivers,
        author: standing.author.clone(),
        door,
        live: door == Door::Cluster,
        user: "",
        grace_period: None,
        now: standing.now,
    };
    let mut judgement = judge(policies, &attributes, &subject, &request, None, None);
    // A rule that is Off but fixes has nothing to report.
    judgement.judged.retain(|j| j.action != Action::Off);
    judgement.excepted.retain(|e| e.judged.action != Action::Off);
    let excepted = judgement.excepted.iter_mut().map(|e| &mut e.judged);
    for j in judgement.judged.iter_mut().chain(excepted).filter(|j| !j.is_enforced()) {
        j.action = Action::Audit;
    }
    Some(Judgement {
        judged: strictest(judgement.judged),
        excepted: strictest(judgement.excepted),
        skipped: judgement.skipped,
        lacks_namespace: judgement.lacks_namespace,
    })
}
