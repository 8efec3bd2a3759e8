//! See the documentation of [`RULE`].

use super::{
    SNAPSHOTS, classes, fitting_classes, is_to_be_taken, knows_classes, kubectl_name, named_class, source_claims,
    source_driver,
};
use crate::cluster::view::Lookup;
use crate::engine::{Action, Category, Certainty, Check, Class, Context, Finding, Findings, Fix, Needs, Profiles};
use crate::model::{FieldPath, Snapshot, SnapshotClass, Subject};
use crate::rules::related::NAMED;

crate::rule! {
    /// ## What it checks
    /// A VolumeSnapshot names no class, and its claim's driver has no default class, or more than one. A class that is
    /// named and does not exist is found too, with a warning below profile Strict: it may come later. The kinds of groups
    /// are checked in the same way. A snapshot of existing content needs no class.
    ///
    /// ## Why it matters
    /// The snapshot fails with `cannot find default snapshot class` and never becomes ready.
    ///
    /// ## How to fix
    /// Name a class of the driver, or make one the default with the annotation
    /// `snapshot.storage.kubernetes.io/is-default-class: "true"`.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshotClass
    /// metadata: {name: disks}
    /// driver: ebs.csi.aws.com
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
        name: "missing-snapshot-class",
        summary: "names no class, and its driver has no single default",
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

/// What a class that is named may still come for.
const MAY_COME: Profiles = Profiles::actions(Action::Warn, Action::Warn, Action::Deny);

fn check(subject: &Subject<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Subject::Snapshot(snapshot) = *subject else { return };
    if !is_to_be_taken(snapshot, cx) {
        return;
    }
    match snapshot.class_name() {
        Some(name) => named(snapshot, name, cx, out),
        None => by_default(snapshot, cx, out),
    }
}

fn class_path(snapshot: Snapshot<'_>) -> FieldPath {
    FieldPath::of(&["spec", snapshot.class_field()])
}

fn named(snapshot: Snapshot<'_>, name: &str, cx: &Context<'_>, out: &mut Findings) {
    let kind = snapshot.class_kind();
    match named_class(snapshot, name, cx) {
        Lookup::Found(_) => {}
        Lookup::Unknown => out.skip(format!("{} {name} is unknown", kind.as_str())),
        Lookup::Absent => {
            let message = format!(
                "{} names {} {name}, which does not exist",
                snapshot.title(),
                kind.as_str()
            );
            let remedy = format!(
                "Create it first, or name another (`kubectl get {}`).",
                kubectl_name(kind)
            );
            out.push(
                Finding::new(class_path(snapshot), name, message)
                    .remedy(remedy)
                    .profiles(MAY_COME),
            );
        }
    }
}

fn by_default(snapshot: Snapshot<'_>, cx: &Context<'_>, out: &mut Findings) {
    let (kind, title) = (snapshot.class_kind(), snapshot.title());
    let defaults = |driver: Option<&str>| -> Vec<&str> {
        classes(kind, cx)
            .filter(|class| class.is_default() && driver.is_none_or(|driver| class.driver() == driver))
            .map(SnapshotClass::name)
            .take(NAMED)
            .collect()
    };
    let claims = source_claims(snapshot, cx).found().unwrap_or_default();
    let Some(driver) = claims.iter().find_map(|claim| source_driver(claim, cx)) else {
        // Whatever the driver is: without any default class there is none for it.
        if knows_classes(kind, cx) && defaults(None).is_empty() {
            let message = format!("{title} names no class, and no {} is the default", kind.as_str());
            out.push(Finding::new(class_path(snapshot), "", message).remedy(format!("Name a {}.", kind.as_str())));
        } else {
            out.skip("the driver of what the snapshot is taken of is unknown");
        }
        return;
    };
    let finding = |message: String, remedy: String, certainty: Certainty| {
        Finding::new(class_path(snapshot), driver.name, message)
            .remedy(remedy)
            .certainty(certainty)
    };
    let fitting = fitting_classes(snapshot, driver.name, cx);
    match defaults(Some(driver.name)).as_slice() {
        [_] => {}
        [] if !knows_classes(kind, cx) => out.skip(format!("the default {} is unknown", kind.as_str())),
        [] => out.push(finding(
            format!("{title} names no class, and {} has no default class", driver.name),
            match fitting {
                Some(fitting) => format!("Let the snapshot {fitting}, or make a class of the driver the default."),
                None => format!("Create a {} with `driver: {}`.", kind.as_str(), driver.name),
            },
            driver.certainty,
        )),
        several => out.push(finding(
            format!("{title} names no class, and {} has several defaults", driver.name),
            format!(
                "Name a class, or let only one of these be the default: {}.",
                several.join(", ")
            ),
            driver.certainty,
        )),
    }
}
