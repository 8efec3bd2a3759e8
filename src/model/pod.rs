//! Pods: their volumes, their containers, and what the containers mount.

use super::object::{Meta, at, list, map, text};
use super::{Claim, ClaimOrigin, FieldPath, ObjectKind, VolumeMode, Workload};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// When a container runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerRole {
    /// As long as the pod: `containers`, and init containers that are restarted always.
    Main,
    /// Before the others: `initContainers`.
    Init,
    /// While somebody looks into the pod: `ephemeralContainers`.
    Ephemeral,
}

/// A container of a pod.
#[derive(Debug, Clone)]
pub struct Container<'a> {
    value: &'a Value,
    path: FieldPath,
    role: ContainerRole,
    mounts: Vec<Mount<'a>>,
}

impl<'a> Container<'a> {
    fn read(value: &'a Value, path: FieldPath, role: ContainerRole) -> Self {
        let is_sidecar = role == ContainerRole::Init && text(value, &["restartPolicy"]) == Some("Always");
        Self {
            value,
            mounts: mounts(value, &path),
            path,
            role: if is_sidecar { ContainerRole::Main } else { role },
        }
    }

    /// Its name.
    pub fn name(&self) -> &'a str {
        text(self.value, &["name"]).unwrap_or_default()
    }

    /// Where it stands.
    pub fn path(&self) -> &FieldPath {
        &self.path
    }

    /// When it runs.
    pub fn role(&self) -> ContainerRole {
        self.role
    }

    /// Whether it counts as ready only when a probe says so: `readinessProbe`, or `startupProbe` at its start.
    pub fn has_readiness(&self) -> bool {
        ["readinessProbe", "startupProbe"]
            .iter()
            .any(|probe| self.value.get(probe).is_some_and(Value::is_object))
    }

    /// Whether it may use no more than so much of a resource: `memory`, `ephemeral-storage`.
    pub fn has_limit(&self, resource: &str) -> bool {
        at(self.value, &["resources", "limits", resource]).is_some_and(|limit| !limit.is_null())
    }

    /// What it mounts: `volumeMounts`, then `volumeDevices`.
    pub fn mounts(&self) -> &[Mount<'a>] {
        &self.mounts
    }
}

fn mounts<'a>(container: &'a Value, path: &FieldPath) -> Vec<Mount<'a>> {
    [
        ("volumeMounts", "mountPath", VolumeMode::Filesystem),
        ("volumeDevices", "devicePath", VolumeMode::Block),
    ]
    .into_iter()
    .flat_map(|(field, at, mode)| {
        let path = path.key(field);
        let mounts = list(container, &[field]).iter().enumerate();
        mounts.map(move |(index, mount)| Mount {
            volume: text(mount, &["name"]).unwrap_or_default(),
            directory: text(mount, &[at]).unwrap_or_default(),
            mode,
            read_only: mount.get("readOnly") == Some(&Value::Bool(true)),
            path: path.index(index),
        })
    })
    .collect()
}

/// A volume in a container.
#[derive(Debug, Clone)]
pub struct Mount<'a> {
    /// Name of the volume; empty when it is not written.
    pub volume: &'a str,
    /// Where in the container: `mountPath` or `devicePath`.
    pub directory: &'a str,
    /// As a filesystem (`volumeMounts`) or as a device (`volumeDevices`).
    pub mode: VolumeMode,
    /// Mounted read-only.
    pub read_only: bool,
    /// Path of the mount.
    pub path: FieldPath,
}

/// What a volume of a pod is.
#[derive(Debug, Clone)]
pub enum VolumeSource<'a> {
    /// A claim of its own for every pod, from a claim template or an ephemeral volume.
    Template(Claim<'a>),
    /// The claim of this name, for all pods.
    Claim {
        /// Name of the claim.
        name: &'a str,
        /// Read-only for the whole pod.
        read_only: bool,
    },
    /// `emptyDir`: gone with the pod.
    EmptyDir,
    /// `hostPath`: stays behind on the node.
    HostPath,
    /// Made of objects or of an image, for reading: `configMap`, `secret`, `projected`, `downwardAPI`, `image`, `gitRepo`.
    Content,
    /// Anything else: an inline volume of a driver, a network share, …
    Other,
}

/// Sources of volumes that hold what somebody else wrote.
const CONTENT: [&str; 6] = ["configMap", "downwardAPI", "gitRepo", "image", "projected", "secret"];

/// A volume of a pod.
#[derive(Debug, Clone)]
pub struct PodVolume<'a> {
    /// The name by which containers mount it.
    pub name: &'a str,
    /// Where the volume or the template stands.
    pub path: FieldPath,
    /// What it is.
    pub source: VolumeSource<'a>,
    value: &'a Value,
}

/// Whether a volume says nothing but its name: the API server makes it an `emptyDir`.
fn is_bare(volume: &Value) -> bool {
    let fields = volume.as_object().into_iter().flatten();
    fields.filter(|(key, value)| *key != "name" && !value.is_null()).count() == 0
}

impl<'a> PodVolume<'a> {
    fn read(value: &'a Value, path: FieldPath) -> Self {
        let name = text(value, &["name"]).unwrap_or_default();
        let given = |source: &str| value.get(source).is_some_and(Value::is_object);
        let source = if let Some(template) = at(value, &["ephemeral", "volumeClaimTemplate"]) {
            let path = path.keys(&["ephemeral", "volumeClaimTemplate"]);
            VolumeSource::Template(Claim::template(template, path, ClaimOrigin::Ephemeral, name))
        } else if let Some(claim) = text(value, &["persistentVolumeClaim", "claimName"]) {
            VolumeSource::Claim {
                name: claim,
                read_only: at(value, &["persistentVolumeClaim", "readOnly"]) == Some(&Value::Bool(true)),
            }
        } else if given("emptyDir") || is_bare(value) {
            VolumeSource::EmptyDir
        } else if given("hostPath") {
            VolumeSource::HostPath
        } else if CONTENT.iter().any(|source| given(source)) {
            VolumeSource::Content
        } else {
            VolumeSource::Other
        };
        Self {
            name,
            path,
            source,
            value,
        }
    }

