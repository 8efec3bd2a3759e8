//! See the documentation of [`RULE`].

use crate::cluster::view::{Lookup, ViewKind};
use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Operation, Profiles, ResolvedClass,
};
use crate::model::words::listed;
use crate::model::{Claim, ClaimOrigin, Snapshot};
use crate::rules::related::{NAMED, snapshots_of, volume_of};

crate::rule! {
    /// ## What it checks
    /// A claim is deleted of which there are VolumeSnapshots, and its volume is deleted with it: its reclaim policy is
    /// Delete. With Retain the volume stays, and nothing is said.
    ///
    /// ## Why it matters
    /// With many drivers a snapshot lives in the same storage system as its volume and shares its blocks. Some delete
    /// the snapshots with the volume; some refuse to delete the volume, which then stays behind as Failed; with the rest
    /// the snapshots outlive it. Which it is shows when the restore is needed.
    ///
    /// ## How to fix
    /// Keep the volume until the snapshots are not needed any more:
    /// `kubectl patch pv NAME -p '{"spec": {"persistentVolumeReclaimPolicy": "Retain"}}'`. Or delete the snapshots first,
    /// knowingly.
    ///
    /// ## Examples
    /// ```yaml,review
    /// operation: DELETE
    /// user: ann@example.com
    /// ```
    /// ```yaml,cluster
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata: {name: pvc-8c6a}
    /// spec:
    ///   persistentVolumeReclaimPolicy: Delete
    ///   csi: {driver: ebs.csi.aws.com, volumeHandle: vol-0123456789abcdef0}
    /// ---
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshot
    /// metadata: {name: before-upgrade, namespace: finance}
    /// spec: {source: {persistentVolumeClaimName: ledger}}
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
    ///   volumeName: pvc-8c6a
    /// status: {phase: Bound}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/volume-snapshots/>
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reclaiming>
    pub static RULE = {
        name: "claim-with-snapshots-deleted",
        summary: "is deleted with its volume although there are snapshots of it",
        category: Category::Claim,
        class: Class::LosesData,
        fix: Fix::None,
        needs: &[Needs::VolumeSnapshot, Needs::PersistentVolume, Needs::StorageClass],
        operations: &[Operation::Delete],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(volume) = claim.volume_name().filter(|_| claim.origin() == ClaimOrigin::Object) else {
        return;
    };
    let is_deleted = match volume_of(claim, cx) {
        Lookup::Found(volume) => volume.reclaim_policy() == "Delete",
        Lookup::Absent => false,
        Lookup::Unknown => match cx.class_of(claim) {
            ResolvedClass::Found(class) => class.deletes_volumes(),
            _ => return out.skip(format!("PersistentVolume {volume} is unknown")),
        },
    };
    if !is_deleted {
        return;
    }
    let snapshots = snapshots_of(claim.name(), cx).filter(|snapshot| !snapshot.meta().is_deleting());
    let snapshots = listed(snapshots.map(Snapshot::name), NAMED);
    if snapshots.is_empty() {
        if !cx.view().is_complete(ViewKind::VolumeSnapshot) {
            out.skip("the VolumeSnapshots are unknown");
        }
        return;
    }
    let message = format!(
        "{} is deleted with its volume, and has snapshots: {snapshots}",
        claim.title()
    );
    let remedy = format!(
        "With some drivers the snapshots go too, or cannot be restored. To keep the volume: `kubectl patch pv {volume} -p \
         '{{\"spec\": {{\"persistentVolumeReclaimPolicy\": \"Retain\"}}}}'`."
    );
    out.push(Finding::new(claim.spec_path(&["volumeName"]), volume, message).remedy(remedy));
}
