//! See the documentation of [`RULE`].

use super::{driver_of, reclaim_policy_path};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Profiles};
use crate::model::Volume;

crate::rule! {
    /// ## What it checks
    /// A PersistentVolume that somebody made by hand, for storage that was there before, has
    /// `persistentVolumeReclaimPolicy: Delete`. The annotation `pv.kubernetes.io/provisioned-by`, which people copy, does
    /// not make it a provisioned one.
    ///
    /// ## Why it matters
    /// The provisioner of a CSI driver deletes the disk or folder behind the volume as soon as the claim is gone, with
    /// data that it never made. Of other volumes (`nfs`, `local`, `iscsi`, …) nothing can delete the data, and the volume
    /// ends in phase Failed instead of Released.
    ///
    /// ## How to fix
    /// Use `Retain`, which is also what the API server fills in. Delete the storage by hand when it is no longer needed.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: archive
    /// spec:
    ///   capacity: {storage: 100Gi}
    ///   accessModes: [ReadWriteOnce]
    ///   persistentVolumeReclaimPolicy: Delete
    ///   csi: {driver: disk.example.com, volumeHandle: vol-1}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: archive
    /// spec:
    ///   capacity: {storage: 100Gi}
    ///   accessModes: [ReadWriteOnce]
    ///   persistentVolumeReclaimPolicy: Retain
    ///   csi: {driver: disk.example.com, volumeHandle: vol-1}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reclaiming>
    /// - <https://github.com/kubernetes/enhancements/tree/master/keps/sig-storage/2644-honor-pv-reclaim-policy>
    pub static RULE = {
        name: "static-volume-disposable",
        summary: "was made by hand and is deleted with its claim",
        category: Category::Volume,
        class: Class::LosesData,
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        check: Check::Volume(check),
    }
}

fn check(volume: Volume<'_>, cx: &Context<'_>, out: &mut Findings) {
    if volume.reclaim_policy() != "Delete" || !volume.is_static() {
        return;
    }
    let Some((source, _)) = volume.source() else { return };
    let title = volume.title();
    let message = if source == "csi" || driver_of(volume, cx).is_some() {
        format!("{title}, made by hand, has reclaim policy Delete: its data goes with its claim")
    } else {
        format!("{title} has reclaim policy Delete, but nothing can delete {source} volumes")
    };
    out.push(
        Finding::new(reclaim_policy_path(), "Delete", message)
            .remedy("Use Retain, and delete the storage by hand when it is no longer needed."),
    );
}
