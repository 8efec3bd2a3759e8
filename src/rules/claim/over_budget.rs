//! See the documentation of [`RULE`].

use crate::cluster::view::{Lookup, ViewKind};
use crate::engine::cost::{self, MonthlyCost};
use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Operation, ParameterSpec, Profiles,
    RuleParameters,
};
use crate::model::labels::LabelSelector;
use crate::model::{Claim, ClaimOrigin, ClassName, FieldPath, ObjectKind, StorageClass, Subject, Usd, Workload};
use crate::rules::related::missing_claims;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

crate::rule! {
    /// ## What it checks
    /// A new claim, a claim that grows, or a StatefulSet with the claims of all its replicas, also of those that
    /// `kubectl scale` or an autoscaler adds, brings the monthly cost of the namespace's claims over its budget. Parameter
    /// `budgets` has the budgets of the namespaces that selectors select; the first entry that matches counts.
    /// `usdPerMonth` is the budget of all others, which have none without it. Without parameters the rule is silent; with
    /// them it warns, unless the policy gives another action.
    ///
    /// Costs are sizes times the list prices of the driver's knowledge base: an estimate, without discounts, snapshots,
    /// operations and traffic. Claims whose price is not known, and those of drivers that bill what is stored, are not
    /// counted; a `StorageDriver` brings prices of your own.
    ///
    /// ## Why it matters
    /// Storage is ordered by whoever can create a claim and paid for by somebody else, for as long as nobody deletes it.
    ///
    /// ## How to fix
    /// Ask for less, use a cheaper class, delete claims that nobody uses, or ask for a larger budget.
    ///
    /// ## Examples
    /// ```yaml,policy
    /// apiVersion: volguard.dev/v1alpha1
    /// kind: StoragePolicy
    /// metadata: {name: default}
    /// spec:
    ///   rules:
    ///     - name: over-budget
    ///       parameters: {usdPerMonth: 100}
    /// ```
    /// ```yaml,cluster
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: gp3}
    /// provisioner: ebs.csi.aws.com
    /// parameters: {type: gp3, encrypted: "true"}
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// allowVolumeExpansion: true
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data, namespace: default}
    /// spec:
    ///   storageClassName: gp3
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 2Ti}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data, namespace: default}
    /// spec:
    ///   storageClassName: gp3
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 1Ti}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/policy/resource-quotas/#storage-resource-quota>
    pub static RULE = {
        name: "over-budget",
        summary: "brings the cost of the namespace's claims over its budget",
        category: Category::Claim,
        class: Class::Tenancy,
        fix: Fix::None,
        // The sets are what a scale is judged as.
        needs: &[Needs::StorageClass, Needs::PersistentVolumeClaim, Needs::Namespace, Needs::StatefulSet],
        operations: &[Operation::Create, Operation::Update, Operation::Scale],
        // There every claim of the namespace would be one too many.
        in_scan: false,
        profiles: Profiles::actions(Action::Off, Action::Off, Action::Off),
        graded: true,
        parameters: ParameterSpec::of::<OverBudget>(),
        check: Check::Object(&[ObjectKind::PersistentVolumeClaim, ObjectKind::StatefulSet], check),
    }
}

/// Parameters of over-budget.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct OverBudget {
    /// US dollars a month for the claims of a namespace that no entry of `budgets` is for; no budget when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    usd_per_month: Option<Usd>,
    /// The budgets of some namespaces; the first entry that matches counts.
    budgets: Vec<Budget>,
}

impl RuleParameters for OverBudget {}

/// The budget of some namespaces.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Budget {
    /// The namespaces that are meant; each has the whole budget.
    namespace_selector: LabelSelector,
    /// US dollars a month.
    usd_per_month: Usd,
}

/// What an object adds to the claims of its namespace.
struct Added<'a> {
    /// What it costs a month in US dollars.
    usd: f64,
    /// One of the prices.
    price: MonthlyCost<'a>,
    /// The field that asks for it.
    path: FieldPath,
    /// A claim of the namespace that is counted in already.
    replaces: &'a str,
}

