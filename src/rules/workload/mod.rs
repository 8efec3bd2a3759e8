//! Rules of the category `workload`.

pub mod claim_template_changed;
pub mod claims_deleted_with_set;
pub mod exclusive_claim_rolling_update;
pub mod exclusive_claim_shared;
pub mod missing_governing_service;
pub mod missing_zone_spread;
pub mod zone_locked_claims;

use crate::cluster::view::{Lookup, ViewKind};
use crate::drivers::{Parameters, Scope};
use crate::engine::{Certainty, Context, Findings, Rule};
use crate::model::{AccessMode, Claim, ClaimOrigin, ClaimVolume, Meta, StorageClass, Workload, labels, object};
use serde_json::Value;
use std::collections::BTreeSet;

/// The rules of this category, by name.
pub const RULES: &[&Rule] = &[
    &claim_template_changed::RULE,
    &claims_deleted_with_set::RULE,
    &exclusive_claim_rolling_update::RULE,
    &exclusive_claim_shared::RULE,
    &missing_governing_service::RULE,
    &missing_zone_spread::RULE,
    &zone_locked_claims::RULE,
];

/// The labels of nodes that name their zone, the current one first.
pub(super) const ZONE_KEYS: [&str; 2] = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];
const HOSTNAME_KEY: &str = "kubernetes.io/hostname";

/// A claim template whose volumes can be reached from one zone only.
struct ZonalTemplate<'a> {
    claim: Claim<'a>,
    class: StorageClass<'a>,
    certainty: Certainty,
}

