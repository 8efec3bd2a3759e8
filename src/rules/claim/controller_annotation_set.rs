//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Profiles};
use crate::model::Claim;

/// Annotations that only the cluster's controllers write, and what these take them for.
const ANNOTATIONS: &[(&str, &str)] = &[
    ("pv.kubernetes.io/bind-completed", "a claim that is bound already"),
    ("pv.kubernetes.io/bound-by-controller", "a volume that the binder chose"),
    (
        "volume.kubernetes.io/selected-node",
        "the node that the scheduler chose",
    ),
    (
        "volume.kubernetes.io/storage-provisioner",
        "the provisioner that is to make the volume",
    ),
    (
        "volume.beta.kubernetes.io/storage-provisioner",
        "the provisioner that is to make the volume",
    ),
];

crate::rule! {
    /// ## What it checks
    /// A new claim, or the template of one, carries annotations that the binder, the scheduler and the provisioners use
    /// to talk to each other. Claims that the cluster's own controllers make are not judged. Tools that restore backups
    /// may need such annotations: name their users in `excludeUsers` of the policy.
    ///
    /// ## Why it matters
    /// With `bind-completed` a claim counts as bound, and is Lost at once where its volume is not there. With
    /// `selected-node` its volume is made on a node that nobody checked for room, zone or taints. A claim that was
    /// copied from a cluster with `kubectl get -o yaml` has them all.
    ///
    /// ## How to fix
    /// Take the annotations out of the manifest, and `volumeName` with them unless that very volume is meant.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata:
    ///   name: data
    ///   annotations:
    ///     volume.kubernetes.io/selected-node: worker-1
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata:
    ///   name: data
    ///   annotations:
    ///     example.com/owner: shop
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/reference/labels-annotations-taints/#pv-kubernetesio-bind-completed>
    /// - <https://kubernetes.io/docs/reference/labels-annotations-taints/#volume-kubernetes-io-selected-node>
    pub static RULE = {
        name: "controller-annotation-set",
        summary: "carries annotations that only the cluster's controllers write",
        category: Category::Claim,
        class: Class::Security,
        fix: Fix::None,
        // A claim that lives has them from the controllers.
        in_scan: false,
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    let by_controller =
        cx.user().starts_with("system:serviceaccount:kube-system:") || cx.user() == "system:kube-controller-manager";
    if by_controller {
        return;
    }
    let annotations = claim.meta().annotations();
    for &(key, meaning) in ANNOTATIONS {
        let Some(value) = annotations.and_then(|annotations| annotations.get(key)?.as_str()) else {
            continue;
        };
        let message = format!("{} sets {key}, which only controllers write", claim.title());
        out.push(
            Finding::new(claim.meta_path(&["annotations"]).entry(key), value, message)
                .remedy(format!("They take it for {meaning}. Take it out of the manifest.")),
        );
    }
}
