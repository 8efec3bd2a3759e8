//! See the documentation of [`RULE`].

use crate::cluster::view::ViewKind;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles};
use crate::model::{Claim, ClassName, FieldPath, Meta, StorageClass, Volume};

crate::rule! {
    /// ## What it checks
    /// A StorageClass is deleted while claims or volumes still name it. Claims and volumes that are being deleted
    /// themselves do not count.
    ///
    /// ## Why it matters
    /// Bound volumes go on working. But their claims can no longer grow, claims that are Pending are never provisioned,
    /// and neither is what a StatefulSet asks for when it gets another replica.
    ///
    /// ## How to fix
    /// Keep the class until nothing names it, or make one of the same name at once. Deleting a class and recreating it
    /// is how its immutable fields are changed; that is what the warning is about then, and it may be ignored.
    ///
    /// ## Examples
    /// ```yaml,review
    /// operation: DELETE
    /// ```
    /// ```yaml,cluster
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata:
    ///   name: data
    /// spec:
    ///   storageClassName: fast
    ///   accessModes: [ReadWriteOnce]
    ///   resources:
    ///     requests:
    ///       storage: 1Gi
    /// ---
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: pvc-1
    /// spec:
    ///   storageClassName: fast
    ///   capacity:
    ///     storage: 1Gi
    ///   accessModes: [ReadWriteOnce]
    ///   csi:
    ///     driver: ebs.csi.aws.com
    ///     volumeHandle: vol-1
    /// ```
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: ebs.csi.aws.com
    /// ```
    /// ```yaml,passes
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: unused
    /// provisioner: ebs.csi.aws.com
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#expanding-persistent-volumes-claims>
    pub static RULE = {
        name: "class-in-use-deleted",
        summary: "is deleted while claims or volumes still name it",
        category: Category::Class,
        class: Class::Availability,
        needs: &[Needs::PersistentVolumeClaim, Needs::PersistentVolume],
        operations: &[Operation::Delete],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Deny),
        check: Check::Class(check),
    }
}

fn check(class: StorageClass<'_>, cx: &Context<'_>, out: &mut Findings) {
    let name = class.name();
    let rows = |kind| cx.view().rows(kind).filter(|row| !Meta::of(row).is_deleting());
    let claims = rows(ViewKind::PersistentVolumeClaim)
        .filter(|row| Claim::object(row).class_name() == ClassName::Named(name))
        .count();
    let volumes = rows(ViewKind::PersistentVolume)
        .filter(|row| Volume::new(row).class_name() == name)
        .count();
    if claims + volumes == 0 {
        for kind in RULE.needs {
            if !cx.view().is_complete(*kind) {
                out.skip(format!("the {}s of the cluster are unknown", kind.as_str()));
            }
        }
        return;
    }
    let many = |count, what| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    let message = format!(
        "{} and {} still name it: they cannot grow without the class",
        many(claims, "claim"),
        many(volumes, "volume")
    );
    out.push(
        Finding::new(FieldPath::of(&["metadata", "name"]), name, message).remedy(format!(
            "Keep StorageClass {name} until nothing names it, or recreate it at once where this is to change an \
             immutable field."
        )),
    );
}
