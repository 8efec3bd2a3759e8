//! See the documentation of [`RULE`].

use crate::cluster::view::ViewKind;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles};
use crate::model::scheduling::{Affinity, PodTerm};
use crate::model::{ObjectKind, Workload};

crate::rule! {
    /// ## What it checks
    /// A StatefulSet with two or more replicas has a spread constraint whose `labelSelector` does not select the set's
    /// own pods; or it has pod anti-affinity, and no term of it selects them.
    ///
    /// Anti-affinity to other pods is no fault: a term is left alone that names namespaces, or whose selector selects the
    /// pods of another StatefulSet or Deployment that is known in the namespace.
    ///
    /// ## Why it matters
    /// The scheduler counts the pods that the selector selects. Where it selects none, every node and every zone look
    /// equally empty: the replicas may all be put on one node, and the outage that the term was written against takes
    /// them all. Nothing tells, for the pods run. It comes from a label that was renamed, or from a chart whose labels
    /// have the release's name in them.
    ///
    /// ## How to fix
    /// Give the term the `labelSelector` of the set itself, `spec.selector`.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata: {name: db, namespace: shop}
    /// spec:
    ///   serviceName: db
    ///   replicas: 3
    ///   selector: {matchLabels: {app: shop-db}}
    ///   template:
    ///     metadata: {labels: {app: shop-db}}
    ///     spec:
    ///       topologySpreadConstraints:
    ///         - maxSkew: 1
    ///           topologyKey: topology.kubernetes.io/zone
    ///           whenUnsatisfiable: DoNotSchedule
    ///           labelSelector: {matchLabels: {app: db}}
    ///       containers:
    ///         - {name: db, image: "registry.example.com/db:1"}
    /// ```
    /// ```yaml,passes
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata: {name: db, namespace: shop}
    /// spec:
    ///   serviceName: db
    ///   replicas: 3
    ///   selector: {matchLabels: {app: shop-db}}
    ///   template:
    ///     metadata: {labels: {app: shop-db}}
    ///     spec:
    ///       topologySpreadConstraints:
    ///         - maxSkew: 1
    ///           topologyKey: topology.kubernetes.io/zone
    ///           whenUnsatisfiable: DoNotSchedule
    ///           labelSelector: {matchLabels: {app: shop-db}}
    ///       containers:
    ///         - {name: db, image: "registry.example.com/db:1"}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/#known-limitations>
    /// - <https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity>
    pub static RULE = {
        name: "ineffective-spread",
        summary: "StatefulSet has a spread constraint or an anti-affinity that does not select its own pods",
        category: Category::Workload,
        class: Class::Availability,
        needs: &[Needs::StatefulSet, Needs::Deployment],
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Warn, Action::Warn, Action::Warn),
        check: Check::Workload(&[ObjectKind::StatefulSet], check),
    }
}

fn check(workload: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    let labels = workload.pod_labels();
    // The API server refuses a set whose pods have no labels.
    if labels.is_none() || workload.replicas() < 2 {
        return;
    }
    let mut report = |term: &PodTerm<'_>, what: &str| {
        let selector = term.selector().map(ToString::to_string).unwrap_or_default();
        let message = format!(
            "{what} on {} misses the set's own pods: all may share one",
            term.topology_key()
        );
        let remedy = "Make its labelSelector the selector of the set, spec.selector.";
        out.push(Finding::new(term.path().key("labelSelector"), selector, message).remedy(remedy));
    };
    for constraint in workload.spread_constraints() {
        if !constraint.selects(labels) {
            report(&constraint, "spread");
        }
    }
    let terms = workload.affinity_terms(Affinity::Apart);
    if terms.iter().any(|term| term.selects(labels)) {
        return;
    }
    for term in terms
        .iter()
        .filter(|term| !is_about_others(term, workload.meta().name(), cx))
    {
        report(term, "anti-affinity");
    }
}

/// Whether a term of an anti-affinity keeps the set away from other pods, as far as anybody can tell.
fn is_about_others(term: &PodTerm<'_>, set: &str, cx: &Context<'_>) -> bool {
    let selects = |view, kind| {
        let mut rows = cx
            .view()
            .rows_in(view, cx.namespace())
            .map(|row| Workload::new(kind, row));
        // The view may have the set itself, with labels that the update changes.
        rows.any(|other| {
            (kind != ObjectKind::StatefulSet || other.meta().name() != set) && term.selects(other.pod_labels())
        })
    };
    term.is_about_others()
        || selects(ViewKind::StatefulSet, ObjectKind::StatefulSet)
        || selects(ViewKind::Deployment, ObjectKind::Deployment)
}
