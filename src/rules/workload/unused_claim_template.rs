//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Profiles};
use crate::model::{ObjectKind, Workload};
use std::collections::BTreeSet;

crate::rule! {
    /// ## What it checks
    /// A claim template of a StatefulSet that no container mounts, neither under `volumeMounts` nor under
    /// `volumeDevices`; init containers count.
    ///
    /// ## Why it matters
    /// Every replica gets a claim and a volume from the template all the same, which is attached, counted against
    /// quotas and paid for. Often the mount names another volume by mistake, and the data that should last goes to the
    /// container's own layer. Templates of a set that exists cannot be removed.
    ///
    /// ## How to fix
    /// Mount the template by its name, or take it out before the set is created.
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
    /// - <https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#volume-claim-templates>
    pub static RULE = {
        name: "unused-claim-template",
        summary: "StatefulSet has a claim template that no container mounts",
        category: Category::Workload,
        class: Class::Tenancy,
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        check: Check::Workload(&[ObjectKind::StatefulSet], check),
    }
}

fn check(workload: &Workload<'_>, _: &Context<'_>, out: &mut Findings) {
    let mounted: BTreeSet<_> = workload.mounts().map(|(_, mount)| mount.volume).collect();
    for template in workload.set_templates() {
        let name = template.name();
        if mounted.contains(name) {
            continue;
        }
        let message = format!("no container mounts claim template {name}: each replica pays for an unused volume");
        out.push(
            Finding::new(template.path().clone(), name, message)
                .remedy("Mount it under its name, or take it out: templates of a set that exists cannot be removed."),
        );
    }
}
