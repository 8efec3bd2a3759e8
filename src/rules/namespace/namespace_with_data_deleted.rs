//! See the documentation of [`RULE`].

use crate::cluster::view::{Lookup, ViewKind};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles};
use crate::model::object::PROTECT_LABEL;
use crate::model::{Claim, FieldPath, ObjectKind, Subject, Volume};

crate::rule! {
    /// ## What it checks
    /// Somebody deletes a namespace that has the label `volguard.dev/protect: "true"` and bound claims. Only the label
    /// makes a namespace the business of this rule: namespaces of test runs come and go.
    ///
    /// Where the claims of the namespace are not known, the label alone decides.
    ///
    /// ## Why it matters
    /// All claims of the namespace are deleted with it, and with reclaim policy `Delete` all their data. There is no way
    /// back: a namespace that is Terminating cannot be saved.
    ///
    /// ## How to fix
    /// Set reclaim policy `Retain` on the volumes whose data is needed, or take snapshots with deletion policy `Retain`.
    /// Then take the label off and delete the namespace.
    ///
    /// ## Examples
    /// ```yaml,review
    /// operation: DELETE
    /// user: ann
    /// live: true
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: orders, namespace: shop}
    /// spec: {accessModes: [ReadWriteOnce], volumeName: pv-1, resources: {requests: {storage: 10Gi}}}
    /// status: {phase: Bound}
    /// ---
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels: {volguard.dev/protect: "true"}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: orders, namespace: shop}
    /// spec: {accessModes: [ReadWriteOnce], volumeName: pv-1, resources: {requests: {storage: 10Gi}}}
    /// status: {phase: Bound}
    /// ---
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reclaiming>
    pub static RULE = {
        name: "namespace-with-data-deleted",
        summary: "is protected and takes bound claims with it",
        category: Category::Namespace,
        class: Class::LosesData,
        needs: &[Needs::PersistentVolumeClaim, Needs::PersistentVolume],
        operations: &[Operation::Delete],
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Object(&[ObjectKind::Namespace], check),
    }
}

fn check(namespace: &Subject<'_>, cx: &Context<'_>, out: &mut Findings) {
    if !namespace.meta().is_protected() {
        return;
    }
    let name = namespace.meta().name();
    let rows = cx.view().rows_in(ViewKind::PersistentVolumeClaim, name);
    let bound: Vec<_> = rows
        .map(Claim::object)
        .filter(|claim| claim.phase() == "Bound")
        .collect();
    let message = if !bound.is_empty() {
        let lost = bound.iter().filter(|claim| loses_data(claim, cx)).count();
        let claims = if bound.len() == 1 { "claim" } else { "claims" };
        format!(
            "namespace {name} is protected; with it go {} bound {claims}, {lost} of them with their data",
            bound.len()
        )
    } else if cx.view().is_complete(ViewKind::PersistentVolumeClaim) {
        return;
    } else {
        format!("namespace {name} is protected: it has the label {PROTECT_LABEL}")
    };
    out.push(
        Finding::new(
            FieldPath::of(&["metadata", "labels"]).key(PROTECT_LABEL),
            "true",
            message,
        )
        .remedy(format!(
            "Its claims and the data of volumes with reclaim policy Delete go with it. Set Retain on the volumes whose \
             data is needed (`kubectl get pvc -n {name}`), then take the label off: `kubectl label namespace {name} {PROTECT_LABEL}-`."
        )),
    );
}

/// Whether the data of a bound claim is deleted with it. Of a volume that is not known, nothing is.
fn loses_data(claim: &Claim<'_>, cx: &Context<'_>) -> bool {
    let row = claim
        .volume_name()
        .map(|name| cx.view().get(ViewKind::PersistentVolume, "", name));
    matches!(row, Some(Lookup::Found(row)) if Volume::new(row).reclaim_policy() == "Delete")
}
