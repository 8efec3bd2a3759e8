//! See the documentation of [`RULE`].

use super::{old_class, other_default_classes};
use crate::cluster::view::ViewKind;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles};
use crate::model::{FieldPath, StorageClass};

crate::rule! {
    /// ## What it checks
    /// A StorageClass becomes the default, and another class is the default already. Both keys of the mark count:
    /// `storageclass.kubernetes.io/is-default-class` and the old `storageclass.beta.kubernetes.io/is-default-class`.
    ///
    /// It warns in every profile: to hand the mark on takes two writes, and between them there are two defaults or none.
    ///
    /// ## Why it matters
    /// Claims that name no class get the newest of the default classes, and nobody is told. A driver that is installed
    /// with a default class of its own takes every such claim over, with other costs, other access modes and another
    /// reclaim policy.
    ///
    /// ## How to fix
    /// Take the mark from one of the classes: the message has the command for the class that had it before.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: gp2
    ///   annotations:
    ///     storageclass.kubernetes.io/is-default-class: "true"
    /// provisioner: kubernetes.io/aws-ebs
    /// ```
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: gp3
    ///   annotations:
    ///     storageclass.kubernetes.io/is-default-class: "true"
    /// provisioner: ebs.csi.aws.com
    /// ```
    /// ```yaml,passes
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: gp3
    /// provisioner: ebs.csi.aws.com
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/storage-classes/#default-storageclass>
    /// - <https://kubernetes.io/docs/tasks/administer-cluster/change-default-storage-class/>
    pub static RULE = {
        name: "second-default-class",
        summary: "becomes a default class beside another one",
        category: Category::Class,
        class: Class::Availability,
        needs: &[Needs::StorageClass],
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Warn, Action::Warn, Action::Warn),
        check: Check::Class(check),
    }
}

fn check(class: StorageClass<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(key) = class.default_mark() else { return };
    // A mark that moves from the old key to the new one makes no second default.
    if old_class(cx).is_some_and(StorageClass::is_default) {
        return;
    }
    let others: Vec<_> = other_default_classes(class, cx).collect();
    let Some((first, mark)) = others.first().and_then(|other| Some((other, other.default_mark()?))) else {
        if !cx.view().is_complete(ViewKind::StorageClass) {
            out.skip("the other StorageClasses are unknown");
        }
        return;
    };
    let name = first.name();
    let message = match others.len() {
        1 => format!("StorageClass {name} is the default already; claims without a class get the newest"),
        more => format!("{more} other StorageClasses are default already; claims without a class get the newest"),
    };
    out.push(
        Finding::new(FieldPath::of(&["metadata", "annotations"]).key(key), "true", message).remedy(format!(
            "Take the mark from one of them, here or with `kubectl annotate storageclass {name} {mark}-`."
        )),
    );
}