    /// A text of the volume or the template as it stands: `["emptyDir", "medium"]`; `None` when it is empty.
    pub fn text(&self, keys: &[&str]) -> Option<&'a str> {
        text(self.value, keys).filter(|text| !text.is_empty())
    }

    /// Whether a field of the volume or the template is written.
    pub fn has(&self, keys: &[&str]) -> bool {
        at(self.value, keys).is_some_and(|value| !value.is_null())
    }

    /// Whether it is made to hold data that is written: a claim, even an ephemeral one, or storage from outside the pod.
    pub fn keeps_data(&self) -> bool {
        match &self.source {
            VolumeSource::Template(_) | VolumeSource::Claim { .. } | VolumeSource::HostPath | VolumeSource::Other => {
                true
            }
            VolumeSource::EmptyDir | VolumeSource::Content => false,
        }
    }

    /// Whether what is written to it is there again in the next pod: claims, but not ephemeral ones.
    pub fn is_lasting_claim(&self) -> bool {
        match &self.source {
            VolumeSource::Template(claim) => claim.origin() == ClaimOrigin::SetTemplate,
            VolumeSource::Claim { .. } => true,
            VolumeSource::EmptyDir | VolumeSource::HostPath | VolumeSource::Content | VolumeSource::Other => false,
        }
    }
}

impl<'a> Workload<'a> {
    /// The containers of the pods, in the order in which they start.
    pub fn containers(&self) -> &[Container<'a>] {
        &self.containers
    }

    pub(super) fn read_containers(&self) -> Vec<Container<'a>> {
        [
            ("initContainers", ContainerRole::Init),
            ("containers", ContainerRole::Main),
            ("ephemeralContainers", ContainerRole::Ephemeral),
        ]
        .into_iter()
        .flat_map(|(field, role)| {
            let items = self.pod_list(&[field]);
            items.map(move |(path, value)| Container::read(value, path, role))
        })
        .collect()
    }

    /// The volumes that containers can mount: those of the set's claim templates, then the pod's own. A template hides a
    /// volume of the same name.
    /// <https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/statefulset/stateful_set_utils.go>
    pub fn pod_volumes(&self) -> &[PodVolume<'a>] {
        &self.pod_volumes
    }

    pub(super) fn read_pod_volumes(&self) -> Vec<PodVolume<'a>> {
        let templates = match self.kind() {
            ObjectKind::StatefulSet => list(self.value(), &["spec", "volumeClaimTemplates"]),
            _ => &[],
        };
        // statefulset-controller gives its claims the labels of the set's selector.
        let selected = map(self.value(), &["spec", "selector", "matchLabels"]);
        let path = FieldPath::of(&["spec", "volumeClaimTemplates"]);
        let templates = templates.iter().enumerate().map(|(index, template)| {
            let (name, path) = (Meta::of(template).name(), path.index(index));
            let claim = Claim::template(template, path.clone(), ClaimOrigin::SetTemplate, name).with_labels(selected);
            PodVolume {
                name,
                path,
                source: VolumeSource::Template(claim),
                value: template,
            }
        });
        let mut volumes: Vec<_> = templates.collect();
        let hidden: BTreeSet<_> = volumes.iter().map(|volume| volume.name).collect();
        let own = self.pod_list(&["volumes"]);
        let own = own.map(|(path, volume)| PodVolume::read(volume, path));
        volumes.extend(own.filter(|volume| !hidden.contains(volume.name)));
        volumes
    }

    /// The items of a list of the pod's spec, each with its place.
    pub(super) fn pod_list(&self, keys: &[&'static str]) -> impl Iterator<Item = (FieldPath, &'a Value)> + use<'a> {
        let items = self.pod_spec(keys).and_then(Value::as_array);
        let items = items.map_or(&[][..], Vec::as_slice);
        let path = if items.is_empty() {
            FieldPath::default()
        } else {
            self.pod_path().key("spec").keys(keys)
        };
        items
            .iter()
            .enumerate()
            .map(move |(index, item)| (path.index(index), item))
    }

    /// Every mount of every container, with the container.
    pub fn mounts(&self) -> impl Iterator<Item = (&Container<'a>, &Mount<'a>)> {
        let containers = self.containers().iter();
        containers.flat_map(|container| container.mounts().iter().map(move |mount| (container, mount)))
    }

    /// The names of the volumes that a container can write to, with the name of such a container.
    pub fn writers(&self) -> BTreeMap<&'a str, &'a str> {
        let mounts = self.mounts().filter(|(_, mount)| !mount.read_only);
        mounts
            .map(|(container, mount)| (mount.volume, container.name()))
            .collect()
    }

    /// The volumes that keep data for later pods, and that a container can write to.
    pub fn written_claims(&self) -> Vec<&PodVolume<'a>> {
        let written = self.writers();
        let keeps = |volume: &&PodVolume<'a>| {
            let is_writable = !matches!(volume.source, VolumeSource::Claim { read_only: true, .. });
            volume.is_lasting_claim() && is_writable && written.contains_key(volume.name)
        };
        self.pod_volumes().iter().filter(keeps).collect()
    }
}
