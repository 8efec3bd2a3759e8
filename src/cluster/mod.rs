//! What is known of the cluster: the view that rules look things up in, and where it comes from.
//!
//! ```text
//! manifests -> files::read ----------------------> View
//! API server -> watch::Watcher -> live::LiveView -> View      trim::trim on the way in, in both cases
//! ```

pub mod api;
pub mod files;
pub mod index;
pub mod live;
pub mod named;
pub mod trim;
pub mod view;
pub mod watch;
