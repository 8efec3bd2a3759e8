//! See the documentation of [`RULE`].

use super::registered_name;
use crate::cluster::view::ViewKind;
use crate::drivers::Named;
use crate::engine::{
    Action, Category, Certainty, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles,
};
use crate::model::object::list;
use crate::model::scheduling::{is_topology_key, topology_successor};
use crate::model::words::listed;
use crate::model::{AllowedTopology, Meta, StorageClass};
use crate::rules::related::told_by_nodes;
use serde_json::Value;
use std::collections::BTreeSet;

crate::rule! {
    /// ## What it checks
    /// A StorageClass allows places that there are not: a label that neither the nodes have nor the driver publishes, a
    /// value that no node has, or one of the labels that Kubernetes has given up
    /// (`failure-domain.beta.kubernetes.io/zone` and `region`).
    ///
    /// Where nodes say which labels the driver publishes, those count and no others. Labels of old are left alone where
    /// they are translated (in-tree provisioners) or where the driver still publishes them. A value that no node has is
    /// only warned of where other values fit: nodes of that zone may come.
    ///
    /// ## Why it matters
    /// No node fits: pods stay Pending, or the provisioner refuses the node that the scheduler has chosen.
    ///
    /// ## How to fix
    /// Use the labels that the driver publishes; `kubectl get csinodes -o yaml` shows them. The field can be changed on an
    /// existing class.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: storage.k8s.io/v1
    /// kind: CSINode
    /// metadata:
    ///   name: one
    /// spec:
    ///   drivers:
    ///     - name: pd.csi.storage.gke.io
    ///       nodeID: one
    ///       topologyKeys: [topology.gke.io/zone]
    /// ```
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: pd.csi.storage.gke.io
    /// volumeBindingMode: WaitForFirstConsumer
    /// allowedTopologies:
    ///   - matchLabelExpressions:
    ///       - key: topology.kubernetes.io/zone
    ///         values: [europe-west1-b]
    /// ```
    /// ```yaml,passes
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: pd.csi.storage.gke.io
    /// volumeBindingMode: WaitForFirstConsumer
    /// allowedTopologies:
    ///   - matchLabelExpressions:
    ///       - key: topology.gke.io/zone
    ///         values: [europe-west1-b]
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/storage-classes/#allowed-topologies>
    /// - <https://kubernetes-csi.github.io/docs/topology.html>
    pub static RULE = {
        name: "invalid-allowed-topologies",
        summary: "allows only places that no node is in",
        category: Category::Class,
        class: Class::Availability,
        needs: &[Needs::CsiNode, Needs::Node],
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Deny),
        check: Check::Class(check),
    }
}

fn check(class: StorageClass<'_>, cx: &Context<'_>, out: &mut Findings) {
    let expressions = class.allowed_topologies();
    // Volumes that somebody made say for themselves where they are.
    if expressions.is_empty() || class.has_no_provisioner() {
        return;
    }
    let known = cx.driver(class.provisioner());
    let name = known
        .as_ref()
        .map_or(class.provisioner(), |known| registered_name(class, known));
    let told = told_by_nodes(name, cx).flat_map(|entry| list(entry, &["topologyKeys"]));
    let places = Places {
        translated: known.is_some_and(|known| known.named == Named::InTree),
        published: told.filter_map(Value::as_str).collect(),
        documented: known.map(|known| known.driver.topology_keys()).unwrap_or_default(),
        nodes: cx.view().rows(ViewKind::Node).map(Meta::of).collect(),
        all_nodes: cx.view().is_complete(ViewKind::Node),
    };
    for expression in &expressions {
        match places.judge_key(expression.key) {
            Key::Fits => places.judge_values(expression, out),
            Key::Translated => {}
            Key::Unknown => out.skip("the nodes of the cluster are unknown"),
            Key::Legacy(successor) => push_key(
                expression,
                "is a label that Kubernetes has given up",
                &places.keys_or(successor),
                Certainty::Certain,
                out,
            ),
            Key::Absent(certainty) => push_key(
                expression,
                "is not a label that the driver publishes or a node has",
                &places.keys_or("a label of your nodes"),
                certainty,
                out,
            ),
        }
    }
}

fn push_key(expression: &AllowedTopology<'_>, what: &str, instead: &str, certainty: Certainty, out: &mut Findings) {
    let key = expression.key;
    out.push(
        Finding::new(expression.path.key("key"), key, format!("`{key}` {what}"))
            .remedy(format!(
                "Use {instead}; otherwise no node fits, and claims stay Pending."
            ))
            .certainty(certainty),
    );
}

/// How many values a remedy names.
const NAMED_VALUES: usize = 5;

/// What is known of the places of a driver's volumes.
struct Places<'a> {
    /// Kubernetes translates the labels of the class.
    translated: bool,
    /// The labels that the nodes say the driver publishes.
    published: BTreeSet<&'a str>,
    /// The labels that the driver is known to publish.
    documented: &'a [String],
    nodes: Vec<Meta<'a>>,
    all_nodes: bool,
}

/// What becomes of a label in `allowedTopologies`.
enum Key {
    Fits,
    Translated,
    Unknown,
    Legacy(&'static str),
    Absent(Certainty),
}

impl Places<'_> {
    fn judge_key(&self, key: &str) -> Key {
        if self.published.contains(key) || self.documented.iter().any(|one| one == key) {
            return Key::Fits;
        }
        if self.translated && is_topology_key(key) {
            return Key::Translated;
        }
        if let Some(successor) = topology_successor(key) {
            return Key::Legacy(successor);
        }
        if !self.published.is_empty() {
            return Key::Absent(Certainty::Certain);
        }
        // Which labels a driver publishes may be a matter of its configuration.
        let domain = |key: &str| key.split_once('/').map(|(domain, _)| domain.to_owned());
        let configured = self.documented.iter().any(|one| domain(one) == domain(key));
        if configured || self.nodes.iter().any(|node| node.label(key).is_some()) {
            Key::Fits
        } else if !self.documented.is_empty() || (self.all_nodes && !self.nodes.is_empty()) {
            Key::Absent(Certainty::Likely)
        } else {
            Key::Unknown
        }
    }

    /// Complains of values that no node has, where it is known which values nodes have.
    fn judge_values(&self, expression: &AllowedTopology<'_>, out: &mut Findings) {
        let key = expression.key;
        let there: BTreeSet<_> = self.nodes.iter().filter_map(|node| node.label(key)).collect();
        if !self.all_nodes || there.is_empty() {
            return;
        }
        let some_fit = expression.values.iter().any(|(_, value)| there.contains(value));
        for (index, value) in expression.values.iter().filter(|(_, value)| !there.contains(value)) {
            let finding = Finding::new(
                expression.path.key("values").index(*index),
                *value,
                format!("no node has `{key}: {value}`"),
            )
            .remedy(format!(
                "Use a value that nodes have: {}.",
                listed(there.iter().copied(), NAMED_VALUES)
            ))
            .certainty(Certainty::Likely);
            out.push(if some_fit {
                finding.profiles(Profiles::actions(Action::Off, Action::Warn, Action::Warn))
            } else {
                finding
            });
        }
    }

    /// The labels that the driver publishes, for messages.
    fn keys_or(&self, otherwise: &str) -> String {
        let mut keys: BTreeSet<&str> = self.published.clone();
        if keys.is_empty() {
            keys.extend(self.documented.iter().map(String::as_str));
        }
        if keys.is_empty() {
            return otherwise.to_owned();
        }
        let keys: Vec<_> = keys.into_iter().map(|key| format!("`{key}`")).collect();
        keys.join(" or ")
    }
}
