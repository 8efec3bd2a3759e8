//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles};
use crate::model::{VolumeMode, Workload};
use std::collections::HashMap;

crate::rule! {
    /// ## What it checks
    /// A claim with `volumeMode: Block` stands under a container's `volumeMounts`, or a claim with
    /// `volumeMode: Filesystem`, which is what the API server fills in, under `volumeDevices`. Claim templates, ephemeral
    /// volumes and claims that the pods name are compared; a claim that does not exist, or of which nothing is known, is
    /// not judged.
    ///
    /// ## Why it matters
    /// The kubelet mounts no raw device and passes no filesystem on as a device: every pod stays in ContainerCreating,
    /// with the volume attached and paid for. The mode of a claim cannot be changed.
    ///
    /// ## How to fix
    /// Move the mount of a `Block` claim to `volumeDevices` with a `devicePath`, and that of a `Filesystem` claim to
    /// `volumeMounts` with a `mountPath`. Or use a claim of the other mode.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata: {name: db, namespace: shop}
    /// spec:
    ///   serviceName: db
    ///   selector: {matchLabels: {app: db}}
    ///   template:
    ///     metadata: {labels: {app: db}}
    ///     spec:
    ///       containers:
    ///         - name: db
    ///           image: registry.example.com/db:1
    ///           volumeMounts:
    ///             - {name: disk, mountPath: /data}
    ///   volumeClaimTemplates:
    ///     - metadata: {name: disk}
    ///       spec:
    ///         accessModes: [ReadWriteOnce]
    ///         volumeMode: Block
    ///         resources: {requests: {storage: 10Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata: {name: db, namespace: shop}
    /// spec:
    ///   serviceName: db
    ///   selector: {matchLabels: {app: db}}
    ///   template:
    ///     metadata: {labels: {app: db}}
    ///     spec:
    ///       containers:
    ///         - name: db
    ///           image: registry.example.com/db:1
    ///           volumeDevices:
    ///             - {name: disk, devicePath: /dev/disk}
    ///   volumeClaimTemplates:
    ///     - metadata: {name: disk}
    ///       spec:
    ///         accessModes: [ReadWriteOnce]
    ///         volumeMode: Block
    ///         resources: {requests: {storage: 10Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#raw-block-volume-support>
    pub static RULE = {
        name: "volume-mode-mount-mismatch",
        summary: "workload mounts a Block claim as a filesystem, or a Filesystem claim as a device",
        category: Category::Workload,
        class: Class::NeverWorks,
        needs: &[Needs::PersistentVolumeClaim],
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Workload(super::KINDS, check),
    }
}

fn check(workload: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    // Of two volumes of one name the first counts.
    let claims = super::claims_of_pods(workload, cx, out).into_iter().rev();
    let claims: HashMap<&str, _> = claims.map(|(volume, claim)| (volume.name, claim)).collect();
    for (container, mount) in workload.mounts() {
        let Some(claim) = claims.get(mount.volume) else {
            continue;
        };
        let mode = claim.volume_mode();
        if mount.mode == mode {
            continue;
        }
        let (field, other, at) = match mode {
            VolumeMode::Block => ("volumeMounts", "volumeDevices", "devicePath"),
            VolumeMode::Filesystem => ("volumeDevices", "volumeMounts", "mountPath"),
        };
        let message = format!(
            "{} is {mode}, but container {} has it under {field}",
            claim.title(),
            container.name()
        );
        let remedy = format!("Move it to {other} with a {at}: the volume mode of a claim cannot be changed.");
        out.push(Finding::new(mount.path.clone(), format!("{} {mode}", mount.volume), message).remedy(remedy));
    }
}
