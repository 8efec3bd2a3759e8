//! See the documentation of [`RULE`].

use crate::cluster::view::ViewKind;
use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Operation, ParameterSpec, Profiles,
    RuleParameters,
};
use crate::model::object::{PROTECT_LABEL, list, text, time};
use crate::model::{Claim, ClaimOrigin, FieldPath, ObjectKind, Period, Volume, Workload, ordinal};
use crate::rules::related::{monthly_cost, size_of, volume_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

crate::rule! {
    /// ## What it checks
    /// A claim is bound to a volume, no pod uses it, and nothing is left that would: no owner, no StatefulSet whose
    /// template it was made from, no StatefulSet or Deployment that names it. Where the cluster keeps the condition
    /// `Unused` of claims, it must have been true for as long as parameter `unusedFor` says (30 days by default).
    /// Elsewhere nobody knows when a claim was used last, and what counts is how long ago it was bound.
    ///
    /// What it costs is estimated from the list prices of known drivers.
    ///
    /// Claims with the label `volguard.dev/protect: "true"` are kept on purpose and not judged, nor are the claims that a
    /// StatefulSet keeps when it is scaled down: `claims-left-by-scale-down` finds those. A claim of a CronJob is seen to
    /// be in use only as long as pods of its last runs are there.
    ///
    /// ## Why it matters
    /// The volume is paid for month by month. Deleting a Helm release or a StatefulSet leaves its claims behind by
    /// design, and nobody looks for them.
    ///
    /// ## How to fix
    /// Take a snapshot if in doubt, then delete the claim: `kubectl delete pvc NAME`. If it is kept on purpose, say so
    /// with the label `volguard.dev/protect: "true"`.
    ///
    /// ## Examples
    /// ```yaml,review
    /// operation: SCAN
    /// now: 2026-06-01T00:00:00Z
    /// ```
    /// ```yaml,cluster
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: shop-0, namespace: shop}
    /// spec:
    ///   volumes:
    ///     - name: data
    ///       persistentVolumeClaim: {claimName: data}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data-old, namespace: shop, creationTimestamp: "2026-01-15T12:00:00Z"}
    /// spec: {storageClassName: gp3, volumeName: pvc-8c6a}
    /// status: {phase: Bound, capacity: {storage: 100Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data, namespace: shop, creationTimestamp: "2026-01-15T12:00:00Z"}
    /// spec: {storageClassName: gp3, volumeName: pvc-1f7b}
    /// status: {phase: Bound, capacity: {storage: 100Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#limitations>
    /// - <https://github.com/kubernetes/enhancements/issues/5541>
    pub static RULE = {
        name: "orphaned-claim",
        summary: "is bound and paid for although nothing uses it",
        category: Category::Claim,
        class: Class::Tenancy,
        fix: Fix::None,
        needs: &[Needs::Pod, Needs::PersistentVolume, Needs::StorageClass, Needs::StatefulSet, Needs::Deployment],
        operations: &[Operation::Scan],
        profiles: Profiles::actions(Action::Audit, Action::Audit, Action::Audit),
        parameters: ParameterSpec::of::<OrphanedClaim>(),
        check: Check::Claim(check),
    }
}

/// Parameters of orphaned-claim.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct OrphanedClaim {
    /// How long a claim may be unused, such as `30d`.
    unused_for: Period,
}

impl Default for OrphanedClaim {
    fn default() -> Self {
        Self {
            unused_for: Period::days(30),
        }
    }
}

impl RuleParameters for OrphanedClaim {}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    let meta = claim.meta();
    let is_owned = !list(claim.value(), &["metadata", "ownerReferences"]).is_empty();
    if claim.origin() != ClaimOrigin::Object || claim.phase() != "Bound" || is_owned || meta.is_protected() {
        return;
    }
    let volume = volume_of(claim, cx).found();
    let unused = claim
        .conditions()
        .iter()
        .find(|one| text(one, &["type"]) == Some("Unused"));
    let since = match unused {
        Some(unused) if text(unused, &["status"]) != Some("True") => return,
        Some(unused) => time(unused, &["lastTransitionTime"]).map(|since| (since, "unused")),
        None => {
            let bound = volume.and_then(bound_since).map(|since| (since, "bound"));
            bound.or_else(|| Some((meta.created()?, "there")))
        }
    };
    let Some((since, state)) = since else { return };
    let age = Period::between(since, cx.now());
    if age < cx.parameters::<OrphanedClaim>().unused_for || cx.pods_using(claim.name()).next().is_some() {
        return;
    }
    if !cx.view().is_complete(ViewKind::Pod) {
        return out.skip("the pods are unknown");
    }
    if is_wanted(claim, cx) {
        return;
    }
    let cost = monthly_cost(claim, cx);
    let size = match (size_of(claim, cx), &cost) {
        (Some(size), Some(cost)) => format!(" ({size}, {cost})"),
        (Some(size), None) => format!(" ({size})"),
        (None, _) => String::new(),
    };
    let message = format!(
        "{}{size} is used by no pod, and {state} for {}",
        claim.title(),
        age.in_words()
    );
    let outcome = match volume.map(Volume::reclaim_policy) {
        Some("Delete") => " Its volume and data go with it: take a snapshot first if in doubt.",
        Some("Retain") => " Its volume stays as Released, and has to be deleted too.",
        _ => "",
    };
    let remedy = format!(
        "If nobody needs the data: `kubectl delete pvc {} -n {}`.{outcome} To keep it, label it {PROTECT_LABEL}=true.{}",
        claim.name(),
        cx.namespace(),
        cost.map_or_else(String::new, |cost| format!(
            " The cost is an estimate: {}.",
            cost.origin()
        ))
    );
    out.push(Finding::new(FieldPath::of(&["metadata", "name"]), claim.name(), message).remedy(remedy));
}

fn bound_since(volume: Volume<'_>) -> Option<jiff::Timestamp> {
    time(volume.value(), &["status", "lastPhaseTransitionTime"]).filter(|_| volume.phase() == "Bound")
}

/// Whether a workload would use the claim if it had more pods.
fn is_wanted(claim: &Claim<'_>, cx: &Context<'_>) -> bool {
    let names = |workload: &Workload<'_>| {
        workload
            .claim_volumes()
            .iter()
            .any(|volume| volume.claim == claim.name())
    };
    let makes = |set: &Workload<'_>| {
        set.set_templates()
            .any(|template| ordinal(claim.name(), template.name(), set.meta().name()).is_some())
    };
    let workloads = |view, kind| {
        let rows = cx.view().rows_in(view, cx.namespace());
        rows.map(move |row| Workload::new(kind, row))
    };
    workloads(ViewKind::StatefulSet, ObjectKind::StatefulSet).any(|set| makes(&set) || names(&set))
        || workloads(ViewKind::Deployment, ObjectKind::Deployment).any(|deployment| names(&deployment))
}
