//! A replicated set on zonal volumes that may end up in one zone.

use super::{HOSTNAME_KEY, ZONE_KEYS, ZonalTemplate};
use crate::cluster::view::ViewKind;
use crate::engine::{
    Action, Category, Check, Class, Context, Edit, Finding, Findings, Fix, Needs, ParameterSpec, Profile, Profiles,
    RuleParameters, Setting,
};
use crate::model::{ObjectKind, Workload, labels, object};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

crate::rule! {
    /// ## What it checks
    /// A StatefulSet with two or more replicas whose claim templates get zonal volumes, while nothing in its pod
    /// template spreads the pods over zones: no `topologySpreadConstraints` entry on a zone key that selects them, and
    /// no pod anti-affinity, required or preferred, on a zone key.
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
    /// `ScheduleAnyway` where the class chooses zones without the scheduler: it binds `Immediate` or lists
    /// `allowedTopologies`.
    ///
    /// Reported, but not fixed: sets that a controller owns, because the controller would undo it; sets whose claims
    /// exist already, because their volumes may stand in zones that the constraint forbids; and sets with an author's
    /// own constraint on a zone key that selects other pods.
    ///
    /// ## Examples
    /// ```yaml,fails
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
    /// ---
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
    /// ---
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
        profiles: Profiles {
            baseline: Setting::new(Action::Off),
            recommended: Setting::fixing(Action::Warn),
            strict: Setting::fixing(Action::Warn),
        },
        parameters: ParameterSpec::of::<Parameters>(),
        check: Check::Workload(&[ObjectKind::StatefulSet], check),
    }
}

/// Parameters of `missing-zone-spread`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Parameters {
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

impl RuleParameters for Parameters {
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
    let replicas = workload.replicas();
    if replicas < 2 || is_spread(workload) || is_pinned(workload) || super::has_one_zone(cx) {
        return;
    }
    let mut zonal = super::zonal_templates(workload, cx, out);
    zonal.retain(|template| super::allowed_zones(template.class).len() != 1);
    let Some(first) = zonal.first() else { return };
    let class = first.class.name();
    let message =
        format!("{replicas} replicas on zonal volumes of class {class}, not spread over zones: one outage stops all");
    let remedy = "add a topologySpreadConstraints entry with topologyKey topology.kubernetes.io/zone, maxSkew 1 and \
                  the set's selector as labelSelector";
    let path = workload.pod_path().keys(&["spec", "topologySpreadConstraints"]);
    out.push(
        Finding::new(path, first.claim.name(), message)
            .remedy(remedy)
            .certainty(first.certainty)
            .fix(fix(workload, &zonal, cx).unwrap_or_default()),
    );
}

fn constraints<'a>(workload: &Workload<'a>) -> impl Iterator<Item = &'a Value> {
    let list = workload.pod_spec(&["topologySpreadConstraints"]);
    list.and_then(Value::as_array).into_iter().flatten()
}

fn is_on(constraint: &Value, keys: &[&str]) -> bool {
    object::text(constraint, &["topologyKey"]).is_some_and(|key| keys.contains(&key))
}

fn is_spread(workload: &Workload<'_>) -> bool {
    constraints(workload).any(|constraint| {
        is_on(constraint, &ZONE_KEYS) && labels::selects(constraint.get("labelSelector"), workload.pod_labels())
    }) || super::has_own_affinity(workload, "podAntiAffinity", true, &ZONE_KEYS)
}

/// Whether the pod template allows one zone, or one node, only.
fn is_pinned(workload: &Workload<'_>) -> bool {
    let written = |keys: &[&str]| workload.pod_spec(keys).and_then(Value::as_str).is_some();
    let terms = workload
        .pod_spec(&[
            "affinity",
            "nodeAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
            "nodeSelectorTerms",
        ])
        .and_then(Value::as_array);
    let zones: Option<BTreeSet<&str>> = terms.and_then(|terms| terms.iter().map(only_zone).collect());
    written(&["nodeName"])
        || ZONE_KEYS
            .iter()
            .chain([&HOSTNAME_KEY])
            .any(|key| written(&["nodeSelector", key]))
        || zones.is_some_and(|zones| zones.len() == 1)
}

/// The zone that a term of a node affinity asks for, if it asks for exactly one.
fn only_zone(term: &Value) -> Option<&str> {
    let expressions = object::list(term, &["matchExpressions"]);
    expressions.iter().find_map(|expression| {
        let key = object::text(expression, &["key"])?;
        match object::list(expression, &["values"]) {
            [zone] if ZONE_KEYS.contains(&key) && object::text(expression, &["operator"])? == "In" => zone.as_str(),
            _ => None,
        }
    })
}

/// The constraints to add; `None` where adding them needs a person.
fn fix(workload: &Workload<'_>, zonal: &[ZonalTemplate<'_>], cx: &Context<'_>) -> Option<Vec<Edit>> {
    let selector = workload.spec(&["selector"])?;
    let own_zone_constraint = constraints(workload).any(|constraint| is_on(constraint, &ZONE_KEYS));
    if own_zone_constraint
        || workload.meta().controller().is_some()
        || !labels::selects(Some(selector), workload.pod_labels())
        || has_claims(workload, cx)
    {
        return None;
    }
    // Where zones are chosen without regard to the pods, a strict constraint can leave pods waiting for ever.
    let chosen_elsewhere = zonal
        .iter()
        .any(|template| template.class.binds_immediately() || !super::allowed_zones(template.class).is_empty());
    let when_unsatisfiable = if chosen_elsewhere {
        WhenUnsatisfiable::ScheduleAnyway
    } else {
        cx.parameters::<Parameters>().when_unsatisfiable
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
    if !constraints(workload).any(|constraint| is_on(constraint, &[HOSTNAME_KEY])) {
        edits.push(append(HOSTNAME_KEY, WhenUnsatisfiable::ScheduleAnyway));
    }
    Some(edits)
}

