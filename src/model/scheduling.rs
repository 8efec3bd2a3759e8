//! Where pods may run: the labels of nodes, spread constraints, and affinity among pods.

use super::labels;
use super::object::{list, text};
use super::{FieldPath, Meta, Workload};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The labels of nodes that name their zone, the current one first.
pub const ZONE_KEYS: [&str; 2] = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];
/// The label of nodes that names the node itself.
pub const HOSTNAME_KEY: &str = "kubernetes.io/hostname";

/// The deprecated topology labels of nodes, and those that have taken their place.
const TOPOLOGY_SUCCESSORS: [(&str, &str); 2] = [
    (ZONE_KEYS[1], ZONE_KEYS[0]),
    (
        "failure-domain.beta.kubernetes.io/region",
        "topology.kubernetes.io/region",
    ),
];

/// The label that has taken the place of a deprecated topology label; `None` for any other label.
pub fn topology_successor(key: &str) -> Option<&'static str> {
    let known = TOPOLOGY_SUCCESSORS.iter().find(|(deprecated, _)| key == *deprecated);
    known.map(|(_, successor)| *successor)
}

/// Whether Kubernetes itself gives a topology label its meaning, be it a deprecated one.
pub fn is_topology_key(key: &str) -> bool {
    let mut known = TOPOLOGY_SUCCESSORS.iter();
    known.any(|(deprecated, successor)| key == *deprecated || key == *successor)
}

/// The zone that a node's labels name.
pub fn zone_of_node(node: Meta<'_>) -> Option<&str> {
    ZONE_KEYS.iter().find_map(|key| node.label(key))
}

/// How the keys of taints begin that come and go with the state of a node: it is new, not ready, cordoned, short of memory.
const PASSING_TAINTS: [&str; 2] = ["node.kubernetes.io/", "node.cloudprovider.kubernetes.io/"];

/// Whether pods are drawn together or kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Affinity {
    /// `podAffinity`: together.
    Together,
    /// `podAntiAffinity`: apart.
    Apart,
}

impl Affinity {
    fn field(self) -> &'static str {
        match self {
            Self::Together => "podAffinity",
            Self::Apart => "podAntiAffinity",
        }
    }
}

/// A term of a pod template that selects pods and names a node label: a spread constraint, or a term of an affinity.
#[derive(Debug, Clone)]
pub struct PodTerm<'a> {
    value: &'a Value,
    path: FieldPath,
    required: bool,
}

impl<'a> PodTerm<'a> {
    /// Where the term stands.
    pub fn path(&self) -> &FieldPath {
        &self.path
    }

    /// Whether a pod waits where the term cannot be satisfied.
    pub fn is_required(&self) -> bool {
        self.required
    }

    /// The label of nodes that tells their domains apart.
    pub fn topology_key(&self) -> &'a str {
        text(self.value, &["topologyKey"]).unwrap_or_default()
    }

    /// Whether the domains are told apart by one of these labels.
    pub fn is_on(&self, keys: &[&str]) -> bool {
        keys.contains(&self.topology_key())
    }

    /// `labelSelector`, as it stands in the term.
    pub fn selector(&self) -> Option<&'a Value> {
        self.value.get("labelSelector")
    }

    /// Whether pods with these labels are selected. A term without a selector selects none.
    pub fn selects(&self, labels: Option<&Map<String, Value>>) -> bool {
        labels::selects(self.selector(), labels)
    }

    /// Whether the term is about pods of other namespaces, or by its `mismatchLabelKeys` about other pods than those that
    /// carry it.
    pub fn is_about_others(&self) -> bool {
        let given = |field: &str| match self.value.get(field) {
            Some(Value::Array(list)) => !list.is_empty(),
            Some(value) => !value.is_null(),
            None => false,
        };
        ["namespaces", "namespaceSelector", "mismatchLabelKeys"]
            .into_iter()
            .any(given)
    }
}

