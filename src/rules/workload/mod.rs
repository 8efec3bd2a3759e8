//! Rules of the category `workload`.

pub mod claim_template_changed;
pub mod claims_deleted_with_set;
pub mod claims_left_by_scale_down;
pub mod ephemeral_data_directory;
pub mod exclusive_claim_autoscaled;
pub mod exclusive_claim_rolling_update;
pub mod exclusive_claim_shared;
pub mod force_deleted_pod;
pub mod ineffective_spread;
pub mod inline_driver_not_allowed;
pub mod missing_claim;
pub mod missing_disruption_budget;
pub mod missing_governing_service;
pub mod missing_readiness_probe;
pub mod missing_zone_spread;
pub mod node_name_bypasses_binding;
pub mod read_only_claim_written;
pub mod recursive_ownership_change;
pub mod replicas_over_quota;
pub mod stalled_rollout;
pub mod state_without_claims;
pub mod too_many_volumes;
pub mod unbounded_scratch_volume;
pub mod unresolved_volume_mount;
pub mod unused_claim_template;
pub mod volume_mode_mount_mismatch;
pub mod zero_grace_period;
pub mod zone_locked_claims;

use crate::drivers::{Parameters, Scope};
use crate::engine::{Certainty, Context, Findings, Rule};
use crate::model::{AccessMode, Claim, ClaimVolume, ObjectKind, PodVolume, StorageClass, VolumeSource, Workload};
use crate::rules::related::claim_or_skip;
use std::borrow::Cow;
use std::collections::HashSet;

/// The rules of this category, by name.
pub const RULES: &[&Rule] = &[
    &claim_template_changed::RULE,
    &claims_deleted_with_set::RULE,
    &claims_left_by_scale_down::RULE,
    &ephemeral_data_directory::RULE,
    &exclusive_claim_autoscaled::RULE,
    &exclusive_claim_rolling_update::RULE,
    &exclusive_claim_shared::RULE,
    &force_deleted_pod::RULE,
    &ineffective_spread::RULE,
    &inline_driver_not_allowed::RULE,
    &missing_claim::RULE,
    &missing_disruption_budget::RULE,
    &missing_governing_service::RULE,
    &missing_readiness_probe::RULE,
    &missing_zone_spread::RULE,
    &node_name_bypasses_binding::RULE,
    &read_only_claim_written::RULE,
    &recursive_ownership_change::RULE,
    &replicas_over_quota::RULE,
    &stalled_rollout::RULE,
    &state_without_claims::RULE,
    &too_many_volumes::RULE,
    &unbounded_scratch_volume::RULE,
    &unresolved_volume_mount::RULE,
    &unused_claim_template::RULE,
    &volume_mode_mount_mismatch::RULE,
    &zero_grace_period::RULE,
    &zone_locked_claims::RULE,
];

/// Every kind that makes pods.
const KINDS: &[ObjectKind] = &[
    ObjectKind::StatefulSet,
    ObjectKind::Deployment,
    ObjectKind::ReplicaSet,
    ObjectKind::DaemonSet,
    ObjectKind::Job,
    ObjectKind::CronJob,
    ObjectKind::Pod,
];

/// A claim template whose volumes can be reached from one zone only.
struct ZonalTemplate<'a> {
    claim: Claim<'a>,
    class: StorageClass<'a>,
    certainty: Certainty,
}

/// The set's claim templates that get zonal volumes.
fn zonal_templates<'a>(workload: &Workload<'a>, cx: &Context<'a>, out: &mut Findings) -> Vec<ZonalTemplate<'a>> {
    let mut zonal = Vec::new();
    for claim in workload.set_templates() {
        let Some(class) = cx.class_or_skip(claim, out) else {
            continue;
        };
        let Some(known) = cx.driver(class.provisioner()) else {
            continue;
        };
        let scope = known.driver.topology(&Parameters::new(class.parameters()));
        if scope.value == Scope::Zonal {
            let certainty = scope.confidence.into();
            zonal.push(ZonalTemplate {
                claim: claim.clone(),
                class,
                certainty,
            });
        }
    }
    zonal
}

/// A claim of one node or one pod that the pods of a workload name.
struct ExclusiveClaim<'a> {
    volume: ClaimVolume<'a>,
    /// The strictest of its modes.
    mode: AccessMode,
}

/// The claims that the workload's pods name and that only one node or one pod can use, each once. Those of one node are
/// no obstacle to pods that all run on one node, and left out then.
fn exclusive_claims<'a>(workload: &Workload<'a>, cx: &Context<'a>, out: &mut Findings) -> Vec<ExclusiveClaim<'a>> {
    let same_node = workload.runs_on_one_node();
    let mut exclusive: Vec<ExclusiveClaim<'a>> = Vec::new();
    let mut seen = HashSet::new();
    for volume in workload.claim_volumes() {
        if !seen.insert(volume.claim) {
            continue;
        }
        let Some(claim) = claim_or_skip(volume.claim, cx, out) else {
            continue;
        };
        let modes = claim.access_modes().map(|(_, mode)| mode);
        // In the order of declaration the mode of one pod comes after that of one node.
        let Some(mode) = modes.max().filter(|_| claim.is_exclusive()) else {
            continue;
        };
        if mode == AccessMode::ReadWriteOncePod || !same_node {
            exclusive.push(ExclusiveClaim { volume, mode });
        }
    }
    exclusive
}

/// The volumes of the pods that are claims, each with its claim: one that exists, or the template of one.
fn claims_of_pods<'w, 'a>(
    workload: &'w Workload<'a>,
    cx: &Context<'a>,
    out: &mut Findings,
) -> Vec<(&'w PodVolume<'a>, Cow<'w, Claim<'a>>)> {
    let volumes = workload.pod_volumes().iter();
    volumes
        .filter_map(|volume| {
            let claim = match &volume.source {
                VolumeSource::Template(claim) => Cow::Borrowed(claim),
                VolumeSource::Claim { name, .. } => Cow::Owned(claim_or_skip(name, cx, out)?),
                _ => return None,
            };
            Some((volume, claim))
        })
        .collect()
}
