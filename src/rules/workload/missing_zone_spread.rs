//! See the documentation of [`RULE`].

use super::ZonalTemplate;
use crate::cluster::view::ViewKind;
use crate::engine::{
    Action, Category, Check, Class, Context, Edit, Finding, Findings, Fix, Needs, Operation, ParameterSpec, Profile,
    Profiles, RuleParameters, Setting,
};
use crate::model::scheduling::{HOSTNAME_KEY, ZONE_KEYS};
use crate::model::{Meta, ObjectKind, Workload, labels};
use crate::rules::related::{claims_of_set, has_one_zone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

crate::rule! {
    /// ## What it checks
    /// A StatefulSet with two or more replicas whose claim templates get zonal volumes, while nothing in its pod
    /// template spreads the pods over zones: no `topologySpreadConstraints` entry on a zone key that selects them, and
    /// no pod anti-affinity, required or preferred, on a zone key.
    ///
    /// Of an update it complains only where the set was spread over zones before and no longer is.
    ///
    /// It is silent where the pods are pinned to one zone or one node, where the class allows one zone only, and where
    /// the cluster's nodes are known to span fewer than two zones.
    ///
    /// ## Why it matters
    /// A zonal volume never leaves its zone, so the zone in which a pod first starts is the pod's zone for good. If the
    /// scheduler happens to put all replicas into one zone, the outage of that zone stops them all, and later
    /// rescheduling cannot mend it.
    ///
    /// ## How to fix
    /// Add a topology spread constraint on `topology.kubernetes.io/zone` with the set's selector. The fix does so when
    /// the set is created, and adds a soft constraint on `kubernetes.io/hostname` where there is none, because any
    /// constraint turns the scheduler's default constraints off. Parameter `whenUnsatisfiable` says what happens when
    /// the zones cannot be balanced: `ScheduleAnyway`, or `DoNotSchedule` in profile Strict. The fix is always
    /// `ScheduleAnyway` where the class chooses zones without the scheduler (it binds `Immediate` or lists
    /// `allowedTopologies`), where a zone may have only nodes with taints that the pods do not tolerate, such as a pool
    /// of GPUs, and where the cluster's nodes are not known. To a strict constraint such a zone is an empty one that
    /// waits for a pod, and a replica stays Pending. The taints of a node's state (`node.kubernetes.io/…`) do not count:
    /// a cordon softens nothing. Where nodes get other taints later, write the constraint yourself, with
    /// `nodeTaintsPolicy: Honor`: zones without a node for the pods are left out then, those whose nodes are all
    /// cordoned too.
    ///
    /// Write a constraint of your own on the zone when the set is created, if you want one. Added later by
    /// `kubectl apply --server-side`, one with another `whenUnsatisfiable` stands beside that of the fix, because both
    /// fields are keys of the list, and when the manifest loses it again, the whole list goes. Take the one that you do
    /// not want out with `kubectl edit` or `kubectl patch`.
    ///
    /// Reported, but not fixed: sets that a controller owns, because the controller would undo it; sets whose claims
    /// exist already, because their volumes may stand in zones that the constraint forbids; sets with an author's own
    /// constraint on a zone key that selects other pods; and updates, because a change of the pod template restarts every
    /// pod.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: db
    ///   namespace: shop
    /// spec:
    ///   clusterIP: None
    ///   selector: {app: db}
    /// ---
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: ebs.csi.aws.com
    /// volumeBindingMode: WaitForFirstConsumer
    /// ```
    /// ```yaml,fails
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata:
    ///   name: db
    ///   namespace: shop
    /// spec:
    ///   serviceName: db
    ///   replicas: 3
    ///   selector:
    ///     matchLabels: {app: db}
    ///   template:
    ///     metadata:
    ///       labels: {app: db}
    ///     spec:
    ///       containers:
    ///         - name: db
    ///           image: registry.example.com/db:1
    ///           volumeMounts:
    ///             - {name: data, mountPath: /data}
    ///   volumeClaimTemplates:
    ///     - metadata:
    ///         name: data
    ///       spec:
    ///         accessModes: [ReadWriteOnce]
    ///         storageClassName: fast
    ///         resources:
    ///           requests: {storage: 10Gi}
    /// ```
    /// ```yaml,passes
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata:
    ///   name: db
    ///   namespace: shop
    /// spec:
    ///   serviceName: db
    ///   replicas: 3
    ///   selector:
    ///     matchLabels: {app: db}
    ///   template:
    ///     metadata:
    ///       labels: {app: db}
    ///     spec:
    ///       topologySpreadConstraints:
    ///         - maxSkew: 1
    ///           topologyKey: topology.kubernetes.io/zone
    ///           whenUnsatisfiable: DoNotSchedule
    ///           labelSelector:
    ///             matchLabels: {app: db}
    ///       containers:
    ///         - name: db
    ///           image: registry.example.com/db:1
    ///           volumeMounts:
    ///             - {name: data, mountPath: /data}
    ///   volumeClaimTemplates:
    ///     - metadata:
    ///         name: data
    ///       spec:
    ///         accessModes: [ReadWriteOnce]
    ///         storageClassName: fast
    ///         resources:
    ///           requests: {storage: 10Gi}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/>
    /// - <https://kubernetes.io/docs/setup/best-practices/multiple-zones/>
    pub static RULE = {
        name: "missing-zone-spread",
        summary: "StatefulSet keeps replicas on zonal volumes and does not spread them over zones",
        category: Category::Workload,
        class: Class::Availability,
        fix: Fix::Sometimes,
        needs: &[Needs::StorageClass, Needs::Node, Needs::PersistentVolumeClaim],
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles {
            baseline: Setting::new(Action::Off),
            recommended: Setting::fixing(Action::Warn),
            strict: Setting::fixing(Action::Warn),
        },
        parameters: ParameterSpec::of::<MissingZoneSpread>(),
        check: Check::Workload(&[ObjectKind::StatefulSet], check),
    }
}

/// Parameters of missing-zone-spread.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct MissingZoneSpread {
    /// What the constraint that the fix adds does when the zones cannot be balanced.
    when_unsatisfiable: WhenUnsatisfiable,
}

