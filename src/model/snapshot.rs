//! Snapshots, their contents and classes, and the same of groups.

use super::object::{Meta, at, text};
use super::quantity::Quantity;
use super::{FieldPath, ObjectKind};
use serde_json::{Map, Value};

/// A `VolumeSnapshotClass` or `VolumeGroupSnapshotClass`.
#[derive(Debug, Clone, Copy)]
pub struct SnapshotClass<'a> {
    kind: ObjectKind,
    value: &'a Value,
}

impl<'a> SnapshotClass<'a> {
    /// Reads a class of this kind.
    pub fn new(kind: ObjectKind, value: &'a Value) -> Self {
        Self { kind, value }
    }

    /// The class as JSON.
    pub fn value(self) -> &'a Value {
        self.value
    }

    /// Which of the two kinds it is.
    pub fn kind(self) -> ObjectKind {
        self.kind
    }

    /// Its metadata.
    pub fn meta(self) -> Meta<'a> {
        Meta::of(self.value)
    }

    /// Its name.
    pub fn name(self) -> &'a str {
        self.meta().name()
    }

    /// How messages name it: `VolumeSnapshotClass daily`.
    pub fn title(self) -> String {
        format!("{} {}", self.kind.as_str(), self.meta().shown_name())
    }

    /// Name of the CSI driver.
    pub fn driver(self) -> &'a str {
        text(self.value, &["driver"]).unwrap_or_default()
    }

    /// Whether a snapshot in storage is deleted with its object.
    pub fn deletes_snapshots(self) -> bool {
        text(self.value, &["deletionPolicy"]) == Some("Delete")
    }

    /// Whether snapshots of its driver without a class get this one; the value is exactly `true`.
    /// <https://github.com/kubernetes-csi/external-snapshotter/blob/master/pkg/utils/util.go>
    pub fn is_default(self) -> bool {
        self.meta().annotation(self.default_annotation()) == Some("true")
    }

    /// The annotation that makes a class the default.
    pub fn default_annotation(self) -> &'static str {
        match self.kind {
            ObjectKind::VolumeGroupSnapshotClass => "groupsnapshot.storage.kubernetes.io/is-default-class",
            _ => "snapshot.storage.kubernetes.io/is-default-class",
        }
    }

    /// The parameters for the driver.
    pub fn parameters(self) -> Option<&'a Map<String, Value>> {
        super::object::map(self.value, &["parameters"])
    }
}

/// A `VolumeSnapshot` or `VolumeGroupSnapshot`.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<'a> {
    kind: ObjectKind,
    value: &'a Value,
}

impl<'a> Snapshot<'a> {
    /// Reads a snapshot of this kind.
    pub fn new(kind: ObjectKind, value: &'a Value) -> Self {
        Self { kind, value }
    }

    /// The snapshot as JSON.
    pub fn value(self) -> &'a Value {
        self.value
    }

    /// Which of the two kinds it is.
    pub fn kind(self) -> ObjectKind {
        self.kind
    }

    /// Its metadata.
    pub fn meta(self) -> Meta<'a> {
        Meta::of(self.value)
    }

    /// Its name.
    pub fn name(self) -> &'a str {
        self.meta().name()
    }

    /// How messages name it: `VolumeSnapshot before-upgrade`.
    pub fn title(self) -> String {
        format!("{} {}", self.kind.as_str(), self.meta().shown_name())
    }

    /// The claim that it is taken of; `None` for a snapshot of existing content, and for a group.
    pub fn claim(self) -> Option<&'a str> {
        text(self.value, &["spec", "source", "persistentVolumeClaimName"]).filter(|name| !name.is_empty())
    }

    /// The labels that choose the claims of a group.
    pub fn claim_selector(self) -> Option<&'a Value> {
        at(self.value, &["spec", "source", "selector"]).filter(|selector| selector.is_object())
    }

    /// The field that says what it is taken of.
    pub fn source_field(self) -> FieldPath {
        FieldPath::of(&[
            "spec",
            "source",
            match self.kind {
                ObjectKind::VolumeGroupSnapshot => "selector",
                _ => "persistentVolumeClaimName",
            },
        ])
    }

    /// The existing content that it is made for.
    pub fn content(self) -> Option<&'a str> {
        let key = match self.kind {
            ObjectKind::VolumeGroupSnapshot => "volumeGroupSnapshotContentName",
            _ => "volumeSnapshotContentName",
        };
        text(self.value, &["spec", "source", key]).filter(|name| !name.is_empty())
    }

    /// The content that it is bound to.
    pub fn bound_content(self) -> Option<&'a str> {
        let key = match self.kind {
            ObjectKind::VolumeGroupSnapshot => "boundVolumeGroupSnapshotContentName",
            _ => "boundVolumeSnapshotContentName",
        };
        text(self.value, &["status", key]).filter(|name| !name.is_empty())
    }

    /// The kind of its class.
    pub fn class_kind(self) -> ObjectKind {
        match self.kind {
            ObjectKind::VolumeGroupSnapshot => ObjectKind::VolumeGroupSnapshotClass,
            _ => ObjectKind::VolumeSnapshotClass,
        }
    }

    /// The field that names the class.
    pub fn class_field(self) -> &'static str {
        match self.kind {
            ObjectKind::VolumeGroupSnapshot => "volumeGroupSnapshotClassName",
            _ => "volumeSnapshotClassName",
        }
    }

    /// The class that it names; `None` for the default class of the driver.
    pub fn class_name(self) -> Option<&'a str> {
        text(self.value, &["spec", self.class_field()]).filter(|name| !name.is_empty())
    }

    /// Whether volumes can be made of it.
    pub fn is_ready(self) -> bool {
        at(self.value, &["status", "readyToUse"]) == Some(&Value::Bool(true))
    }

    /// The least size of a volume that is made of it.
    pub fn restore_size(self) -> Option<Quantity> {
        Quantity::from_json(at(self.value, &["status", "restoreSize"])?)?.ok()
    }
}

