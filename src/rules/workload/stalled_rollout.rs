//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Operation, Profiles};
use crate::model::{FieldPath, ObjectKind, Workload};
use serde_json::Value;

crate::rule! {
    /// ## What it checks
    /// A StatefulSet whose `updateStrategy.rollingUpdate.partition` is as large as its number of replicas or larger, or
    /// whose strategy is `OnDelete`. Sets that a controller owns are left to it: operators roll their pods themselves. So
    /// are sets that are scaled to zero.
    ///
    /// ## Why it matters
    /// A changed pod template, with a new image, a security fix or another mount, then reaches no pod. The set looks
    /// healthy, and the change arrives on the day on which a node fails and takes a pod with it. A partition that was
    /// set for a staged rollout is easily forgotten.
    ///
    /// ## How to fix
    /// Take the partition down step by step, to 0 at the end. Use `RollingUpdate`, unless something or somebody deletes
    /// the pods one by one after every change.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata: {name: db, namespace: shop}
    /// spec:
    ///   serviceName: db
    ///   replicas: 3
    ///   updateStrategy:
    ///     type: RollingUpdate
    ///     rollingUpdate: {partition: 3}
    ///   selector: {matchLabels: {app: db}}
    ///   template:
    ///     metadata: {labels: {app: db}}
    ///     spec:
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
    ///   updateStrategy:
    ///     type: RollingUpdate
    ///     rollingUpdate: {partition: 2}
    ///   selector: {matchLabels: {app: db}}
    ///   template:
    ///     metadata: {labels: {app: db}}
    ///     spec:
    ///       containers:
    ///         - {name: db, image: "registry.example.com/db:1"}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#update-strategies>
    pub static RULE = {
        name: "stalled-rollout",
        summary: "StatefulSet does not pass changes of its pod template on to any pod",
        category: Category::Workload,
        class: Class::Availability,
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Off, Action::Audit, Action::Warn),
        check: Check::Workload(&[ObjectKind::StatefulSet], check),
    }
}

fn check(workload: &Workload<'_>, _: &Context<'_>, out: &mut Findings) {
    let replicas = workload.replicas();
    if replicas == 0 || workload.meta().controller().is_some() {
        return;
    }
    let strategy = || FieldPath::of(&["spec", "updateStrategy"]);
    if workload.spec_text(&["updateStrategy", "type"]) == Some("OnDelete") {
        let message = "updateStrategy OnDelete: a changed pod template reaches a pod only when somebody deletes it";
        let remedy = "Use RollingUpdate, or delete the pods one by one after every change.";
        out.push(Finding::new(strategy().key("type"), "OnDelete", message).remedy(remedy));
        return;
    }
    // The partition counts from the first replica on, whatever its ordinal is.
    let keys = ["updateStrategy", "rollingUpdate", "partition"];
    let partition = workload.spec(&keys).and_then(Value::as_u64).unwrap_or(0);
    if partition >= replicas {
        let message = format!("partition {partition} with {replicas} replicas: a changed pod template reaches no pod");
        let remedy = format!(
            "Lower the partition: {} updates the last pod only, 0 updates all.",
            replicas - 1
        );
        let path = strategy().keys(&["rollingUpdate", "partition"]);
        out.push(Finding::new(path, partition.to_string(), message).remedy(remedy));
    }
}
