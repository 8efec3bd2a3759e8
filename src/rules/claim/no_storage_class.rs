//! See the documentation of [`RULE`].

use crate::cluster::view::Lookup;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Profiles};
use crate::model::words::listed;
use crate::model::{Claim, ClassName, StorageClass};
use crate::rules::related::{NAMED, usable_classes};

crate::rule! {
    /// ## What it checks
    /// A claim names no StorageClass, and no class of the cluster is the default. A claim that names its volume, or
    /// that an Available volume without class fits, is not judged. In files, without a cluster, it speaks only where
    /// the classes are given.
    ///
    /// ## Why it matters
    /// Nothing provisions a volume for the claim. It stays Pending until somebody makes a class the default, and then
    /// it gets that class, whatever it is.
    ///
    /// ## How to fix
    /// Name a class in the claim (`kubectl get storageclass`), or make one the default.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: gp3}
    /// provisioner: ebs.csi.aws.com
    /// parameters: {type: gp3, encrypted: "true"}
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// allowVolumeExpansion: true
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: gp3
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/storage-classes/#default-storageclass>
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#retroactive-default-storageclass-assignment>
    pub static RULE = {
        name: "no-storage-class",
        summary: "names no StorageClass, and there is no default class",
        category: Category::Claim,
        class: Class::Availability,
        fix: Fix::None,
        needs: &[Needs::StorageClass, Needs::PersistentVolume, Needs::CsiDriver],
        profiles: Profiles::actions(Action::Warn, Action::Warn, Action::Warn),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    if claim.class_name() != ClassName::Default || claim.volume_name().is_some() {
        return;
    }
    match cx.default_class() {
        Lookup::Found(_) => return,
        Lookup::Unknown => return out.skip("the default StorageClass is unknown"),
        Lookup::Absent => {}
    }
    if cx.fitting_volume(claim, "").is_some() {
        return;
    }
    let message = format!("{} names no StorageClass, and no class is the default", claim.title());
    let remedy = match listed(usable_classes(cx).map(StorageClass::name), NAMED).as_str() {
        "" => "Create a StorageClass and name it in the claim, or create one that is the default.".to_owned(),
        classes => format!(
            "Name a class of this cluster ({classes}), or make one the default: \
             `kubectl annotate storageclass NAME storageclass.kubernetes.io/is-default-class=true`."
        ),
    };
    out.push(Finding::new(claim.class_path(), "", message).remedy(remedy));
}
