//! What rules read: Kubernetes objects, typed and normalised, borrowed from their JSON.
//!
//! Reading is lenient: the API server has decoded an object before any webhook sees it, and in a file a field of the wrong
//! type is no reason to panic. A field of the wrong type is a field that is not there.

pub mod access;
mod attributes;
mod claim;
mod class;
pub mod labels;
pub mod object;
mod path;
mod period;
pub mod quantity;
mod secret;
mod size;
mod snapshot;
mod subject;
pub mod user;
mod volume;
pub mod words;
mod workload;

pub use access::{AccessMode, VolumeMode};
pub use attributes::AttributesClass;
pub use claim::{Claim, ClaimOrigin, ClassName, DataSource};
pub use class::{AllowedTopology, StorageClass};
pub use object::Meta;
pub use path::{FieldPath, Step};
pub use period::{Period, PeriodError};
pub use secret::SecretKeys;
pub use size::Size;
pub use snapshot::{Snapshot, SnapshotClass, SnapshotContent, SnapshotRef};
pub use subject::{ObjectKind, Subject};
pub use volume::{ClaimRef, Volume};
pub use workload::{ClaimVolume, Workload};
