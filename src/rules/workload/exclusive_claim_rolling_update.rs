//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles};
use crate::model::{AccessMode, FieldPath, ObjectKind, Workload};
use serde_json::Value;

crate::rule! {
    /// ## What it checks
    /// A Deployment that names a claim whose access modes are all exclusive (`ReadWriteOnce` or `ReadWriteOncePod`) and
    /// whose rolling updates surge: `strategy.type` is `RollingUpdate`, which is filled in when nothing is written, and
    /// `maxSurge` is above zero, with 25% filled in. Percentages are rounded up, so that every one above zero surges.
    ///
    /// It is silent with no replicas, and for `ReadWriteOnce` where the pod template puts all pods on one node.
    ///
    /// ## Why it matters
    /// A surge starts the new pod before the old one ends. On another node it waits for the volume that the old pod
    /// holds, and the old pod is not stopped before the new one is ready: the rollout hangs. With `ReadWriteOncePod` it
    /// hangs on the same node too. Where both pods land on one node, two versions write to one volume.
    ///
    /// ## How to fix
    /// Use `strategy.type: Recreate`, or `maxSurge: 0` with `maxUnavailable: 1`. Either stops the old pod first. A
    /// StatefulSet does so by itself. The API server refuses `Recreate` while `strategy.rollingUpdate` stands, which it
    /// has filled in itself: a patch says `{type: Recreate, rollingUpdate: null}`.
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
    ///   replicas: 1
    ///   strategy:
    ///     type: RollingUpdate
    ///     rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}
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
    ///   replicas: 1
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
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy>
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes>
    pub static RULE = {
        name: "exclusive-claim-rolling-update",
        summary: "Deployment starts new pods while old ones hold their ReadWriteOnce or ReadWriteOncePod claim",
        category: Category::Workload,
        class: Class::Availability,
        needs: &[Needs::PersistentVolumeClaim],
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Deny),
        check: Check::Workload(&[ObjectKind::Deployment], check),
    }
}

/// What the API server fills in.
const DEFAULT_SURGE: &str = "25%";

fn check(workload: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(surge) = surge(workload).filter(|_| workload.replicas() > 0) else {
        return;
    };
    let claims = super::exclusive_claims(workload, cx, out);
    // One finding, for one change mends it for all claims; that of one pod is the worst.
    let Some(claim) = claims
        .iter()
        .max_by_key(|claim| claim.mode == AccessMode::ReadWriteOncePod)
    else {
        return;
    };
    let name = claim.volume.claim;
    out.push(
        Finding::new(
            FieldPath::of(&["spec", "strategy", "rollingUpdate", "maxSurge"]),
            name,
            format!(
                "maxSurge {surge}: new pods wait for {} claim {name}, held by old ones",
                claim.mode
            ),
        )
        .remedy(
            "Set strategy.type to Recreate and remove strategy.rollingUpdate, or set maxSurge to 0 and maxUnavailable to 1.",
        ),
    );
}

/// By how much a rolling update surges; `None` when it does not, or when there is none.
fn surge(workload: &Workload<'_>) -> Option<String> {
    if workload.spec_text(&["strategy", "type"]).unwrap_or("RollingUpdate") != "RollingUpdate" {
        return None;
    }
    let written = workload.spec(&["strategy", "rollingUpdate", "maxSurge"]);
    match written.filter(|value| !value.is_null()) {
        None => Some(DEFAULT_SURGE.to_owned()),
        Some(Value::String(percent)) => {
            // What is no percentage is refused by the API server.
            let surges = percent.strip_suffix('%')?.parse::<u64>().ok()? > 0;
            surges.then(|| percent.clone())
        }
        Some(number) => Some(number.as_u64()?)
            .filter(|number| *number > 0)
            .map(|number| number.to_string()),
    }
}
