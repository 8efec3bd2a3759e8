//! See the documentation of [`RULE`].

use super::Served;
use crate::cluster::view::ViewKind;
use crate::drivers::{Confidence, Expansion};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Operation, Profiles};
use crate::model::Claim;
use crate::model::words::{listed, with_reason};

/// How many pods a message names.
const NAMED_PODS: usize = 2;

crate::rule! {
    /// ## What it checks
    /// An update makes a claim grow while pods use it, and the driver of its class expands a volume only while no pod
    /// does.
    ///
    /// ## Why it matters
    /// The update is accepted and nothing happens: the claim keeps its old size until every pod that uses it is gone,
    /// which for a database that runs out of space is an outage at the worst time.
    ///
    /// ## How to fix
    /// Stop the pods (`kubectl scale --replicas=0`), grow the claim, wait until `kubectl get pvc` shows the new
    /// capacity or the condition `FileSystemResizePending`, and start them again.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: maxiops}
    /// provisioner: storage.csi.upcloud.com
    /// reclaimPolicy: Retain
    /// allowVolumeExpansion: true
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: db-0, namespace: default}
    /// spec:
    ///   volumes:
    ///     - {name: data, persistentVolumeClaim: {claimName: data-db-0}}
    /// ```
    /// ```yaml,old
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data-db-0}
    /// spec:
    ///   storageClassName: maxiops
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// status: {phase: Bound, capacity: {storage: 10Gi}}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data-db-0}
    /// spec:
    ///   storageClassName: maxiops
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 20Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: not-used}
    /// spec:
    ///   storageClassName: maxiops
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 20Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#resizing-an-in-use-persistentvolumeclaim>
    /// - <https://kubernetes-csi.github.io/docs/volume-expansion.html>
    pub static RULE = {
        name: "offline-expansion",
        summary: "grows while a pod uses it, and the driver expands only what no pod uses",
        category: Category::Claim,
        class: Class::Availability,
        fix: Fix::None,
        needs: &[Needs::StorageClass, Needs::Pod],
        operations: &[Operation::Update],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(resize) = cx.resize(claim).filter(|resize| resize.to > resize.before()) else {
        return;
    };
    let Some(served) = cx.class_or_skip(claim, out).and_then(|class| Served::new(class, cx)) else {
        return;
    };
    let expansion = served.driver.expansion();
    if expansion.value != Expansion::Offline || expansion.confidence == Confidence::Unknown {
        return;
    }
    let running = cx.pods_using(claim.name()).filter(|pod| !pod.has_ended());
    let pods = listed(running.map(|pod| pod.meta().name()), NAMED_PODS);
    if pods.is_empty() {
        if !cx.view().is_complete(ViewKind::Pod) {
            out.skip("the pods that use the claim are not all known");
        }
        return;
    }
    let message = format!(
        "{} grows while {pods} uses it; {} expands detached volumes only",
        claim.title(),
        served.class.provisioner()
    );
    let remedy = format!(
        "Stop the pods, wait for the new size, and start them again: it stays at {} while they run.",
        resize.from
    );
    out.push(
        Finding::new(
            claim.spec_path(&["resources", "requests", "storage"]),
            claim.request_text(),
            message,
        )
        .remedy(with_reason(expansion.because, &remedy))
        .certainty(expansion.confidence.into()),
    );
}
