//! See the documentation of [`RULE`].

use crate::cluster::view::{Lookup, ViewKind};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles};
use crate::model::object::map;
use crate::model::{ClaimQuota, FieldPath, ObjectKind, Subject, Volume};
use crate::rules::claim::unknown_storage_class::similar;

crate::rule! {
    /// ## What it checks
    /// A ResourceQuota limits claims of a class, with a key such as
    /// `fast.storageclass.storage.k8s.io/requests.storage`, and there is no StorageClass of that name. A name that only
    /// volumes carry, such as `manual`, is valid: claims name it to get one of them.
    ///
    /// ## Why it matters
    /// The API server takes any name. The quota is shown as if it were in force, but no claim ever counts towards it, and
    /// the class that was meant is not limited.
    ///
    /// ## How to fix
    /// Name a class that exists (`kubectl get storageclass`).
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: gp3}
    /// provisioner: ebs.csi.aws.com
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: ResourceQuota
    /// metadata: {name: storage, namespace: shop}
    /// spec:
    ///   hard:
    ///     pg3.storageclass.storage.k8s.io/requests.storage: 500Gi
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: ResourceQuota
    /// metadata: {name: storage, namespace: shop}
    /// spec:
    ///   hard:
    ///     gp3.storageclass.storage.k8s.io/requests.storage: 500Gi
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/policy/resource-quotas/#quota-for-storage>
    pub static RULE = {
        name: "quota-for-unknown-class",
        summary: "limits a StorageClass that does not exist",
        category: Category::Namespace,
        class: Class::Tenancy,
        needs: &[Needs::StorageClass, Needs::PersistentVolume],
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        check: Check::Object(&[ObjectKind::ResourceQuota], check),
    }
}

fn check(quota: &Subject<'_>, cx: &Context<'_>, out: &mut Findings) {
    let hard = map(quota.value(), &["spec", "hard"]);
    for key in hard.into_iter().flat_map(|hard| hard.keys()) {
        let Some(class) = ClaimQuota::parse(key).and_then(|quota| quota.class) else {
            continue;
        };
        match cx.view().get(ViewKind::StorageClass, "", class) {
            Lookup::Found(_) => continue,
            Lookup::Unknown => {
                out.skip(format!("StorageClass {class} is unknown"));
                continue;
            }
            Lookup::Absent => {}
        }
        let mut volumes = cx.view().rows(ViewKind::PersistentVolume).map(Volume::new);
        if volumes.any(|volume| volume.class_name() == class) {
            continue;
        }
        let (hint, advice) = match similar(class, cx) {
            Some(similar) => (
                format!(" (did you mean {similar}?)"),
                format!("Did you mean {similar}?"),
            ),
            None => (String::new(), "Name a class that exists.".to_owned()),
        };
        out.push(
            Finding::new(
                FieldPath::of(&["spec", "hard"]).entry(key),
                class,
                format!("the quota limits StorageClass {class}, which does not exist{hint}"),
            )
            .remedy(format!("{advice} No claim counts towards this limit.")),
        );
    }
}
