//! See the documentation of [`RULE`].

use super::class_of;
use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, ParameterSpec, Profiles,
    RuleParameters, cost,
};
use crate::model::object::time;
use crate::model::{FieldPath, Period, Volume};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

crate::rule! {
    /// ## What it checks
    /// A PersistentVolume with reclaim policy `Retain` has been Released for longer than parameter `after` (30 days when
    /// not given): its claim is gone, and nobody has taken up the volume since.
    ///
    /// Since when it is Released stands in `status.lastPhaseTransitionTime`, which Kubernetes writes since 1.28. A volume
    /// without it is not judged. What the volume costs is named where the class that it was made of and the list price of
    /// its driver are known.
    ///
    /// ## Why it matters
    /// The storage behind it is paid for every month. And data of a service that is gone is still there to be read.
    ///
    /// ## How to fix
    /// If the data is needed, keep the volume for a new claim: put namespace and name of that claim into `claimRef`, and
    /// take the uid out. If not, set reclaim policy `Delete`, or delete the volume and what is behind it.
    ///
    /// ## Examples
    /// ```yaml,review
    /// operation: SCAN
    /// now: 2026-06-01T00:00:00Z
    /// live: true
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: orders
    /// spec:
    ///   capacity: {storage: 500Gi}
    ///   persistentVolumeReclaimPolicy: Retain
    ///   claimRef: {namespace: shop, name: orders, uid: 6f1c}
    /// status: {phase: Released, lastPhaseTransitionTime: "2026-03-01T00:00:00Z"}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: orders
    /// spec:
    ///   capacity: {storage: 500Gi}
    ///   persistentVolumeReclaimPolicy: Retain
    ///   claimRef: {namespace: shop, name: orders, uid: 6f1c}
    /// status: {phase: Released, lastPhaseTransitionTime: "2026-05-20T00:00:00Z"}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#retain>
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#phase-transition-timestamp>
    pub static RULE = {
        name: "stale-released-volume",
        summary: "has been without a claim for long",
        category: Category::Volume,
        class: Class::Tenancy,
        needs: &[Needs::StorageClass],
        operations: &[Operation::Scan],
        profiles: Profiles::actions(Action::Audit, Action::Audit, Action::Audit),
        parameters: ParameterSpec::of::<StaleReleasedVolume>(),
        check: Check::Volume(check),
    }
}

/// Parameters of stale-released-volume.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct StaleReleasedVolume {
    /// How long a volume may be Released: a whole number and a unit, such as `30d`.
    after: Period,
}

impl Default for StaleReleasedVolume {
    fn default() -> Self {
        Self {
            after: Period::days(30),
        }
    }
}

impl RuleParameters for StaleReleasedVolume {}

fn check(volume: Volume<'_>, cx: &Context<'_>, out: &mut Findings) {
    if volume.phase() != "Released" || volume.reclaim_policy() != "Retain" {
        return;
    }
    let title = volume.title();
    let Some(since) = time(volume.value(), &["status", "lastPhaseTransitionTime"]) else {
        return out.skip(format!("it is unknown since when {title} is Released"));
    };
    let age = Period::between(since, cx.now());
    if age <= cx.parameters::<StaleReleasedVolume>().after {
        return;
    }
    let size = volume.capacity().map(|size| format!(" of {size}")).unwrap_or_default();
    let last = volume
        .claim_ref()
        .map(|claim| format!(", last of claim {claim},"))
        .unwrap_or_default();
    let cost = class_of(volume, cx).and_then(|class| cost::of_volume(cx.drivers(), class, volume.capacity()?));
    let (price, origin) = cost
        .map(|cost| (format!(", for {cost}"), format!(" The cost is the {}.", cost.origin())))
        .unwrap_or_default();
    let message = format!("{title}{size}{last} has been Released for {}{price}", age.in_words());
    out.push(
        Finding::new(FieldPath::of(&["status", "phase"]), "Released", message).remedy(format!(
            "If its data is needed, keep it for a new claim: put namespace and name of that claim into claimRef and take \
             the uid out. If not, set reclaim policy Delete, or delete the volume and the storage behind it.{origin}"
        )),
    );
}
