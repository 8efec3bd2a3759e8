//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Operation, Profiles};
use crate::model::Workload;
use serde_json::Value;

crate::rule! {
    /// ## What it checks
    /// `terminationGracePeriodSeconds: 0` in a pod template whose containers write to claims: claim templates or claims
    /// that the pods name. Claims that are mounted read-only everywhere, and ephemeral volumes, which go with the pod
    /// anyway, do not count.
    ///
    /// ## Why it matters
    /// The containers get no SIGTERM and no time: a database has no chance to flush and to close its files. Worse, the
    /// API server forgets the pod at once, before the node has stopped it. Its successor may start on another node and
    /// write to the same data while the old container still runs.
    ///
    /// ## How to fix
    /// Leave the field out (30 seconds), or give as many seconds as an orderly stop takes on a busy day.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata: {name: db, namespace: shop}
    /// spec:
    ///   serviceName: db
    ///   selector: {matchLabels: {app: db}}
    ///   template:
    ///     metadata: {labels: {app: db}}
    ///     spec:
    ///       terminationGracePeriodSeconds: 0
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
    /// ```yaml,passes
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata: {name: db, namespace: shop}
    /// spec:
    ///   serviceName: db
    ///   selector: {matchLabels: {app: db}}
    ///   template:
    ///     metadata: {labels: {app: db}}
    ///     spec:
    ///       terminationGracePeriodSeconds: 120
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
    /// - <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination>
    /// - <https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#deployment-and-scaling-guarantees>
    pub static RULE = {
        name: "zero-grace-period",
        summary: "workload kills pods at once that write to claims",
        category: Category::Workload,
        class: Class::LosesData,
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Deny),
        check: Check::Workload(super::KINDS, check),
    }
}

fn check(workload: &Workload<'_>, _: &Context<'_>, out: &mut Findings) {
    let field = "terminationGracePeriodSeconds";
    if workload.pod_spec(&[field]).and_then(Value::as_i64) != Some(0) {
        return;
    }
    let written = workload.written_claims();
    let Some(volume) = written.first() else { return };
    let message = format!("{field} 0: pods are killed at once while they write to {}", volume.name);
    let path = workload.pod_path().keys(&["spec", field]);
    out.push(
        Finding::new(path, "0", message)
            .remedy("Leave the field out (30 seconds), or give as many seconds as an orderly stop takes."),
    );
}
