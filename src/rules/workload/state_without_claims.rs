//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Profiles};
use crate::model::{ContainerRole, Mount, ObjectKind, PodVolume, VolumeSource, Workload, data_directory};
use std::collections::BTreeMap;

crate::rule! {
    /// ## What it checks
    /// A StatefulSet without any claim, neither a template nor a claim that its pods name nor an ephemeral volume, and
    /// without a volume from elsewhere that keeps data (a network share, an inline CSI volume, a `hostPath`), whose
    /// containers write to an `emptyDir`.
    ///
    /// An `emptyDir` that is mounted where nothing lasts anyway is left alone: in `/tmp`, `/run`, and in folders for
    /// caches, logs, configuration and sockets. `ephemeral-data-directory` speaks of the data directories of databases.
    ///
    /// ## Why it matters
    /// A StatefulSet promises a stable name and, with claim templates, stable storage. Without them a pod that is
    /// evicted, or whose node is drained, comes back with its old name and without its data; whatever believes the name
    /// meets a member that has forgotten everything.
    ///
    /// ## How to fix
    /// Give the set a `volumeClaimTemplates` entry in the place of the `emptyDir`. Where nothing needs to last, use a
    /// Deployment, or make an exception for the set.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata: {name: files, namespace: shop}
    /// spec:
    ///   serviceName: files
    ///   selector: {matchLabels: {app: files}}
    ///   template:
    ///     metadata: {labels: {app: files}}
    ///     spec:
    ///       containers:
    ///         - name: files
    ///           image: registry.example.com/files:1
    ///           volumeMounts:
    ///             - {name: data, mountPath: /export}
    ///       volumes:
    ///         - name: data
    ///           emptyDir: {}
    /// ```
    /// ```yaml,passes
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata: {name: files, namespace: shop}
    /// spec:
    ///   serviceName: files
    ///   selector: {matchLabels: {app: files}}
    ///   template:
    ///     metadata: {labels: {app: files}}
    ///     spec:
    ///       containers:
    ///         - name: files
    ///           image: registry.example.com/files:1
    ///           volumeMounts:
    ///             - {name: data, mountPath: /export}
    ///   volumeClaimTemplates:
    ///     - metadata: {name: data}
    ///       spec:
    ///         accessModes: [ReadWriteOnce]
    ///         resources: {requests: {storage: 10Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#using-statefulsets>
    /// - <https://kubernetes.io/docs/concepts/storage/volumes/#emptydir>
    pub static RULE = {
        name: "state-without-claims",
        summary: "StatefulSet has no claim and writes to volumes that go with the pod",
        category: Category::Workload,
        class: Class::LosesData,
        profiles: Profiles::actions(Action::Off, Action::Audit, Action::Warn),
        check: Check::Workload(&[ObjectKind::StatefulSet], check),
    }
}

/// Folders in whose name nothing is kept: a directory at or below one of them is no state.
const PASSING: [&str; 19] = [
    "bin", "cache", "conf", "conf.d", "config", "csi", "dev", "etc", "log", "logs", "plugins", "run", "scripts",
    "secrets", "shm", "socket", "sockets", "temp", "tmp",
];

fn check(workload: &Workload<'_>, _: &Context<'_>, out: &mut Findings) {
    let volumes = workload.pod_volumes();
    if volumes.iter().any(PodVolume::keeps_data) {
        return;
    }
    let of_main = workload
        .mounts()
        .filter(|(container, _)| container.role() == ContainerRole::Main);
    let mut state = BTreeMap::new();
    for (_, mount) in of_main.filter(|(_, mount)| is_state(mount)) {
        state.entry(mount.volume).or_insert(mount);
    }
    for volume in volumes {
        let (Some(mount), VolumeSource::EmptyDir) = (state.get(volume.name), &volume.source) else {
            continue;
        };
        let message = format!(
            "no claim, and {} is an emptyDir: what it holds is gone with the pod",
            mount.directory
        );
        let remedy = format!(
            "Replace volume {} with an entry of volumeClaimTemplates, or use a Deployment if nothing needs to last.",
            volume.name
        );
        out.push(Finding::new(volume.path.key("emptyDir"), volume.name, message).remedy(remedy));
    }
}

fn is_state(mount: &Mount<'_>) -> bool {
    let passing = |folder: &str| PASSING.contains(&folder);
    !mount.read_only && data_directory(mount.directory, &[]).is_none() && !mount.directory.split('/').any(passing)
}
