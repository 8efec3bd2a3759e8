//! Claims, wherever they stand: PersistentVolumeClaims, volumeClaimTemplates, templates of ephemeral volumes.

use super::object::{Meta, at, list, text};
use super::quantity::{Quantity, QuantityError};
use super::{AccessMode, FieldPath, VolumeMode};
use serde_json::{Map, Value};

/// Names the class of a claim or a volume, older than the field and stronger.
const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";
/// Where a spec has the requested size.
const REQUEST: [&str; 3] = ["resources", "requests", "storage"];

/// Where a claim stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimOrigin {
    /// A PersistentVolumeClaim of its own.
    Object,
    /// An entry of a StatefulSet's `volumeClaimTemplates`.
    SetTemplate,
    /// The template of a generic ephemeral volume.
    Ephemeral,
}

/// The class that a claim names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClassName<'a> {
    /// `storageClassName: fast`.
    Named(&'a str),
    /// `storageClassName: ""`: existing volumes only.
    Empty,
    /// Nothing written: the default class.
    Default,
}

/// What a volume is filled from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataSource<'a> {
    /// `dataSource` or `dataSourceRef`.
    pub field: &'static str,
    /// API group of the source, empty for the core group.
    pub group: &'a str,
    /// `VolumeSnapshot`, `PersistentVolumeClaim`, or a kind that a populator serves.
    pub kind: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its namespace, where it is written: only `dataSourceRef` has one.
    pub namespace: Option<&'a str>,
}

impl DataSource<'_> {
    /// Whether it is a claim, which the new volume is cloned from.
    pub fn is_claim(&self) -> bool {
        self.group.is_empty() && self.kind == "PersistentVolumeClaim"
    }

    /// Whether it is a snapshot, which the new volume is restored from.
    pub fn is_snapshot(&self) -> bool {
        self.group == "snapshot.storage.k8s.io" && self.kind == "VolumeSnapshot"
    }

    /// How messages name it: `VolumeSnapshot nightly`.
    pub fn title(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }
}

/// Anything that becomes a PersistentVolumeClaim.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    value: &'a Value,
    spec: &'a Value,
    path: FieldPath,
    origin: ClaimOrigin,
    name: &'a str,
    // Read once, for a dozen rules ask.
    class_name: ClassName<'a>,
    request: Option<Result<Quantity, QuantityError>>,
    // Few claims have one.
    data_source: Option<Box<DataSource<'a>>>,
    /// Labels that the controller puts on the claims that it makes from the template.
    added_labels: Option<&'a Map<String, Value>>,
}

impl<'a> Claim<'a> {
    /// A PersistentVolumeClaim.
    pub fn object(value: &'a Value) -> Self {
        Self::template(value, FieldPath::default(), ClaimOrigin::Object, Meta::of(value).name())
    }

    pub(super) fn template(value: &'a Value, path: FieldPath, origin: ClaimOrigin, name: &'a str) -> Self {
        let spec = value.get("spec").unwrap_or(&Value::Null);
        Self {
            value,
            spec,
            path,
            origin,
            name,
            class_name: class_name(value, spec),
            request: at(spec, &REQUEST).and_then(Quantity::from_json),
            data_source: data_source(spec).map(Box::new),
            added_labels: None,
        }
    }

    /// With labels that the controller adds, whatever the template says.
    pub(super) fn with_labels(mut self, labels: Option<&'a Map<String, Value>>) -> Self {
        self.added_labels = labels;
        self
    }

    /// The claim, or the template of one, as JSON.
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// Name of the claim, of the claim template, or of the ephemeral volume.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// How messages name it: `claim data`, `claim template data`, `ephemeral volume scratch`.
    pub fn title(&self) -> String {
        let what = match self.origin {
            ClaimOrigin::Object => return format!("claim {}", self.meta().shown_name()),
            ClaimOrigin::SetTemplate => "claim template",
            ClaimOrigin::Ephemeral => "ephemeral volume",
        };
        format!("{what} {}", self.name)
    }

    /// Where the claim stands.
    pub fn origin(&self) -> ClaimOrigin {
        self.origin
    }

