//! See the documentation of [`RULE`].

use crate::cluster::view::{Lookup, ViewKind};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles};
use crate::model::object::{list, text};
use crate::model::{ObjectKind, Workload};
use crate::rules::related::claim_or_skip;

crate::rule! {
    /// ## What it checks
    /// A pod of a StatefulSet that somebody deletes with grace period 0 (`kubectl delete --force --grace-period=0`) and
    /// that names a claim for one node or one pod (`ReadWriteOnce`, `ReadWriteOncePod`). Pods that have ended, that never
    /// got a node, or whose node is gone from the cluster or tainted as out of service are let through; so is what the
    /// kubelet and the cluster's controllers delete.
    ///
    /// ## Why it matters
    /// The API server forgets the pod at once, without waiting for its node to say that the containers have stopped. The
    /// set makes the next pod of the same name, and two processes may write to one volume: on the same node side by side,
    /// on another node as soon as the volume is detached by force.
    ///
    /// ## How to fix
    /// Delete the pod without `--force` and wait. Where its node is down, make sure of that, and taint it with
    /// `node.kubernetes.io/out-of-service=nodeshutdown:NoExecute`: then Kubernetes removes the pod and detaches its volumes.
    /// It also does so when the Node is deleted, but volumes that its kubelet had in use are detached six minutes later.
    ///
    /// ## Examples
    /// ```yaml,review
    /// {operation: DELETE, gracePeriodSeconds: 0, user: ann, live: true}
    /// ```
    /// ```yaml,cluster
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data-db-0, namespace: shop}
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   volumeName: pv-1
    /// ---
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: shared, namespace: shop}
    /// spec:
    ///   accessModes: [ReadWriteMany]
    ///   volumeName: pv-2
    /// ---
    /// apiVersion: v1
    /// kind: Node
    /// metadata: {name: worker-1}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: db-0
    ///   namespace: shop
    ///   ownerReferences:
    ///     - {apiVersion: apps/v1, kind: StatefulSet, name: db, uid: "1", controller: true}
    /// spec:
    ///   nodeName: worker-1
    ///   volumes:
    ///     - name: data
    ///       persistentVolumeClaim: {claimName: data-db-0}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web-0
    ///   namespace: shop
    ///   ownerReferences:
    ///     - {apiVersion: apps/v1, kind: StatefulSet, name: web, uid: "2", controller: true}
    /// spec:
    ///   nodeName: worker-1
    ///   volumes:
    ///     - name: files
    ///       persistentVolumeClaim: {claimName: shared}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/tasks/run-application/force-delete-stateful-set-pod/>
    /// - <https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/#non-graceful-node-shutdown>
    pub static RULE = {
        name: "force-deleted-pod",
        summary: "pod of a StatefulSet is deleted by force while it may still write to its claim",
        category: Category::Workload,
        class: Class::LosesData,
        needs: &[Needs::PersistentVolumeClaim, Needs::Node],
        operations: &[Operation::Delete],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        check: Check::Workload(&[ObjectKind::Pod], check),
    }
}

/// The taint of a node that is shut down and does not know it.
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

fn check(pod: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    let of_set = pod.meta().controller_kind() == Some(ObjectKind::StatefulSet);
    if cx.grace_period() != Some(0) || !of_set || !may_write(pod, cx) {
        return;
    }
    let name = pod.meta().name();
    for volume in pod.claim_volumes() {
        let claim = claim_or_skip(volume.claim, cx, out);
        if volume.read_only || !claim.is_some_and(|claim| claim.is_exclusive()) {
            continue;
        }
        let message = format!(
            "the next {name} may write to claim {} while this one still does",
            volume.claim
        );
        out.push(Finding::new(volume.path, volume.claim, message).remedy(format!(
            "Delete it without --force, and wait: `kubectl delete pod {name} -n {}`. If the node is down, make sure of \
             that and taint it with node.kubernetes.io/out-of-service=nodeshutdown:NoExecute.",
            cx.namespace()
        )));
    }
}

/// Whether the containers may be running: the pod has not ended, and it has a node that is there and not out of service.
fn may_write(pod: &Workload<'_>, cx: &Context<'_>) -> bool {
    let Some(node) = text(pod.value(), &["spec", "nodeName"]).filter(|_| !pod.has_ended()) else {
        return false;
    };
    match cx.view().get(ViewKind::Node, "", node) {
        Lookup::Absent => false,
        Lookup::Unknown => true,
        // Somebody has made sure that it is shut down: Kubernetes itself deletes its pods by force then.
        Lookup::Found(node) => {
            let taints = list(node, &["spec", "taints"]);
            taints.iter().all(|taint| text(taint, &["key"]) != Some(OUT_OF_SERVICE))
        }
    }
}
