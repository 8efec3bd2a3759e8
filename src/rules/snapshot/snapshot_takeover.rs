//! See the documentation of [`RULE`].

use crate::cluster::view::ViewKind;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Profiles};
use crate::model::{FieldPath, ObjectKind, SnapshotContent, Subject};

crate::rule! {
    /// ## What it checks
    /// A VolumeSnapshotContent that somebody makes by hand (`spec.source.snapshotHandle`) hands a snapshot in storage to
    /// one namespace, and another VolumeSnapshotContent of the same driver and handle belongs to another namespace.
    /// Importing a snapshot of which the cluster knows nothing, and importing it again into its own namespace, is fine.
    ///
    /// ## Why it matters
    /// Whoever may make snapshots in the namespace named here can restore, and read, the data of the other.
    ///
    /// ## How to fix
    /// Let the content refer to a snapshot in the namespace that the data is of. Where the data is moved on purpose, by an
    /// administrator or a backup tool, make an exception or name the user in the policy's `excludeUsers`.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshotContent
    /// metadata: {name: snapcontent-1}
    /// spec:
    ///   deletionPolicy: Retain
    ///   driver: ebs.csi.aws.com
    ///   source: {volumeHandle: vol-1}
    ///   volumeSnapshotRef: {namespace: payroll, name: nightly, uid: "1"}
    /// status: {snapshotHandle: snap-1, readyToUse: true}
    /// ```
    /// ```yaml,fails
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshotContent
    /// metadata: {name: import}
    /// spec:
    ///   deletionPolicy: Retain
    ///   driver: ebs.csi.aws.com
    ///   source: {snapshotHandle: snap-1}
    ///   volumeSnapshotRef: {namespace: playground, name: import}
    /// ```
    /// ```yaml,passes
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshotContent
    /// metadata: {name: import}
    /// spec:
    ///   deletionPolicy: Retain
    ///   driver: ebs.csi.aws.com
    ///   source: {snapshotHandle: snap-1}
    ///   volumeSnapshotRef: {namespace: payroll, name: import}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/volume-snapshots/#static>
    pub static RULE = {
        name: "snapshot-takeover",
        summary: "hands a snapshot of one namespace to another",
        category: Category::Snapshot,
        class: Class::Security,
        fix: Fix::None,
        needs: &[Needs::VolumeSnapshotContent],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Deny),
        check: Check::Object(&[ObjectKind::VolumeSnapshotContent], check),
    }
}

fn check(subject: &Subject<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Subject::SnapshotContent(content) = subject else {
        return;
    };
    let (Some(handle), Some(taker)) = (
        content.existing_handle().filter(|handle| !handle.is_empty()),
        content.snapshot(),
    ) else {
        return;
    };
    let owner = cx
        .view()
        .rows(ViewKind::VolumeSnapshotContent)
        .map(|row| SnapshotContent::new(ObjectKind::VolumeSnapshotContent, row))
        .filter(|other| {
            other.name() != content.name() && other.driver() == content.driver() && other.handle() == Some(handle)
        })
        .filter_map(SnapshotContent::snapshot)
        .find(|owner| !owner.namespace.is_empty() && owner.namespace != taker.namespace);
    let Some(owner) = owner else {
        if !cx.view().is_complete(ViewKind::VolumeSnapshotContent) {
            out.skip(format!(
                "whether snapshot {handle} belongs to another namespace is unknown"
            ));
        }
        return;
    };
    let message = format!(
        "the snapshot of {}/{} is handed to namespace {}",
        owner.namespace, owner.name, taker.namespace
    );
    let remedy = format!(
        "Snapshot {handle} of driver {} belongs to namespace {}: let the content refer to a VolumeSnapshot there.",
        content.driver(),
        owner.namespace
    );
    let path = FieldPath::of(&["spec", "volumeSnapshotRef", "namespace"]);
    out.push(Finding::new(path, taker.namespace, message).remedy(remedy));
}
