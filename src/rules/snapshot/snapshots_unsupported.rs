//! See the documentation of [`RULE`].

use super::{is_to_be_taken, named_class, refusal, source_claims, source_driver};
use crate::cluster::view::Lookup;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Profiles};
use crate::model::words::with_reason;
use crate::model::{FieldPath, ObjectKind, Snapshot, Subject};

crate::rule! {
    /// ## What it checks
    /// A VolumeSnapshotClass names a driver that takes no snapshots, or a VolumeSnapshot is to be taken of a claim whose
    /// driver takes none. Where the driver of the claim is not known, that of the snapshot's class is asked. In-tree
    /// names such as `kubernetes.io/…` take none either: snapshots are taken by CSI drivers only. The kinds of groups
    /// are checked in the same way. A driver of which nothing is known is not judged.
    ///
    /// ## Why it matters
    /// The snapshot never becomes ready. A backup that relies on it is no backup, which is noticed when it is needed.
    ///
    /// ## How to fix
    /// Use the backup of the storage system itself, or a backup tool that copies files out of the volume.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshotClass
    /// metadata: {name: shared}
    /// driver: efs.csi.aws.com
    /// deletionPolicy: Retain
    /// ```
    /// ```yaml,passes
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshotClass
    /// metadata: {name: disks}
    /// driver: ebs.csi.aws.com
    /// deletionPolicy: Retain
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/volume-snapshots/>
    /// - <https://kubernetes-csi.github.io/docs/drivers.html>
    pub static RULE = {
        name: "snapshots-unsupported",
        summary: "asks for snapshots of a driver that takes none",
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
        check: Check::Object(
            &[
                ObjectKind::VolumeSnapshotClass,
                ObjectKind::VolumeGroupSnapshotClass,
                ObjectKind::VolumeSnapshot,
                ObjectKind::VolumeGroupSnapshot,
            ],
            check,
        ),
    }
}

fn check(subject: &Subject<'_>, cx: &Context<'_>, out: &mut Findings) {
    match subject {
        Subject::SnapshotClass(class) => {
            let message = format!("driver {} takes no snapshots", class.driver());
            report(class.driver(), FieldPath::of(&["driver"]), message, cx, out);
        }
        Subject::Snapshot(snapshot) if is_to_be_taken(*snapshot, cx) => of_snapshot(*snapshot, cx, out),
        _ => {}
    }
}

fn of_snapshot(snapshot: Snapshot<'_>, cx: &Context<'_>, out: &mut Findings) {
    let mut source_is_known = false;
    for claim in source_claims(snapshot, cx).found().unwrap_or_default() {
        let Some(driver) = source_driver(&claim, cx) else {
            continue;
        };
        source_is_known = true;
        let message = format!("driver {} of claim {} takes no snapshots", driver.name, claim.name());
        if report(driver.name, snapshot.source_field(), message, cx, out) {
            return;
        }
    }
    if let (false, Some(name)) = (source_is_known, snapshot.class_name())
        && let Lookup::Found(class) = named_class(snapshot, name, cx)
    {
        let message = format!("driver {} of class {name} takes no snapshots", class.driver());
        let path = FieldPath::of(&["spec", snapshot.class_field()]);
        report(class.driver(), path, message, cx, out);
    }
}

/// Reports a driver that takes no snapshots; whether it is one.
fn report(driver: &str, path: FieldPath, message: String, cx: &Context<'_>, out: &mut Findings) -> bool {
    let Some((certainty, because)) = refusal(driver, cx) else {
        return false;
    };
    let advice = "Back the data up with the storage system's own means, or with a tool that copies files.";
    let remedy = with_reason(because, advice);
    out.push(Finding::new(path, driver, message).remedy(remedy).certainty(certainty));
    true
}