/// The set's claim templates that get zonal volumes.
fn zonal_templates<'a>(workload: &Workload<'a>, cx: &Context<'a>, out: &mut Findings) -> Vec<ZonalTemplate<'a>> {
    let mut zonal = Vec::new();
    for claim in set_templates(workload) {
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

fn set_templates<'w, 'a>(workload: &'w Workload<'a>) -> impl Iterator<Item = &'w Claim<'a>> {
    let claims = workload.claims().iter();
    claims.filter(|claim| claim.origin() == ClaimOrigin::SetTemplate)
}

/// The zones that a class is limited to; empty when it is not.
fn allowed_zones(class: StorageClass<'_>) -> BTreeSet<&str> {
    // Drivers have zone keys of their own beside the well-known ones: `topology.ebs.csi.aws.com/zone`.
    object::list(class.value(), &["allowedTopologies"])
        .iter()
        .flat_map(|term| object::list(term, &["matchLabelExpressions"]))
        .filter(|expression| object::text(expression, &["key"]).is_some_and(|key| key.ends_with("/zone")))
        .flat_map(|expression| object::list(expression, &["values"]))
        .filter_map(Value::as_str)
        .collect()
}

/// Whether there are nodes, all of them are known, and they span fewer than two zones.
pub(super) fn has_one_zone(cx: &Context<'_>) -> bool {
    let nodes = || cx.view().rows(ViewKind::Node).map(Meta::of);
    let zones: BTreeSet<_> = nodes()
        .filter_map(|node| ZONE_KEYS.iter().find_map(|key| node.label(key)))
        .collect();
    cx.view().is_complete(ViewKind::Node) && nodes().next().is_some() && zones.len() < 2
}

/// Whether pods of the workload are drawn together or kept apart by a term of `podAffinity` or `podAntiAffinity`
/// (`affinity`) on one of these node labels, with a selector that selects the pods themselves.
fn has_own_affinity(workload: &Workload<'_>, affinity: &str, preferred: bool, keys: &[&str]) -> bool {
    let terms = |field| {
        let list = workload.pod_spec(&["affinity", affinity, field]);
        list.and_then(Value::as_array).into_iter().flatten()
    };
    let required = terms("requiredDuringSchedulingIgnoredDuringExecution");
    let weighted = terms("preferredDuringSchedulingIgnoredDuringExecution");
    let preferred = weighted.filter_map(|term| term.get("podAffinityTerm").filter(|_| preferred));
    required.chain(preferred).any(|term| {
        object::text(term, &["topologyKey"]).is_some_and(|key| keys.contains(&key))
            && labels::selects(term.get("labelSelector"), workload.pod_labels())
    })
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
    let same_node = runs_on_one_node(workload);
    let mut exclusive: Vec<ExclusiveClaim<'a>> = Vec::new();
    for volume in workload.claim_volumes() {
        if exclusive.iter().any(|known| known.volume.claim == volume.claim) {
            continue;
        }
        match cx
            .view()
            .get(ViewKind::PersistentVolumeClaim, cx.namespace(), volume.claim)
        {
            Lookup::Found(claim) => {
                let claim = Claim::object(claim);
                let modes = claim.access_modes().map(|(_, mode)| mode);
                // In the order of declaration the mode of one pod comes after that of one node.
                let Some(mode) = modes.max().filter(|_| claim.is_exclusive()) else {
                    continue;
                };
                if mode == AccessMode::ReadWriteOncePod || !same_node {
                    exclusive.push(ExclusiveClaim { volume, mode });
                }
            }
            Lookup::Absent => {}
            Lookup::Unknown => out.skip(format!("PersistentVolumeClaim {} is unknown", volume.claim)),
        }
    }
    exclusive
}

/// Whether the pod template itself puts all pods on one node.
fn runs_on_one_node(workload: &Workload<'_>) -> bool {
    let written = |keys: &[&str]| workload.pod_spec(keys).and_then(Value::as_str).is_some();
    written(&["nodeName"])
        || written(&["nodeSelector", HOSTNAME_KEY])
        || has_own_affinity(workload, "podAffinity", false, &[HOSTNAME_KEY])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod testing {
    //! One rule over one object, with a view of these objects.

    use super::ViewKind;
    use crate::cluster::view::{Lookup, View};
    use crate::drivers::Drivers;
    use crate::engine::{Author, Operation, Outcome, Profile, Request, Rule, Run, evaluate};
    use crate::model::{Meta, ObjectKind, Subject, object};
    use serde_json::Value;
    use std::sync::Arc;

    /// What stands around the object.
    pub(super) struct Around {
        pub(super) profile: Profile,
        pub(super) live: bool,
        pub(super) view: View,
    }

    impl Around {
        /// A live cluster of these objects, each kind complete of which there is one, in profile Strict.
        pub(super) fn of(objects: &[Value]) -> Self {
            let mut view = View::default();
            for object in objects {
                let text = |key| object.get(key).and_then(Value::as_str).unwrap_or_default();
                let kind = ViewKind::find(object::group(object), text("kind")).unwrap();
                let meta = Meta::of(object);
                view.insert(kind, meta.namespace(), meta.name(), Arc::new(object.clone()));
                view.set_complete(kind, true);
            }
            Self {
                profile: Profile::Strict,
                live: true,
                view,
            }
        }

        /// Runs a rule over an object of namespace `shop`.
        pub(super) fn run(
            &self,
            rule: &'static Rule,
            kind: ObjectKind,
            object: &Value,
            old: Option<&Value>,
        ) -> Outcome {
            let run = Run {
                rule,
                parameters: (rule.parameters.parse)(self.profile, &Value::Null).unwrap(),
            };
            let request = Request {
                operation: old.map_or(Operation::Create, |_| Operation::Update),
                old,
                namespace: "shop",
                namespace_labels: Lookup::Unknown,
                view: &self.view,
                drivers: &Drivers::builtin(),
                author: Author::Unknown,
                door: crate::engine::Door::Webhook,
                live: self.live,
                user: "",
                grace_period: None,
                now: jiff::Timestamp::UNIX_EPOCH,
            };
            let before = old.map(|old| Subject::new(kind, old));
            let outcome = evaluate(&run, &Subject::new(kind, object), before.as_ref(), &request);
            for finding in &outcome.findings {
                let line = format!("{} [{}]", finding.message, rule.name);
                assert!(line.len() <= 120, "{} characters: {line}", line.len());
                assert!(!finding.remedy.is_empty());
            }
            outcome
        }
    }
}
