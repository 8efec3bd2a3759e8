//! The judgement of one object under review, as the case files and the base objects ask for it.

use serde::Deserialize;
use serde_json::Value;
use volguard::admission::judge;
use volguard::cluster::view::{Lookup, View, ViewKind};
use volguard::decision::{Judged, strictest};
use volguard::drivers::Drivers;
use volguard::engine::{Author, Door, Operation, Request, Skip};
use volguard::model::{Meta, ObjectKind, Subject};
use volguard::policy::{Attributes, PolicySet};

/// What a review says beside its objects.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Review {
    /// `CREATE`, `UPDATE`, `DELETE`, `SCALE` or `SCAN`; where it is not said, an old object makes an UPDATE, else CREATE.
    pub(crate) operation: Option<String>,
    pub(crate) user: String,
    pub(crate) grace_period_seconds: Option<i64>,
    /// The time of the judgement; where it is not said, the first of June 2026.
    pub(crate) now: Option<String>,
    /// Whether a cluster stands behind the view.
    pub(crate) live: bool,
    /// Whether the object is as the API server sends it, with defaults filled in: its metadata tell what its author wrote.
    pub(crate) filled_in: bool,
}

impl Review {
    /// What all policies say of the object, in the order of its fields; what is Off is there for its fix.
    ///
    /// On DELETE the object is the one that is deleted, on SCALE the workload with its new replicas.
    pub(crate) fn judge(
        &self,
        kind: ObjectKind,
        object: &Value,
        old: Option<&Value>,
        view: &View,
        policies: &PolicySet,
    ) -> (Vec<Judged>, Vec<Skip>) {
        let default = if old.is_some() { "UPDATE" } else { "CREATE" };
        let name = self.operation.as_deref().unwrap_or(default);
        let (operation, door) = match name {
            "CREATE" => (Operation::Create, Door::Webhook),
            "UPDATE" => (Operation::Update, Door::Webhook),
            "DELETE" => (Operation::Delete, Door::Webhook),
            "SCALE" => (Operation::Scale, Door::Webhook),
            "SCAN" => (Operation::Scan, Door::Cluster),
            other => panic!("no operation: {other}"),
        };
        let namespace = match (kind, Meta::of(object)) {
            (ObjectKind::Namespace, meta) => meta.name(),
            (kind, _) if kind.is_cluster_scoped() => "",
            (_, meta) if meta.namespace().is_empty() => "default",
            (_, meta) => meta.namespace(),
        };
        let attributes = Attributes {
            group: kind.group(),
            kind: kind.as_str(),
            subresource: "",
            operation: name,
            namespace,
            user: &self.user,
        };
        let old = old.map(|old| Subject::new(kind, old));
        let request = Request {
            operation,
            old: old.as_ref(),
            namespace,
            namespace_labels: match kind {
                ObjectKind::Namespace => Lookup::Found(object),
                _ => view.get(ViewKind::Namespace, "", namespace),
            },
            view,
            drivers: &Drivers::builtin(),
            author: if self.filled_in {
                Author::of_live(Meta::of(object), None)
            } else {
                Author::Manifest(object.clone())
            },
            door,
            live: self.live,
            user: &self.user,
            grace_period: self.grace_period_seconds,
            now: self.now.as_deref().unwrap_or("2026-06-01T00:00:00Z").parse().unwrap(),
        };
        let subject = Subject::new(kind, object);
        let judgement = judge(policies, &attributes, &subject, &request, None, None);
        (strictest(judgement.judged), judgement.skipped)
    }
}
