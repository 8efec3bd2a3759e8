//! volguard against a real API server.
//!
//! The control plane's binaries come from `KUBEBUILDER_ASSETS`, or are built once (`make control-plane`).

#![allow(clippy::expect_used, clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod cluster;
mod view;

use std::process::ExitCode;

fn main() -> ExitCode {
    let together = tests![
        cluster::the_server_is_the_release_that_go_mod_names,
        cluster::the_scheduler_picks_a_node_in_each_zone,
        cluster::webhooks_refuse_this_tests_objects_only_and_until_they_are_removed,
        view::objects_reach_the_view_and_leave_it,
        view::a_wait_ends_when_the_class_is_created,
        view::rows_stay_while_the_connection_is_down,
        view::a_kind_that_may_not_be_read_is_unknown_until_it_may,
    ];
    let alone = tests![];
    support::run(together, alone)
}
