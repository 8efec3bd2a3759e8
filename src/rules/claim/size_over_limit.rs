//! See the documentation of [`RULE`].

use crate::cluster::view::Lookup;
use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Operation, ParameterSpec, Profiles,
    RuleParameters,
};
use crate::model::labels::LabelSelector;
use crate::model::{Claim, Size};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

crate::rule! {
    /// ## What it checks
    /// A claim asks for more than the policy's `max`, or for less than its `min`. `limits` has bounds for some classes
    /// or namespaces: the first entry that matches counts, and what it leaves out is taken from the policy's own `max`
    /// and `min`. Without parameters the rule is silent; with them it denies, unless the policy gives another action.
    ///
    /// An update is judged when it grows a claim beyond `max` or shrinks it below `min`. A claim that is too large
    /// already may be shrunk, and labelled, and anything else.
    ///
    /// ## Why it matters
    /// One claim of the wrong unit can use up a storage pool, or a month's budget. A ResourceQuota bounds the sum of a
    /// namespace and not the single claim.
    ///
    /// ## How to fix
    /// Ask for a size within the bounds, or ask whoever keeps the policy for a `StorageException`.
    ///
    /// ## Examples
    /// ```yaml,policy
    /// apiVersion: volguard.dev/v1alpha1
    /// kind: StoragePolicy
    /// metadata: {name: default}
    /// spec:
    ///   rules:
    ///     - name: size-over-limit
    ///       parameters:
    ///         max: 2Ti
    ///         limits:
    ///           - {classes: [io2], max: 500Gi}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: io2
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 1Ti}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: gp3
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 1Ti}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/policy/resource-quotas/#storage-resource-quota>
    /// - <https://kubernetes.io/docs/tasks/administer-cluster/limit-storage-consumption/>
    pub static RULE = {
        name: "size-over-limit",
        summary: "asks for a size beyond the policy's bounds",
        category: Category::Claim,
        class: Class::Tenancy,
        fix: Fix::None,
        needs: &[Needs::StorageClass, Needs::Namespace],
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Off, Action::Off, Action::Off),
        graded: true,
        parameters: ParameterSpec::of::<SizeOverLimit>(),
        check: Check::Claim(check),
    }
}

/// Parameters of size-over-limit.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct SizeOverLimit {
    /// The largest size of a claim, such as `2Ti`.
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<Size>,
    /// The smallest size of a claim, such as `1Gi`.
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<Size>,
    /// Bounds for some classes or namespaces; the first entry that matches counts.
    limits: Vec<Limit>,
}

impl RuleParameters for SizeOverLimit {
    fn agree(&self) -> Result<(), String> {
        let limits = self.limits.iter().map(|limit| self.bounds_of(limit));
        for bounds in std::iter::once((self.max, self.min)).chain(limits) {
            if let (Some(max), Some(min)) = bounds
                && max.quantity() < min.quantity()
            {
                return Err(format!("`max` {max} is less than `min` {min}, so that no claim fits"));
            }
        }
        Ok(())
    }
}

impl SizeOverLimit {
    /// Largest and smallest size where this entry matches.
    fn bounds_of(&self, limit: &Limit) -> (Option<Size>, Option<Size>) {
        (limit.max.or(self.max), limit.min.or(self.min))
    }
}

/// Bounds for some claims.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Limit {
    /// Claims of these classes; of any when empty.
    classes: Vec<String>,
    /// Claims in the namespaces that this selects; all when absent.
    namespace_selector: LabelSelector,
    /// The largest size; the policy's own when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<Size>,
    /// The smallest size; the policy's own when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<Size>,
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    let parameters = cx.parameters::<SizeOverLimit>();
    if parameters.limits.is_empty() && parameters.max.is_none() && parameters.min.is_none() {
        return;
    }
    let Some(Ok(size)) = claim.request() else { return };
    let Some((max, min)) = bounds(&parameters, claim, cx, out) else {
        return;
    };
    let resize = cx.resize(claim);
    let shrinks = resize.as_ref().is_some_and(|resize| resize.to < resize.from);
    let grows = resize.is_some_and(|resize| resize.to > resize.from);
    let text = claim.request_text();
    let (fault, remedy) = match (max, min) {
        (Some(max), _) if size > max.quantity() && !shrinks => (
            format!("more than the {max} that are allowed"),
            format!("Ask for at most {max}"),
        ),
        (_, Some(min)) if size < min.quantity() && !grows => (
            format!("less than the {min} that are wanted"),
            format!("Ask for at least {min}"),
        ),
        _ => return,
    };
    out.push(
        Finding::new(
            claim.spec_path(&["resources", "requests", "storage"]),
            text.as_str(),
            format!("{} asks for {text}, {fault}", claim.title()),
        )
        .remedy(format!("{remedy}, or ask whoever keeps the policy for an exception."))
        .profiles(Profiles::actions(Action::Deny, Action::Deny, Action::Deny)),
    );
}

/// The bounds that hold for the claim: of the first entry that matches, and else of the policy. `None` where nobody can
/// tell which entry that is.
fn bounds(
    parameters: &SizeOverLimit,
    claim: &Claim<'_>,
    cx: &Context<'_>,
    out: &mut Findings,
) -> Option<(Option<Size>, Option<Size>)> {
    let class = cx.class_name_of(claim);
    for limit in &parameters.limits {
        let matches_class = limit.classes.is_empty()
            || match class {
                Lookup::Found(class) => limit.classes.iter().any(|listed| listed == class),
                Lookup::Absent => false,
                Lookup::Unknown => {
                    out.skip("the default StorageClass is unknown");
                    return None;
                }
            };
        if !matches_class {
            continue;
        }
        if cx.selects_namespace_or_skip(&limit.namespace_selector, out)? {
            return Some(parameters.bounds_of(limit));
        }
    }
    Some((parameters.max, parameters.min))
}