/// A `VolumeSnapshotContent` or `VolumeGroupSnapshotContent`.
#[derive(Debug, Clone, Copy)]
pub struct SnapshotContent<'a> {
    kind: ObjectKind,
    value: &'a Value,
}

impl<'a> SnapshotContent<'a> {
    /// Reads a content of this kind.
    pub fn new(kind: ObjectKind, value: &'a Value) -> Self {
        Self { kind, value }
    }

    /// The content as JSON.
    pub fn value(self) -> &'a Value {
        self.value
    }

    /// Which of the two kinds it is.
    pub fn kind(self) -> ObjectKind {
        self.kind
    }

    /// Its metadata.
    pub fn meta(self) -> Meta<'a> {
        Meta::of(self.value)
    }

    /// Its name.
    pub fn name(self) -> &'a str {
        self.meta().name()
    }

    /// How messages name it: `VolumeSnapshotContent snapcontent-1`.
    pub fn title(self) -> String {
        format!("{} {}", self.kind.as_str(), self.meta().shown_name())
    }

    /// Name of the CSI driver.
    pub fn driver(self) -> &'a str {
        text(self.value, &["spec", "driver"]).unwrap_or_default()
    }

    /// Whether the snapshot in storage is deleted with this object.
    pub fn deletes_snapshot(self) -> bool {
        text(self.value, &["spec", "deletionPolicy"]) == Some("Delete")
    }

    /// The snapshot that it is bound to or kept for: namespace, name, and its identity once it is bound.
    pub fn snapshot(self) -> Option<SnapshotRef<'a>> {
        let key = match self.kind {
            ObjectKind::VolumeGroupSnapshotContent => "volumeGroupSnapshotRef",
            _ => "volumeSnapshotRef",
        };
        let snapshot = at(self.value, &["spec", key]).filter(|snapshot| snapshot.is_object())?;
        Some(SnapshotRef {
            namespace: text(snapshot, &["namespace"]).unwrap_or_default(),
            name: text(snapshot, &["name"]).unwrap_or_default(),
            uid: text(snapshot, &["uid"]).filter(|uid| !uid.is_empty()),
        })
    }

    /// What the driver calls a snapshot that exists already, for a content that somebody made by hand.
    pub fn existing_handle(self) -> Option<&'a str> {
        text(self.value, &["spec", "source", "snapshotHandle"])
    }

    /// What the driver calls the snapshot, made by hand or taken.
    pub fn handle(self) -> Option<&'a str> {
        self.existing_handle()
            .or_else(|| text(self.value, &["status", "snapshotHandle"]))
            .filter(|handle| !handle.is_empty())
    }

    /// What the driver calls the volume that the snapshot is taken of.
    pub fn volume_handle(self) -> Option<&'a str> {
        text(self.value, &["spec", "source", "volumeHandle"])
    }

    /// The least size of a volume that is made of it; drivers that do not tell write zero.
    pub fn restore_size(self) -> Option<Quantity> {
        let bytes = at(self.value, &["status", "restoreSize"])?.as_i64()?;
        (bytes > 0).then(|| Quantity::from_bytes(bytes))
    }
}

/// The snapshot that a content is bound to or kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotRef<'a> {
    /// Namespace of the snapshot.
    pub namespace: &'a str,
    /// Name of the snapshot.
    pub name: &'a str,
    /// Its identity; `None` while the content is only kept for it.
    pub uid: Option<&'a str>,
}
