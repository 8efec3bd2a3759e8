//! The cluster view: what the rules may know of other objects, frozen for one evaluation.

use super::index::{self, Index};
use crate::model::ObjectKind;
use equivalent::{Comparable, Equivalent};
use imbl::OrdMap;
use serde_json::Value;
use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

/// The kinds that a view holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the API's")]
pub enum ViewKind {
    StorageClass,
    VolumeAttributesClass,
    CsiDriver,
    CsiNode,
    Node,
    Namespace,
    PersistentVolumeClaim,
    PersistentVolume,
    Service,
    ResourceQuota,
    Pod,
    StatefulSet,
    Deployment,
    HorizontalPodAutoscaler,
    PodDisruptionBudget,
    VolumeSnapshotClass,
    VolumeSnapshot,
    VolumeSnapshotContent,
    VolumeGroupSnapshotClass,
    VolumePopulator,
    StoragePolicy,
    StorageException,
    StorageDriver,
}

impl ViewKind {
    /// Every kind, in the order of declaration.
    pub const ALL: [Self; 23] = [
        Self::StorageClass,
        Self::VolumeAttributesClass,
        Self::CsiDriver,
        Self::CsiNode,
        Self::Node,
        Self::Namespace,
        Self::PersistentVolumeClaim,
        Self::PersistentVolume,
        Self::Service,
        Self::ResourceQuota,
        Self::Pod,
        Self::StatefulSet,
        Self::Deployment,
        Self::HorizontalPodAutoscaler,
        Self::PodDisruptionBudget,
        Self::VolumeSnapshotClass,
        Self::VolumeSnapshot,
        Self::VolumeSnapshotContent,
        Self::VolumeGroupSnapshotClass,
        Self::VolumePopulator,
        Self::StoragePolicy,
        Self::StorageException,
        Self::StorageDriver,
    ];

    /// volguard's own kinds: what it judges by.
    pub const OWN: [Self; 3] = [Self::StoragePolicy, Self::StorageException, Self::StorageDriver];

    /// The kind's name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StorageClass => "StorageClass",
            Self::VolumeAttributesClass => "VolumeAttributesClass",
            Self::CsiDriver => "CSIDriver",
            Self::CsiNode => "CSINode",
            Self::Node => "Node",
            Self::Namespace => "Namespace",
            Self::PersistentVolumeClaim => "PersistentVolumeClaim",
            Self::PersistentVolume => "PersistentVolume",
            Self::Service => "Service",
            Self::ResourceQuota => "ResourceQuota",
            Self::Pod => "Pod",
            Self::StatefulSet => "StatefulSet",
            Self::Deployment => "Deployment",
            Self::HorizontalPodAutoscaler => "HorizontalPodAutoscaler",
            Self::PodDisruptionBudget => "PodDisruptionBudget",
            Self::VolumeSnapshotClass => "VolumeSnapshotClass",
            Self::VolumeSnapshot => "VolumeSnapshot",
            Self::VolumeSnapshotContent => "VolumeSnapshotContent",
            Self::VolumeGroupSnapshotClass => "VolumeGroupSnapshotClass",
            Self::VolumePopulator => "VolumePopulator",
            Self::StoragePolicy => "StoragePolicy",
            Self::StorageException => "StorageException",
            Self::StorageDriver => "StorageDriver",
        }
    }

    /// The API group of the kind, empty for the core group.
    pub fn group(self) -> &'static str {
        match self {
            Self::StorageClass | Self::VolumeAttributesClass | Self::CsiDriver | Self::CsiNode => "storage.k8s.io",
            Self::Node
            | Self::Namespace
            | Self::PersistentVolumeClaim
            | Self::PersistentVolume
            | Self::Service
            | Self::ResourceQuota
            | Self::Pod => "",
            Self::StatefulSet | Self::Deployment => "apps",
            Self::HorizontalPodAutoscaler => "autoscaling",
            Self::PodDisruptionBudget => "policy",
            Self::VolumeSnapshotClass | Self::VolumeSnapshot | Self::VolumeSnapshotContent => "snapshot.storage.k8s.io",
            Self::VolumeGroupSnapshotClass => "groupsnapshot.storage.k8s.io",
            Self::VolumePopulator => "populator.storage.k8s.io",
            Self::StoragePolicy | Self::StorageException | Self::StorageDriver => "volguard.dev",
        }
    }

    /// Whether objects of the kind are in a namespace.
    pub fn is_namespaced(self) -> bool {
        match self {
            Self::PersistentVolumeClaim
            | Self::Service
            | Self::ResourceQuota
            | Self::Pod
            | Self::StatefulSet
            | Self::Deployment
            | Self::HorizontalPodAutoscaler
            | Self::PodDisruptionBudget
            | Self::VolumeSnapshot => true,
            Self::StorageClass
            | Self::VolumeAttributesClass
            | Self::CsiDriver
            | Self::CsiNode
            | Self::Node
            | Self::Namespace
            | Self::PersistentVolume
            | Self::VolumeSnapshotClass
            | Self::VolumeSnapshotContent
            | Self::VolumeGroupSnapshotClass
            | Self::VolumePopulator
            | Self::StoragePolicy
            | Self::StorageException
            | Self::StorageDriver => false,
        }
    }

    /// The same kind among those that views hold.
    pub fn of(kind: ObjectKind) -> Option<Self> {
        Self::find(kind.group(), kind.as_str())
    }

    /// The kind of this group and name.
    pub fn find(group: &str, kind: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|known| known.as_str() == kind && known.group() == group)
    }
}