fn check(subject: &Subject<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(budget) = budget(&cx.parameters::<OverBudget>(), cx, out) else {
        return;
    };
    let added = match subject {
        Subject::Claim(claim) => of_claim(claim, cx, out),
        Subject::Workload(set) => of_set(set, cx, out),
        _ => None,
    };
    let Some(added) = added else { return };
    let (mut total, mut unknown) = (added.usd, 0_usize);
    let rows = cx.view().rows_in(ViewKind::PersistentVolumeClaim, cx.namespace());
    for claim in rows.map(Claim::object).filter(|claim| claim.name() != added.replaces) {
        match of_existing(&claim, cx) {
            Some(cost) => total += cost.usd,
            None => unknown += 1,
        }
    }
    if total <= budget {
        if !cx.view().is_complete(ViewKind::PersistentVolumeClaim) {
            out.skip(format!("the claims of namespace {} are not all known", cx.namespace()));
        }
        return;
    }
    let message = format!(
        "the claims of namespace {} come to about {total:.2} USD a month; the budget is {budget:.2}",
        cx.namespace()
    );
    let not_counted = match unknown {
        0 => String::new(),
        _ => format!(" Claims whose price is not known, and that are not counted: {unknown}."),
    };
    out.push(
        Finding::new(added.path, format!("{total:.2}"), message)
            .remedy(format!(
                "This one adds about {:.2} USD ({}).{not_counted} Ask for less, use a cheaper class, or delete what nobody uses.",
                added.usd,
                added.price.origin()
            ))
            .certainty(added.price.confidence.into())
            .profiles(Profiles::actions(Action::Warn, Action::Warn, Action::Warn)),
    );
}

/// The budget of the namespace in US dollars a month; `None` where it has none, and where nobody can tell.
fn budget(parameters: &OverBudget, cx: &Context<'_>, out: &mut Findings) -> Option<f64> {
    for entry in &parameters.budgets {
        if cx.selects_namespace_or_skip(&entry.namespace_selector, out)? {
            return Some(entry.usd_per_month.into());
        }
    }
    parameters.usd_per_month.map(f64::from)
}

/// What a claim adds that is created or grows.
fn of_claim<'a>(claim: &Claim<'a>, cx: &Context<'a>, out: &mut Findings) -> Option<Added<'a>> {
    if cx.old().is_some() {
        cx.resize(claim).filter(|resize| resize.to > resize.from)?;
    }
    let price = of_wanted(claim, cx, out)?;
    Some(Added {
        usd: price.usd,
        price,
        path: claim.spec_path(&["resources", "requests", "storage"]),
        replaces: claim.name(),
    })
}

/// What the claims add that a set is going to have and that do not exist yet. An update adds only where it adds replicas.
fn of_set<'a>(set: &Workload<'a>, cx: &Context<'a>, out: &mut Findings) -> Option<Added<'a>> {
    let before = cx.old_workload().map(Workload::replicas);
    if before.is_some_and(|before| set.replicas() <= before) {
        return None;
    }
    let mut added: Option<Added<'a>> = None;
    for template in set.claims() {
        if template.origin() != ClaimOrigin::SetTemplate {
            continue;
        }
        let missing = u32::try_from(missing_claims(template, set, cx)).unwrap_or(u32::MAX);
        let Some(price) = of_wanted(template, cx, out).filter(|_| missing > 0) else {
            continue;
        };
        let usd = price.usd * f64::from(missing);
        let path = match cx.operation() {
            Operation::Scale => FieldPath::of(&["spec", "replicas"]),
            _ => template.spec_path(&["resources", "requests", "storage"]),
        };
        let first = added.get_or_insert(Added {
            usd: 0.0,
            price,
            path,
            replaces: "",
        });
        first.usd += usd;
    }
    added
}

/// What a volume would cost that is provisioned for a claim.
fn of_wanted<'a>(claim: &Claim<'a>, cx: &Context<'a>, out: &mut Findings) -> Option<MonthlyCost<'a>> {
    cost::of_volume(cx.drivers(), cx.class_or_skip(claim, out)?, claim.request()?.ok()?)
}

/// What a claim costs that exists: its volume may be larger than it asked for.
fn of_existing<'a>(claim: &Claim<'a>, cx: &Context<'a>) -> Option<MonthlyCost<'a>> {
    let ClassName::Named(name) = claim.class_name() else {
        return None;
    };
    let Lookup::Found(class) = cx.view().get(ViewKind::StorageClass, "", name) else {
        return None;
    };
    let request = claim.request()?.ok()?;
    let size = claim.capacity().map_or(request, |capacity| capacity.max(request));
    cost::of_volume(cx.drivers(), StorageClass::new(class), size)
}
