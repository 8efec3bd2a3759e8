//! See the documentation of [`RULE`].

use crate::cluster::view::{Lookup, ViewKind};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles};
use crate::model::object::PROTECT_LABEL;
use crate::model::words::listed;
use crate::model::{Claim, FieldPath, ObjectKind, Subject, Volume};

crate::rule! {
    /// ## What it checks
    /// Somebody deletes a namespace that has the label `volguard.dev/protect: "true"` and bound claims, or one of whose
    /// bound claims has it: when the claims go with the namespace, nobody is asked about each. Only the label makes a
    /// namespace the business of this rule: namespaces of test runs come and go.
    ///
    /// Where the claims of the namespace are not known, its own label decides.
    ///
    /// ## Why it matters
    /// All claims of the namespace are deleted with it, and with reclaim policy `Delete` all their data. There is no way
    /// back: a namespace that is Terminating cannot be saved.
    ///
    /// ## How to fix
    /// Set reclaim policy `Retain` on the volumes whose data is needed, or take snapshots with deletion policy `Retain`.
    /// Then take the labels off and delete the namespace.
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
        summary: "is protected, or has protected claims, and takes bound claims with it",
        category: Category::Namespace,
        class: Class::LosesData,
        needs: &[Needs::PersistentVolumeClaim, Needs::PersistentVolume],
        operations: &[Operation::Delete],
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Object(&[ObjectKind::Namespace], check),
    }
}

/// How many protected claims are named.
const SHOWN: usize = 3;

fn check(namespace: &Subject<'_>, cx: &Context<'_>, out: &mut Findings) {
    let name = namespace.meta().name();
    let rows = cx.view().rows_in(ViewKind::PersistentVolumeClaim, name);
    let bound: Vec<_> = rows
        .map(Claim::object)
        .filter(|claim| claim.phase() == "Bound")
        .collect();
    let protected: Vec<_> = bound
        .iter()
        .filter(|claim| claim.meta().is_protected())
        .map(Claim::name)
        .collect();
    let (message, labelled) = if !namespace.meta().is_protected() {
        let [first, ..] = protected[..] else { return };
        let claims = listed(protected.iter().copied(), SHOWN);
        let verb = if protected.len() == 1 { "is" } else { "are" };
        let message = format!("{claims} {verb} protected and would go with namespace {name}");
        (message, format!("pvc {first} -n {name}"))
    } else if !bound.is_empty() {
        let lost = bound.iter().filter(|claim| loses_data(claim, cx)).count();
        let going = match (bound.len(), lost) {
            (1, 0) => "goes 1 bound claim, without its data".to_owned(),
            (1, _) => "goes 1 bound claim, with its data".to_owned(),
            (claims, 1) => format!("go {claims} bound claims, 1 of them with its data"),
            (claims, lost) => format!("go {claims} bound claims, {lost} of them with their data"),
        };
        let message = format!("namespace {name} is protected; with it {going}");
        (message, format!("namespace {name}"))
    } else if cx.view().is_complete(ViewKind::PersistentVolumeClaim) {
        return;
    } else {
        let message = format!("namespace {name} is protected: it has the label {PROTECT_LABEL}");
        (message, format!("namespace {name}"))
    };
    out.push(
        Finding::new(
            FieldPath::of(&["metadata", "labels"]).key(PROTECT_LABEL),
            "true",
            message,
        )
        .remedy(format!(
            "Its claims and the data of volumes with reclaim policy Delete go with it. Set Retain on the volumes whose \
             data is needed (`kubectl get pvc -n {name}`), then take the label off: `kubectl label {labelled} {PROTECT_LABEL}-`."
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
