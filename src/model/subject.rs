//! What one evaluation is about.

use super::{AttributesClass, Claim, Meta, Snapshot, SnapshotClass, SnapshotContent, StorageClass, Volume, Workload};
use serde_json::Value;

/// The kinds that volguard reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the API's")]
pub enum ObjectKind {
    StorageClass,
    VolumeAttributesClass,
    PersistentVolumeClaim,
    PersistentVolume,
    StatefulSet,
    Deployment,
    ReplicaSet,
    DaemonSet,
    Job,
    CronJob,
    Pod,
    HorizontalPodAutoscaler,
    VolumeSnapshotClass,
    VolumeSnapshot,
    VolumeSnapshotContent,
    VolumeGroupSnapshotClass,
    VolumeGroupSnapshot,
    VolumeGroupSnapshotContent,
    Namespace,
    ResourceQuota,
}

impl ObjectKind {
    /// Every kind, in the order of declaration.
    pub const ALL: [Self; 20] = [
        Self::StorageClass,
        Self::VolumeAttributesClass,
        Self::PersistentVolumeClaim,
        Self::PersistentVolume,
        Self::StatefulSet,
        Self::Deployment,
        Self::ReplicaSet,
        Self::DaemonSet,
        Self::Job,
        Self::CronJob,
        Self::Pod,
        Self::HorizontalPodAutoscaler,
        Self::VolumeSnapshotClass,
        Self::VolumeSnapshot,
        Self::VolumeSnapshotContent,
        Self::VolumeGroupSnapshotClass,
        Self::VolumeGroupSnapshot,
        Self::VolumeGroupSnapshotContent,
        Self::Namespace,
        Self::ResourceQuota,
    ];

    /// The kind's name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StorageClass => "StorageClass",
            Self::VolumeAttributesClass => "VolumeAttributesClass",
            Self::PersistentVolumeClaim => "PersistentVolumeClaim",
            Self::PersistentVolume => "PersistentVolume",
            Self::StatefulSet => "StatefulSet",
            Self::Deployment => "Deployment",
            Self::ReplicaSet => "ReplicaSet",
            Self::DaemonSet => "DaemonSet",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
            Self::Pod => "Pod",
            Self::HorizontalPodAutoscaler => "HorizontalPodAutoscaler",
            Self::VolumeSnapshotClass => "VolumeSnapshotClass",
            Self::VolumeSnapshot => "VolumeSnapshot",
            Self::VolumeSnapshotContent => "VolumeSnapshotContent",
            Self::VolumeGroupSnapshotClass => "VolumeGroupSnapshotClass",
            Self::VolumeGroupSnapshot => "VolumeGroupSnapshot",
            Self::VolumeGroupSnapshotContent => "VolumeGroupSnapshotContent",
            Self::Namespace => "Namespace",
            Self::ResourceQuota => "ResourceQuota",
        }
    }

    /// The API group of the kind, empty for the core group.
    pub fn group(self) -> &'static str {
        match self {
            Self::StorageClass | Self::VolumeAttributesClass => "storage.k8s.io",
            Self::PersistentVolumeClaim
            | Self::PersistentVolume
            | Self::Pod
            | Self::Namespace
            | Self::ResourceQuota => "",
            Self::StatefulSet | Self::Deployment | Self::ReplicaSet | Self::DaemonSet => "apps",
            Self::Job | Self::CronJob => "batch",
            Self::HorizontalPodAutoscaler => "autoscaling",
            Self::VolumeSnapshotClass | Self::VolumeSnapshot | Self::VolumeSnapshotContent => "snapshot.storage.k8s.io",
            Self::VolumeGroupSnapshotClass | Self::VolumeGroupSnapshot | Self::VolumeGroupSnapshotContent => {
                "groupsnapshot.storage.k8s.io"
            }
        }
    }

    /// The kind of this group and name. Versions are not told apart: what rules read is the same in all of them.
    pub fn find(group: &str, kind: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|known| known.as_str() == kind && known.group() == group)
    }

    /// Whether objects of this kind make pods, or are pods.
    pub fn is_workload(self) -> bool {
        matches!(
            self,
            Self::StatefulSet
                | Self::Deployment
                | Self::ReplicaSet
                | Self::DaemonSet
                | Self::Job
                | Self::CronJob
                | Self::Pod
        )
    }

    /// Whether objects of this kind live outside namespaces.
    pub fn is_cluster_scoped(self) -> bool {
        matches!(
            self,
            Self::StorageClass
                | Self::VolumeAttributesClass
                | Self::PersistentVolume
                | Self::VolumeSnapshotClass
                | Self::VolumeSnapshotContent
                | Self::VolumeGroupSnapshotClass
                | Self::VolumeGroupSnapshotContent
                | Self::Namespace
        )
    }
}

