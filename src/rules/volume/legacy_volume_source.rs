//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Profiles};
use crate::model::{FieldPath, Volume};

crate::rule! {
    /// ## What it checks
    /// A PersistentVolume that somebody made by hand has an in-tree source that Kubernetes translates to a CSI driver:
    /// `awsElasticBlockStore`, `gcePersistentDisk`, `azureDisk`, `azureFile`, `cinder`, `vsphereVolume`,
    /// `portworxVolume`. Volumes that a provisioner makes follow their class, which legacy-provisioner judges.
    ///
    /// ## Why it matters
    /// The in-tree code is gone: it is the CSI driver that mounts the volume, and without it the pod stays in
    /// ContainerCreating. What the driver offers beyond the old source, such as snapshots, needs a CSI volume, and the
    /// translation will not last for ever.
    ///
    /// ## How to fix
    /// Write `csi` with the driver's name and the handle that it expects. The source of an existing volume cannot be
    /// changed: make it `Retain`, delete claim and volume, and create them again.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: archive
    /// spec:
    ///   capacity: {storage: 10Gi}
    ///   accessModes: [ReadWriteOnce]
    ///   awsElasticBlockStore: {volumeID: vol-1, fsType: ext4}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: archive
    /// spec:
    ///   capacity: {storage: 10Gi}
    ///   accessModes: [ReadWriteOnce]
    ///   csi: {driver: ebs.csi.aws.com, volumeHandle: vol-1, fsType: ext4}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/volumes/#csi-migration>
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#types-of-persistent-volumes>
    pub static RULE = {
        name: "legacy-volume-source",
        summary: "has an in-tree source that is translated to a CSI driver",
        category: Category::Volume,
        class: Class::Hygiene,
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        check: Check::Volume(check),
    }
}

fn check(volume: Volume<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some((source, _)) = volume.source().filter(|_| volume.is_static()) else {
        return;
    };
    if let Some(known) = cx.drivers().of_volume_source(source) {
        let driver = known.driver.name();
        out.push(
            Finding::new(
                FieldPath::of(&["spec"]).entry(source),
                source,
                format!(
                    "{} has the in-tree source {source}, which {driver} serves now",
                    volume.title()
                ),
            )
            .remedy(format!(
                "Write spec.csi with driver: {driver} and its volumeHandle in the place of {source}."
            )),
        );
    }
}
