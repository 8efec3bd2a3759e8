//! See the documentation of [`RULE`].

use crate::cluster::view::ViewKind;
use crate::drivers::{Driver, Kind};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Needs, Profiles};
use crate::model::{AccessMode, FieldPath, Volume};

crate::rule! {
    /// ## What it checks
    /// A PersistentVolume names the same CSI driver and the same `volumeHandle` as another PersistentVolume, and the
    /// driver is known to store volumes as disks. Where the other volume is Released or Failed, as when its disk is taken
    /// into use again under a new name, the finding is a warning.
    ///
    /// Drivers of shared filesystems and drivers that are not known are not judged, and neither are two volumes whose
    /// access modes are all for many nodes (`ReadOnlyMany`, `ReadWriteMany`): there the sharing is meant.
    ///
    /// ## Why it matters
    /// Two claims bind to the two volumes, and two pods mount one disk. Its filesystem is made for one writer: on two
    /// nodes it is corrupted, and `Delete` on either volume deletes the disk of both.
    ///
    /// ## How to fix
    /// Correct the handle, or delete the other volume first, with reclaim policy `Retain`.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: orders
    /// spec:
    ///   capacity: {storage: 10Gi}
    ///   accessModes: [ReadWriteOnce]
    ///   csi: {driver: ebs.csi.aws.com, volumeHandle: vol-1}
    /// status: {phase: Bound}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: copy
    /// spec:
    ///   capacity: {storage: 10Gi}
    ///   accessModes: [ReadWriteOnce]
    ///   csi: {driver: ebs.csi.aws.com, volumeHandle: vol-1}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: copy
    /// spec:
    ///   capacity: {storage: 10Gi}
    ///   accessModes: [ReadWriteOnce]
    ///   csi: {driver: ebs.csi.aws.com, volumeHandle: vol-2}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/volumes/#csi>
    pub static RULE = {
        name: "duplicate-volume-handle",
        summary: "is the same disk as another volume",
        category: Category::Volume,
        class: Class::LosesData,
        needs: &[Needs::PersistentVolume],
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        graded: true,
        check: Check::Volume(check),
    }
}

fn check(volume: Volume<'_>, cx: &Context<'_>, out: &mut Findings) {
    let (Some(driver), Some(handle)) = (volume.csi_driver(), volume.csi_handle()) else {
        return;
    };
    let is_disk = |driver: &Driver| driver.kind() == Kind::Block && !driver.is_per_node(handle);
    if handle.is_empty() || !cx.driver(driver).is_some_and(|known| is_disk(known.driver)) {
        return;
    }
    let same_disk = |other: &Volume<'_>| other.name() != volume.name() && !(is_shared(*other) && is_shared(volume));
    let source = volume.csi_source().unwrap_or_default();
    let rows = cx.view().rows_by(ViewKind::PersistentVolume, &source).map(Volume::new);
    // Of several others one that is in use is the worst.
    let Some(other) = rows.filter(same_disk).min_by_key(|other| is_left(*other)) else {
        if !cx.view().is_complete(ViewKind::PersistentVolume) {
            out.skip("not all PersistentVolumes are known");
        }
        return;
    };
    let path = FieldPath::of(&["spec", "csi", "volumeHandle"]);
    let message = format!(
        "{} is the same disk as volume {}: {handle}",
        volume.title(),
        other.name()
    );
    let finding = Finding::new(path, handle, message);
    out.push(if is_left(other) {
        finding
            .profiles(Profiles::actions(Action::Warn, Action::Warn, Action::Warn))
            .remedy(format!(
                "Volume {} is {}: delete it (`kubectl delete pv {}`) once its reclaim policy is Retain.",
                other.name(),
                other.phase(),
                other.name()
            ))
    } else {
        finding.remedy(format!(
            "Correct the handle, or delete volume {} first, with reclaim policy Retain: two pods that mount one disk \
             corrupt its filesystem.",
            other.name()
        ))
    });
}

/// Whether nothing uses the volume any more.
fn is_left(volume: Volume<'_>) -> bool {
    matches!(volume.phase(), "Released" | "Failed")
}

/// Whether every access mode is for many nodes.
fn is_shared(volume: Volume<'_>) -> bool {
    let mut modes = volume.access_modes().peekable();
    modes.peek().is_some() && modes.all(|mode| matches!(mode, AccessMode::ReadOnlyMany | AccessMode::ReadWriteMany))
}
