//! See the documentation of [`RULE`].

use crate::cluster::view::{Lookup, ViewKind};
use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Operation, ParameterSpec, Profiles,
    ResolvedClass, RuleParameters,
};
use crate::model::object::{list, text};
use crate::model::{Claim, ClaimOrigin, FieldPath, Meta, Period, StorageClass};
use crate::rules::related::{driver_name, obstacle, told_by_nodes, volume_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

crate::rule! {
    /// ## What it checks
    /// A claim is Pending for longer than parameter `pendingFor` says (15 minutes by default), with the reason as far as
    /// it can be seen: a class that does not exist, no default class, a volume or a source that is not there, a driver
    /// that is not installed or runs on no node, allowed topologies without a node. A claim whose class waits for the
    /// first pod is Pending rightly until there is one; after that the time counts from the pod's creation.
    ///
    /// ## Why it matters
    /// The pods that use the claim do not start. Most of the reasons do not go away by waiting.
    ///
    /// ## How to fix
    /// Remove the reason. `kubectl describe pvc NAME` shows what the binder and the provisioner say.
    ///
    /// ## Examples
    /// ```yaml,review
    /// operation: SCAN
    /// now: 2026-06-01T00:00:00Z
    /// ```
    /// ```yaml,cluster
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: gp3}
    /// provisioner: ebs.csi.aws.com
    /// volumeBindingMode: WaitForFirstConsumer
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: other, namespace: shop}
    /// spec:
    ///   volumes:
    ///     - name: data
    ///       persistentVolumeClaim: {claimName: other}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data, namespace: shop, creationTimestamp: "2026-05-31T12:00:00Z"}
    /// spec: {storageClassName: pg3}
    /// status: {phase: Pending}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data, namespace: shop, creationTimestamp: "2026-05-31T12:00:00Z"}
    /// spec: {storageClassName: gp3}
    /// status: {phase: Pending}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding>
    /// - <https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode>
    pub static RULE = {
        name: "pending-claim",
        summary: "has been Pending for too long",
        category: Category::Claim,
        class: Class::Tenancy,
        fix: Fix::None,
        needs: &[
            Needs::Pod,
            Needs::StorageClass,
            Needs::PersistentVolume,
            Needs::PersistentVolumeClaim,
            Needs::VolumeSnapshot,
            Needs::CsiDriver,
            Needs::CsiNode,
            Needs::Node,
        ],
        operations: &[Operation::Scan],
        profiles: Profiles::actions(Action::Audit, Action::Audit, Action::Audit),
        parameters: ParameterSpec::of::<PendingClaim>(),
        check: Check::Claim(check),
    }
}

/// Parameters of pending-claim.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct PendingClaim {
    /// How long a claim may be Pending, such as `15m`.
    pending_for: Period,
}

impl Default for PendingClaim {
    fn default() -> Self {
        Self {
            pending_for: Period::minutes(15),
        }
    }
}

impl RuleParameters for PendingClaim {}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    if claim.origin() != ClaimOrigin::Object || claim.phase() != "Pending" {
        return;
    }
    let class = cx.class_of(claim);
    // Such a claim may wait for its first pod rightly.
    match class {
        ResolvedClass::Unknown(name) => return out.skip(format!("StorageClass {name} is unknown")),
        ResolvedClass::UnknownDefault => return out.skip("the default StorageClass is unknown"),
        _ => {}
    }
    let mut since = claim.meta().created();
    if waits_for_pod(claim, class) {
        let Some(first) = cx.pods_using(claim.name()).min_by_key(|pod| pod.meta().created()) else {
            if !cx.view().is_complete(ViewKind::Pod) {
                out.skip("the pods are unknown");
            }
            return;
        };
        since = since.max(first.meta().created());
    }
    let Some(age) = since.map(|since| Period::between(since, cx.now())) else {
        return;
    };
    if age < cx.parameters::<PendingClaim>().pending_for {
        return;
    }
    let state = format!("{} has been Pending for {}", claim.title(), age.in_words());
    let message = match reason(claim, class, cx) {
        Some(reason) => format!("{state}: {reason}"),
        None => state,
    };
    let remedy = format!(
        "`kubectl describe pvc {} -n {}` shows what the binder and the provisioner say.",
        claim.name(),
        cx.namespace()
    );
    out.push(Finding::new(FieldPath::of(&["status", "phase"]), "Pending", message).remedy(remedy));
}

