//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Profiles};
use crate::model::{ContainerRole, VolumeSource, Workload};

crate::rule! {
    /// ## What it checks
    /// An `emptyDir` without `sizeLimit` that a container writes to and that nothing else bounds. On disk, a limit of
    /// `ephemeral-storage` on any container bounds the scratch volumes of the pod. In memory (`medium: Memory`), memory
    /// limits on all containers, or on the pod, do: what is written counts as memory of the container that wrote it.
    ///
    /// ## Why it matters
    /// All pods of a node share its disk. One that fills it puts the node under disk pressure, and the kubelet evicts pods
    /// that did nothing wrong. In memory the same happens with the memory of the node.
    ///
    /// ## How to fix
    /// Write a `sizeLimit`: the kubelet evicts the pod that goes beyond it, and no other.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: render, namespace: shop}
    /// spec:
    ///   containers:
    ///     - name: render
    ///       image: registry.example.com/render:1
    ///       volumeMounts:
    ///         - {name: scratch, mountPath: /tmp}
    ///   volumes:
    ///     - name: scratch
    ///       emptyDir: {}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: render, namespace: shop}
    /// spec:
    ///   containers:
    ///     - name: render
    ///       image: registry.example.com/render:1
    ///       volumeMounts:
    ///         - {name: scratch, mountPath: /tmp}
    ///   volumes:
    ///     - name: scratch
    ///       emptyDir: {sizeLimit: 2Gi}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/volumes/#emptydir>
    /// - <https://kubernetes.io/docs/concepts/storage/ephemeral-storage/#ephemeral-storage-consumption-management>
    pub static RULE = {
        name: "unbounded-scratch-volume",
        summary: "workload has an emptyDir that can fill the node",
        category: Category::Workload,
        class: Class::Tenancy,
        profiles: Profiles::actions(Action::Off, Action::Off, Action::Audit),
        check: Check::Workload(super::KINDS, check),
    }
}

fn check(workload: &Workload<'_>, _: &Context<'_>, out: &mut Findings) {
    let writers = workload.writers();
    for volume in workload.pod_volumes() {
        let is_written = writers.contains_key(volume.name);
        if !matches!(volume.source, VolumeSource::EmptyDir) || !is_written || volume.has(&["emptyDir", "sizeLimit"]) {
            continue;
        }
        let (is_bounded, fills, limit) = match volume.text(&["emptyDir", "medium"]) {
            None => (has_disk_limit(workload), "disk", "an ephemeral-storage limit"),
            Some("Memory") => (has_memory_limit(workload), "memory", "memory limits"),
            // Huge pages are bounded by what the containers ask for.
            Some(_) => continue,
        };
        if is_bounded {
            continue;
        }
        let name = volume.name;
        let message = format!("scratch volume {name} has no sizeLimit: it can fill the {fills} of its node");
        out.push(Finding::new(volume.path.key("emptyDir"), name, message).remedy(format!(
            "Write emptyDir.sizeLimit, such as 1Gi, or give the containers {limit}."
        )));
    }
}

/// Whether a container bounds what the pod may write to disk. The kubelet adds up the limits that are there, and
/// compares the sum with all that the pod has written.
/// <https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/eviction/eviction_manager.go>
fn has_disk_limit(workload: &Workload<'_>) -> bool {
    let containers = workload.containers();
    containers
        .iter()
        .any(|container| container.has_limit("ephemeral-storage"))
}

fn has_memory_limit(workload: &Workload<'_>) -> bool {
    let containers = workload.containers();
    let mut main = containers
        .iter()
        .filter(|container| container.role() == ContainerRole::Main);
    workload.pod_spec(&["resources", "limits", "memory"]).is_some()
        || main.all(|container| container.has_limit("memory"))
}