/// The answer of a look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup<T> {
    /// It is there.
    Found(T),
    /// It is known not to be there.
    Absent,
    /// Nobody can say: not synced, no permission, or not given.
    Unknown,
}

impl<T> Lookup<T> {
    /// What was found, if anything was.
    pub fn found(self) -> Option<T> {
        match self {
            Self::Found(found) => Some(found),
            Self::Absent | Self::Unknown => None,
        }
    }

    /// The same answer with what was found changed.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Lookup<U> {
        match self {
            Self::Found(found) => Lookup::Found(f(found)),
            Self::Absent => Lookup::Absent,
            Self::Unknown => Lookup::Unknown,
        }
    }
}

type Key = (Box<str>, Box<str>);

/// A key that is looked up: a copy of two names for every look-up of every rule would be felt.
struct KeyRef<'k>(&'k str, &'k str);

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.compare(key).is_eq()
    }
}

impl Comparable<Key> for KeyRef<'_> {
    fn compare(&self, key: &Key) -> Ordering {
        (self.0, self.1).cmp(&(&*key.0, &*key.1))
    }
}

#[derive(Debug, Clone, Default)]
struct Table {
    /// Whether what is not here is not there.
    complete: bool,
    /// Trimmed objects by namespace and name; `None` where several different objects have the name.
    rows: OrdMap<Key, Option<Arc<Value>>>,
    /// The rows by what they hold; made when somebody asks, gone when a row changes.
    index: OnceLock<Arc<Index>>,
}

/// An immutable picture of the cluster. A clone is cheap whatever the size of the cluster, and shares the rows.
#[derive(Debug, Clone, Default)]
pub struct View {
    tables: [Table; ViewKind::ALL.len()],
}

impl View {
    /// Looks an object up. The namespace of cluster-scoped objects is empty.
    pub fn get(&self, kind: ViewKind, namespace: &str, name: &str) -> Lookup<&Value> {
        let table = &self.tables[kind as usize];
        match table.rows.get(&KeyRef(namespace, name)) {
            Some(Some(row)) => Lookup::Found(row),
            None if table.complete => Lookup::Absent,
            Some(None) | None => Lookup::Unknown,
        }
    }

    /// Whether every object of the kind is here.
    pub fn is_complete(&self, kind: ViewKind) -> bool {
        self.tables[kind as usize].complete
    }

    /// The objects of the kind that are here, by namespace and name.
    pub fn rows(&self, kind: ViewKind) -> impl Iterator<Item = &Value> {
        self.tables[kind as usize].rows.values().filter_map(Option::as_deref)
    }