/// Whether claims of the set exist, or nobody can say in a cluster. Manifests that show none count as having none.
fn has_claims(workload: &Workload<'_>, cx: &Context<'_>) -> bool {
    let kind = ViewKind::PersistentVolumeClaim;
    let set = workload.meta().name();
    let exist = super::set_templates(workload).any(|template| {
        let prefix = format!("{}-{set}-", template.name());
        cx.view()
            .rows_with_prefix(kind, cx.namespace(), &prefix)
            .any(|(name, _)| {
                name.strip_prefix(&prefix)
                    .is_some_and(|ordinal| !ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit()))
            })
    });
    exist || (cx.is_live() && !cx.view().is_complete(kind))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::testing::Around;
    use super::*;
    use crate::engine::apply;

    fn set() -> Value {
        json!({
            "metadata": {"name": "db", "namespace": "shop"},
            "spec": {
                "replicas": 3,
                "selector": {"matchLabels": {"app": "db"}},
                "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": []}},
                "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"storageClassName": "fast"}}],
            },
        })
    }

    fn class() -> Value {
        json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "fast"},
            "provisioner": "ebs.csi.aws.com", "volumeBindingMode": "WaitForFirstConsumer"})
    }

    fn claim(name: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": "shop"}})
    }

    fn fixed(around: &Around, set: &Value) -> Option<Value> {
        let findings = around.run(&RULE, ObjectKind::StatefulSet, set, None).findings;
        assert_eq!(findings.len(), 1);
        let mut after = set.clone();
        let operations = apply(&mut after, &findings[0].fix);
        (!operations.is_empty()).then_some(after)
    }

    #[test]
    fn the_fix_converges_and_is_strict_in_profile_strict_only() {
        let mut around = Around::of(&[class(), claim("other")]);
        for (profile, expected) in [
            (Profile::Strict, "DoNotSchedule"),
            (Profile::Recommended, "ScheduleAnyway"),
            (Profile::Baseline, "ScheduleAnyway"),
        ] {
            around.profile = profile;
            let after = fixed(&around, &set()).unwrap();
            let constraints = object::list(&after, &["spec", "template", "spec", "topologySpreadConstraints"]);
            let words: Vec<_> = constraints
                .iter()
                .map(|constraint| {
                    assert_eq!(constraint["labelSelector"], json!({"matchLabels": {"app": "db"}}));
                    (
                        constraint["topologyKey"].as_str(),
                        constraint["whenUnsatisfiable"].as_str(),
                    )
                })
                .collect();
            let zone = (Some(ZONE_KEYS[0]), Some(expected));
            assert_eq!(words, [zone, (Some(HOSTNAME_KEY), Some("ScheduleAnyway"))]);
            let again = around.run(&RULE, ObjectKind::StatefulSet, &after, None);
            assert!(again.findings.is_empty());
        }
    }

    #[test]
    fn claims_of_this_very_set_prevent_the_fix() {
        for (name, is_fixed) in [
            ("data-db-0", false),
            ("data-db-12", false),
            ("data-db-old-0", true),
            ("data-dbx-0", true),
            ("data-db-", true),
        ] {
            let around = Around::of(&[class(), claim(name)]);
            assert_eq!(fixed(&around, &set()).is_some(), is_fixed, "{name}");
        }
    }

    #[test]
    fn a_controller_and_the_authors_own_zone_constraint_prevent_the_fix() {
        let around = Around::of(&[class(), claim("other")]);
        let mut owned = set();
        owned["metadata"]["ownerReferences"] = json!([{"kind": "Database", "name": "db", "controller": true}]);
        assert!(fixed(&around, &owned).is_none());
        // The API server refuses two constraints with one key and one whenUnsatisfiable.
        let mut own = set();
        own["spec"]["template"]["spec"]["topologySpreadConstraints"] = json!([{"maxSkew": 1,
            "topologyKey": ZONE_KEYS[0], "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": {"matchLabels": {"app": "web"}}}]);
        assert!(fixed(&around, &own).is_none());
    }

    #[test]
    fn a_class_that_chooses_zones_itself_gets_a_soft_constraint() {
        let mut immediate = class();
        immediate["volumeBindingMode"] = json!("Immediate");
        let after = fixed(&Around::of(&[immediate, claim("other")]), &set()).unwrap();
        let constraint = &after["spec"]["template"]["spec"]["topologySpreadConstraints"][0];
        assert_eq!(constraint["whenUnsatisfiable"], "ScheduleAnyway");
    }

    #[test]
    fn unknown_claims_prevent_the_fix_in_a_cluster_but_not_in_manifests() {
        let mut around = Around::of(&[class()]);
        assert!(fixed(&around, &set()).is_none());
        around.live = false;
        assert!(fixed(&around, &set()).is_some());
    }

    #[test]
    fn an_unknown_class_is_skipped_and_said() {
        let outcome = Around::of(&[]).run(&RULE, ObjectKind::StatefulSet, &set(), None);
        assert!(outcome.findings.is_empty());
        assert_eq!(outcome.skipped.len(), 1);
        assert_eq!(outcome.skipped[0].detail, "StorageClass fast is unknown");
    }

    #[test]
    fn an_update_is_not_judged() {
        let mut old = set();
        old["spec"]["replicas"] = json!(1);
        let around = Around::of(&[class()]);
        let outcome = around.run(&RULE, ObjectKind::StatefulSet, &set(), Some(&old));
        assert!(outcome.findings.is_empty());
    }
}
