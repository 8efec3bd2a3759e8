//! See the documentation of [`RULE`].

use crate::cluster::view::ViewKind;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles};
use crate::model::object::text;
use crate::model::{Claim, ClaimOrigin, ObjectKind, Volume, Workload};
use crate::rules::related::claims_of_set;
use serde_json::Value;
use std::collections::BTreeSet;

crate::rule! {
    /// ## What it checks
    /// A pod template, or a pod, with `nodeName` and a claim that is not bound yet and whose class binds with
    /// `WaitForFirstConsumer`: a claim that the pods name, a claim template or an ephemeral volume. Claims that are bound,
    /// that name their volume, that a volume is kept for, or for which the scheduler has chosen a node already are fine.
    /// Pods that run already are left out, in a listing of the cluster and in files: the scheduler has set their `nodeName`.
    ///
    /// ## Why it matters
    /// With `WaitForFirstConsumer` it is the scheduler that binds a claim, or has its volume made, when it places the
    /// first pod. A pod with `nodeName` never meets the scheduler: the claim stays Pending for ever, and the pod in
    /// ContainerCreating.
    ///
    /// ## How to fix
    /// Let the scheduler do it: a `nodeSelector` on `kubernetes.io/hostname` puts the pod on the same node.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: fast}
    /// provisioner: ebs.csi.aws.com
    /// volumeBindingMode: WaitForFirstConsumer
    /// ---
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data, namespace: shop}
    /// spec:
    ///   storageClassName: fast
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: import, namespace: shop}
    /// spec:
    ///   nodeName: worker-1
    ///   containers:
    ///     - name: import
    ///       image: registry.example.com/import:1
    ///       volumeMounts:
    ///         - {name: data, mountPath: /data}
    ///   volumes:
    ///     - name: data
    ///       persistentVolumeClaim: {claimName: data}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: import, namespace: shop}
    /// spec:
    ///   nodeSelector: {kubernetes.io/hostname: worker-1}
    ///   containers:
    ///     - name: import
    ///       image: registry.example.com/import:1
    ///       volumeMounts:
    ///         - {name: data, mountPath: /data}
    ///   volumes:
    ///     - name: data
    ///       persistentVolumeClaim: {claimName: data}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode>
    pub static RULE = {
        name: "node-name-bypasses-binding",
        summary: "workload sets nodeName, so that the scheduler never binds its claims",
        category: Category::Workload,
        class: Class::NeverWorks,
        needs: &[Needs::PersistentVolumeClaim, Needs::PersistentVolume, Needs::StorageClass],
        profiles: Profiles::actions(Action::Warn, Action::Warn, Action::Deny),
        check: Check::Workload(super::KINDS, check),
    }
}

/// The scheduler's choice of a node, which the claim need not wait for any more.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

fn check(workload: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    let node = workload.pod_spec(&["nodeName"]).and_then(Value::as_str);
    let Some(node) = node.filter(|node| !node.is_empty()) else {
        return;
    };
    if workload.kind() == ObjectKind::Pod && (cx.operation() == Operation::Scan || has_started(workload)) {
        return;
    }
    let kept = kept_for(cx);
    for (_, claim) in super::claims_of_pods(workload, cx, out) {
        if claim.volume_name().is_some() || claim.meta().annotation(SELECTED_NODE).is_some() {
            continue;
        }
        let Some(class) = cx.class_or_skip(&claim, out) else {
            continue;
        };
        if class.binds_immediately() || has_volume(&claim, workload, &kept, cx) {
            continue;
        }
        let title = claim.title();
        let message = format!("nodeName {node} bypasses the scheduler, which {title} waits for");
        let path = workload.pod_path().keys(&["spec", "nodeName"]);
        out.push(Finding::new(path, title, message).remedy(format!(
            "Replace nodeName by `nodeSelector: {{kubernetes.io/hostname: {node}}}`, which the scheduler obeys: class {} binds \
             only claims of pods that it has placed.",
            class.name()
        )));
    }
}

/// Whether the pod was read from a cluster, where the scheduler has set `nodeName`.
fn has_started(pod: &Workload<'_>) -> bool {
    text(pod.value(), &["status", "startTime"]).is_some()
}

/// Whether a volume is there for the claim, or for one that is made of the template.
fn has_volume(claim: &Claim<'_>, workload: &Workload<'_>, kept: &BTreeSet<&str>, cx: &Context<'_>) -> bool {
    match claim.origin() {
        ClaimOrigin::Object => kept.contains(claim.name()),
        ClaimOrigin::SetTemplate => claims_of_set(claim, workload, cx)
            .iter()
            .any(|(_, made)| made.volume_name().is_some()),
        ClaimOrigin::Ephemeral => false,
    }
}

/// The names of the claims of the namespace that volumes are kept for.
fn kept_for<'a>(cx: &Context<'a>) -> BTreeSet<&'a str> {
    let volumes = cx.view().rows(ViewKind::PersistentVolume).map(Volume::new);
    volumes
        .filter_map(Volume::claim_ref)
        .filter(|claim| claim.namespace == cx.namespace())
        .map(|claim| claim.name)
        .collect()
}
