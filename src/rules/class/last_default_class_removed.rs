//! See the documentation of [`RULE`].

use super::{old_class, other_default_classes};
use crate::cluster::view::ViewKind;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles};
use crate::model::{FieldPath, StorageClass};

crate::rule! {
    /// ## What it checks
    /// The only default StorageClass is deleted, or loses the mark that makes it the default.
    ///
    /// It warns in every profile: a cluster without a default class is a fair choice, and to hand the mark on takes two writes.
    ///
    /// ## Why it matters
    /// Claims that name no class, and StatefulSets whose templates name none, wait in Pending from then on. They are not
    /// lost: when a class becomes the default, they get that one, whatever it is.
    ///
    /// ## How to fix
    /// Make another class the default, best before this one goes.
    ///
    /// ## Examples
    /// ```yaml,review
    /// operation: DELETE
    /// ```
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: gp2
    ///   annotations:
    ///     storageclass.kubernetes.io/is-default-class: "true"
    /// provisioner: ebs.csi.aws.com
    /// ```
    /// ```yaml,passes
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: gp2
    ///   annotations:
    ///     storageclass.kubernetes.io/is-default-class: "false"
    /// provisioner: ebs.csi.aws.com
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#retroactive-default-storageclass-assignment>
    /// - <https://kubernetes.io/docs/tasks/administer-cluster/change-default-storage-class/>
    pub static RULE = {
        name: "last-default-class-removed",
        summary: "is the only default class, and stops being it",
        category: Category::Class,
        class: Class::Availability,
        needs: &[Needs::StorageClass],
        operations: &[Operation::Update, Operation::Delete],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        check: Check::Class(check),
    }
}

fn check(class: StorageClass<'_>, cx: &Context<'_>, out: &mut Findings) {
    let (path, message) = match (cx.operation(), old_class(cx).and_then(StorageClass::default_mark)) {
        (Operation::Delete, _) if class.is_default() => (
            FieldPath::of(&["metadata", "name"]),
            "the only default class goes: claims without a class will wait",
        ),
        (Operation::Update, Some(key)) if !class.is_default() => (
            FieldPath::of(&["metadata", "annotations"]).key(key),
            "no default class is left: claims without a class will wait",
        ),
        _ => return,
    };
    if other_default_classes(class, cx).next().is_some() {
        return;
    }
    if !cx.view().is_complete(ViewKind::StorageClass) {
        out.skip("the other StorageClasses are unknown");
        return;
    }
    let others = cx.view().rows(ViewKind::StorageClass).map(StorageClass::new);
    let candidate = others
        .filter(|other| other.name() != class.name() && !other.meta().is_deleting())
        .find(|other| !other.has_no_provisioner())
        .map_or("NAME", StorageClass::name);
    out.push(Finding::new(path, "default", message).remedy(format!(
        "Make another class the default: `kubectl annotate --overwrite storageclass {candidate} {}=true`.",
        StorageClass::DEFAULT_MARKS[0]
    )));
}
