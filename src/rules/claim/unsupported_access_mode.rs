//! See the documentation of [`RULE`].

use super::{Served, Wish, refusal, remedy};
use crate::drivers::Support;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Profiles};
use crate::model::{AccessMode, Claim, VolumeMode};

crate::rule! {
    /// ## What it checks
    /// A claim asks for an access mode that the driver of its class cannot serve for its volume mode. The parameters of
    /// the class count: some drivers share a raw device only with certain parameters. Every unsupported mode of the
    /// list is a finding, because one of them fails the whole claim. A driver that is not known is not judged, and
    /// neither is a claim that names an existing volume or that would bind to an Available volume of its class.
    ///
    /// ## Why it matters
    /// The driver refuses to make the volume and the claim stays Pending, or the volume is made and the second pod
    /// stays in ContainerCreating with a Multi-Attach error. Neither mends itself, and access modes cannot be changed
    /// afterwards.
    ///
    /// ## How to fix
    /// Use a class backed by a shared filesystem, or `volumeMode: Block` where the driver shares raw devices. A claim
    /// that one pod uses needs `ReadWriteOnce` only.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: gp3}
    /// provisioner: ebs.csi.aws.com
    /// parameters: {type: gp3, encrypted: "true"}
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// allowVolumeExpansion: true
    /// ---
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: shared}
    /// spec:
    ///   storageClassName: gp3
    ///   accessModes: [ReadWriteMany]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: io2}
    /// provisioner: ebs.csi.aws.com
    /// parameters: {type: io2, iops: "4000", encrypted: "true"}
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// allowVolumeExpansion: true
    /// ---
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: shared}
    /// spec:
    ///   storageClassName: io2
    ///   volumeMode: Block
    ///   accessModes: [ReadWriteMany]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes>
    /// - <https://kubernetes-csi.github.io/docs/drivers.html>
    pub static RULE = {
        name: "unsupported-access-mode",
        summary: "asks for an access mode that the driver cannot serve",
        category: Category::Claim,
        class: Class::NeverWorks,
        fix: Fix::None,
        needs: &[Needs::StorageClass, Needs::PersistentVolume, Needs::CsiDriver],
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(served) = Served::for_claim(claim, cx, out) else {
        return;
    };
    let (volume_mode, restores) = (claim.volume_mode(), claim.data_source().is_some());
    let other = match volume_mode {
        VolumeMode::Filesystem => VolumeMode::Block,
        VolumeMode::Block => VolumeMode::Filesystem,
    };
    for (index, mode) in claim.access_modes() {
        let fact = served.access_mode(mode, volume_mode, restores);
        let Some(certainty) = refusal(&fact) else { continue };
        // Asked only now: it looks at every volume.
        if cx.binds_statically(claim, served.class.name()) {
            return;
        }
        // Only where the other volume mode would do is it worth saying that this one does not.
        let as_mode = if served.access_mode(mode, other, restores).value == Support::Served {
            format!(" as {volume_mode}")
        } else {
            String::new()
        };
        let message = format!(
            "{} asks for {mode}, which {} cannot serve{as_mode}",
            claim.title(),
            served.title()
        );
        let mut advice = remedy(claim, cx, fact.because, otherwise(mode, volume_mode));
        if served.serves(&Wish::with_volume_mode(claim, other)) {
            advice = format!("{advice} This class serves it with volumeMode: {other}.");
        }
        out.push(
            Finding::new(claim.spec_path(&["accessModes"]).index(index), mode.as_str(), message)
                .remedy(advice)
                .certainty(certainty),
        );
    }
}

/// What helps where no class of the cluster is known to.
fn otherwise(mode: AccessMode, volume_mode: VolumeMode) -> &'static str {
    match (mode, volume_mode) {
        (AccessMode::ReadWriteMany | AccessMode::ReadOnlyMany, VolumeMode::Filesystem) => {
            "Use a class backed by a shared filesystem, or ReadWriteOnce if the pods run on one node."
        }
        (AccessMode::ReadWriteMany | AccessMode::ReadOnlyMany, VolumeMode::Block) => {
            "Use a class whose driver shares raw devices, or ReadWriteOnce if the pods run on one node."
        }
        (AccessMode::ReadWriteOncePod, _) => "Use ReadWriteOnce, or a class of a CSI driver that serves it.",
        (AccessMode::ReadWriteOnce, _) => "Use a class whose driver serves it.",
    }
}
