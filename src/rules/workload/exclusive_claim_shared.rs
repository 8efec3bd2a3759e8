//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles};
use crate::model::{AccessMode, FieldPath, ObjectKind, Workload};
use serde_json::Value;

crate::rule! {
    /// ## What it checks
    /// A workload that runs several pods at once (two or more replicas, a DaemonSet, a Job with parallelism) and names
    /// one fixed claim whose access modes are all exclusive: `ReadWriteOnce` or `ReadWriteOncePod`. Claim templates and
    /// ephemeral volumes are not concerned: every pod gets a claim of its own from them. A claim that does not exist,
    /// or of which nothing is known, is not judged.
    ///
    /// `ReadWriteOnce` is silent where the pod template puts all pods on one node: by `nodeName`, a `nodeSelector` on
    /// the hostname, or a required affinity among the pods on the hostname. ReplicaSets of a Deployment and Jobs of a
    /// CronJob are judged at their owner. A change of the replicas through the scale subresource, as `kubectl scale` and
    /// autoscalers make it, is judged too.
    ///
    /// ## Why it matters
    /// A `ReadWriteOnce` volume attaches to one node. Pods on other nodes stay in ContainerCreating with a Multi-Attach
    /// error; which ones differs from day to day, and pods on the same node write side by side. Of the pods on a
    /// `ReadWriteOncePod` claim exactly one is scheduled.
    ///
    /// ## How to fix
    /// Give each replica a claim of its own (a StatefulSet with `volumeClaimTemplates`), run one replica, or use a
    /// claim with `ReadWriteMany` on a class of a shared filesystem.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata:
    ///   name: uploads
    ///   namespace: shop
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   storageClassName: fast
    ///   resources:
    ///     requests: {storage: 10Gi}
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
    /// kind: Deployment
    /// metadata:
    ///   name: uploads
    ///   namespace: shop
    /// spec:
    ///   replicas: 3
    ///   strategy:
    ///     type: Recreate
    ///   selector:
    ///     matchLabels: {app: uploads}
    ///   template:
    ///     metadata:
    ///       labels: {app: uploads}
    ///     spec:
    ///       containers:
    ///         - name: uploads
    ///           image: registry.example.com/uploads:1
    ///           volumeMounts:
    ///             - {name: files, mountPath: /files}
    ///       volumes:
    ///         - name: files
    ///           persistentVolumeClaim:
    ///             claimName: uploads
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata:
    ///   name: uploads
    ///   namespace: shop
    /// spec:
    ///   accessModes: [ReadWriteMany]
    ///   storageClassName: shared
    ///   resources:
    ///     requests: {storage: 10Gi}
    /// ---
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: shared
    /// provisioner: efs.csi.aws.com
    /// parameters:
    ///   provisioningMode: efs-ap
    ///   fileSystemId: fs-92107410
    ///   directoryPerms: "700"
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: uploads
    ///   namespace: shop
    /// spec:
    ///   replicas: 3
    ///   selector:
    ///     matchLabels: {app: uploads}
    ///   template:
    ///     metadata:
    ///       labels: {app: uploads}
    ///     spec:
    ///       containers:
    ///         - name: uploads
    ///           image: registry.example.com/uploads:1
    ///           volumeMounts:
    ///             - {name: files, mountPath: /files}
    ///       volumes:
    ///         - name: files
    ///           persistentVolumeClaim:
    ///             claimName: uploads
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes>
    pub static RULE = {
        name: "exclusive-claim-shared",
        summary: "workload runs several pods on one ReadWriteOnce or ReadWriteOncePod claim",
        category: Category::Workload,
        class: Class::Availability,
        // The sets and Deployments are what a scale is judged as.
        needs: &[Needs::PersistentVolumeClaim, Needs::StatefulSet, Needs::Deployment],
        operations: &[Operation::Create, Operation::Update, Operation::Scale],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Deny),
        check: Check::Workload(KINDS, check),
    }
}

const KINDS: &[ObjectKind] = &[
    ObjectKind::StatefulSet,
    ObjectKind::Deployment,
    ObjectKind::ReplicaSet,
    ObjectKind::DaemonSet,
    ObjectKind::Job,
    ObjectKind::CronJob,
];

fn check(workload: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    let kind = workload.kind();
    let judged_at_owner = matches!(
        (kind, workload.meta().controller()),
        (ObjectKind::ReplicaSet, Some(("Deployment", _))) | (ObjectKind::Job, Some(("CronJob", _)))
    );
    let pods = pods_at_once(workload);
    if judged_at_owner || (kind != ObjectKind::DaemonSet && pods < 2) {
        return;
    }
    let who = match kind {
        ObjectKind::DaemonSet => "the pods of every node".to_owned(),
        ObjectKind::Job | ObjectKind::CronJob => format!("{pods} parallel pods"),
        _ => format!("{pods} replicas"),
    };
    for claim in super::exclusive_claims(workload, cx, out) {
        let name = claim.volume.claim;
        let mode = claim.mode;
        let consequence = match mode {
            AccessMode::ReadWriteOncePod => "only one pod can run",
            _ => "pods on other nodes cannot start",
        };
        let remedy = match kind {
            ObjectKind::DaemonSet => {
                "Use a ReadWriteMany claim on a shared filesystem, or an ephemeral volume for each pod."
            }
            ObjectKind::Job | ObjectKind::CronJob => {
                "Set parallelism to 1, or use a ReadWriteMany claim on a shared filesystem."
            }
            _ => "Use a StatefulSet with volumeClaimTemplates, one replica, or a ReadWriteMany claim on shared files.",
        };
        let message = format!("{who} share {mode} claim {name}: {consequence}");
        // Of the scale subresource only the number is in the request.
        let path = match cx.operation() {
            Operation::Scale => FieldPath::of(&["spec", "replicas"]),
            _ => claim.volume.path,
        };
        out.push(Finding::new(path, name, message).remedy(remedy));
    }
}

/// How many pods run at once. No more pods of a job run than it still has to complete.
fn pods_at_once(workload: &Workload<'_>) -> u64 {
    let completions = match workload.kind() {
        ObjectKind::Job => workload.spec(&["completions"]),
        ObjectKind::CronJob => workload.spec(&["jobTemplate", "spec", "completions"]),
        _ => None,
    };
    let completions = completions.and_then(Value::as_u64).unwrap_or(u64::MAX);
    workload.replicas().min(completions)
}
