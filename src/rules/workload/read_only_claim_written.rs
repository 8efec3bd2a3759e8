//! See the documentation of [`RULE`].

use crate::cluster::view::{Lookup, ViewKind};
use crate::drivers::Kind;
use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles, ResolvedClass,
};
use crate::model::{AccessMode, Claim, ClaimOrigin, Volume, VolumeSource, Workload};
use std::cell::LazyCell;

crate::rule! {
    /// ## What it checks
    /// A volume whose claim has the access mode `ReadOnlyMany` and no other, and that a container has for writing: neither
    /// the pod's volume nor the container's mount says `readOnly: true`. Claims that the pods name, claim templates and
    /// ephemeral volumes are read. A claim that is bound to a volume with a mode for writing is fine.
    ///
    /// Where the driver is not known to store volumes on devices, this is a warning in every profile: many shared
    /// filesystems do not enforce the mode.
    ///
    /// ## Why it matters
    /// Drivers of disks attach such a volume read-only. Where the pod asks for more, attaching is refused, the second
    /// node gets a Multi-Attach error, or every write ends with `Read-only file system`.
    ///
    /// ## How to fix
    /// Where the containers only read, write `readOnly: true` at the pod's `persistentVolumeClaim`. Otherwise use a claim
    /// with `ReadWriteOnce` or `ReadWriteMany`.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: disk}
    /// provisioner: pd.csi.storage.gke.io
    /// volumeBindingMode: WaitForFirstConsumer
    /// ---
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: models, namespace: shop}
    /// spec:
    ///   storageClassName: disk
    ///   accessModes: [ReadOnlyMany]
    ///   dataSource: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: models}
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: search, namespace: shop}
    /// spec:
    ///   containers:
    ///     - name: search
    ///       image: registry.example.com/search:1
    ///       volumeMounts:
    ///         - {name: models, mountPath: /models}
    ///   volumes:
    ///     - name: models
    ///       persistentVolumeClaim: {claimName: models}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: search, namespace: shop}
    /// spec:
    ///   containers:
    ///     - name: search
    ///       image: registry.example.com/search:1
    ///       volumeMounts:
    ///         - {name: models, mountPath: /models}
    ///   volumes:
    ///     - name: models
    ///       persistentVolumeClaim: {claimName: models, readOnly: true}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes>
    pub static RULE = {
        name: "read-only-claim-written",
        summary: "workload mounts a ReadOnlyMany claim for writing",
        category: Category::Workload,
        class: Class::NeverWorks,
        needs: &[Needs::PersistentVolumeClaim, Needs::PersistentVolume, Needs::StorageClass],
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Warn, Action::Warn, Action::Deny),
        check: Check::Workload(super::KINDS, check),
    }
}

const NOT_ENFORCED: Profiles = Profiles::actions(Action::Warn, Action::Warn, Action::Warn);

fn check(workload: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    let writers = LazyCell::new(|| workload.writers());
    for (volume, claim) in super::claims_of_pods(workload, cx, out) {
        let mut modes = claim.access_modes().map(|(_, mode)| mode).peekable();
        let is_read_only = modes.peek().is_some() && modes.all(|mode| mode == AccessMode::ReadOnlyMany);
        if !is_read_only || matches!(volume.source, VolumeSource::Claim { read_only: true, .. }) {
            continue;
        }
        let Some(container) = writers.get(volume.name) else {
            continue;
        };
        let bound = bound_volume(&claim, cx);
        if bound.is_some_and(|bound| bound.access_modes().any(is_for_writing)) {
            continue;
        }
        let path = match claim.origin() {
            ClaimOrigin::Object => volume.path.keys(&["persistentVolumeClaim", "claimName"]),
            ClaimOrigin::SetTemplate | ClaimOrigin::Ephemeral => claim.spec_path(&["accessModes"]),
        };
        let message = format!(
            "container {container} has {} for writing, which is ReadOnlyMany only",
            claim.title()
        );
        let finding = Finding::new(path, claim.name(), message).remedy(match claim.origin() {
            ClaimOrigin::Object => {
                "Write readOnly: true at the pod's persistentVolumeClaim, or use a claim with ReadWriteOnce or ReadWriteMany."
            }
            ClaimOrigin::SetTemplate | ClaimOrigin::Ephemeral => {
                "Use ReadWriteOnce: nobody else uses a claim that is made of a template."
            }
        });
        out.push(if is_on_device(&claim, bound, cx) {
            finding
        } else {
            finding.profiles(NOT_ENFORCED)
        });
    }
}

fn is_for_writing(mode: AccessMode) -> bool {
    mode != AccessMode::ReadOnlyMany
}

fn bound_volume<'a>(claim: &Claim<'a>, cx: &Context<'a>) -> Option<Volume<'a>> {
    match cx.view().get(ViewKind::PersistentVolume, "", claim.volume_name()?) {
        Lookup::Found(volume) => Some(Volume::new(volume)),
        Lookup::Absent | Lookup::Unknown => None,
    }
}

/// Whether the driver of the volume that the claim has or gets is known to store volumes on devices.
fn is_on_device(claim: &Claim<'_>, bound: Option<Volume<'_>>, cx: &Context<'_>) -> bool {
    let driver = match (bound, cx.class_of(claim)) {
        (Some(volume), _) => volume.csi_driver(),
        (None, ResolvedClass::Found(class)) => Some(class.provisioner()),
        _ => None,
    };
    let known = driver.and_then(|driver| cx.driver(driver));
    known.is_some_and(|known| known.driver.kind() == Kind::Block)
}