impl<'a> Workload<'a> {
    /// The `topologySpreadConstraints` of the pods.
    pub fn spread_constraints(&self) -> Vec<PodTerm<'a>> {
        self.pod_list(&["topologySpreadConstraints"])
            .map(|(path, value)| PodTerm {
                value,
                path,
                required: text(value, &["whenUnsatisfiable"]) != Some("ScheduleAnyway"),
            })
            .collect()
    }

    /// The terms of `podAffinity` or `podAntiAffinity`, first those that are required.
    pub fn affinity_terms(&self, affinity: Affinity) -> Vec<PodTerm<'a>> {
        let field = |name| ["affinity", affinity.field(), name];
        let required = self.pod_list(&field("requiredDuringSchedulingIgnoredDuringExecution"));
        let preferred = self.pod_list(&field("preferredDuringSchedulingIgnoredDuringExecution"));
        let required = required.map(|(path, value)| PodTerm {
            value,
            path,
            required: true,
        });
        let preferred = preferred.filter_map(|(path, weighted)| {
            Some(PodTerm {
                value: weighted.get("podAffinityTerm")?,
                path: path.key("podAffinityTerm"),
                required: false,
            })
        });
        required.chain(preferred).collect()
    }

    /// Whether the pods are spread over zones, strictly or softly: by a spread constraint or an anti-affinity on a zone
    /// that selects the pods themselves.
    pub fn is_spread_over_zones(&self) -> bool {
        let constraints = self.spread_constraints().into_iter();
        constraints
            .chain(self.affinity_terms(Affinity::Apart))
            .any(|term| term.is_on(&ZONE_KEYS) && term.selects(self.pod_labels()))
    }

    /// Whether the pod template puts all pods on one node: by name, by hostname, or by an affinity among themselves.
    pub fn runs_on_one_node(&self) -> bool {
        let together = self.affinity_terms(Affinity::Together).into_iter();
        self.is_written(&["nodeName"])
            || self.is_written(&["nodeSelector", HOSTNAME_KEY])
            || together
                .filter(PodTerm::is_required)
                .any(|term| term.is_on(&[HOSTNAME_KEY]) && term.selects(self.pod_labels()))
    }

    /// Whether the pod template allows one zone, or one node, only.
    pub fn runs_in_one_zone(&self) -> bool {
        let terms = [
            "affinity",
            "nodeAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
            "nodeSelectorTerms",
        ];
        let terms = self.pod_spec(&terms).and_then(Value::as_array);
        let zones: Option<BTreeSet<&str>> = terms.and_then(|terms| terms.iter().map(only_zone).collect());
        self.is_written(&["nodeName"])
            || ZONE_KEYS
                .iter()
                .chain([&HOSTNAME_KEY])
                .any(|key| self.is_written(&["nodeSelector", key]))
            || zones.is_some_and(|zones| zones.len() == 1)
    }

    /// Whether a node has the labels that `nodeSelector` asks for.
    pub fn selects_node(&self, node: Meta<'_>) -> bool {
        let wanted = self.pod_spec(&["nodeSelector"]).and_then(Value::as_object);
        let mut wanted = wanted.into_iter().flatten();
        wanted.all(|(key, value)| node.label(key) == value.as_str())
    }

    /// Whether the pods require more of a node than the labels of `nodeSelector`.
    pub fn requires_node_affinity(&self) -> bool {
        let required = [
            "affinity",
            "nodeAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
        ];
        self.pod_spec(&required).is_some_and(|required| !required.is_null())
    }

    /// Whether a node has a taint that keeps the pods away for good. One that tells of the node's state passes.
    pub fn is_repelled_by(&self, node: &Value) -> bool {
        let lasts = |taint: &&Value| {
            let key = text(taint, &["key"]).unwrap_or_default();
            !PASSING_TAINTS.iter().any(|passing| key.starts_with(passing))
        };
        let repels = |taint: &&Value| matches!(text(taint, &["effect"]), Some("NoSchedule" | "NoExecute"));
        let tolerated = |taint: &Value| self.pod_list(&["tolerations"]).any(|(_, one)| tolerates(one, taint));
        let taints = list(node, &["spec", "taints"]).iter();
        taints.filter(lasts).filter(repels).any(|taint| !tolerated(taint))
    }

    fn is_written(&self, keys: &[&str]) -> bool {
        self.pod_spec(keys).and_then(Value::as_str).is_some()
    }
}

/// Whether a toleration fits a taint: an empty effect fits every effect, an empty key with `Exists` every taint.
/// <https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/api/core/v1/toleration.go>
fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let field = |value, key| text(value, &[key]).unwrap_or_default();
    let fits = |key| matches!(field(toleration, key), "") || field(toleration, key) == field(taint, key);
    let value_fits = match field(toleration, "operator") {
        "Exists" => true,
        "" | "Equal" => field(toleration, "value") == field(taint, "value"),
        _ => false,
    };
    fits("effect") && fits("key") && value_fits
}

/// The zone that a term of a node affinity asks for, if it asks for exactly one.
fn only_zone(term: &Value) -> Option<&str> {
    let expressions = list(term, &["matchExpressions"]);
    expressions.iter().find_map(|expression| {
        let key = text(expression, &["key"])?;
        match list(expression, &["values"]) {
            [zone] if ZONE_KEYS.contains(&key) && text(expression, &["operator"])? == "In" => zone.as_str(),
            _ => None,
        }
    })
}
