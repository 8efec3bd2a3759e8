//! See the documentation of [`RULE`].

use crate::cluster::view::ViewKind;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles};
use crate::model::object::map;
use crate::model::{ClaimQuota, FieldPath, Limited, ObjectKind, Subject};

crate::rule! {
    /// ## What it checks
    /// A namespace has claims, and no ResourceQuota in it limits how much storage they may ask for: neither
    /// `requests.storage` nor the same of a class. A limit on the number of claims says nothing about their sizes.
    ///
    /// ## Why it matters
    /// One mistaken size, or an autoscaler that goes astray, takes as much storage as the backend or the budget has, and
    /// other namespaces go without.
    ///
    /// ## How to fix
    /// Make a ResourceQuota with `requests.storage`.
    ///
    /// ## Examples
    /// ```yaml,review
    /// operation: SCAN
    /// live: true
    /// ```
    /// ```yaml,cluster
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: orders, namespace: shop}
    /// spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: ResourceQuota
    /// metadata: {name: pods, namespace: shop}
    /// spec: {hard: {pods: "100"}}
    /// ---
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata: {name: shop}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: ResourceQuota
    /// metadata: {name: storage, namespace: shop}
    /// spec: {hard: {requests.storage: 1Ti}}
    /// ---
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata: {name: shop}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/policy/resource-quotas/#quota-for-storage>
    pub static RULE = {
        name: "unlimited-storage-namespace",
        summary: "has claims and no storage quota",
        category: Category::Namespace,
        class: Class::Tenancy,
        needs: &[Needs::PersistentVolumeClaim, Needs::ResourceQuota],
        operations: &[Operation::Scan],
        profiles: Profiles::actions(Action::Off, Action::Audit, Action::Audit),
        check: Check::Object(&[ObjectKind::Namespace], check),
    }
}

fn check(namespace: &Subject<'_>, cx: &Context<'_>, out: &mut Findings) {
    let name = namespace.meta().name();
    let has_claims = cx
        .view()
        .rows_in(ViewKind::PersistentVolumeClaim, name)
        .next()
        .is_some();
    let mut quotas = cx.view().rows_in(ViewKind::ResourceQuota, name);
    let limited = quotas.any(|quota| {
        let mut limits = map(quota, &["spec", "hard"]).into_iter().flat_map(|hard| hard.keys());
        limits.any(|key| ClaimQuota::parse(key).is_some_and(|quota| quota.limited == Limited::Sizes))
    });
    if !has_claims || limited {
        return;
    }
    if !cx.view().is_complete(ViewKind::ResourceQuota) {
        return out.skip(format!("the ResourceQuotas of namespace {name} are unknown"));
    }
    out.push(
        Finding::new(
            FieldPath::of(&["metadata", "name"]),
            name,
            format!("namespace {name} has claims and no quota on how much storage they ask for"),
        )
        .remedy(format!(
            "Limit it, with what it may have in all: `kubectl create quota storage -n {name} --hard=requests.storage=SIZE`."
        )),
    );
}
