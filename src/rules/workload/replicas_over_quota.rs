//! See the documentation of [`RULE`].

use crate::cluster::view::ViewKind;
use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles, ResolvedClass,
};
use crate::model::object::{at, map};
use crate::model::quantity::Quantity;
use crate::model::{Claim, ClaimOrigin, ClaimQuota, FieldPath, Limited, Meta, ObjectKind, Workload};
use crate::rules::related::missing_claims;
use serde_json::Value;

crate::rule! {
    /// ## What it checks
    /// A workload with claim templates or ephemeral volumes whose replicas need more than a ResourceQuota of the
    /// namespace leaves: in bytes (`requests.storage`), in claims (`persistentvolumeclaims`), or in either of one
    /// class. Claims of a StatefulSet that exist already are counted in the quota's `status.used`, and not twice. An
    /// update or a scaling is judged only where it adds replicas. Quotas with scopes are left out.
    ///
    /// ## Why it matters
    /// The API server takes the workload and refuses the claims one by one, later, when the controller makes them: the
    /// set stops in the middle, with an Event that few people read.
    ///
    /// ## How to fix
    /// Raise the quota, ask for smaller volumes, or run as many replicas as there is room for.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: v1
    /// kind: ResourceQuota
    /// metadata: {name: storage, namespace: shop}
    /// spec:
    ///   hard: {requests.storage: 500Gi}
    /// status:
    ///   hard: {requests.storage: 500Gi}
    ///   used: {requests.storage: 300Gi}
    /// ```
    /// ```yaml,fails
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata: {name: db, namespace: shop}
    /// spec:
    ///   serviceName: db
    ///   replicas: 3
    ///   selector: {matchLabels: {app: db}}
    ///   template:
    ///     metadata: {labels: {app: db}}
    ///     spec:
    ///       containers:
    ///         - name: db
    ///           image: registry.example.com/db:1
    ///           volumeMounts:
    ///             - {name: data, mountPath: /data}
    ///   volumeClaimTemplates:
    ///     - metadata: {name: data}
    ///       spec:
    ///         accessModes: [ReadWriteOnce]
    ///         resources: {requests: {storage: 100Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata: {name: db, namespace: shop}
    /// spec:
    ///   serviceName: db
    ///   replicas: 2
    ///   selector: {matchLabels: {app: db}}
    ///   template:
    ///     metadata: {labels: {app: db}}
    ///     spec:
    ///       containers:
    ///         - name: db
    ///           image: registry.example.com/db:1
    ///           volumeMounts:
    ///             - {name: data, mountPath: /data}
    ///   volumeClaimTemplates:
    ///     - metadata: {name: data}
    ///       spec:
    ///         accessModes: [ReadWriteOnce]
    ///         resources: {requests: {storage: 100Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/policy/resource-quotas/#quota-for-storage>
    pub static RULE = {
        name: "replicas-over-quota",
        summary: "workload has more replicas than the namespace's storage quota has room for",
        category: Category::Workload,
        class: Class::Tenancy,
        // The sets and Deployments are what a scale is judged as.
        needs: &[
            Needs::ResourceQuota,
            Needs::PersistentVolumeClaim,
            Needs::StorageClass,
            Needs::StatefulSet,
            Needs::Deployment,
        ],
        operations: &[Operation::Create, Operation::Update, Operation::Scale],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        check: Check::Workload(
            &[ObjectKind::StatefulSet, ObjectKind::Deployment, ObjectKind::ReplicaSet],
            check,
        ),
    }
}

/// What the replicas ask of one template.
struct Demand<'a> {
    class: Option<&'a str>,
    /// In bytes.
    size: i128,
    /// How many claims the replicas need.
    all: u64,
    /// How many of them are still to be made.
    missing: u64,
}

