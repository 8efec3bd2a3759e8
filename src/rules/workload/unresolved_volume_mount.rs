//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Operation, Profiles};
use crate::model::words::listed;
use crate::model::{ObjectKind, Workload};
use std::cell::LazyCell;
use std::collections::BTreeSet;

crate::rule! {
    /// ## What it checks
    /// A container, init containers included, names a volume under `volumeMounts` or `volumeDevices` that neither the
    /// pod's `volumes` nor, in a StatefulSet, the `volumeClaimTemplates` define. A template may have the name of a pod
    /// volume, whose place it takes.
    ///
    /// ## Why it matters
    /// The API server refuses such a pod. It does not refuse such a StatefulSet, because the volumes of its templates
    /// are added later: the set is accepted and never gets a pod. Only an event tells.
    ///
    /// ## How to fix
    /// Correct the name of the mount, or define the volume. The names are compared letter by letter.
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
    ///       containers:
    ///         - name: db
    ///           image: registry.example.com/db:1
    ///           volumeMounts:
    ///             - {name: storage, mountPath: /data}
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
    /// - <https://kubernetes.io/docs/concepts/storage/volumes/#background>
    /// - <https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#components>
    pub static RULE = {
        name: "unresolved-volume-mount",
        summary: "workload mounts a volume that neither its volumes nor its claim templates define",
        category: Category::Workload,
        class: Class::NeverWorks,
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Workload(super::KINDS, check),
    }
}

/// How many volumes a remedy names.
const NAMED_VOLUMES: usize = 5;

fn check(workload: &Workload<'_>, _: &Context<'_>, out: &mut Findings) {
    let volumes = workload.pod_volumes();
    let names: BTreeSet<&str> = volumes.iter().map(|volume| volume.name).collect();
    let places = match workload.kind() {
        ObjectKind::StatefulSet => "volumes or volumeClaimTemplates",
        _ => "volumes",
    };
    // Once for all mounts, and not at all for most workloads.
    let some = LazyCell::new(|| listed(names.iter().copied(), NAMED_VOLUMES));
    for (container, mount) in workload.mounts() {
        // A mount without a name is refused by the API server.
        if mount.volume.is_empty() || names.contains(mount.volume) {
            continue;
        }
        let name = mount.volume;
        let message = format!(
            "container {} mounts {name}, which {places} do not define",
            container.name()
        );
        let remedy = if some.is_empty() {
            format!("Define {name} under {places}.")
        } else {
            format!(
                "Name a volume that is there ({}), or define {name} under {places}.",
                *some
            )
        };
        out.push(Finding::new(mount.path.key("name"), name, message).remedy(remedy));
    }
}
