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
    /// and neither is what a StatefulSet asks for when it gets another replica. Volumes of `kubernetes.io/no-provisioner`
    /// never grow; what their class says is that claims wait for their pods. Without it new claims bind at once, to volumes
    /// of nodes where their pods may have no room.
    ///
    /// ## How to fix
    /// Keep the class until nothing names it. To change an immutable field, make a class under a new name for new claims,
    /// and mark it as the default if the old one was. Where the name has to stay, as for the templates of a StatefulSet, the
    /// class is deleted and created again (`kubectl replace --force` does both): where this rule denies, write a
    /// [StorageException](../exceptions.md) with `rules: [class-in-use-deleted]`, `kinds: [StorageClass]` and the name of the
    /// class, and delete it afterwards. The volumes stay as they are.
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
    let loss = if class.has_no_provisioner() {
        "new claims do not wait for their pods"
    } else if class.allows_expansion() {
        "they cannot grow"
    } else {
        "new claims get no volume"
    };
    let message = format!(
        "{} and {} still name it: without the class {loss}",
        many(claims, "claim"),
        many(volumes, "volume")
    );
    out.push(
        Finding::new(FieldPath::of(&["metadata", "name"]), name, message).remedy(format!(
            "Keep StorageClass {name} until nothing names it. To change an immutable field, make a class under a new \
             name, or write a StorageException for this one, and recreate it."
        )),
    );
}