    /// Metadata of the claim or the template.
    pub fn meta(&self) -> Meta<'a> {
        Meta::of(self.value)
    }

    /// The path of the claim in the object that holds it.
    pub fn path(&self) -> &FieldPath {
        &self.path
    }

    /// The labels of the claim; of a template, those of the claims that are made from it.
    pub fn labels(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let added = self.added_labels;
        let own = self.meta().labels().into_iter().flatten();
        let own = own.filter(move |(key, _)| added.is_none_or(|added| !added.contains_key(*key)));
        let all = added.into_iter().flatten().chain(own);
        all.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
    }

    /// The path of a field of the claim's metadata, in the object that holds the claim.
    pub fn meta_path(&self, keys: &[&'static str]) -> FieldPath {
        self.path.key("metadata").keys(keys)
    }

    /// The path of a field of the claim's spec, in the object that holds the claim.
    pub fn spec_path(&self, keys: &[&'static str]) -> FieldPath {
        self.path.key("spec").keys(keys)
    }

    /// Whether the class is named by the beta annotation, which comes before the field.
    pub fn has_class_annotation(&self) -> bool {
        self.meta().annotation(CLASS_ANNOTATION).is_some()
    }

    /// The path of the field that names the class: the beta annotation where it is there, else `spec.storageClassName`.
    pub fn class_path(&self) -> FieldPath {
        if self.has_class_annotation() {
            self.meta_path(&["annotations", CLASS_ANNOTATION])
        } else {
            self.spec_path(&["storageClassName"])
        }
    }

    /// The access modes that are known words, each with its index.
    pub fn access_modes(&self) -> impl Iterator<Item = (usize, AccessMode)> + use<'a> {
        list(self.spec, &["accessModes"])
            .iter()
            .enumerate()
            .filter_map(|(index, mode)| Some((index, AccessMode::parse(mode.as_str()?)?)))
    }

    /// Whether every access mode allows one node or one pod only: there is one at least, and no shared one.
    pub fn is_exclusive(&self) -> bool {
        let mut modes = self.access_modes().peekable();
        modes.peek().is_some()
            && modes.all(|(_, mode)| matches!(mode, AccessMode::ReadWriteOnce | AccessMode::ReadWriteOncePod))
    }

    /// Filesystem unless the claim says Block.
    pub fn volume_mode(&self) -> VolumeMode {
        text(self.spec, &["volumeMode"])
            .and_then(VolumeMode::parse)
            .unwrap_or_default()
    }

    /// The class that the claim names.
    pub fn class_name(&self) -> ClassName<'a> {
        self.class_name
    }

    /// `resources.requests.storage`: `None` when nothing is asked for.
    pub fn request(&self) -> Option<Result<Quantity, QuantityError>> {
        self.request.clone()
    }

    /// The requested size as it is written.
    pub fn request_text(&self) -> String {
        match at(self.spec, &REQUEST) {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => String::new(),
        }
    }

    /// The volume that the claim names, if it names one.
    pub fn volume_name(&self) -> Option<&'a str> {
        text(self.spec, &["volumeName"]).filter(|name| !name.is_empty())
    }

    /// The selector as it stands in the claim.
    pub fn selector(&self) -> Option<&'a Value> {
        self.spec.get("selector").filter(|value| value.is_object())
    }

    /// What the volume is filled from: `dataSourceRef`, which the API server copies `dataSource` to, before `dataSource`.
    pub fn data_source(&self) -> Option<DataSource<'a>> {
        self.data_source.as_deref().copied()
    }

    /// The `VolumeAttributesClass` that it names.
    pub fn attributes_class(&self) -> Option<&'a str> {
        text(self.spec, &["volumeAttributesClassName"]).filter(|name| !name.is_empty())
    }

    /// `status.phase` of a claim that exists: `Pending`, `Bound` or `Lost`.
    pub fn phase(&self) -> &'a str {
        text(self.value, &["status", "phase"]).unwrap_or_default()
    }

    /// `status.capacity.storage`: the size of the volume that it is bound to.
    pub fn capacity(&self) -> Option<Quantity> {
        Quantity::from_json(at(self.value, &["status", "capacity", "storage"])?)?.ok()
    }

    /// `status.conditions` of a claim that exists.
    pub fn conditions(&self) -> &'a [Value] {
        list(self.value, &["status", "conditions"])
    }
}

/// The class that a claim names. The beta annotation comes before the field, as it does for the binder.
/// <https://github.com/kubernetes/component-helpers/blob/master/storage/volume/helpers.go>
fn class_name<'a>(claim: &'a Value, spec: &'a Value) -> ClassName<'a> {
    let annotated = Meta::of(claim).annotation(CLASS_ANNOTATION);
    match annotated.or_else(|| text(spec, &["storageClassName"])) {
        Some("") => ClassName::Empty,
        Some(name) => ClassName::Named(name),
        None => ClassName::Default,
    }
}

fn data_source(spec: &Value) -> Option<DataSource<'_>> {
    ["dataSourceRef", "dataSource"].into_iter().find_map(|field| {
        let source = spec.get(field).filter(|source| source.is_object())?;
        Some(DataSource {
            field,
            group: text(source, &["apiGroup"]).unwrap_or_default(),
            kind: text(source, &["kind"]).unwrap_or_default(),
            name: text(source, &["name"]).unwrap_or_default(),
            namespace: text(source, &["namespace"]).filter(|namespace| !namespace.is_empty()),
        })
    })
}
