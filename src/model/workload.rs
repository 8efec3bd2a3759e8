//! Workloads: whatever makes pods.

use super::object::{Meta, at, list, map, text};
use super::{Claim, ClaimOrigin, FieldPath, ObjectKind};
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
    claims: Vec<Claim<'a>>,
}

impl<'a> Workload<'a> {
    /// Reads a workload of this kind.
    pub fn new(kind: ObjectKind, value: &'a Value) -> Self {
        let mut workload = Self {
            kind,
            value,
            claims: Vec::new(),
        };
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
        format!("{} {}", self.kind.as_str(), self.meta().name())
    }

    /// A field of `spec`.
    pub fn spec(&self, keys: &[&str]) -> Option<&'a Value> {
        at(self.value.get("spec")?, keys)
    }

    /// A text of `spec`; `None` when it is empty.
    pub fn spec_text(&self, keys: &[&str]) -> Option<&'a str> {
        text(self.value.get("spec")?, keys).filter(|text| !text.is_empty())
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

    /// Path of the pod template (of the object itself for a Pod).
    pub fn pod_path(&self) -> FieldPath {
        match self.kind {
            ObjectKind::Pod => FieldPath::default(),
            ObjectKind::CronJob => FieldPath::of(&["spec", "jobTemplate", "spec", "template"]),
            _ => FieldPath::of(&["spec", "template"]),
        }
    }

    fn pod(&self) -> Option<&'a Value> {
        match self.kind {
            ObjectKind::Pod => Some(self.value),
            ObjectKind::CronJob => self.spec(&["jobTemplate", "spec", "template"]),
            _ => self.spec(&["template"]),
        }
    }

    /// A field of the pod's spec.
    pub fn pod_spec(&self, keys: &[&str]) -> Option<&'a Value> {
        at(self.pod()?.get("spec")?, keys)
    }

    /// The labels of the pods.
    pub fn pod_labels(&self) -> Option<&'a Map<String, Value>> {
        map(self.pod()?, &["metadata", "labels"])
    }

    fn volumes(&self) -> impl Iterator<Item = (FieldPath, &'a Value)> + use<'a> {
        let path = self.pod_path().keys(&["spec", "volumes"]);
        let volumes = self
            .pod_spec(&["volumes"])
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        volumes
            .iter()
            .enumerate()
            .map(move |(index, volume)| (path.index(index), volume))
    }

    /// Names of the volumes that the set's claim templates provide; they hide pod volumes of the same name.
    /// <https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/statefulset/stateful_set_utils.go>
    fn template_names(&self) -> Vec<&'a str> {
        self.set_templates()
            .iter()
            .map(|template| Meta::of(template).name())
            .collect()
    }

    fn set_templates(&self) -> &'a [Value] {
        match self.kind {
            ObjectKind::StatefulSet => list(self.value, &["spec", "volumeClaimTemplates"]),
            _ => &[],
        }
    }

    /// The claims that the pods name, each with its place.
    pub fn claim_volumes(&self) -> Vec<ClaimVolume<'a>> {
        let hidden = self.template_names();
        self.volumes()
            .filter(|(_, volume)| !hidden.contains(&text(volume, &["name"]).unwrap_or_default()))
            .filter_map(|(path, volume)| {
                let source = volume.get("persistentVolumeClaim")?;
                Some(ClaimVolume {
                    claim: text(source, &["claimName"])?,
                    path: path.keys(&["persistentVolumeClaim", "claimName"]),
                    read_only: source.get("readOnly") == Some(&Value::Bool(true)),
                })
            })
            .collect()
    }

    /// The claims that stand in the workload: claim templates of a StatefulSet, then templates of ephemeral volumes.
    ///
    /// statefulset-controller gives its claims the labels of the set's selector.
    /// <https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/statefulset/stateful_set_utils.go>
    pub fn claims(&self) -> &[Claim<'a>] {
        &self.claims
    }

    fn read_claims(&self) -> Vec<Claim<'a>> {
        let hidden = self.template_names();
        let selected = map(self.value, &["spec", "selector", "matchLabels"]);
        let path = FieldPath::of(&["spec", "volumeClaimTemplates"]);
        let templates = self.set_templates().iter().enumerate().map(|(index, template)| {
            Claim::template(
                template,
                path.index(index),
                ClaimOrigin::SetTemplate,
                Meta::of(template).name(),
            )
            .with_labels(selected)
        });
        let ephemeral = self.volumes().filter_map(|(path, volume)| {
            let name = text(volume, &["name"]).unwrap_or_default();
            let template = at(volume, &["ephemeral", "volumeClaimTemplate"])?;
            let path = path.keys(&["ephemeral", "volumeClaimTemplate"]);
            (!hidden.contains(&name)).then(|| Claim::template(template, path, ClaimOrigin::Ephemeral, name))
        });
        templates.chain(ephemeral).collect()
    }
}
