//! Storage guardrails for Kubernetes.
//!
//! volguard knows storage: what a claim asks for, what its class promises and what the driver behind it can do. The same
//! rules stand behind three doors: the admission webhook (`serve`), manifest files (`check`) and a live cluster (`scan`).
//!
//! ```text
//! bytes -> protocol::Review -> model::Subject -> engine::Finding -> decision::Decision -> bytes
//! ```
//!
//! [`admission`] shows the way of one review from top to bottom. Dependencies point one way only:
//! `cli -> server, scan, check -> admission -> protocol, policy, decision -> rules -> engine -> cluster::view, drivers -> model`.
//! [`resources`] reads volguard's own kinds from files, for `policy` and `drivers`; [`own`] puts what stands in the cluster in force
//! beside it. [`manifests`] is what is installed, told by the catalogue of rules.

pub mod admission;
pub mod check;
pub mod cli;
pub mod cluster;
pub mod decision;
pub mod drivers;
pub mod engine;
pub mod manifests;
pub mod model;
pub mod own;
mod pace;
pub mod policy;
pub mod protocol;
pub mod reference;
pub mod report;
pub mod resources;
pub mod rules;
pub mod scan;
pub mod server;
pub mod telemetry;
pub mod tls;
pub mod yaml;
