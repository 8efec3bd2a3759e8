//! See the documentation of [`RULE`].

use super::{CLASSES, classes, knows_classes, kubectl_name};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Operation, Profiles};
use crate::model::{FieldPath, Subject};

crate::rule! {
    /// ## What it checks
    /// A VolumeSnapshotClass becomes the default of its driver, and another class of the same driver is the default
    /// already. Each driver may have a default of its own. The same is checked of VolumeGroupSnapshotClasses.
    ///
    /// ## Why it matters
    /// Unlike StorageClasses, of which the newest default wins, two default snapshot classes cancel each other: every
    /// snapshot of that driver without a class fails with `2 default snapshot classes were found`. Backups usually name
    /// no class, and nobody looks at them until one is needed.
    ///
    /// ## How to fix
    /// Take the annotation off the other class first, or leave it out here.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshotClass
    /// metadata:
    ///   name: daily
    ///   annotations: {snapshot.storage.kubernetes.io/is-default-class: "true"}
    /// driver: ebs.csi.aws.com
    /// deletionPolicy: Retain
    /// ```
    /// ```yaml,fails
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshotClass
    /// metadata:
    ///   name: weekly
    ///   annotations: {snapshot.storage.kubernetes.io/is-default-class: "true"}
    /// driver: ebs.csi.aws.com
    /// deletionPolicy: Retain
    /// ```
    /// ```yaml,passes
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshotClass
    /// metadata:
    ///   name: ceph
    ///   annotations: {snapshot.storage.kubernetes.io/is-default-class: "true"}
    /// driver: rbd.csi.ceph.com
    /// deletionPolicy: Retain
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/volume-snapshot-classes/>
    /// - <https://github.com/kubernetes-csi/external-snapshotter/issues/667>
    pub static RULE = {
        name: "second-default-snapshot-class",
        summary: "becomes the default beside another default of the same driver",
        category: Category::Snapshot,
        class: Class::NeverWorks,
        fix: Fix::None,
        needs: &[Needs::VolumeSnapshotClass, Needs::VolumeGroupSnapshotClass],
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Object(CLASSES, check),
    }
}

fn check(subject: &Subject<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Subject::SnapshotClass(class) = subject else { return };
    if !class.is_default() || class.driver().is_empty() {
        return;
    }
    let mut others = classes(class.kind(), cx).filter(|other| {
        other.name() != class.name()
            && other.driver() == class.driver()
            && other.is_default()
            && !other.meta().is_deleting()
    });
    let Some(other) = others.next() else {
        if !knows_classes(class.kind(), cx) {
            out.skip(format!(
                "which other classes are the default of {} is unknown",
                class.driver()
            ));
        }
        return;
    };
    let key = class.default_annotation();
    let message = format!(
        "class {} is the default of {} already; snapshots that name none fail",
        other.name(),
        class.driver()
    );
    let finding = Finding::new(
        FieldPath::of(&["metadata", "annotations", key]),
        class.driver(),
        message,
    )
    .remedy(format!(
        "Leave the annotation out, or take it off the other class first: `kubectl annotate {} {} {key}-`.",
        kubectl_name(other.kind()),
        other.name(),
    ));
    out.push(finding);
}
