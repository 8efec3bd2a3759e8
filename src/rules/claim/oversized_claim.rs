//! See the documentation of [`RULE`].

use crate::engine::cost::MonthlyCost;
use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Operation, ParameterSpec, Profiles,
    RuleParameters, Status,
};
use crate::model::quantity::Quantity;
use crate::model::{Claim, ClaimOrigin};
use crate::rules::related::cost_of;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

crate::rule! {
    /// ## What it checks
    /// A claim's volume holds far less than its size: below parameter `belowPercent` (20 by default).
    ///
    /// How much a volume holds stands in no object of the API: kubelets report it as metrics, which volguard does not
    /// read. So this rule is a preview, off in every profile, and needs parameter `usedAnnotation`: the annotation of
    /// claims in which a job of yours writes the used size as a quantity, for instance from the metric
    /// `kubelet_volume_stats_used_bytes`. Claims without the annotation are skipped.
    ///
    /// ## Why it matters
    /// Most drivers are paid by the size that is asked for, not by what is stored.
    ///
    /// ## How to fix
    /// A volume cannot shrink. Make a smaller claim, and copy the data with a pod that mounts both. For the next one start
    /// small in a class that can expand.
    ///
    /// ## Examples
    /// ```yaml,policy
    /// apiVersion: volguard.dev/v1alpha1
    /// kind: StoragePolicy
    /// metadata: {name: default}
    /// spec:
    ///   rules:
    ///     - name: oversized-claim
    ///       action: Audit
    ///       parameters: {usedAnnotation: example.com/used}
    /// ```
    /// ```yaml,review
    /// operation: SCAN
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata:
    ///   name: data
    ///   namespace: shop
    ///   annotations: {example.com/used: 3Gi}
    /// spec: {resources: {requests: {storage: 100Gi}}}
    /// status: {phase: Bound, capacity: {storage: 100Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata:
    ///   name: data
    ///   namespace: shop
    ///   annotations: {example.com/used: 60Gi}
    /// spec: {resources: {requests: {storage: 100Gi}}}
    /// status: {phase: Bound, capacity: {storage: 100Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/reference/instrumentation/metrics/>
    pub static RULE = {
        name: "oversized-claim",
        summary: "holds far less than its size",
        category: Category::Claim,
        class: Class::Tenancy,
        fix: Fix::None,
        needs: &[Needs::StorageClass],
        operations: &[Operation::Scan],
        status: Status::Preview,
        profiles: Profiles::actions(Action::Off, Action::Off, Action::Off),
        parameters: ParameterSpec::of::<OversizedClaim>(),
        check: Check::Claim(check),
    }
}

/// Parameters of oversized-claim.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct OversizedClaim {
    /// The annotation of claims that holds the used size as a quantity, such as `example.com/used`.
    used_annotation: String,
    /// Claims that hold less than this share of their size are reported, in per cent from 1 to 99.
    below_percent: Percent,
}

impl RuleParameters for OversizedClaim {}

/// A share of a whole.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u8")]
struct Percent(#[schemars(range(min = 1, max = 99))] u8);

impl Default for Percent {
    fn default() -> Self {
        Self(20)
    }
}

impl TryFrom<u8> for Percent {
    type Error = String;

    fn try_from(percent: u8) -> Result<Self, String> {
        match percent {
            1..=99 => Ok(Self(percent)),
            other => Err(format!(
                "{other} is no share of a claim's size: write a number from 1 to 99"
            )),
        }
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    if claim.origin() != ClaimOrigin::Object || claim.phase() != "Bound" {
        return;
    }
    let parameters = cx.parameters::<OversizedClaim>();
    let key = parameters.used_annotation.as_str();
    if key.is_empty() {
        return out.skip("parameter usedAnnotation does not say where the used size stands");
    }
    let Some(used) = claim.meta().annotation(key).and_then(|used| Quantity::parse(used).ok()) else {
        return out.skip(format!("how much {} holds is unknown", claim.title()));
    };
    let (Some(size), Some(used_bytes)) = (claim.capacity(), used.bytes()) else {
        return;
    };
    let share = |bytes: i128| bytes.checked_mul(parameters.below_percent.0.into());
    let is_below = match (used_bytes.checked_mul(100), size.bytes().and_then(share)) {
        (Some(used), Some(bound)) => used < bound,
        _ => false,
    };
    if !is_below {
        return;
    }
    let message = format!("{} holds {used} of its {size}", claim.title());
    let saved = saved(claim, used, cx).map_or_else(String::new, |saved| {
        format!(" Twice what it holds would save {saved} ({}).", saved.origin())
    });
    let remedy =
        format!("A volume cannot shrink: create a smaller claim and copy the data with a pod that mounts both.{saved}");
    out.push(Finding::new(claim.meta_path(&["annotations"]).entry(key), used.to_string(), message).remedy(remedy));
}

/// What a volume of twice the used size would cost less, where prices are known.
fn saved<'a>(claim: &Claim<'a>, held: Quantity, cx: &Context<'a>) -> Option<MonthlyCost<'a>> {
    let (now, then) = (claim.capacity()?, held.checked_mul(2)?);
    let whole = cost_of(claim, now, cx)?;
    let usd = whole.usd - cost_of(claim, then, cx)?.usd;
    (usd > 0.0).then_some(MonthlyCost { usd, ..whole })
}
