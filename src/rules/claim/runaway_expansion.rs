//! See the documentation of [`RULE`].

use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Fix, Operation, ParameterSpec, Profiles, RuleParameters,
};
use crate::model::{Claim, Size};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

crate::rule! {
    /// ## What it checks
    /// One update makes a claim grow to more than `factor` times the size that it had. Claims that stay below
    /// `minimumSize` are small whatever the factor, and not judged. Where a volume is larger than its claim asked for,
    /// the size of the volume counts.
    ///
    /// ## Why it matters
    /// Volumes grow and never shrink again: a slip of the pen (`10Ti` for `10Gi`), or a script that grows volumes
    /// without a bound, is paid for until the data has been copied to another claim.
    ///
    /// ## How to fix
    /// If the size is meant, grow in steps below the factor, or give this claim a `StorageException`.
    ///
    /// ## Examples
    /// ```yaml,old
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: gp3
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// status: {phase: Bound, capacity: {storage: 10Gi}}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: gp3
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Ti}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: gp3
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 20Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#expanding-persistent-volumes-claims>
    pub static RULE = {
        name: "runaway-expansion",
        summary: "grows to many times its size at once",
        category: Category::Claim,
        class: Class::Tenancy,
        fix: Fix::None,
        operations: &[Operation::Update],
        profiles: Profiles::actions(Action::Off, Action::Audit, Action::Warn),
        parameters: ParameterSpec::of::<RunawayExpansion>(),
        check: Check::Claim(check),
    }
}

/// Parameters of runaway-expansion.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct RunawayExpansion {
    /// How many times its size a claim may grow to at once; at least 2.
    factor: Factor,
    /// Claims that are to have less than this are not judged; null judges all.
    minimum_size: Option<Size>,
}

impl Default for RunawayExpansion {
    fn default() -> Self {
        Self {
            factor: Factor(10),
            minimum_size: Size::try_from("100Gi".to_owned()).ok(),
        }
    }
}

impl RuleParameters for RunawayExpansion {}

/// A factor of at least 2.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u32", into = "u32")]
#[schemars(with = "u32")]
struct Factor(u32);

impl TryFrom<u32> for Factor {
    type Error = String;

    fn try_from(factor: u32) -> Result<Self, String> {
        if factor < 2 {
            return Err(format!("`{factor}` is no factor to grow by: write 2 or more"));
        }
        Ok(Self(factor))
    }
}

impl From<Factor> for u32 {
    fn from(factor: Factor) -> Self {
        factor.0
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    let parameters = cx.parameters::<RunawayExpansion>();
    let Some(resize) = cx.resize(claim) else { return };
    let (before, to) = (resize.before(), resize.to);
    let factor = parameters.factor.0;
    let is_small = parameters.minimum_size.is_some_and(|least| to < least.quantity());
    if is_small || before.checked_mul(factor).is_none_or(|most| to <= most) {
        return;
    }
    let message = format!(
        "{} grows from {before} to {to} at once, more than {factor} times its size",
        claim.title()
    );
    out.push(
        Finding::new(
            claim.spec_path(&["resources", "requests", "storage"]),
            claim.request_text(),
            message,
        )
        .remedy("Volumes never shrink again. If the size is meant, grow in smaller steps, or ask for an exception."),
    );
}