/// What a constraint does when it cannot be satisfied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
enum WhenUnsatisfiable {
    /// The pod is scheduled where it violates the constraint least.
    #[default]
    ScheduleAnyway,
    /// The pod waits.
    DoNotSchedule,
}

impl RuleParameters for MissingZoneSpread {
    fn for_profile(profile: Profile) -> Self {
        Self {
            when_unsatisfiable: match profile {
                Profile::Baseline | Profile::Recommended => WhenUnsatisfiable::ScheduleAnyway,
                Profile::Strict => WhenUnsatisfiable::DoNotSchedule,
            },
        }
    }
}

fn check(workload: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    let was_spread = || cx.old_workload().is_some_and(Workload::is_spread_over_zones);
    if cx.operation() == Operation::Update && !was_spread() {
        return;
    }
    let replicas = workload.replicas();
    if replicas < 2 || workload.is_spread_over_zones() || workload.runs_in_one_zone() || has_one_zone(cx) {
        return;
    }
    let mut zonal = super::zonal_templates(workload, cx, out);
    zonal.retain(|template| template.class.allowed_zones().len() != 1);
    let Some(first) = zonal.first() else { return };
    let class = first.class.name();
    let message =
        format!("{replicas} replicas on zonal volumes of class {class}, not spread over zones: one outage stops all");
    let remedy = "Add a topologySpreadConstraints entry with topologyKey topology.kubernetes.io/zone, maxSkew 1 and \
                  the set's selector as labelSelector.";
    let path = workload.pod_path().keys(&["spec", "topologySpreadConstraints"]);
    out.push(
        Finding::new(path, first.claim.name(), message)
            .remedy(remedy)
            .certainty(first.certainty)
            .fix(fix(workload, &zonal, cx).unwrap_or_default()),
    );
}

/// The constraints to add; `None` where adding them needs a person.
fn fix(workload: &Workload<'_>, zonal: &[ZonalTemplate<'_>], cx: &Context<'_>) -> Option<Vec<Edit>> {
    let selector = workload.spec(&["selector"])?;
    let constraints = workload.spread_constraints();
    if constraints.iter().any(|constraint| constraint.is_on(&ZONE_KEYS))
        || workload.meta().controller().is_some()
        || !labels::selects(Some(selector), workload.pod_labels())
        || has_claims(workload, cx)
    {
        return None;
    }
    // Where zones are chosen without regard to the pods, a strict constraint can leave pods waiting for ever.
    let chosen_elsewhere = zonal
        .iter()
        .any(|template| template.class.binds_immediately() || !template.class.allowed_zones().is_empty());
    let when_unsatisfiable = if chosen_elsewhere || may_wait_for_a_zone(workload, cx) {
        WhenUnsatisfiable::ScheduleAnyway
    } else {
        cx.parameters::<MissingZoneSpread>().when_unsatisfiable
    };
    let append = |key: &str, when_unsatisfiable: WhenUnsatisfiable| {
        Edit::Append(
            workload.pod_path().keys(&["spec", "topologySpreadConstraints"]),
            json!({
                "maxSkew": 1,
                "topologyKey": key,
                "whenUnsatisfiable": when_unsatisfiable,
                "labelSelector": selector,
            }),
        )
    };
    let mut edits = vec![append(ZONE_KEYS[0], when_unsatisfiable)];
    // Any constraint turns off the scheduler's default ones, which would have spread the pods over nodes.
    if !constraints.iter().any(|constraint| constraint.is_on(&[HOSTNAME_KEY])) {
        edits.push(append(HOSTNAME_KEY, WhenUnsatisfiable::ScheduleAnyway));
    }
    Some(edits)
}

/// Whether a strict constraint may wait for a pod in a zone where none can run: taints do not take a zone out of the count,
/// unless a constraint says so. In a cluster whose nodes are unknown nobody can say.
/// <https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/#spread-constraint-definition>
fn may_wait_for_a_zone(workload: &Workload<'_>, cx: &Context<'_>) -> bool {
    if cx.is_live() && !cx.view().is_complete(ViewKind::Node) {
        return true;
    }
    let nodes = cx.view().rows(ViewKind::Node);
    let mut repels: BTreeMap<&str, BTreeSet<bool>> = BTreeMap::new();
    for node in nodes.filter(|node| workload.selects_node(Meta::of(node))) {
        if let Some(zone) = Meta::of(node).label(ZONE_KEYS[0]) {
            repels.entry(zone).or_default().insert(workload.is_repelled_by(node));
        }
    }
    // Of the nodes without such a taint, an affinity may select none.
    let open = |nodes: &BTreeSet<bool>| nodes.contains(&false) && !workload.requires_node_affinity();
    repels.values().any(|nodes| nodes.contains(&true) && !open(nodes))
}

/// Whether claims of the set exist, or nobody can say in a cluster. Manifests that show none count as having none.
fn has_claims(workload: &Workload<'_>, cx: &Context<'_>) -> bool {
    let kind = ViewKind::PersistentVolumeClaim;
    let exist = workload
        .set_templates()
        .any(|template| !claims_of_set(template, workload, cx).is_empty());
    exist || (cx.is_live() && !cx.view().is_complete(kind))
}
