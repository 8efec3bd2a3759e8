//! volguard's own objects in the cluster: StoragePolicies, StorageExceptions and StorageDrivers. They are judged when they
//! are applied ([`judge`]), put in force when they are there ([`Follower`], [`Assembler`]), and told how they fare
//! ([`Verdict`], [`write`]).

mod assemble;
mod crds;
mod follow;
mod judge;
mod status;
mod write;

pub use crate::resources::Problem;
pub use assemble::{Assembler, Assembly, Effect, Verdict};
pub use crds::crds;
pub use follow::Follower;
pub use judge::{Own, faults, judge};
pub use write::{Uses, write};
