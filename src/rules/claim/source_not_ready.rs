//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Profiles};
use crate::model::Claim;
use crate::rules::related::{namespace_of, obstacle};

crate::rule! {
    /// ## What it checks
    /// A claim is to be restored from a snapshot, or cloned from a claim, that does not exist, is being deleted, or is
    /// not ready: the snapshot has not been taken yet, the claim is not bound. A claim that names its volume is not
    /// filled from anything and not judged. In files, without a cluster, it speaks only where sources of the kind are
    /// given.
    ///
    /// ## Why it matters
    /// The claim stays Pending until the source is ready. If the source was misspelt or is gone for good, that is for
    /// ever, and the claim's source cannot be changed any more. A claim whose class waits for its first pod never
    /// becomes ready to be cloned as long as no pod uses it.
    ///
    /// ## How to fix
    /// Name a source that exists in the same namespace, and wait until it is ready:
    /// `kubectl wait --for=jsonpath='{.status.readyToUse}'=true volumesnapshot/NAME`.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshot
    /// metadata: {name: nightly, namespace: default}
    /// spec: {source: {persistentVolumeClaimName: data}}
    /// status: {readyToUse: true, restoreSize: 20Gi}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: restored}
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 20Gi}}
    ///   dataSource: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: nightly-1}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: restored}
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 20Gi}}
    ///   dataSource: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: nightly}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/volume-pvc-datasource/>
    /// - <https://kubernetes.io/docs/concepts/storage/volume-snapshots/>
    pub static RULE = {
        name: "source-not-ready",
        summary: "asks for a data source that is missing, being deleted or not ready",
        category: Category::Claim,
        class: Class::Availability,
        fix: Fix::None,
        needs: &[Needs::PersistentVolumeClaim, Needs::VolumeSnapshot],
        in_scan: false,
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(source) = claim.data_source().filter(|_| claim.volume_name().is_none()) else {
        return;
    };
    let Some(clause) = out.found_or_skip(obstacle(&source, cx), source.title()) else {
        return;
    };
    let message = format!("{} is made from {}, which {clause}", claim.title(), source.title());
    let remedy = format!(
        "The claim stays Pending until its source is there and ready. See `kubectl get {} -n {}`.",
        if source.is_claim() { "pvc" } else { "volumesnapshot" },
        namespace_of(&source, cx)
    );
    out.push(Finding::new(claim.spec_path(&[source.field, "name"]), source.name, message).remedy(remedy));
}
