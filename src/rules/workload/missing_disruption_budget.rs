//! See the documentation of [`RULE`].

use crate::cluster::view::ViewKind;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles};
use crate::model::object::{map, text};
use crate::model::{FieldPath, ObjectKind, Workload, labels};
use serde_json::Value;

crate::rule! {
    /// ## What it checks
    /// A StatefulSet with claim templates and two or more replicas whose pods no PodDisruptionBudget of the namespace
    /// selects. Only a listing shows this: a budget may well be made after the set. In files sets are not judged, unless
    /// budgets were given with `--objects`.
    ///
    /// ## Why it matters
    /// `kubectl drain` and the cluster's autoscaler ask nobody but budgets. Draining two nodes at once, as an upgrade of a
    /// node pool does, takes two replicas of a database at once, and with them its quorum.
    ///
    /// ## How to fix
    /// Make a budget that lets one pod go at a time.
    ///
    /// ## Examples
    /// ```yaml,review
    /// {operation: SCAN, live: true}
    /// ```
    /// ```yaml,cluster
    /// apiVersion: policy/v1
    /// kind: PodDisruptionBudget
    /// metadata: {name: db, namespace: shop}
    /// spec:
    ///   maxUnavailable: 1
    ///   selector: {matchLabels: {app: db}}
    /// ```
    /// ```yaml,fails
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata: {name: queue, namespace: shop}
    /// spec:
    ///   serviceName: queue
    ///   replicas: 3
    ///   selector: {matchLabels: {app: queue}}
    ///   template:
    ///     metadata: {labels: {app: queue}}
    ///     spec:
    ///       containers:
    ///         - name: queue
    ///           image: registry.example.com/queue:1
    ///           volumeMounts:
    ///             - {name: data, mountPath: /data}
    ///   volumeClaimTemplates:
    ///     - metadata: {name: data}
    ///       spec:
    ///         accessModes: [ReadWriteOnce]
    ///         resources: {requests: {storage: 10Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata: {name: db, namespace: shop}
    /// spec:
    ///   serviceName: db
    ///   replicas: 3
    ///   selector: {matchLabels: {app: db}}
    ///   template:
    ///     metadata: {labels: {app: db}}
    ///     spec:
    ///       containers:
    ///         - name: db
    ///           image: registry.example.com/db:1
    ///           volumeMounts:
    ///             - {name: data, mountPath: /data}
    ///   volumeClaimTemplates:
    ///     - metadata: {name: data}
    ///       spec:
    ///         accessModes: [ReadWriteOnce]
    ///         resources: {requests: {storage: 10Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/tasks/run-application/configure-pdb/>
    pub static RULE = {
        name: "missing-disruption-budget",
        summary: "StatefulSet with claims has no PodDisruptionBudget",
        category: Category::Workload,
        class: Class::Availability,
        needs: &[Needs::PodDisruptionBudget],
        operations: &[Operation::Scan],
        profiles: Profiles::actions(Action::Off, Action::Audit, Action::Warn),
        check: Check::Workload(&[ObjectKind::StatefulSet], check),
    }
}

fn check(set: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    let replicas = set.replicas();
    if replicas < 2 || set.set_templates().next().is_none() {
        return;
    }
    let mut budgets = cx.view().rows_in(ViewKind::PodDisruptionBudget, cx.namespace());
    let selects = |budget: &Value| labels::selects(budget.pointer("/spec/selector"), set.pod_labels());
    if budgets.any(selects) {
        return;
    }
    let name = set.meta().name();
    if !cx.view().is_complete(ViewKind::PodDisruptionBudget) {
        out.skip(format!("the PodDisruptionBudgets of StatefulSet {name} are unknown"));
        return;
    }
    let message =
        format!("{replicas} replicas with data and no PodDisruptionBudget: a drain may take them all at once");
    let finding = Finding::new(FieldPath::of(&["spec", "replicas"]), name, message);
    out.push(finding.remedy(match selector(set) {
        Some(selector) => format!(
            "Create one: `kubectl create poddisruptionbudget {name} -n {} --selector={selector} --max-unavailable=1`.",
            cx.namespace()
        ),
        None => "Create a PodDisruptionBudget with the set's selector and maxUnavailable: 1.".to_owned(),
    }));
}

/// The set's selector, as kubectl takes it; `None` where it has more than labels.
fn selector(set: &Workload<'_>) -> Option<String> {
    let selector = set.spec(&["selector"])?;
    let labels = map(selector, &["matchLabels"]).filter(|labels| !labels.is_empty())?;
    let pair = |key: &String| Some(format!("{key}={}", text(selector, &["matchLabels", key])?));
    let pairs: Option<Vec<_>> = labels.keys().map(pair).collect();
    pairs
        .filter(|_| selector.get("matchExpressions").is_none())
        .map(|pairs| pairs.join(","))
}