fn check(workload: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    let replicas = workload.replicas();
    let before = cx.old_workload().map(Workload::replicas);
    let templates = workload.claims();
    if templates.is_empty() || before.is_some_and(|before| before >= replicas) {
        return;
    }
    // Few folders hold quotas: without a cluster, only those that are there are asked.
    for kind in [ViewKind::ResourceQuota, ViewKind::PersistentVolumeClaim] {
        if cx.is_live() && !cx.view().is_complete(kind) {
            let (kind, namespace) = (kind.as_str(), cx.namespace());
            out.skip(format!("{kind} objects of namespace {namespace} are unknown"));
            return;
        }
    }
    let mut quotas = cx.view().rows_in(ViewKind::ResourceQuota, cx.namespace()).peekable();
    if quotas.peek().is_none() {
        return;
    }
    let demands: Vec<_> = templates
        .iter()
        .map(|template| Demand {
            class: class_name(template, cx),
            size: template.request().and_then(Result::ok).map_or(0, bytes),
            all: replicas,
            missing: missing(template, workload, before, cx),
        })
        .collect();
    for quota in quotas {
        let has = |field| at(quota, &["spec", field]).is_some_and(|scopes| !scopes.is_null());
        if has("scopes") || has("scopeSelector") {
            continue;
        }
        let name = Meta::of(quota).name();
        for (key, hard) in map(quota, &["spec", "hard"]).into_iter().flatten() {
            let (Some(limit), Some(hard)) = (ClaimQuota::parse(key), amount(hard)) else {
                continue;
            };
            let used = at(quota, &["status", "used", key]).and_then(amount);
            let Some(lack) = lack(&demands, limit, hard, used) else {
                continue;
            };
            let message = format!(
                "{replicas} replicas need {} more of {key}, and quota {name} leaves {}",
                shown(lack.needed, limit.limited),
                shown(lack.left, limit.limited)
            );
            let finding = Finding::new(
                FieldPath::of(&["spec", "replicas"]),
                format!("{name} {key} {replicas}"),
                message,
            );
            out.push(finding.remedy(format!(
                "Raise the quota, ask for smaller volumes, or run {} replicas, for which there is room.",
                lack.fitting
            )));
        }
    }
}

/// What a quota has too little room for.
struct Lack {
    needed: i128,
    left: i128,
    /// How many replicas there is room for.
    fitting: u64,
}

fn lack(demands: &[Demand<'_>], limit: ClaimQuota<'_>, hard: i128, used: Option<i128>) -> Option<Lack> {
    let (mut needed, mut each, mut all, mut most) = (0_i128, 0_i128, 0, 0);
    let concerned = |demand: &&Demand<'_>| limit.class.is_none() || limit.class == demand.class;
    for demand in demands.iter().filter(concerned) {
        let one = match limit.limited {
            Limited::Claims => 1,
            Limited::Sizes => demand.size,
        };
        // A quota that says nothing of its use has not counted the claims that exist.
        let count = if used.is_some() { demand.missing } else { demand.all };
        needed = needed.saturating_add(one.saturating_mul(count.into()));
        each = each.saturating_add(one);
        (all, most) = (demand.all, count.max(most));
    }
    let left = hard.saturating_sub(used.unwrap_or(0)).max(0);
    let more = u64::try_from(left.checked_div(each)?).unwrap_or(u64::MAX);
    (needed > left).then(|| Lack {
        needed,
        left,
        fitting: all.saturating_sub(most).saturating_add(more),
    })
}

/// The class that quotas count claims of the template under.
fn class_name<'a>(template: &Claim<'a>, cx: &Context<'a>) -> Option<&'a str> {
    match cx.class_of(template) {
        ResolvedClass::Found(class) => Some(class.name()),
        ResolvedClass::Absent(name) | ResolvedClass::Unknown(name) => Some(name),
        ResolvedClass::NoDefault | ResolvedClass::UnknownDefault | ResolvedClass::Empty => None,
    }
}

/// How many claims of a template are still to be made.
fn missing(template: &Claim<'_>, workload: &Workload<'_>, before: Option<u64>, cx: &Context<'_>) -> u64 {
    let replicas = workload.replicas();
    if template.origin() == ClaimOrigin::Ephemeral {
        // Those of running pods are counted as used.
        let there = if cx.operation() == Operation::Scan {
            replicas
        } else {
            before.unwrap_or(0)
        };
        return replicas.saturating_sub(there);
    }
    missing_claims(template, workload, cx)
}

/// A quantity of a quota: bytes, or a number of claims.
fn amount(value: &Value) -> Option<i128> {
    Quantity::from_json(value)?.ok().map(bytes)
}

fn bytes(quantity: Quantity) -> i128 {
    quantity.bytes().unwrap_or(i128::MAX)
}

fn shown(amount: i128, limited: Limited) -> String {
    match i64::try_from(amount) {
        Ok(bytes) if limited == Limited::Sizes => Quantity::from_bytes(bytes).to_string(),
        _ => amount.to_string(),
    }
}
