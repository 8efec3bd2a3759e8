//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Profiles};
use crate::model::{FieldPath, Volume};

crate::rule! {
    /// ## What it checks
    /// A PersistentVolume has a source whose plugin was removed from Kubernetes without a translation to a CSI driver:
    /// `glusterfs`, `rbd`, `cephfs`, `quobyte`, `flocker`, `storageos`, `scaleIO`, `photonPersistentDisk`. No supported
    /// release has them.
    ///
    /// ## Why it matters
    /// The API server still takes the volume, and a claim still binds to it. But no kubelet can mount it: the pod stays
    /// in ContainerCreating for ever.
    ///
    /// ## How to fix
    /// Install a CSI driver for the storage, and write a volume with `csi` and the handle that the driver expects.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: images
    /// spec:
    ///   capacity: {storage: 10Gi}
    ///   accessModes: [ReadWriteMany]
    ///   cephfs: {monitors: ["ceph.example.com:6789"]}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: images
    /// spec:
    ///   capacity: {storage: 10Gi}
    ///   accessModes: [ReadWriteMany]
    ///   csi:
    ///     driver: cephfs.csi.ceph.com
    ///     volumeHandle: images
    ///     volumeAttributes: {clusterID: ceph, fsName: images, staticVolume: "true", rootPath: /images}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#types-of-persistent-volumes>
    pub static RULE = {
        name: "removed-volume-source",
        summary: "has a source that no supported Kubernetes release can mount",
        category: Category::Volume,
        class: Class::NeverWorks,
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Volume(check),
    }
}

fn check(volume: Volume<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some((source, _)) = volume.source() else { return };
    let Some(gone) = cx.drivers().removed_volume_source(source) else {
        return;
    };
    let since = gone
        .removed_in
        .as_deref()
        .map(|release| format!(" since {release}"))
        .unwrap_or_default();
    let remedy = match &gone.successor {
        Some(driver) => format!("Install CSI driver {driver}, and write spec.csi with driver: {driver}."),
        None => "Move the data to storage that has a CSI driver.".to_owned(),
    };
    out.push(
        Finding::new(
            FieldPath::of(&["spec"]).entry(source),
            source,
            format!("no pod can mount {}: Kubernetes has no {source}{since}", volume.title()),
        )
        .remedy(remedy),
    );
}