    /// The objects of the kind in a namespace, by name.
    pub fn rows_in<'v>(&'v self, kind: ViewKind, namespace: &'v str) -> impl Iterator<Item = &'v Value> {
        self.rows_with_prefix(kind, namespace, "").map(|(_, row)| row)
    }

    /// The objects of the kind in a namespace whose names begin with `prefix`.
    pub fn rows_with_prefix<'v, 'p>(
        &'v self,
        kind: ViewKind,
        namespace: &'p str,
        prefix: &'p str,
    ) -> impl Iterator<Item = (&'v str, &'v Value)> + use<'v, 'p> {
        let start: Key = (namespace.into(), prefix.into());
        self.tables[kind as usize]
            .rows
            .range(start..)
            .take_while(move |((space, name), _)| &**space == namespace && name.starts_with(prefix))
            .filter_map(|((_, name), row)| Some((&**name, row.as_deref()?)))
    }

    /// The objects of the kind that are found by a key, by namespace and name: PersistentVolumes by
    /// [`Volume::csi_source`](crate::model::Volume::csi_source), Pods by the [`claim_key`](super::index::claim_key) of the
    /// claims that they use.
    ///
    /// The first call reads every row of the kind, the next ones read none.
    pub fn rows_by(&self, kind: ViewKind, key: &str) -> impl Iterator<Item = &Value> {
        let table = &self.tables[kind as usize];
        let index = table.index.get_or_init(|| {
            let rows = table.rows.iter();
            let rows = rows.filter_map(|((namespace, _), row)| Some((&**namespace, row.as_ref()?)));
            Arc::new(index::of(kind, rows))
        });
        index.get(key).into_iter().flatten().map(Arc::as_ref)
    }

    /// The rows of the kind, to be changed.
    fn rows_mut(&mut self, kind: ViewKind) -> &mut OrdMap<Key, Option<Arc<Value>>> {
        let table = &mut self.tables[kind as usize];
        table.index.take();
        &mut table.rows
    }

    /// How many objects of the kind are here.
    pub fn count(&self, kind: ViewKind) -> usize {
        self.tables[kind as usize].rows.len()
    }

    /// Puts an object in, or replaces it. `row` should be trimmed to what rules read.
    pub fn insert(&mut self, kind: ViewKind, namespace: &str, name: &str, row: Arc<Value>) {
        self.rows_mut(kind).insert((namespace.into(), name.into()), Some(row));
    }

    /// Puts an object in as one of several sources: where a different object of the name is there already, look-ups of
    /// the name answer Unknown from now on.
    pub fn add(&mut self, kind: ViewKind, namespace: &str, name: &str, row: Arc<Value>) {
        self.rows_mut(kind)
            .entry((namespace.into(), name.into()))
            .and_modify(|known| {
                if known.as_ref() != Some(&row) {
                    *known = None;
                }
            })
            .or_insert(Some(row));
    }

    /// Marks a name that several different objects have: look-ups of it answer Unknown.
    pub fn insert_ambiguous(&mut self, kind: ViewKind, namespace: &str, name: &str) {
        self.rows_mut(kind).insert((namespace.into(), name.into()), None);
    }

    /// Takes an object out.
    pub fn remove(&mut self, kind: ViewKind, namespace: &str, name: &str) {
        self.rows_mut(kind).remove(&(namespace.into(), name.into()));
    }

    /// Says whether every object of the kind is here.
    pub fn set_complete(&mut self, kind: ViewKind, complete: bool) {
        self.tables[kind as usize].complete = complete;
    }

    /// Puts everything that `other` knows of the kind in the place of what is known here.
    pub fn replace(&mut self, kind: ViewKind, mut other: Self) {
        self.tables[kind as usize] = std::mem::take(&mut other.tables[kind as usize]);
    }

    /// Whether `other` knows the same of the kind.
    pub fn has_same(&self, kind: ViewKind, other: &Self) -> bool {
        let (ours, theirs) = (&self.tables[kind as usize], &other.tables[kind as usize]);
        ours.complete == theirs.complete && ours.rows == theirs.rows
    }
}
