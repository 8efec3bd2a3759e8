//! See the documentation of [`RULE`].

use super::{SNAPSHOTS, fitting_classes, is_to_be_taken, named_class, source_claims, source_driver};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Profiles};
use crate::model::{FieldPath, Subject};

crate::rule! {
    /// ## What it checks
    /// A VolumeSnapshot names a VolumeSnapshotClass of another driver than its claim's. The driver of a bound claim is that
    /// of its volume; of another claim it is the provisioner of the claim's StorageClass. All claims of a
    /// VolumeGroupSnapshot are checked. A snapshot of existing content is not: its content says the driver.
    ///
    /// ## Why it matters
    /// The snapshot is handed to a driver that does not know the volume. It never becomes ready.
    ///
    /// ## How to fix
    /// Name a class of the claim's driver: `kubectl get volumesnapshotclass`.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshotClass
    /// metadata: {name: disks}
    /// driver: ebs.csi.aws.com
    /// deletionPolicy: Retain
    /// ---
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshotClass
    /// metadata: {name: ceph}
    /// driver: rbd.csi.ceph.com
    /// deletionPolicy: Retain
    /// ---
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: gp3
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    ///   volumeName: pv-data
    /// status: {phase: Bound}
    /// ---
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata: {name: pv-data}
    /// spec:
    ///   storageClassName: gp3
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
    ///   volumeSnapshotClassName: ceph
    ///   source: {persistentVolumeClaimName: data}
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
    /// - <https://kubernetes.io/docs/concepts/storage/volume-snapshot-classes/>
    pub static RULE = {
        name: "snapshot-class-mismatch",
        summary: "names a snapshot class of another driver than its claim's",
        category: Category::Snapshot,
        class: Class::NeverWorks,
        fix: Fix::None,
        needs: &[
            Needs::PersistentVolumeClaim,
            Needs::PersistentVolume,
            Needs::StorageClass,
            Needs::VolumeSnapshotClass,
            Needs::VolumeGroupSnapshotClass,
        ],
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Object(SNAPSHOTS, check),
    }
}

fn check(subject: &Subject<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Subject::Snapshot(snapshot) = *subject else { return };
    let Some(name) = snapshot.class_name().filter(|_| is_to_be_taken(snapshot, cx)) else {
        return;
    };
    let what = snapshot.class_kind().as_str();
    // Of a class that does not exist missing-snapshot-class speaks.
    let Some(class) = out.found_or_skip(named_class(snapshot, name, cx), format_args!("{what} {name}")) else {
        return;
    };
    for claim in source_claims(snapshot, cx).found().unwrap_or_default() {
        let Some(driver) = source_driver(&claim, cx) else {
            out.skip(format!("the driver of claim {} is unknown", claim.name()));
            continue;
        };
        if driver.name == class.driver() {
            continue;
        }
        let message = format!(
            "class {name} is of {}, claim {} of {}",
            class.driver(),
            claim.name(),
            driver.name
        );
        let remedy = match fitting_classes(snapshot, driver.name, cx) {
            Some(fitting) => format!("Let the snapshot {fitting}."),
            None => format!("Create a {} with `driver: {}`.", class.kind().as_str(), driver.name),
        };
        let path = FieldPath::of(&["spec", snapshot.class_field()]);
        return out.push(
            Finding::new(path, name, message)
                .remedy(remedy)
                .certainty(driver.certainty),
        );
    }
}
