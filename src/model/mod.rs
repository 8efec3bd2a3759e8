//! What rules read: Kubernetes objects, typed and normalised, borrowed from their JSON.
//!
//! Reading is lenient: the API server has decoded an object before any webhook sees it, and in a file a field of the wrong
//! type is no reason to panic. A field of the wrong type is a field that is not there.

pub mod access;
mod attributes;
mod autoscaler;
mod claim;
mod class;
mod data_directory;
pub mod labels;
pub mod object;
mod path;
mod period;
mod pod;
pub mod quantity;
mod quota;
pub mod scheduling;
mod secret;
mod size;
mod snapshot;
mod subject;
mod template_change;
mod usd;
pub mod user;
mod volume;
pub mod words;
mod workload;

pub use access::{AccessMode, VolumeMode};
pub use attributes::AttributesClass;
pub use autoscaler::Autoscaler;
pub use claim::{Claim, ClaimOrigin, ClassName, DataSource};
pub use class::{AllowedTopology, StorageClass};
pub use data_directory::data_directory;
pub use object::Meta;
pub use path::{FieldPath, Step};
pub use period::{Period, PeriodError};
pub use pod::{Container, ContainerRole, Mount, PodVolume, VolumeSource};
pub use quota::{ClaimQuota, Limited};
pub use secret::SecretKeys;
pub use size::Size;
pub use snapshot::{Snapshot, SnapshotClass, SnapshotContent, SnapshotRef};
pub use subject::{ObjectKind, Subject};
pub use template_change::{FieldChange, TemplateChange, template_changes};
pub use usd::Usd;
pub use volume::{ClaimRef, Volume};
pub use workload::{ClaimVolume, Workload, ordinal};