/// Whether nothing happens before a pod uses the claim.
fn waits_for_pod(claim: &Claim<'_>, class: ResolvedClass<'_>) -> bool {
    claim.volume_name().is_none() && matches!(class, ResolvedClass::Found(class) if !class.binds_immediately())
}

/// Why the claim waits, as far as it can be seen.
fn reason(claim: &Claim<'_>, class: ResolvedClass<'_>, cx: &Context<'_>) -> Option<String> {
    if let Some(name) = claim.volume_name() {
        return match volume_of(claim, cx) {
            Lookup::Found(_) => Some(format!("volume {name}, which it names, does not take it")),
            Lookup::Absent => Some(format!("volume {name}, which it names, does not exist")),
            Lookup::Unknown => None,
        };
    }
    match class {
        ResolvedClass::Found(class) => Some(reason_of_class(claim, class, cx)),
        ResolvedClass::Absent(name) => Some(format!("StorageClass {name} does not exist, and no volume of it fits")),
        ResolvedClass::Empty => Some("it takes only a volume without a class, and none fits".to_owned()),
        ResolvedClass::NoDefault => Some("it names no class, and there is no default class".to_owned()),
        ResolvedClass::Unknown(_) | ResolvedClass::UnknownDefault => None,
    }
}

fn reason_of_class(claim: &Claim<'_>, class: StorageClass<'_>, cx: &Context<'_>) -> String {
    let name = class.name();
    if class.has_no_provisioner() {
        return format!("nothing provisions for class {name}, and no volume of it fits");
    }
    if claim.selector().is_some() {
        return format!("its selector fits no volume of class {name}, and none is made");
    }
    if let Some(source) = claim.data_source()
        && let Lookup::Found(clause) = obstacle(&source, cx)
    {
        return format!("{} {clause}", source.title());
    }
    let driver = driver_name(class.provisioner(), cx);
    let is_csi = cx.driver(driver).is_some_and(|known| known.driver.is_csi());
    if is_csi && matches!(cx.view().get(ViewKind::CsiDriver, "", driver), Lookup::Absent) {
        return format!("driver {driver} is not installed");
    }
    if is_csi && cx.view().is_complete(ViewKind::CsiNode) && told_by_nodes(driver, cx).next().is_none() {
        return format!("driver {driver} runs on no node");
    }
    if cx.view().is_complete(ViewKind::Node) && !has_allowed_node(class, cx) {
        return format!("no node is in the allowedTopologies of class {name}");
    }
    // The scheduler's choice, which the provisioner waits for.
    match claim.meta().annotation("volume.kubernetes.io/selected-node") {
        None if !class.binds_immediately() => "no node has been found for its pod".to_owned(),
        Some(node) => format!("{driver} has not made its volume for node {node}"),
        None => format!("{driver} has not made its volume"),
    }
}

/// Whether a node has the labels of one of the class's terms; true when the class has none.
fn has_allowed_node(class: StorageClass<'_>, cx: &Context<'_>) -> bool {
    let terms = list(class.value(), &["allowedTopologies"]);
    let fits = |node: &Meta<'_>, term: &Value| {
        list(term, &["matchLabelExpressions"]).iter().all(|expression| {
            let label = text(expression, &["key"]).and_then(|key| node.label(key));
            list(expression, &["values"])
                .iter()
                .any(|value| label.is_some() && value.as_str() == label)
        })
    };
    terms.is_empty()
        || cx
            .view()
            .rows(ViewKind::Node)
            .map(Meta::of)
            .any(|node| terms.iter().any(|term| fits(&node, term)))
}
