//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Profiles};
use crate::model::{Container, ContainerRole, ObjectKind, Workload};
use serde_json::Value;

crate::rule! {
    /// ## What it checks
    /// A StatefulSet with two or more replicas that are started in order (`podManagementPolicy: OrderedReady`, which is
    /// what the API server fills in), while no container has a `readinessProbe` or a `startupProbe` and the pods have no
    /// `readinessGates`.
    ///
    /// ## Why it matters
    /// The order is worth nothing then: a container counts as ready as soon as its process runs. The next replica
    /// starts before the first can answer, and a rolling update takes the next one down while the last still replays
    /// its log. A set of three can lose its quorum to its own update.
    ///
    /// ## How to fix
    /// Give the main container a `readinessProbe` that asks it whether it serves: `pg_isready`, `/health?ready=1`, …
    ///
    /// ## Examples
    /// ```yaml,fails
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
    ///         - {name: db, image: "registry.example.com/db:1"}
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
    ///           readinessProbe:
    ///             tcpSocket: {port: 5432}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#deployment-and-scaling-guarantees>
    /// - <https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/>
    pub static RULE = {
        name: "missing-readiness-probe",
        summary: "StatefulSet starts its replicas in order and cannot tell when one is ready",
        category: Category::Workload,
        class: Class::Availability,
        profiles: Profiles::actions(Action::Off, Action::Audit, Action::Warn),
        check: Check::Workload(&[ObjectKind::StatefulSet], check),
    }
}

fn check(workload: &Workload<'_>, _: &Context<'_>, out: &mut Findings) {
    let is_ordered = workload.spec_text(&["podManagementPolicy"]).unwrap_or("OrderedReady") == "OrderedReady";
    let gates = workload.pod_spec(&["readinessGates"]).and_then(Value::as_array);
    if !is_ordered || workload.replicas() < 2 || gates.is_some_and(|gates| !gates.is_empty()) {
        return;
    }
    let containers = workload.containers().iter();
    let mut containers = containers.filter(|container| container.role() == ContainerRole::Main);
    let Some(first) = containers.next() else { return };
    if first.has_readiness() || containers.any(Container::has_readiness) {
        return;
    }
    let message = "no readinessProbe: the set goes on to the next replica as soon as a process runs";
    let remedy = format!(
        "Give container {} a readinessProbe that asks whether it serves.",
        first.name()
    );
    out.push(Finding::new(first.path().key("readinessProbe"), first.name(), message).remedy(remedy));
}
