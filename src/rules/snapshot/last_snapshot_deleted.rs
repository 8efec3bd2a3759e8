//! See the documentation of [`RULE`].

use super::SNAPSHOTS;
use crate::cluster::view::{Lookup, ViewKind};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Operation, Profiles};
use crate::model::object::PROTECT_LABEL;
use crate::model::{Claim, FieldPath, Meta, ObjectKind, Snapshot, SnapshotContent, Subject};
use crate::rules::related::snapshots_of;

crate::rule! {
    /// ## What it checks
    /// A VolumeSnapshot is deleted although
    ///
    /// - it carries the label `volguard.dev/protect: "true"` (denied in every profile; VolumeGroupSnapshots too), or
    /// - a claim that is not bound yet is being filled from it, or
    /// - it is the last ready snapshot of a claim with that label, and the snapshot in storage goes with it. Where its
    ///   VolumeSnapshotContent retains the snapshot in storage, nothing is lost.
    ///
    /// ## Why it matters
    /// Clean-up jobs delete by age. When the job that takes snapshots has failed for a while, they delete the last backup.
    ///
    /// ## How to fix
    /// Take another snapshot, wait until it is ready, and delete the old one then. To delete a protected snapshot on
    /// purpose, take the label off first.
    ///
    /// ## Examples
    /// ```yaml,review
    /// operation: DELETE
    /// ```
    /// ```yaml,fails
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshot
    /// metadata:
    ///   name: year-end
    ///   labels: {volguard.dev/protect: "true"}
    /// spec:
    ///   source: {persistentVolumeClaimName: data}
    /// ```
    /// ```yaml,passes
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshot
    /// metadata: {name: hourly}
    /// spec:
    ///   source: {volumeSnapshotContentName: content-1}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/volume-snapshots/#delete>
    pub static RULE = {
        name: "last-snapshot-deleted",
        summary: "is deleted although it is protected, being restored, or the last of a protected claim",
        category: Category::Snapshot,
        class: Class::LosesData,
        fix: Fix::None,
        needs: &[Needs::VolumeSnapshot, Needs::VolumeSnapshotContent, Needs::PersistentVolumeClaim],
        operations: &[Operation::Delete],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Deny),
        graded: true,
        check: Check::Object(SNAPSHOTS, check),
    }
}

fn check(subject: &Subject<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Subject::Snapshot(snapshot) = *subject else { return };
    let name = FieldPath::of(&["metadata", "name"]);
    if snapshot.meta().is_protected() {
        let message = format!(
            "{} is protected from deletion by its label {PROTECT_LABEL}",
            snapshot.title()
        );
        let remedy = format!(
            "To delete it on purpose, take the label off first: `kubectl label {} {} {PROTECT_LABEL}-`.",
            super::kubectl_name(snapshot.kind()),
            snapshot.name()
        );
        out.push(
            Finding::new(FieldPath::of(&["metadata", "labels", PROTECT_LABEL]), "true", message)
                .remedy(remedy)
                .profiles(Profiles::actions(Action::Deny, Action::Deny, Action::Deny)),
        );
    } else if snapshot.kind() == ObjectKind::VolumeSnapshot {
        if let Some(claim) = restored_claim(snapshot, cx) {
            let message = format!("claim {} is being filled from {}", claim.name(), snapshot.title());
            out.push(Finding::new(name, claim.name(), message).remedy("Delete it when the claim is Bound."));
        } else if let Some(claim) = bereft_claim(snapshot, cx, out) {
            let message = format!(
                "{} is the last ready one of claim {claim}, which is protected",
                snapshot.title()
            );
            out.push(
                Finding::new(name, claim, message)
                    .remedy("Take another snapshot, wait until it is ready, and delete this one then."),
            );
        }
    }
}

/// A claim that waits for a volume that is made of the snapshot.
fn restored_claim<'a>(snapshot: Snapshot<'_>, cx: &Context<'a>) -> Option<Claim<'a>> {
    let rows = cx.view().rows(ViewKind::PersistentVolumeClaim).map(Claim::object);
    rows.filter(|claim| claim.phase() == "Pending").find(|claim| {
        claim.data_source().is_some_and(|source| {
            let namespace = source.namespace.unwrap_or(claim_namespace(claim));
            (source.group, source.kind, source.name)
                == (ObjectKind::VolumeSnapshot.group(), "VolumeSnapshot", snapshot.name())
                && namespace == cx.namespace()
        })
    })
}

/// In files a namespace may be left out.
fn claim_namespace<'a>(claim: &Claim<'a>) -> &'a str {
    match claim.meta().namespace() {
        "" => "default",
        namespace => namespace,
    }
}

/// The protected claim that has no ready snapshot once this one is gone.
fn bereft_claim<'a>(snapshot: Snapshot<'a>, cx: &Context<'a>, out: &mut Findings) -> Option<&'a str> {
    let name = snapshot.claim().filter(|_| snapshot.is_ready())?;
    let view = cx.view();
    match view.get(ViewKind::PersistentVolumeClaim, cx.namespace(), name) {
        Lookup::Found(claim) if Meta::of(claim).is_protected() => {}
        Lookup::Found(_) | Lookup::Absent => return None,
        Lookup::Unknown => {
            out.skip(format!("claim {name} is unknown"));
            return None;
        }
    }
    let content = snapshot
        .bound_content()
        .and_then(|content| view.get(ViewKind::VolumeSnapshotContent, "", content).found())
        .map(|row| SnapshotContent::new(ObjectKind::VolumeSnapshotContent, row));
    if content.is_some_and(|content| !content.deletes_snapshot()) {
        return None;
    }
    let has_another = snapshots_of(name, cx)
        .any(|other| other.name() != snapshot.name() && other.is_ready() && !other.meta().is_deleting());
    if has_another {
        return None;
    }
    if !view.is_complete(ViewKind::VolumeSnapshot) {
        out.skip(format!("the other snapshots of claim {name} are unknown"));
        return None;
    }
    Some(name)
}
