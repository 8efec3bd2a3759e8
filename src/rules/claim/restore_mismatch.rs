//! See the documentation of [`RULE`].

use crate::cluster::view::ViewKind;
use crate::engine::{Action, Category, Certainty, Check, Class, Context, Finding, Findings, Fix, Needs, Profiles};
use crate::model::{Claim, DataSource, ObjectKind, Snapshot, SnapshotContent, VolumeMode, object};
use crate::rules::related::{
    content_of, copier, driver_name, driver_of_snapshot, namespace_of, size_mismatch, use_class_of,
};

/// Lets a snapshot of one volume mode be restored to the other.
const MODE_CHANGE: &str = "snapshot.storage.kubernetes.io/allow-volume-mode-change";

crate::rule! {
    /// ## What it checks
    /// A claim is to be restored from a snapshot that does not fit: the snapshot is of another driver than the claim's
    /// class, it needs more space than the claim asks for (or another size, where the driver restores to the same size
    /// only), or it was taken of a volume of the other mode. A snapshot whose size is not known is not compared. The
    /// mode may differ where the VolumeSnapshotContent carries the annotation
    /// `snapshot.storage.kubernetes.io/allow-volume-mode-change: "true"`. A provisioner can be told to let every mode
    /// through, which cannot be seen from here; so a changed mode is denied in profile Strict only.
    ///
    /// ## Why it matters
    /// The provisioner refuses the restore and tries again for ever. The claim stays Pending in the middle of a
    /// recovery, and its source, size and mode cannot be changed any more.
    ///
    /// ## How to fix
    /// Use a class of the snapshot's driver, at least the snapshot's restore size, and the volume mode that the source
    /// had.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: gp3}
    /// provisioner: ebs.csi.aws.com
    /// parameters: {type: gp3, encrypted: "true"}
    /// volumeBindingMode: WaitForFirstConsumer
    /// ---
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
    ///   storageClassName: gp3
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    ///   dataSource: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: nightly}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: restored}
    /// spec:
    ///   storageClassName: gp3
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 20Gi}}
    ///   dataSource: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: nightly}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/volume-snapshots/#provisioning-volumes-from-snapshots>
    /// - <https://kubernetes.io/docs/concepts/storage/volume-snapshots/#convert-volume-mode>
    /// - <https://github.com/kubernetes-csi/external-provisioner/blob/master/pkg/controller/controller.go>
    pub static RULE = {
        name: "restore-mismatch",
        summary: "asks to be restored from a snapshot of another driver, size or volume mode",
        category: Category::Claim,
        class: Class::NeverWorks,
        fix: Fix::None,
        needs: &[
            Needs::StorageClass,
            Needs::VolumeSnapshot,
            Needs::VolumeSnapshotContent,
            Needs::VolumeSnapshotClass,
            Needs::PersistentVolumeClaim,
            Needs::PersistentVolume,
            Needs::CsiDriver,
        ],
        in_scan: false,
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(source) = claim.data_source().filter(DataSource::is_snapshot) else {
        return;
    };
    let Some(copier) = copier(claim, cx, out) else { return };
    let namespace = namespace_of(&source, cx);
    let row = cx.view().get(ViewKind::VolumeSnapshot, namespace, source.name);
    let Some(row) = out.found_or_skip(row, format_args!("VolumeSnapshot {}", source.name)) else {
        return;
    };
    let snapshot = Snapshot::new(ObjectKind::VolumeSnapshot, row);
    let provisioner = copier.class.provisioner();
    let driver = driver_of_snapshot(snapshot, namespace, cx);
    if let Some(driver) = driver.filter(|driver| *driver != driver_name(provisioner, cx)) {
        let message = format!(
            "{} is of {provisioner}, but snapshot {} of {driver}",
            claim.title(),
            source.name
        );
        out.push(
            Finding::new(claim.spec_path(&[source.field, "name"]), source.name, message)
                .remedy(format!(
                    "No driver restores snapshots of another. {}",
                    use_class_of(driver, cx)
                ))
                .certainty(copier.certainty),
        );
        return;
    }
    if let Some(mode) = content_of(snapshot, cx)
        .and_then(fixed_mode)
        .filter(|mode| *mode != claim.volume_mode())
    {
        let message = format!(
            "{} asks for volumeMode {}, but snapshot {} is of a volume of mode {mode}",
            claim.title(),
            claim.volume_mode(),
            source.name
        );
        let content = snapshot.bound_content().or(snapshot.content()).unwrap_or_default();
        out.push(
            Finding::new(claim.spec_path(&["volumeMode"]), claim.volume_mode().as_str(), message)
                .remedy(format!(
                    "Write volumeMode: {mode}. If the change is meant, an administrator allows it with \
                     `kubectl annotate volumesnapshotcontent {content} {MODE_CHANGE}=true`."
                ))
                .certainty(Certainty::Likely),
        );
    }
    let Some(least) = snapshot.restore_size() else { return };
    let driver = cx.driver(provisioner).map(|known| known.driver);
    let same_only = driver
        .filter(|driver| driver.restores_same_size_only() && !least.is_zero())
        .map(|driver| driver.snapshots().confidence.into());
    let restore = format!("snapshot {}", source.name);
    if let Some(finding) = size_mismatch(claim, &restore, least, copier.certainty, same_only) {
        out.push(finding);
    }
}

/// The volume mode that a restored volume must have; `None` where any will do.
fn fixed_mode(content: SnapshotContent<'_>) -> Option<VolumeMode> {
    if content.meta().annotation(MODE_CHANGE) == Some("true") {
        return None;
    }
    VolumeMode::parse(object::text(content.value(), &["spec", "sourceVolumeMode"])?)
}
