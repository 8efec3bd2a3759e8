//! What one evaluation is about.

use super::{Claim, Meta, StorageClass, Workload};
use serde_json::Value;

/// The kinds that volguard reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the API's")]
pub enum ObjectKind {
    StorageClass,
    PersistentVolumeClaim,
    StatefulSet,
    Deployment,
    ReplicaSet,
    DaemonSet,
    Job,
    CronJob,
    Pod,
}

impl ObjectKind {
    /// Every kind, in the order of declaration.
    pub const ALL: [Self; 9] = [
        Self::StorageClass,
        Self::PersistentVolumeClaim,
        Self::StatefulSet,
        Self::Deployment,
        Self::ReplicaSet,
        Self::DaemonSet,
        Self::Job,
        Self::CronJob,
        Self::Pod,
    ];

    /// The kind's name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StorageClass => "StorageClass",
            Self::PersistentVolumeClaim => "PersistentVolumeClaim",
            Self::StatefulSet => "StatefulSet",
            Self::Deployment => "Deployment",
            Self::ReplicaSet => "ReplicaSet",
            Self::DaemonSet => "DaemonSet",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
            Self::Pod => "Pod",
        }
    }

    /// The API group of the kind, empty for the core group.
    pub fn group(self) -> &'static str {
        match self {
            Self::StorageClass => "storage.k8s.io",
            Self::PersistentVolumeClaim | Self::Pod => "",
            Self::StatefulSet | Self::Deployment | Self::ReplicaSet | Self::DaemonSet => "apps",
            Self::Job | Self::CronJob => "batch",
        }
    }

    /// The kind of this group and name. Versions are not told apart: what rules read is the same in all of them.
    pub fn find(group: &str, kind: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|known| known.as_str() == kind && known.group() == group)
    }

    /// Whether objects of this kind live outside namespaces.
    pub fn is_cluster_scoped(self) -> bool {
        self == Self::StorageClass
    }
}

/// An object as rules read it.
#[derive(Debug, Clone)]
pub enum Subject<'a> {
    /// A StorageClass.
    Class(StorageClass<'a>),
    /// A PersistentVolumeClaim.
    Claim(Claim<'a>),
    /// Whatever makes pods.
    Workload(Workload<'a>),
}

impl<'a> Subject<'a> {
    /// Reads an object of this kind.
    pub fn new(kind: ObjectKind, value: &'a Value) -> Self {
        match kind {
            ObjectKind::StorageClass => Self::Class(StorageClass::new(value)),
            ObjectKind::PersistentVolumeClaim => Self::Claim(Claim::object(value)),
            _ => Self::Workload(Workload::new(kind, value)),
        }
    }

    /// Every claim that stands in the object.
    pub fn claims(&self) -> &[Claim<'a>] {
        match self {
            Self::Class(_) => &[],
            Self::Claim(claim) => std::slice::from_ref(claim),
            Self::Workload(workload) => workload.claims(),
        }
    }

    /// The object's metadata.
    pub fn meta(&self) -> Meta<'a> {
        match self {
            Self::Class(class) => class.meta(),
            Self::Claim(claim) => claim.meta(),
            Self::Workload(workload) => workload.meta(),
        }
    }
}
