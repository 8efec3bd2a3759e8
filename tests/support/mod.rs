//! What tests share: files that are generated, helm, volguard itself, and for tests against a real API server the control
//! plane, kubectl, webhooks.
//!
//! A test is a function that takes a [`Cx`] and has a namespace of its own. `main` of a test binary
//! hands its tests to [`runner::run`], which starts one control plane for all of them and stops it at the end.

// A test binary that includes this module uses a part of it.
#![allow(dead_code)]

pub(crate) mod api;
pub(crate) mod binaries;
pub(crate) mod certificates;
pub(crate) mod control_plane;
pub(crate) mod cx;
pub(crate) mod forwarder;
pub(crate) mod generated;
pub(crate) mod helm;
pub(crate) mod kubectl;
pub(crate) mod load;
pub(crate) mod nodes;
pub(crate) mod process;
pub(crate) mod runner;
pub(crate) mod volguard;
pub(crate) mod webhooks;

pub(crate) use cx::Cx;

use std::thread;
use std::time::{Duration, Instant};

/// How long a test waits for something that a healthy control plane does within a second or two.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `look` gives a value; panics when it gives none for [`PATIENCE`].
pub(crate) fn wait<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    wait_for(what, PATIENCE, look).unwrap_or_else(|problem| panic!("{problem}"))
}

/// Asks `look` again and again until it gives a value; the error says what was waited for, and how long.
pub(crate) fn wait_for<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> Result<T, String> {
    let start = Instant::now();
    loop {
        if let Some(value) = look() {
            return Ok(value);
        }
        if start.elapsed() > limit {
            return Err(format!("waited {} s for {what}", limit.as_secs()));
        }
        thread::sleep(Duration::from_millis(20));
    }
}
