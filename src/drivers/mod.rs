//! The driver knowledge base: what each CSI driver or provisioner can do, with the source of every fact.
//!
//! [`Drivers::find`] knows a driver by its name, by an in-tree name that Kubernetes translates, or by the pattern of
//! names that installations make up; [`Drivers::recognises`] knows further names and nothing else. [`Driver`] then answers questions about a class's [`Parameters`]. An answer is a
//! [`Fact`]: a value, how sure it is, and where it was read. What is not known is said to be unknown, never guessed.
//!
//! [`read`] reads files in which a user says more, and [`Drivers::with`] puts that before what is compiled in.
//!
//! The facts are in `data/*.yaml`, one file a driver family, in the shape of `schema.rs`. They are compiled in and
//! parsed once.

mod answers;
mod load;
mod lookup;
mod parameters;
mod schema;

pub use answers::{Ask, Bound, Encryption, Fact, Price, SizeRange};
pub use load::{described_twice, judge, read};
pub use lookup::{Drivers, Known, Named};
pub use parameters::{FSTYPE, FaultKind, ParameterFault, Parameters, unknown_reserved_keys};
pub use schema::{
    Billing, Confidence, Consequence, Driver, Expansion, Kind, OutOfRange, RecognisedDriver, RemovedProvisioner, Scope,
    Stage, Support, Wanted,
};

#[cfg(test)]
mod tests;
