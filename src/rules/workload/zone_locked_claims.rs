//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Needs, Profiles};
use crate::model::{ObjectKind, Workload};
use crate::rules::related::has_one_zone;

crate::rule! {
    /// ## What it checks
    /// A StatefulSet with two or more replicas has a claim template whose class binds `Immediate` and whose driver's
    /// volumes can be reached from one zone only.
    ///
    /// It is silent where the class allows one zone only, and where the cluster's nodes are known to span fewer than
    /// two zones.
    ///
    /// ## Why it matters
    /// With `Immediate` the provisioner chooses a zone for every volume before the scheduler has seen the pod. A pod
    /// whose volume lies in a zone without room, or in a zone that its affinity or spread constraints exclude, stays
    /// Pending for ever: the volume cannot move.
    ///
    /// ## How to fix
    /// Name a class with `volumeBindingMode: WaitForFirstConsumer`. The field of an existing class cannot be changed:
    /// make a new class. Templates of an existing set cannot be changed either, so this is best settled before the set
    /// exists.
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
    ///   name: eager
    /// provisioner: ebs.csi.aws.com
    /// volumeBindingMode: Immediate
    /// ---
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata:
    ///   name: db
    ///   namespace: shop
    /// spec:
    ///   serviceName: db
    ///   replicas: 3
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
    ///         storageClassName: eager
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
    ///   name: patient
    /// provisioner: ebs.csi.aws.com
    /// volumeBindingMode: WaitForFirstConsumer
    /// ---
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata:
    ///   name: db
    ///   namespace: shop
    /// spec:
    ///   serviceName: db
    ///   replicas: 3
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
    ///         storageClassName: patient
    ///         resources:
    ///           requests: {storage: 10Gi}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode>
    pub static RULE = {
        name: "zone-locked-claims",
        summary: "StatefulSet keeps replicas on claims whose zones are chosen before the pods are scheduled",
        category: Category::Workload,
        class: Class::Availability,
        needs: &[Needs::StorageClass, Needs::Node],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Deny),
        check: Check::Workload(&[ObjectKind::StatefulSet], check),
    }
}

fn check(workload: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    if workload.replicas() < 2 || has_one_zone(cx) {
        return;
    }
    for template in super::zonal_templates(workload, cx, out) {
        let class = template.class;
        if !class.binds_immediately() || class.allowed_zones().len() == 1 {
            continue;
        }
        let message = format!(
            "class {} binds Immediate: zones of {} are chosen before its pods are scheduled",
            class.name(),
            template.claim.title(),
        );
        let remedy = format!(
            "Name a class with volumeBindingMode: WaitForFirstConsumer: the field of class {} cannot be changed.",
            class.name(),
        );
        out.push(
            Finding::new(template.claim.spec_path(&["storageClassName"]), class.name(), message)
                .remedy(remedy)
                .certainty(template.certainty),
        );
    }
}