/// An object as rules read it.
#[derive(Debug, Clone)]
pub enum Subject<'a> {
    /// A StorageClass.
    Class(StorageClass<'a>),
    /// A `VolumeAttributesClass`.
    AttributesClass(AttributesClass<'a>),
    /// A PersistentVolumeClaim.
    Claim(Claim<'a>),
    /// A PersistentVolume.
    Volume(Volume<'a>),
    /// Whatever makes pods.
    Workload(Workload<'a>),
    /// A `VolumeSnapshotClass`, or that of groups.
    SnapshotClass(SnapshotClass<'a>),
    /// A `VolumeSnapshot`, or one of a group.
    Snapshot(Snapshot<'a>),
    /// A `VolumeSnapshotContent`, or that of a group.
    SnapshotContent(SnapshotContent<'a>),
    /// A kind of which rules read a field or two.
    Other(ObjectKind, &'a Value),
}

impl<'a> Subject<'a> {
    /// Reads an object of this kind.
    pub fn new(kind: ObjectKind, value: &'a Value) -> Self {
        match kind {
            kind if kind.is_workload() => Self::Workload(Workload::new(kind, value)),
            ObjectKind::StorageClass => Self::Class(StorageClass::new(value)),
            ObjectKind::VolumeAttributesClass => Self::AttributesClass(AttributesClass::new(value)),
            ObjectKind::PersistentVolumeClaim => Self::Claim(Claim::object(value)),
            ObjectKind::PersistentVolume => Self::Volume(Volume::new(value)),
            ObjectKind::VolumeSnapshotClass | ObjectKind::VolumeGroupSnapshotClass => {
                Self::SnapshotClass(SnapshotClass::new(kind, value))
            }
            ObjectKind::VolumeSnapshot | ObjectKind::VolumeGroupSnapshot => Self::Snapshot(Snapshot::new(kind, value)),
            ObjectKind::VolumeSnapshotContent | ObjectKind::VolumeGroupSnapshotContent => {
                Self::SnapshotContent(SnapshotContent::new(kind, value))
            }
            _ => Self::Other(kind, value),
        }
    }

    /// The object's kind.
    pub fn kind(&self) -> ObjectKind {
        match self {
            Self::Class(_) => ObjectKind::StorageClass,
            Self::AttributesClass(_) => ObjectKind::VolumeAttributesClass,
            Self::Claim(_) => ObjectKind::PersistentVolumeClaim,
            Self::Volume(_) => ObjectKind::PersistentVolume,
            Self::Workload(workload) => workload.kind(),
            Self::SnapshotClass(class) => class.kind(),
            Self::Snapshot(snapshot) => snapshot.kind(),
            Self::SnapshotContent(content) => content.kind(),
            Self::Other(kind, _) => *kind,
        }
    }

    /// The object as JSON.
    pub fn value(&self) -> &'a Value {
        match self {
            Self::Class(class) => class.value(),
            Self::AttributesClass(class) => class.value(),
            Self::Claim(claim) => claim.value(),
            Self::Volume(volume) => volume.value(),
            Self::Workload(workload) => workload.value(),
            Self::SnapshotClass(class) => class.value(),
            Self::Snapshot(snapshot) => snapshot.value(),
            Self::SnapshotContent(content) => content.value(),
            Self::Other(_, value) => value,
        }
    }

    /// Every claim that stands in the object.
    pub fn claims(&self) -> &[Claim<'a>] {
        match self {
            Self::Claim(claim) => std::slice::from_ref(claim),
            Self::Workload(workload) => workload.claims(),
            _ => &[],
        }
    }

    /// The object's metadata.
    pub fn meta(&self) -> Meta<'a> {
        Meta::of(self.value())
    }

    /// How messages name it: `StatefulSet web`.
    pub fn title(&self) -> String {
        format!("{} {}", self.kind().as_str(), self.meta().shown_name())
    }
}
