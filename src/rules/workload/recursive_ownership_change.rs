//! See the documentation of [`RULE`].

use crate::cluster::view::ViewKind;
use crate::engine::{
    Action, Category, Check, Class, Context, Edit, Finding, Findings, Fix, Needs, Profiles, ResolvedClass, Setting,
};
use crate::model::object::text;
use crate::model::{AccessMode, Claim, PodVolume, VolumeMode, VolumeSource, Workload};
use serde_json::Value;

crate::rule! {
    /// ## What it checks
    /// A pod template has `securityContext.fsGroup` and claims, and its `fsGroupChangePolicy` is not `OnRootMismatch`.
    ///
    /// It is silent where the kubelet leaves the files alone: claims with `volumeMode: Block`, claims that are read-only
    /// for the whole pod, and claims of a CSI driver that takes no group (`fsGroupPolicy: None`) or takes it for one
    /// node only (`ReadWriteOnceWithFSType`, which is what holds where nothing is said) when the claim is shared.
    ///
    /// ## Why it matters
    /// At every start of a pod the kubelet walks through the whole volume and changes group and mode of each file. With
    /// some millions of files that takes tens of minutes, in which the pod stays in ContainerCreating, after every
    /// restart and every rollout.
    ///
    /// ## How to fix
    /// Set `fsGroupChangePolicy: OnRootMismatch`: the kubelet then walks only when the volume's root has another group.
    /// The fix does so when the workload is created and nothing is written; not where a controller owns the workload,
    /// for it would undo the fix, and not on updates, for a changed pod template starts every pod again.
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
    ///       securityContext: {fsGroup: 999}
    ///       containers:
    ///         - name: db
    ///           image: registry.example.com/db:1
    ///           volumeMounts:
    ///             - {name: data, mountPath: /data}
    ///   volumeClaimTemplates:
    ///     - metadata: {name: data}
    ///       spec:
    ///         accessModes: [ReadWriteOnce]
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
    ///       securityContext: {fsGroup: 999, fsGroupChangePolicy: OnRootMismatch}
    ///       containers:
    ///         - name: db
    ///           image: registry.example.com/db:1
    ///           volumeMounts:
    ///             - {name: data, mountPath: /data}
    ///   volumeClaimTemplates:
    ///     - metadata: {name: data}
    ///       spec:
    ///         accessModes: [ReadWriteOnce]
    ///         resources: {requests: {storage: 10Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/tasks/configure-pod-container/security-context/>
    /// - <https://kubernetes-csi.github.io/docs/support-fsgroup.html>
    pub static RULE = {
        name: "recursive-ownership-change",
        summary: "workload has the owner of every file on its claims changed at every start",
        category: Category::Workload,
        class: Class::Availability,
        fix: Fix::Sometimes,
        needs: &[Needs::StorageClass, Needs::CsiDriver, Needs::PersistentVolumeClaim],
        profiles: Profiles {
            baseline: Setting::new(Action::Off),
            recommended: Setting::new(Action::Audit),
            strict: Setting::fixing(Action::Warn),
        },
        check: Check::Workload(super::KINDS, check),
    }
}

fn check(workload: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    let field = |name| workload.pod_spec(&["securityContext", name]);
    let policy = field("fsGroupChangePolicy").and_then(Value::as_str);
    let Some(group) = field("fsGroup").and_then(Value::as_i64) else {
        return;
    };
    if policy == Some("OnRootMismatch") {
        return;
    }
    let volumes = workload.pod_volumes();
    let Some(volume) = volumes.iter().find(|volume| is_walked(volume, cx)) else {
        return;
    };
    let path = workload
        .pod_path()
        .keys(&["spec", "securityContext", "fsGroupChangePolicy"]);
    let message = format!(
        "fsGroup {group}: every pod start changes the owner of all files on {}",
        volume.name
    );
    let finding = Finding::new(path.clone(), policy.unwrap_or_default(), message)
        .remedy("Set fsGroupChangePolicy: OnRootMismatch, which walks only when the root has another group.");
    // What the author wrote stays, and what a controller would undo is not begun.
    let is_fixed = field("fsGroupChangePolicy").is_none_or(Value::is_null) && workload.meta().controller().is_none();
    out.push(finding.fix(is_fixed.then(|| Edit::Set(path, "OnRootMismatch".into()))));
}

/// Whether the kubelet changes the owner of the files on a volume, as far as anybody can tell.
/// <https://github.com/kubernetes/kubernetes/blob/master/pkg/volume/csi/csi_mounter.go>
fn is_walked(volume: &PodVolume<'_>, cx: &Context<'_>) -> bool {
    if !volume.is_lasting_claim() {
        return false;
    }
    let claim = match &volume.source {
        VolumeSource::Template(claim) => Some(claim.clone()),
        VolumeSource::Claim { read_only: true, .. } => return false,
        VolumeSource::Claim { name, .. } => cx
            .view()
            .get(ViewKind::PersistentVolumeClaim, cx.namespace(), name)
            .found()
            .map(Claim::object),
        _ => None,
    };
    // What could only acquit may be unknown.
    let Some(claim) = claim else { return true };
    let driver = match cx.class_of(&claim) {
        ResolvedClass::Found(class) => cx.view().get(ViewKind::CsiDriver, "", class.provisioner()).found(),
        _ => None,
    };
    let takes_group = match driver.and_then(|driver| text(driver, &["spec", "fsGroupPolicy"])) {
        Some("None") => false,
        Some("File") => true,
        _ => claim
            .access_modes()
            .any(|(_, mode)| matches!(mode, AccessMode::ReadWriteOnce | AccessMode::ReadWriteOncePod)),
    };
    claim.volume_mode() == VolumeMode::Filesystem && takes_group
}
