//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Operation, Profiles};
use crate::model::object::PROTECT_LABEL;
use crate::model::{FieldPath, Volume, user};

crate::rule! {
    /// ## What it checks
    /// Somebody deletes a PersistentVolume that a claim is bound to. One with the label `volguard.dev/protect: "true"` may
    /// not be deleted in any profile, bound or not. What the cluster's own controllers delete is not judged, and neither
    /// is what a provisioner deletes when it has deleted the data, as reclaim policy `Delete` asks for.
    ///
    /// ## Why it matters
    /// The volume stays in Terminating while its claim is there, and there is no way back. When the claim goes, the
    /// volume goes: with reclaim policy `Delete` the data is deleted, with `Retain` it is left behind without a volume
    /// that names it. A finalizer that is removed by force leaves the claim Lost at once.
    ///
    /// ## How to fix
    /// Delete the claim, when its data is no longer needed. To keep the data and get rid of the volume, set reclaim
    /// policy `Retain` first and note the volume's handle.
    ///
    /// ## Examples
    /// ```yaml,review
    /// operation: DELETE
    /// user: ann
    /// live: true
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: orders
    /// spec:
    ///   capacity: {storage: 10Gi}
    ///   claimRef: {namespace: shop, name: orders, uid: 6f1c}
    /// status: {phase: Bound}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: orders
    /// spec:
    ///   capacity: {storage: 10Gi}
    ///   claimRef: {namespace: shop, name: orders, uid: 6f1c}
    /// status: {phase: Released}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection>
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#persistentvolume-deletion-protection-finalizer>
    pub static RULE = {
        name: "bound-volume-deleted",
        summary: "is deleted while a claim is bound to it",
        category: Category::Volume,
        class: Class::LosesData,
        operations: &[Operation::Delete],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Deny),
        graded: true,
        check: Check::Volume(check),
    }
}

fn check(volume: Volume<'_>, cx: &Context<'_>, out: &mut Findings) {
    let bound = volume.claim_ref().filter(|_| volume.phase() == "Bound");
    let disposed_of = bound.is_none() && volume.reclaim_policy() == "Delete" && user::is_service_account(cx.user());
    let title = volume.title();
    if volume.meta().is_protected() && !disposed_of {
        let message = match bound {
            Some(claim) => format!("{title} is protected, and claim {claim} is bound to it"),
            None => format!("{title} is protected: it has the label {PROTECT_LABEL}"),
        };
        out.push(
            Finding::new(
                FieldPath::of(&["metadata", "labels"]).key(PROTECT_LABEL),
                "true",
                message,
            )
            .profiles(Profiles::actions(Action::Deny, Action::Deny, Action::Deny))
            .remedy(format!(
                "If its data is no longer needed, take the label off first: `kubectl label pv {} {PROTECT_LABEL}-`.",
                volume.name()
            )),
        );
    } else if let Some(claim) = bound {
        let data = match volume.reclaim_policy() {
            "Delete" => "its data is deleted",
            _ => "its data is left behind",
        };
        out.push(
            Finding::new(
                FieldPath::of(&["spec", "claimRef"]),
                claim.to_string(),
                format!("{title} is bound to claim {claim}: {data} when the claim goes"),
            )
            .remedy(
                "Delete the claim when its data is no longer needed. To keep the data, set reclaim policy Retain and \
                 note the volume's handle first.",
            ),
        );
    }
}
