//! See the documentation of [`RULE`].

use crate::cluster::view::ViewKind;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Operation, Profiles};
use crate::model::words::listed;
use crate::model::{Claim, ClaimOrigin, FieldPath};
use crate::rules::related::NAMED;

crate::rule! {
    /// ## What it checks
    /// A claim is deleted while pods on some node use it. Pods that have finished count too, as long as they are there.
    /// Pods that wait for a node do not hold the claim.
    ///
    /// ## Why it matters
    /// The claim is kept until the last of these pods is gone, and hangs in Terminating until then: `kubectl delete`
    /// does not return, new pods cannot use the claim, and it cannot be recreated under its name. There is no way back
    /// either. When the last pod goes, months later perhaps, the data goes with it.
    ///
    /// ## How to fix
    /// Delete the workload first, then the claim.
    ///
    /// ## Examples
    /// ```yaml,review
    /// operation: DELETE
    /// user: ann@example.com
    /// ```
    /// ```yaml,cluster
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: ledger-0, namespace: finance}
    /// spec:
    ///   nodeName: worker-1
    ///   volumes:
    ///     - name: data
    ///       persistentVolumeClaim: {claimName: ledger}
    /// status: {phase: Running}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: ledger, namespace: finance}
    /// spec:
    ///   storageClassName: gp3
    ///   volumeName: pvc-8c6a
    /// status: {phase: Bound}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: cache, namespace: finance}
    /// spec:
    ///   storageClassName: gp3
    ///   volumeName: pvc-1f7b
    /// status: {phase: Bound}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection>
    /// - <https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/volume/pvcprotection/pvc_protection_controller.go>
    pub static RULE = {
        name: "claim-in-use-deleted",
        summary: "is deleted while pods use it, and hangs until they are gone",
        category: Category::Claim,
        class: Class::Hygiene,
        fix: Fix::None,
        needs: &[Needs::Pod],
        operations: &[Operation::Delete],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    if claim.origin() != ClaimOrigin::Object {
        return;
    }
    let pods: Vec<&str> = cx
        .pods_using(claim.name())
        .filter(|pod| pod.spec_text(&["nodeName"]).is_some())
        .map(|pod| pod.meta().name())
        .collect();
    if pods.is_empty() {
        if !cx.view().is_complete(ViewKind::Pod) {
            out.skip("the pods are unknown");
        }
        return;
    }
    let message = format!(
        "{} is used by {}: it hangs in Terminating until they are gone",
        claim.title(),
        listed(pods, NAMED)
    );
    out.push(
        Finding::new(FieldPath::of(&["metadata", "name"]), claim.name(), message).remedy(
            "Delete the workload that makes these pods first. A claim that is being deleted cannot be kept any more.",
        ),
    );
}
