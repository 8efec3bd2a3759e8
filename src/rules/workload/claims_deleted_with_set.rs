//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Operation, Profiles};
use crate::model::{FieldPath, ObjectKind, Workload};

crate::rule! {
    /// ## What it checks
    /// A StatefulSet with claim templates whose `persistentVolumeClaimRetentionPolicy` says `Delete`, in `whenDeleted`
    /// or in `whenScaled`. What the API server fills in is `Retain`.
    ///
    /// ## Why it matters
    /// With `whenDeleted: Delete` the claims are deleted with the set, with `whenScaled: Delete` the claims of the
    /// replicas that a scale-down removes. Where the class has `reclaimPolicy: Delete`, as most have, the volumes and
    /// the data go with them: one mistaken `helm uninstall` or `kubectl scale` is enough. The policy holds for claims
    /// that exist already, too.
    ///
    /// ## How to fix
    /// Use `Retain` for both, and delete claims by hand when their data is no longer needed. The field of an existing
    /// set can be changed.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: db
    ///   namespace: shop
    /// spec:
    ///   clusterIP: None
    ///   selector: {app: db}
    /// ---
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: ebs.csi.aws.com
    /// volumeBindingMode: WaitForFirstConsumer
    /// allowVolumeExpansion: true
    /// ---
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata:
    ///   name: db
    ///   namespace: shop
    /// spec:
    ///   serviceName: db
    ///   replicas: 3
    ///   persistentVolumeClaimRetentionPolicy:
    ///     whenDeleted: Delete
    ///     whenScaled: Retain
    ///   selector:
    ///     matchLabels: {app: db}
    ///   template:
    ///     metadata:
    ///       labels: {app: db}
    ///     spec:
    ///       containers:
    ///         - name: db
    ///           image: registry.example.com/db:1
    ///           volumeMounts:
    ///             - {name: data, mountPath: /data}
    ///   volumeClaimTemplates:
    ///     - metadata:
    ///         name: data
    ///       spec:
    ///         accessModes: [ReadWriteOnce]
    ///         storageClassName: fast
    ///         resources:
    ///           requests: {storage: 10Gi}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: db
    ///   namespace: shop
    /// spec:
    ///   clusterIP: None
    ///   selector: {app: db}
    /// ---
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: ebs.csi.aws.com
    /// volumeBindingMode: WaitForFirstConsumer
    /// allowVolumeExpansion: true
    /// ---
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata:
    ///   name: db
    ///   namespace: shop
    /// spec:
    ///   serviceName: db
    ///   replicas: 3
    ///   persistentVolumeClaimRetentionPolicy:
    ///     whenDeleted: Retain
    ///     whenScaled: Retain
    ///   selector:
    ///     matchLabels: {app: db}
    ///   template:
    ///     metadata:
    ///       labels: {app: db}
    ///     spec:
    ///       containers:
    ///         - name: db
    ///           image: registry.example.com/db:1
    ///           volumeMounts:
    ///             - {name: data, mountPath: /data}
    ///   volumeClaimTemplates:
    ///     - metadata:
    ///         name: data
    ///       spec:
    ///         accessModes: [ReadWriteOnce]
    ///         storageClassName: fast
    ///         resources:
    ///           requests: {storage: 10Gi}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention>
    pub static RULE = {
        name: "claims-deleted-with-set",
        summary: "StatefulSet deletes its claims when it is deleted or scaled down",
        category: Category::Workload,
        class: Class::LosesData,
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Deny),
        check: Check::Workload(&[ObjectKind::StatefulSet], check),
    }
}

fn check(workload: &Workload<'_>, _cx: &Context<'_>, out: &mut Findings) {
    if workload.set_templates().next().is_none() {
        return;
    }
    for (field, happens) in [
        ("whenDeleted", "deleting the set deletes its claims and their data"),
        ("whenScaled", "scaling the set down deletes claims and their data"),
    ] {
        let keys = ["persistentVolumeClaimRetentionPolicy", field];
        if workload.spec_text(&keys) == Some("Delete") {
            out.push(
                Finding::new(
                    FieldPath::of(&["spec"]).keys(&keys),
                    "Delete",
                    format!("{field} is Delete: {happens}"),
                )
                .remedy(format!(
                    "Set persistentVolumeClaimRetentionPolicy.{field} to Retain, and delete claims by hand."
                )),
            );
        }
    }
}
