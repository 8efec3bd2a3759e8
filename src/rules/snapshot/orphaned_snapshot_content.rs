//! See the documentation of [`RULE`].

use crate::cluster::view::{Lookup, ViewKind};
use crate::engine::cost;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Operation, Profiles};
use crate::model::{FieldPath, Meta, ObjectKind, Subject};

crate::rule! {
    /// ## What it checks
    /// A VolumeSnapshotContent with `deletionPolicy: Retain` was bound to a VolumeSnapshot that does not exist any more, or
    /// whose name another VolumeSnapshot has now. A content that waits for its VolumeSnapshot, because somebody made it to
    /// import a snapshot, is not meant.
    ///
    /// ## Why it matters
    /// The snapshot in storage costs money and holds data that nobody sees in any namespace. Where the driver's list price
    /// is known, the finding says what a snapshot of this size costs a month at most.
    ///
    /// ## How to fix
    /// Where it is still wanted as a backup, leave it. Otherwise set `deletionPolicy: Delete` and delete the content: the
    /// driver then deletes the snapshot in storage too.
    ///
    /// ## Examples
    /// ```yaml,review
    /// operation: SCAN
    /// live: true
    /// ```
    /// ```yaml,cluster
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshot
    /// metadata: {name: nightly, namespace: shop, uid: "1"}
    /// spec:
    ///   source: {persistentVolumeClaimName: data}
    /// ```
    /// ```yaml,fails
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshotContent
    /// metadata: {name: snapcontent-0}
    /// spec:
    ///   deletionPolicy: Retain
    ///   driver: ebs.csi.aws.com
    ///   source: {volumeHandle: vol-1}
    ///   volumeSnapshotRef: {namespace: shop, name: last-year, uid: "0"}
    /// ```
    /// ```yaml,passes
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshotContent
    /// metadata: {name: snapcontent-1}
    /// spec:
    ///   deletionPolicy: Retain
    ///   driver: ebs.csi.aws.com
    ///   source: {volumeHandle: vol-1}
    ///   volumeSnapshotRef: {namespace: shop, name: nightly, uid: "1"}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/volume-snapshots/#delete>
    pub static RULE = {
        name: "orphaned-snapshot-content",
        summary: "is retained although its snapshot is gone",
        category: Category::Snapshot,
        class: Class::Tenancy,
        fix: Fix::None,
        needs: &[Needs::VolumeSnapshot],
        operations: &[Operation::Scan],
        profiles: Profiles::actions(Action::Audit, Action::Audit, Action::Audit),
        check: Check::Object(&[ObjectKind::VolumeSnapshotContent], check),
    }
}

fn check(subject: &Subject<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Subject::SnapshotContent(content) = *subject else {
        return;
    };
    let Some((snapshot, uid)) = content.snapshot().and_then(|snapshot| Some((snapshot, snapshot.uid?))) else {
        return;
    };
    if content.deletes_snapshot() {
        return;
    }
    match cx
        .view()
        .get(ViewKind::VolumeSnapshot, snapshot.namespace, snapshot.name)
    {
        Lookup::Found(row) if Meta::of(row).uid() == Some(uid) => return,
        Lookup::Found(_) | Lookup::Absent => {}
        Lookup::Unknown => {
            return out.skip(format!(
                "VolumeSnapshot {}/{} is unknown",
                snapshot.namespace, snapshot.name
            ));
        }
    }
    let (namespace, name) = (snapshot.namespace, snapshot.name);
    let size = content.restore_size();
    let data = size.map_or_else(|| "the data".to_owned(), |size| format!("a snapshot of {size}"));
    let message = format!("snapshot {namespace}/{name} is gone, and {data} stays in storage");
    let name = content.name();
    let advice = format!(
        "If it is not wanted as a backup, set `deletionPolicy: Delete` and delete it, so that the driver deletes the \
         snapshot in storage: `kubectl patch volumesnapshotcontent {name} --type merge -p \
         '{{\"spec\":{{\"deletionPolicy\":\"Delete\"}}}}' && kubectl delete volumesnapshotcontent {name}`."
    );
    let cost = size.and_then(|size| cost::of_snapshot(cx.drivers(), content.driver(), size));
    let remedy = match cost {
        Some(cost) => format!("It costs up to {cost} ({}). {advice}", cost.origin()),
        None => advice,
    };
    out.push(Finding::new(FieldPath::of(&["spec", "volumeSnapshotRef"]), uid, message).remedy(remedy));
}
