//! See the documentation of [`RULE`].

use super::driver_of;
use crate::cluster::view::ViewKind;
use crate::drivers::Named;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Needs, Profiles};
use crate::model::object::{list, text};
use crate::model::scheduling::topology_successor;
use crate::model::{FieldPath, Meta, Volume};

crate::rule! {
    /// ## What it checks
    /// The `nodeAffinity` of a PersistentVolume names `failure-domain.beta.kubernetes.io/zone` or `…/region`.
    ///
    /// Labels of the volume itself are not judged: the scheduler reads the old ones as the new ones. Neither are in-tree
    /// volumes that Kubernetes translates to a CSI driver: their node affinity is translated as well.
    ///
    /// ## Why it matters
    /// The labels are deprecated since Kubernetes 1.17, and nodes of many clusters no longer carry them. A pod with such
    /// a volume fits no node there and stays Pending: "node(s) had volume node affinity conflict".
    ///
    /// ## How to fix
    /// Write `topology.kubernetes.io/zone` and `topology.kubernetes.io/region`. The `nodeAffinity` of a volume is otherwise
    /// immutable, but the API server allows this change.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: archive
    /// spec:
    ///   capacity: {storage: 10Gi}
    ///   accessModes: [ReadWriteOnce]
    ///   csi: {driver: ebs.csi.aws.com, volumeHandle: vol-1}
    ///   nodeAffinity:
    ///     required:
    ///       nodeSelectorTerms:
    ///         - matchExpressions:
    ///             - {key: failure-domain.beta.kubernetes.io/zone, operator: In, values: [eu-west-1a]}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: archive
    /// spec:
    ///   capacity: {storage: 10Gi}
    ///   accessModes: [ReadWriteOnce]
    ///   csi: {driver: ebs.csi.aws.com, volumeHandle: vol-1}
    ///   nodeAffinity:
    ///     required:
    ///       nodeSelectorTerms:
    ///         - matchExpressions:
    ///             - {key: topology.kubernetes.io/zone, operator: In, values: [eu-west-1a]}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/reference/labels-annotations-taints/#failure-domainbetakubernetesiozone>
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#node-affinity>
    pub static RULE = {
        name: "legacy-topology-label",
        summary: "asks for node labels that are deprecated",
        category: Category::Volume,
        class: Class::Availability,
        needs: &[Needs::Node],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        check: Check::Volume(check),
    }
}

fn check(volume: Volume<'_>, cx: &Context<'_>, out: &mut Findings) {
    if driver_of(volume, cx).is_some_and(|known| known.named == Named::InTree) {
        return;
    }
    let keys = ["spec", "nodeAffinity", "required", "nodeSelectorTerms"];
    for (t, term) in list(volume.value(), &keys).iter().enumerate() {
        for (e, expression) in list(term, &["matchExpressions"]).iter().enumerate() {
            let Some(key) = text(expression, &["key"]) else {
                continue;
            };
            let Some(successor) = topology_successor(key) else {
                continue;
            };
            let path = FieldPath::of(&keys)
                .index(t)
                .key("matchExpressions")
                .index(e)
                .key("key");
            let message = match nodes_with(key, cx) {
                Some((with, all)) => format!("node affinity asks for {key}, which {with} of {all} nodes carry"),
                None => format!("node affinity asks for {key}, which is deprecated"),
            };
            out.push(Finding::new(path, key, message).remedy(format!(
                "Write {successor}; on an existing volume the API server allows this change of nodeAffinity."
            )));
        }
    }
}

/// How many nodes have a label, of how many; `None` where not all nodes are known.
fn nodes_with(label: &str, cx: &Context<'_>) -> Option<(usize, usize)> {
    let all = cx.view().count(ViewKind::Node);
    let with = cx
        .view()
        .rows(ViewKind::Node)
        .filter(|node| Meta::of(node).label(label).is_some());
    (cx.view().is_complete(ViewKind::Node) && all > 0).then(|| (with.count(), all))
}
