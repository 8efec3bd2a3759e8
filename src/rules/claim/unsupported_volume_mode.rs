//! See the documentation of [`RULE`].

use super::{Served, refusal, remedy};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Profiles};
use crate::model::{Claim, VolumeMode};

crate::rule! {
    /// ## What it checks
    /// A claim asks for a volume mode that the driver of its class does not have: a raw block device of a driver that
    /// shares files. A driver that is not known is not judged, and neither is a claim that names an existing volume or
    /// that would bind to an Available volume of its class.
    ///
    /// ## Why it matters
    /// The driver refuses to make the volume. The claim stays Pending for ever, and its pods with it; the volume mode
    /// of a claim cannot be changed afterwards.
    ///
    /// ## How to fix
    /// Leave `volumeMode` out and mount the volume as a filesystem, or use a class of a driver that has raw devices.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: efs}
    /// provisioner: efs.csi.aws.com
    /// parameters: {provisioningMode: efs-ap, fileSystemId: fs-0123456789abcdef0, directoryPerms: "700"}
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// ---
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: raw}
    /// spec:
    ///   storageClassName: efs
    ///   volumeMode: Block
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    /// ```yaml,passes
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
    /// metadata: {name: raw}
    /// spec:
    ///   storageClassName: gp3
    ///   volumeMode: Block
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#volume-mode>
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#raw-block-volume-support>
    pub static RULE = {
        name: "unsupported-volume-mode",
        summary: "asks for a volume mode that the driver does not have",
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
    let mode = claim.volume_mode();
    let fact = served.volume_mode(mode);
    let Some(certainty) = refusal(&fact) else { return };
    if cx.binds_statically(claim, served.class.name()) {
        return;
    }
    let otherwise = match mode {
        VolumeMode::Block => "Leave volumeMode out, or use a class of a driver that has raw devices.",
        VolumeMode::Filesystem => "Ask for volumeMode: Block, or use a class of a driver that makes filesystems.",
    };
    let message = format!(
        "{} asks for volumeMode {mode}, which {} cannot serve",
        claim.title(),
        served.title()
    );
    out.push(
        Finding::new(claim.spec_path(&["volumeMode"]), mode.as_str(), message)
            .remedy(remedy(claim, cx, fact.because, otherwise))
            .certainty(certainty),
    );
}
