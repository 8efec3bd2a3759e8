//! See the documentation of [`RULE`].

use crate::cluster::view::Lookup;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Operation, Profiles};
use crate::model::words::listed;
use crate::model::{Claim, ClaimOrigin, FieldPath, Snapshot};
use crate::rules::related::{NAMED, snapshots_of, volume_of};

crate::rule! {
    /// ## What it checks
    /// A claim is in phase Lost: it was bound, and the PersistentVolume is gone or belongs to another claim.
    ///
    /// ## Why it matters
    /// Pods that run still have their files, but no new pod starts with the claim, and nothing provisions for it again.
    ///
    /// ## How to fix
    /// If the storage itself still exists, make the PersistentVolume again with the same name and source; the claim is
    /// bound to it again. Otherwise delete the claim, and restore it from a snapshot or a backup.
    ///
    /// ## Examples
    /// ```yaml,review
    /// operation: SCAN
    /// ```
    /// ```yaml,cluster
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata: {name: pvc-1f7b}
    /// spec: {claimRef: {namespace: shop, name: data}}
    /// status: {phase: Bound}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data, namespace: shop}
    /// spec: {storageClassName: gp3, volumeName: pvc-8c6a}
    /// status: {phase: Lost}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data, namespace: shop}
    /// spec: {storageClassName: gp3, volumeName: pvc-1f7b}
    /// status: {phase: Bound}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/persistent-volume-claim-v1/>
    /// - <https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/volume/persistentvolume/pv_controller.go>
    pub static RULE = {
        name: "lost-claim",
        summary: "has lost its volume",
        category: Category::Claim,
        class: Class::Availability,
        fix: Fix::None,
        needs: &[Needs::PersistentVolume, Needs::VolumeSnapshot],
        operations: &[Operation::Scan],
        profiles: Profiles::actions(Action::Warn, Action::Warn, Action::Warn),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    if claim.origin() != ClaimOrigin::Object || claim.phase() != "Lost" {
        return;
    }
    let volume = claim.volume_name().unwrap_or_default();
    let found = volume_of(claim, cx);
    let message = match volume {
        "" => format!("{} is Lost: it counts as bound, and names no volume", claim.title()),
        volume => {
            let outcome = match found {
                Lookup::Found(_) => "does not belong to it any more",
                Lookup::Absent => "is gone",
                Lookup::Unknown => "is gone or belongs to another claim",
            };
            format!("{} is Lost: volume {volume} {outcome}", claim.title())
        }
    };
    let snapshots = snapshots_of(claim.name(), cx).filter(|snapshot| snapshot.is_ready());
    let restore = match listed(snapshots.map(Snapshot::name), NAMED).as_str() {
        "" => "a backup".to_owned(),
        names => format!("a snapshot ({names})"),
    };
    let remedy = if !volume.is_empty() && found.found().is_none() {
        format!(
            "If the storage still exists, create PersistentVolume {volume} again with the same source. Otherwise delete the \
             claim and restore it from {restore}."
        )
    } else {
        format!("Delete the claim and restore it from {restore}.")
    };
    out.push(Finding::new(FieldPath::of(&["status", "phase"]), "Lost", message).remedy(remedy));
}
