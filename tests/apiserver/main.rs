//! volguard against a real API server.
//!
//! The control plane's binaries come from `KUBEBUILDER_ASSETS`, or are built once (`make control-plane`).

#![allow(clippy::expect_used, clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod cluster;
mod guardrails;
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
        guardrails::shared_claim_on_a_block_class_is_refused,
        guardrails::audit_records_and_changes_nothing,
        guardrails::class_without_a_mode_waits_for_its_consumer,
        guardrails::written_immediate_is_warned_about_and_kept,
        guardrails::set_is_stored_with_its_zone_spread,
        guardrails::breach_does_not_keep_a_claim_from_being_deleted,
        guardrails::dry_run_shows_warnings_and_stores_nothing,
        guardrails::ready_means_that_the_caches_have_synced,
        guardrails::a_server_that_is_gone_is_the_failure_policys_business,
    ];
    let alone = tests![guardrails::shared_claim_without_a_class_gets_the_shared_class];
    support::run(together, alone)
}
