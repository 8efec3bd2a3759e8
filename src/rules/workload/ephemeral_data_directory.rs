//! See the documentation of [`RULE`].

use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Operation, ParameterSpec, Profiles, RuleParameters,
};
use crate::model::{Container, ContainerRole, FieldPath, Mount, ObjectKind, VolumeSource, Workload, data_directory};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

crate::rule! {
    /// ## What it checks
    /// A container mounts an `emptyDir` or a `hostPath` where a database, a queue or a store of keys is known to keep its
    /// files: `/var/lib/mysql`, `/var/lib/postgresql/data`, `/data/db`, `/var/lib/etcd`, … Directories that many images
    /// use for all sorts of things, such as `/data`, and those of caches are not known. Parameter `directories` adds some.
    ///
    /// It is silent where the mount is read-only, where a claim is mounted at a directory below, and where another
    /// container of the pod has the same volume in a directory of another kind. Jobs, and Pods of their own with
    /// `restartPolicy: Never`, are not judged: their databases serve for a test. Nor is an `emptyDir` with
    /// `medium: Memory`: who writes that wants the files to be volatile.
    ///
    /// ## Why it matters
    /// An `emptyDir` is deleted with its pod: by an eviction, a drained node, or the next version of the pod template. A
    /// `hostPath` stays behind on the node, and the next pod may start on another one, with an empty directory. Both
    /// look well until the first reschedule.
    ///
    /// ## How to fix
    /// Mount a claim there: an entry of `volumeClaimTemplates` in a StatefulSet, else a PersistentVolumeClaim.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: mysql, namespace: shop}
    /// spec:
    ///   selector: {matchLabels: {app: mysql}}
    ///   template:
    ///     metadata: {labels: {app: mysql}}
    ///     spec:
    ///       containers:
    ///         - name: mysql
    ///           image: mysql:8.4
    ///           volumeMounts:
    ///             - {name: data, mountPath: /var/lib/mysql}
    ///       volumes:
    ///         - name: data
    ///           emptyDir: {}
    /// ```
    /// ```yaml,passes
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: mysql, namespace: shop}
    /// spec:
    ///   strategy: {type: Recreate}
    ///   selector: {matchLabels: {app: mysql}}
    ///   template:
    ///     metadata: {labels: {app: mysql}}
    ///     spec:
    ///       containers:
    ///         - name: mysql
    ///           image: mysql:8.4
    ///           volumeMounts:
    ///             - {name: data, mountPath: /var/lib/mysql}
    ///       volumes:
    ///         - name: data
    ///           persistentVolumeClaim: {claimName: mysql}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/volumes/#emptydir>
    /// - <https://kubernetes.io/docs/concepts/storage/volumes/#hostpath>
    pub static RULE = {
        name: "ephemeral-data-directory",
        summary: "workload keeps the files of a database in an emptyDir or a hostPath",
        category: Category::Workload,
        class: Class::LosesData,
        operations: &[Operation::Create],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Deny),
        parameters: ParameterSpec::of::<EphemeralDataDirectory>(),
        check: Check::Workload(KINDS, check),
    }
}

const KINDS: &[ObjectKind] = &[
    ObjectKind::StatefulSet,
    ObjectKind::Deployment,
    ObjectKind::ReplicaSet,
    ObjectKind::DaemonSet,
    ObjectKind::Pod,
];

/// Parameters of ephemeral-data-directory.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct EphemeralDataDirectory {
    /// Further directories that hold files which must last, as absolute paths in the container.
    directories: Vec<String>,
}

impl RuleParameters for EphemeralDataDirectory {}

fn check(workload: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    if workload.kind() == ObjectKind::Pod
        && workload
            .pod_spec(&["restartPolicy"])
            .is_some_and(|policy| policy == "Never")
    {
        return;
    }
    let parameters = cx.parameters::<EphemeralDataDirectory>();
    let whose = |mount: &Mount<'_>| data_directory(mount.directory, &parameters.directories);
    // Most workloads mount nothing where a database keeps its files.
    if !workload.mounts().any(|(_, mount)| whose(mount).is_some()) {
        return;
    }
    let volumes = workload.pod_volumes();
    let volumes: BTreeMap<_, _> = volumes.iter().map(|volume| (volume.name, volume)).collect();
    let of_main = |(container, _): &(&Container<'_>, &Mount<'_>)| container.role() == ContainerRole::Main;
    let mounts: Vec<_> = workload.mounts().filter(of_main).collect();
    // Where data is kept, by container, and which containers have a volume in a directory of another kind.
    let mut keeping: BTreeSet<(&FieldPath, &str)> = BTreeSet::new();
    let mut elsewhere: BTreeMap<&str, BTreeSet<&FieldPath>> = BTreeMap::new();
    for (container, mount) in &mounts {
        if volumes.get(mount.volume).is_some_and(|volume| volume.keeps_data()) {
            keeping.insert((container.path(), mount.directory));
        }
        if whose(mount).is_none() {
            elsewhere.entry(mount.volume).or_default().insert(container.path());
        }
    }

    for (container, mount) in mounts.iter().filter(|(_, mount)| !mount.read_only) {
        let Some(what) = whose(mount) else { continue };
        let Some(volume) = volumes.get(mount.volume) else {
            continue;
        };
        let (kind, fate) = match &volume.source {
            VolumeSource::EmptyDir if volume.text(&["emptyDir", "medium"]) == Some("Memory") => continue,
            VolumeSource::EmptyDir => ("an emptyDir", "goes with the pod"),
            VolumeSource::HostPath => ("a hostPath", "stays on one node"),
            _ => continue,
        };
        // The files lie deeper, on a volume of their own.
        let root = format!("{}/", mount.directory.trim_end_matches('/'));
        let deeper = keeping
            .range((container.path(), root.as_str())..)
            .take_while(|(path, directory)| *path == container.path() && directory.starts_with(&root))
            .any(|(_, directory)| directory.len() > root.len());
        // Containers hand things over to each other: nobody else has the files of a database somewhere else.
        let others = elsewhere.get(mount.volume).into_iter().flatten();
        if deeper || others.into_iter().any(|other| *other != container.path()) {
            continue;
        }
        let message = format!("{} ({what}) is {kind}: its data {fate}", mount.directory);
        let remedy = match workload.kind() {
            ObjectKind::StatefulSet => {
                format!("Replace volume {} with an entry of volumeClaimTemplates.", mount.volume)
            }
            _ => format!("Make volume {} a persistentVolumeClaim.", mount.volume),
        };
        out.push(Finding::new(mount.path.key("mountPath"), mount.directory, message).remedy(remedy));
    }
}
