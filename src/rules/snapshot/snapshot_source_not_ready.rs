//! See the documentation of [`RULE`].

use super::{SNAPSHOTS, is_to_be_taken, source_claims};
use crate::cluster::view::{Lookup, ViewKind};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Profiles, ResolvedClass};
use crate::model::{Claim, Snapshot, Subject, Volume};

crate::rule! {
    /// ## What it checks
    /// A VolumeSnapshot is to be taken of a claim that does not exist, is being deleted, is not bound yet, has lost its
    /// volume, or has a volume that is not served by a CSI driver. The claims that the selector of a VolumeGroupSnapshot
    /// chooses are checked in the same way, and that there is one at all. In files a claim without a status is not
    /// judged.
    ///
    /// ## Why it matters
    /// The snapshot is not taken now. For a claim that waits for its first pod, and for one that is gone, it may never be;
    /// volumes of in-tree plugins cannot be snapshotted even where the plugin was migrated to a CSI driver.
    ///
    /// ## How to fix
    /// Take the snapshot when the claim is Bound. A claim of a class with `WaitForFirstConsumer` is bound when the first
    /// pod uses it.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    ///   volumeName: pv-data
    /// status: {phase: Bound}
    /// ---
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata: {name: pv-data}
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   capacity: {storage: 10Gi}
    ///   claimRef: {namespace: default, name: data}
    ///   csi: {driver: ebs.csi.aws.com, volumeHandle: vol-1}
    /// ```
    /// ```yaml,fails
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshot
    /// metadata: {name: before-upgrade}
    /// spec:
    ///   volumeSnapshotClassName: disks
    ///   source: {persistentVolumeClaimName: date}
    /// ```
    /// ```yaml,passes
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshot
    /// metadata: {name: before-upgrade}
    /// spec:
    ///   volumeSnapshotClassName: disks
    ///   source: {persistentVolumeClaimName: data}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/volume-snapshots/#volumesnapshots>
    pub static RULE = {
        name: "snapshot-source-not-ready",
        summary: "is to be taken of a claim that is absent, not bound, or not of a CSI driver",
        category: Category::Snapshot,
        class: Class::Availability,
        fix: Fix::None,
        needs: &[Needs::PersistentVolumeClaim, Needs::PersistentVolume, Needs::StorageClass],
        in_scan: false,
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        check: Check::Object(SNAPSHOTS, check),
    }
}

fn check(subject: &Subject<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Subject::Snapshot(snapshot) = *subject else { return };
    if !is_to_be_taken(snapshot, cx) {
        return;
    }
    match (source_claims(snapshot, cx), snapshot.claim()) {
        (Lookup::Found(claims), _) => {
            if let Some(finding) = claims.iter().find_map(|claim| of_claim(snapshot, claim, cx, out)) {
                out.push(finding);
            }
        }
        (Lookup::Absent, Some(name)) => out.push(
            Finding::new(
                snapshot.source_field(),
                name,
                format!("claim {name} does not exist in this namespace"),
            )
            .remedy("Name a claim of the snapshot's own namespace (`kubectl get pvc`)."),
        ),
        (Lookup::Absent, None) => out.push(
            Finding::new(
                snapshot.source_field(),
                "",
                "the selector chooses no claim of this namespace",
            )
            .remedy("Compare the selector with the claims' labels (`kubectl get pvc --show-labels`)."),
        ),
        (Lookup::Unknown, Some(name)) => out.skip(format!("claim {name} is unknown")),
        (Lookup::Unknown, None) => out.skip("the claims that the selector chooses are unknown"),
    }
}

/// What is wrong with a claim that exists.
fn of_claim(snapshot: Snapshot<'_>, claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) -> Option<Finding> {
    let name = claim.name();
    let finding =
        |message: String, remedy: &str| Some(Finding::new(snapshot.source_field(), name, message).remedy(remedy));
    if claim.meta().is_deleting() {
        return finding(
            format!("claim {name} is being deleted"),
            "A snapshot of it is refused: keep the claim until the snapshot is ready.",
        );
    }
    match claim.phase() {
        "Pending" if waits_for_pod(claim, cx) => {
            return finding(
                format!("claim {name} is Pending until a pod uses it; there is nothing to snapshot"),
                "Its class has WaitForFirstConsumer: take the snapshot when a pod runs with the claim.",
            );
        }
        "Pending" => {
            return finding(
                format!("claim {name} is not bound yet; there is nothing to snapshot"),
                "Take the snapshot when the claim is Bound (`kubectl get pvc`).",
            );
        }
        "Lost" => {
            return finding(
                format!("claim {name} has lost its volume"),
                "There is nothing left to snapshot; look for the disk in storage.",
            );
        }
        _ => {}
    }
    let volume = claim.volume_name()?;
    let Lookup::Found(row) = cx.view().get(ViewKind::PersistentVolume, "", volume) else {
        out.skip(format!("PersistentVolume {volume} is unknown"));
        return None;
    };
    if Volume::new(row).csi_driver().is_some() {
        return None;
    }
    finding(
        format!("volume {volume} of claim {name} is not served by a CSI driver"),
        "Only volumes of CSI drivers can be snapshotted; migrate the data, or back up its files.",
    )
}

fn waits_for_pod(claim: &Claim<'_>, cx: &Context<'_>) -> bool {
    matches!(cx.class_of(claim), ResolvedClass::Found(class) if !class.binds_immediately())
}
