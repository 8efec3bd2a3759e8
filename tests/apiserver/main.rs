//! volguard against a real API server.
//!
//! The control plane's binaries come from `KUBEBUILDER_ASSETS`, or are built once (`make control-plane`).

#![allow(clippy::expect_used, clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod cluster;

use std::process::ExitCode;

fn main() -> ExitCode {
    let together = tests![
        cluster::the_server_is_the_release_that_go_mod_names,
        cluster::the_scheduler_picks_a_node_in_each_zone,
        cluster::webhooks_refuse_this_tests_objects_only_and_until_they_are_removed,
    ];
    let alone = tests![];
    support::run(together, alone)
}
