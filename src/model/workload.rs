//! Workloads: whatever makes pods.

use super::object::{Meta, at, map, text};
use super::{Claim, ClaimOrigin, Container, FieldPath, ObjectKind, PodVolume, VolumeSource};
use serde_json::{Map, Value};

/// A pod volume that names a claim.
#[derive(Debug, Clone)]
pub struct ClaimVolume<'a> {
    /// Name of the claim.
    pub claim: &'a str,
    /// Path of `claimName`.
    pub path: FieldPath,
    /// Mounted read-only.
    pub read_only: bool,
}

/// A workload and its pod template.
#[derive(Debug, Clone)]
pub struct Workload<'a> {
    kind: ObjectKind,
    value: &'a Value,
    // Looked up once, and read once below, for a dozen rules ask.
    spec: &'a Value,
    pod: &'a Value,
    pod_spec: &'a Value,
    claims: Vec<Claim<'a>>,
    pub(super) pod_volumes: Vec<PodVolume<'a>>,
    pub(super) containers: Vec<Container<'a>>,
}

impl<'a> Workload<'a> {
    /// Reads a workload of this kind.
    pub fn new(kind: ObjectKind, value: &'a Value) -> Self {
        let field = |value: &'a Value, keys| at(value, keys).unwrap_or(&Value::Null);
        let spec = field(value, &["spec"]);
        let pod = match kind {
            ObjectKind::Pod => value,
            ObjectKind::CronJob => field(spec, &["jobTemplate", "spec", "template"]),
            _ => field(spec, &["template"]),
        };
        let mut workload = Self {
            kind,
            value,
            spec,
            pod,
            pod_spec: field(pod, &["spec"]),
            claims: Vec::new(),
            pod_volumes: Vec::new(),
            containers: Vec::new(),
        };
        workload.pod_volumes = workload.read_pod_volumes();
        workload.containers = workload.read_containers();
        workload.claims = workload.read_claims();
        workload
    }

    /// StatefulSet, Deployment, …
    pub fn kind(&self) -> ObjectKind {
        self.kind
    }

    /// The workload as JSON.
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// Its metadata.
    pub fn meta(&self) -> Meta<'a> {
        Meta::of(self.value)
    }

    /// How messages name it: `StatefulSet web`.
    pub fn title(&self) -> String {
        format!("{} {}", self.kind.as_str(), self.meta().shown_name())
    }

    /// A field of `spec`.
    pub fn spec(&self, keys: &[&str]) -> Option<&'a Value> {
        at(self.spec, keys)
    }

    /// A text of `spec`; `None` when it is empty.
    pub fn spec_text(&self, keys: &[&str]) -> Option<&'a str> {
        text(self.spec, keys).filter(|text| !text.is_empty())
    }

    /// How many pods run at once: `replicas`, or `parallelism` of a job; 1 when nothing is written.
    pub fn replicas(&self) -> u64 {
        let field = match self.kind {
            ObjectKind::Job => self.spec(&["parallelism"]),
            ObjectKind::CronJob => self.spec(&["jobTemplate", "spec", "parallelism"]),
            ObjectKind::Pod | ObjectKind::DaemonSet => return 1,
            _ => self.spec(&["replicas"]),
        };
        field.and_then(Value::as_u64).unwrap_or(1)
    }

    /// The workload with this number of `replicas`.
    pub fn with_replicas(&self, replicas: Value) -> Value {
        let mut workload = self.value.clone();
        if let Some(spec) = workload.get_mut("spec").and_then(Value::as_object_mut) {
            spec.insert("replicas".to_owned(), replicas);
        }
        workload
    }

    /// Whether a pod has ended and starts no more: its phase is Succeeded or Failed.
    pub fn has_ended(&self) -> bool {
        matches!(text(self.value, &["status", "phase"]), Some("Succeeded" | "Failed"))
    }

    /// The ordinal of a StatefulSet's first pod: 0 unless `spec.ordinals.start` says otherwise.
    pub fn first_ordinal(&self) -> u64 {
        self.spec(&["ordinals", "start"]).and_then(Value::as_u64).unwrap_or(0)
    }

    /// Path of the pod template (of the object itself for a Pod).
    pub fn pod_path(&self) -> FieldPath {
        match self.kind {
            ObjectKind::Pod => FieldPath::default(),
            ObjectKind::CronJob => FieldPath::of(&["spec", "jobTemplate", "spec", "template"]),
            _ => FieldPath::of(&["spec", "template"]),
        }
    }

    /// A field of the pod's spec.
    pub fn pod_spec(&self, keys: &[&str]) -> Option<&'a Value> {
        at(self.pod_spec, keys)
    }

    /// The labels of the pods.
    pub fn pod_labels(&self) -> Option<&'a Map<String, Value>> {
        map(self.pod, &["metadata", "labels"])
    }

    /// The claims that the pods name, each with its place.
    pub fn claim_volumes(&self) -> Vec<ClaimVolume<'a>> {
        let volumes = self.pod_volumes().iter();
        volumes
            .filter_map(|volume| match volume.source {
                VolumeSource::Claim { name, read_only } => Some(ClaimVolume {
                    claim: name,
                    path: volume.path.keys(&["persistentVolumeClaim", "claimName"]),
                    read_only,
                }),
                _ => None,
            })
            .collect()
    }

    /// Names of the claims that a pod uses: those that it names, and those that are made for its ephemeral volumes.
    pub fn used_claims(&self) -> Vec<String> {
        let pod = self.meta().name();
        let volumes = self.pod_volumes().iter();
        volumes
            .filter_map(|volume| match volume.source {
                VolumeSource::Claim { name, .. } => Some(name.to_owned()),
                VolumeSource::Template(_) => Some(format!("{pod}-{}", volume.name)),
                _ => None,
            })
            .collect()
    }

    /// The claims that stand in the workload: claim templates of a StatefulSet, then templates of ephemeral volumes.
    pub fn claims(&self) -> &[Claim<'a>] {
        &self.claims
    }

    fn read_claims(&self) -> Vec<Claim<'a>> {
        let volumes = self.pod_volumes().iter();
        volumes
            .filter_map(|volume| match &volume.source {
                VolumeSource::Template(claim) => Some(claim.clone()),
                _ => None,
            })
            .collect()
    }

    /// The claim templates of a StatefulSet.
    pub fn set_templates(&self) -> impl Iterator<Item = &Claim<'a>> {
        let claims = self.claims.iter();
        claims.filter(|claim| claim.origin() == ClaimOrigin::SetTemplate)
    }
}

/// The ordinal of the pod that a claim belongs to, where it has the name that statefulset-controller gives:
/// `<template>-<set>-<ordinal>`.
/// <https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/statefulset/stateful_set_utils.go>
pub fn ordinal(claim: &str, template: &str, set: &str) -> Option<u64> {
    let rest = claim.strip_prefix(template)?.strip_prefix('-')?;
    let ordinal = rest.strip_prefix(set)?.strip_prefix('-')?;
    ordinal
        .parse()
        .ok()
        .filter(|_| ordinal.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::ordinal;

    #[test]
    fn the_ordinal_tells_the_claims_of_a_set_from_those_of_its_neighbours() {
        for (claim, expected) in [
            ("data-db-0", Some(0)),
            ("data-db-12", Some(12)),
            ("data-db-old-0", None),
            ("data-dbx-0", None),
            ("data-db-+1", None),
            ("data-db-", None),
            ("data-db", None),
        ] {
            assert_eq!(ordinal(claim, "data", "db"), expected, "{claim}");
        }
    }
}
