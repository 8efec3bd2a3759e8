//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Operation, Profiles};
use crate::model::object::text;
use crate::model::{FieldPath, ObjectKind, Subject};

crate::rule! {
    /// ## What it checks
    /// The `deletionPolicy` of a VolumeSnapshotContent or VolumeGroupSnapshotContent is changed from Retain to Delete.
    ///
    /// ## Why it matters
    /// From then on the snapshot in storage is deleted with its VolumeSnapshot, or with the namespace that this is in. It
    /// is the one step between an object that is cleaned up and a backup that is lost.
    ///
    /// ## How to fix
    /// Leave Retain, and delete the snapshot in storage by itself when it is not wanted any more. Backup tools change the
    /// policy when they expire a backup: name their users in the policy's `excludeUsers`.
    ///
    /// ## Examples
    /// ```yaml,old
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshotContent
    /// metadata: {name: content-1}
    /// spec:
    ///   deletionPolicy: Retain
    ///   driver: ebs.csi.aws.com
    ///   source: {snapshotHandle: snap-1}
    ///   volumeSnapshotRef: {namespace: default, name: nightly}
    /// ```
    /// ```yaml,fails
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshotContent
    /// metadata: {name: content-1}
    /// spec:
    ///   deletionPolicy: Delete
    ///   driver: ebs.csi.aws.com
    ///   source: {snapshotHandle: snap-1}
    ///   volumeSnapshotRef: {namespace: default, name: nightly}
    /// ```
    /// ```yaml,passes
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshotContent
    /// metadata: {name: content-1}
    /// spec:
    ///   deletionPolicy: Retain
    ///   driver: ebs.csi.aws.com
    ///   source: {snapshotHandle: snap-1}
    ///   sourceVolumeMode: Filesystem
    ///   volumeSnapshotRef: {namespace: default, name: nightly}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/volume-snapshots/#volume-snapshot-contents>
    pub static RULE = {
        name: "snapshot-retain-dropped",
        summary: "changes from Retain to Delete, so that the snapshot in storage goes with its object",
        category: Category::Snapshot,
        class: Class::LosesData,
        fix: Fix::None,
        operations: &[Operation::Update],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Deny),
        check: Check::Object(
            &[
                ObjectKind::VolumeSnapshotContent,
                ObjectKind::VolumeGroupSnapshotContent,
            ],
            check,
        ),
    }
}

fn check(subject: &Subject<'_>, cx: &Context<'_>, out: &mut Findings) {
    let (Subject::SnapshotContent(content), Some(old)) = (subject, cx.old()) else {
        return;
    };
    if !content.deletes_snapshot() || text(old, &["spec", "deletionPolicy"]) != Some("Retain") {
        return;
    }
    let message = match content.snapshot() {
        Some(snapshot) => format!(
            "who deletes snapshot {}/{} now deletes it in storage too",
            snapshot.namespace, snapshot.name
        ),
        None => "the snapshot in storage is now deleted with its object".to_owned(),
    };
    out.push(
        Finding::new(FieldPath::of(&["spec", "deletionPolicy"]), "Delete", message).remedy(
            "Leave `deletionPolicy: Retain`, and delete the snapshot in storage by itself when it is not wanted any more.",
        ),
    );
}
