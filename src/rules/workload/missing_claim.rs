//! See the documentation of [`RULE`].

use crate::cluster::view::{Lookup, ViewKind};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles};
use crate::model::{Meta, Workload};
use std::collections::BTreeMap;

crate::rule! {
    /// ## What it checks
    /// A pod template, or a pod, with a volume whose `claimName` is the name of no claim in its namespace, or of a claim
    /// that is being deleted. In files a claim that is not there is no finding, unless claims were given with `--objects`:
    /// it may be in the cluster.
    ///
    /// ## Why it matters
    /// The pods stay Pending (`persistentvolumeclaim "…" not found`) until somebody makes the claim. Within one
    /// `kubectl apply` or Helm release the claim may well come after the workload, which is no fault; so this is never
    /// more than a warning.
    ///
    /// ## How to fix
    /// Make the claim, or correct its name. Pods use claims of their own namespace only.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: uploads, namespace: shop}
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    /// ```yaml,fails
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers:
    ///         - name: web
    ///           image: registry.example.com/web:1
    ///           volumeMounts:
    ///             - {name: files, mountPath: /files}
    ///       volumes:
    ///         - name: files
    ///           persistentVolumeClaim: {claimName: upload}
    /// ```
    /// ```yaml,passes
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: web}}
    ///   template:
    ///     metadata: {labels: {app: web}}
    ///     spec:
    ///       containers:
    ///         - name: web
    ///           image: registry.example.com/web:1
    ///           volumeMounts:
    ///             - {name: files, mountPath: /files}
    ///       volumes:
    ///         - name: files
    ///           persistentVolumeClaim: {claimName: uploads}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#claims-as-volumes>
    pub static RULE = {
        name: "missing-claim",
        summary: "workload names a claim that does not exist",
        category: Category::Workload,
        class: Class::Availability,
        needs: &[Needs::PersistentVolumeClaim],
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Off, Action::Audit, Action::Warn),
        check: Check::Workload(super::KINDS, check),
    }
}

fn check(workload: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    let namespace = cx.namespace();
    let mut missing = Vec::new();
    for volume in workload.claim_volumes() {
        let name = volume.claim;
        let message = match cx.view().get(ViewKind::PersistentVolumeClaim, namespace, name) {
            Lookup::Found(claim) if Meta::of(claim).is_deleting() => {
                format!("claim {name} is being deleted: no new pod can use it")
            }
            Lookup::Found(_) => continue,
            Lookup::Absent => format!("there is no claim {name} in namespace {namespace}: the pods wait for it"),
            Lookup::Unknown => {
                out.skip(format!("PersistentVolumeClaim {name} is unknown"));
                continue;
            }
        };
        missing.push((volume, message));
    }
    if missing.is_empty() {
        return;
    }
    let elsewhere: BTreeMap<&str, &str> = cx
        .view()
        .rows(ViewKind::PersistentVolumeClaim)
        .map(|claim| (Meta::of(claim).name(), Meta::of(claim).namespace()))
        .filter(|(_, other)| *other != namespace)
        .collect();
    for (volume, message) in missing {
        let name = volume.claim;
        let remedy = match elsewhere.get(name) {
            Some(other) => format!(
                "Create the claim, or correct the name. The claim {name} of namespace {other} cannot be used from here."
            ),
            None => "Create the claim, or correct the name.".to_owned(),
        };
        out.push(Finding::new(volume.path, name, message).remedy(remedy));
    }
}
