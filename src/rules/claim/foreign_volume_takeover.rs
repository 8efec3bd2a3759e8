//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Profiles};
use crate::model::Claim;
use crate::rules::related::volume_or_skip;

crate::rule! {
    /// ## What it checks
    /// A claim asks by name (`volumeName`) for a volume whose `claimRef` names a claim of another namespace: the volume
    /// is in use there, kept for there, or was released there and still holds the data.
    ///
    /// ## Why it matters
    /// Volumes are of no namespace, and whoever may create claims may ask for any of them. As soon as somebody takes the
    /// old claim out of the released volume, as many guides advise, it is bound to the claim that waits for it, with all
    /// the data of the other tenant.
    ///
    /// ## How to fix
    /// Leave `volumeName` out. If the data is meant to move to this namespace, an administrator writes the new claim
    /// into the `claimRef` of the volume first.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata: {name: payroll}
    /// spec:
    ///   capacity: {storage: 100Gi}
    ///   accessModes: [ReadWriteOnce]
    ///   storageClassName: gp3
    ///   persistentVolumeReclaimPolicy: Retain
    ///   csi: {driver: ebs.csi.aws.com, volumeHandle: vol-0123456789abcdef0}
    ///   claimRef: {namespace: finance, name: payroll, uid: 6f0f9d0e-4f1c-4c3e-8b39-1f7a0f6f3f55}
    /// status: {phase: Released}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data, namespace: shop}
    /// spec:
    ///   storageClassName: gp3
    ///   volumeName: payroll
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 100Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: payroll, namespace: finance}
    /// spec:
    ///   storageClassName: gp3
    ///   volumeName: payroll
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 100Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reserving-a-persistentvolume>
    /// - <https://kubernetes.io/docs/concepts/security/multi-tenancy/#storage-isolation>
    pub static RULE = {
        name: "foreign-volume-takeover",
        summary: "names a volume that belongs to a claim of another namespace",
        category: Category::Claim,
        class: Class::Security,
        fix: Fix::None,
        needs: &[Needs::PersistentVolume],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Deny),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(name) = claim.volume_name() else { return };
    let Some(volume) = volume_or_skip(name, cx, out) else {
        return;
    };
    let foreign = volume
        .claim_ref()
        .is_some_and(|owner| !owner.namespace.is_empty() && owner.namespace != cx.namespace());
    if !foreign {
        return;
    }
    let state = match volume.phase() {
        "Bound" => "is in use in",
        "Released" | "Failed" => "holds data of",
        _ => "is kept for",
    };
    // Which namespace that is, the author of a claim may not be meant to know.
    let message = format!("{} names volume {name}, which {state} another namespace", claim.title());
    out.push(Finding::new(claim.spec_path(&["volumeName"]), name, message).remedy(format!(
        "Leave volumeName out. To move the data here, an administrator puts this claim into the volume's claimRef; see \
         `kubectl get pv {name}`."
    )));
}
