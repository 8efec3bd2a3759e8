//! volguard against a real API server.
//!
//! The control plane's binaries come from `KUBEBUILDER_ASSETS`, or are built once (`make control-plane`).

#![allow(clippy::expect_used, clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod categories;
mod certificates;
mod chart;
mod claims;
mod classes;
mod cluster;
mod installation;
mod manifests;
mod own;
mod scan;
mod serving;
mod snapshots;
mod view;
mod workloads;

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
        claims::an_access_mode_that_the_driver_cannot_serve_is_refused,
        claims::a_claim_is_judged_by_the_class_that_was_applied_with_it,
        claims::mode_audit_stores_the_claim_and_records_what_it_would_have_done,
        claims::a_claim_goes_although_it_breaks_a_rule,
        classes::a_class_without_a_mode_waits_and_does_not_drift,
        classes::a_class_under_server_side_apply_waits_and_does_not_drift,
        classes::a_mode_that_was_written_is_warned_of_and_kept,
        workloads::a_set_on_zonal_disks_is_spread_over_zones_and_scales,
        workloads::a_set_whose_claims_could_never_be_served_is_refused,
        workloads::mode_audit_stores_the_set_as_it_is_written,
        workloads::an_edit_of_claim_templates_is_explained_beside_the_api_servers_refusal,
        workloads::what_was_scaled_to_zero_comes_back,
        categories::a_class_of_a_provisioner_that_is_gone_is_refused_and_one_in_use_is_kept,
        categories::protected_data_is_deleted_only_when_the_label_is_off,
        categories::a_source_that_the_api_server_would_drop_is_refused,
        categories::a_growth_that_the_class_forbids_is_explained_beside_the_api_servers_refusal,
        categories::a_volume_of_a_nodes_folder_is_warned_of_and_strictly_refused,
        categories::a_set_gets_the_ownership_change_that_starts_fast,
        categories::the_claims_of_an_older_set_are_made_although_its_template_breaks_a_rule,
        categories::a_scale_onto_one_disk_is_refused_and_a_forced_deletion_warned_of,
        scan::objects_that_were_stored_before_are_found,
        scan::a_namespace_that_does_not_exist_is_an_error_with_what_was_meant,
        scan::volguards_own_namespace_is_left_alone_whatever_its_name,
        scan::a_lost_claim_is_bound_again_as_its_remedy_says,
        scan::what_may_not_be_listed_is_an_error_and_not_a_clean_bill,
        certificates::replicas_that_start_together_serve_one_certificate,
        certificates::no_request_fails_while_the_ca_is_replaced,
        certificates::a_bundle_that_is_taken_away_is_put_back_and_nothing_else_changed,
        certificates::a_broken_secret_changes_nothing_but_readiness_and_an_emptied_one_is_filled,
        certificates::what_is_not_permitted_is_said_and_done_once_it_is,
        certificates::a_certificate_is_shown_with_those_who_trust_it,
        serving::readiness_waits_for_the_caches,
        serving::each_outage_of_the_api_server_is_said_and_so_is_its_end,
        serving::no_request_fails_while_a_replica_ends,
        serving::without_a_server_the_failure_policy_decides,
    ];
    let alone = tests![
        claims::a_claim_that_the_default_class_cannot_serve_gets_the_policys_class,
        installation::from_an_empty_cluster_to_a_refusal_a_rolling_restart_and_back,
        own::a_policy_is_in_force_at_once_and_tells_how_it_fares,
        own::what_is_wrong_is_refused_with_the_field_and_what_was_meant,
        own::an_invalid_policy_that_got_in_leaves_the_last_good_one_in_force,
        own::an_exception_counts_until_it_expires_and_shows_its_use,
        own::a_driver_of_the_cluster_is_known_at_once,
        snapshots::snapshots_are_judged_once_their_kinds_are_installed,
        chart::the_chart_is_installed_upgraded_and_removed,
        chart::the_charts_account_may_read_what_rules_look_up_and_no_more,
        chart::without_a_permission_the_look_up_is_unknown_and_shown,
        chart::requests_that_do_not_matter_are_not_sent,
        chart::the_cluster_stays_usable_without_volguard,
        chart::what_volguard_prints_is_applied_and_does_not_drift,
        chart::the_notes_show_it_at_work,
    ];
    support::runner::run(together, alone)
}
