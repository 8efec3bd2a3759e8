//! See the documentation of [`RULE`].

use super::{class_of, driver_of};
use crate::drivers::{Confidence, Driver, Parameters, Scope};
use crate::engine::{Action, Category, Certainty, Check, Class, Context, Finding, Findings, Needs, Profiles};
use crate::model::object::{list, map};
use crate::model::scheduling::ZONE_KEYS;
use crate::model::{FieldPath, Volume};
use crate::rules::related::has_one_zone;

crate::rule! {
    /// ## What it checks
    /// A PersistentVolume that somebody made by hand has no `nodeAffinity`, although it can be reached from one zone or
    /// one node only: a `local` volume, or one of a driver that is known to be zonal or local. Provisioners write the
    /// node affinity themselves.
    ///
    /// Of zonal volumes it is silent where the volume carries a zone label, which the scheduler reads as well, and where
    /// the cluster's nodes are known to span fewer than two zones. Drivers that are not known are not judged, and neither
    /// are handles that stand for a device of each node, such as `local-ebs://`.
    ///
    /// ## Why it matters
    /// The scheduler takes the volume to be reachable from every node. It puts the pod into another zone, where the
    /// volume cannot be attached, and the pod stays in ContainerCreating.
    ///
    /// ## How to fix
    /// Write `nodeAffinity` with the zone or the node that the volume is in. On an existing volume without any it can
    /// still be added.
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
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#node-affinity>
    pub static RULE = {
        name: "missing-node-affinity",
        summary: "does not say from which zone or node it can be reached",
        category: Category::Volume,
        class: Class::Availability,
        needs: &[Needs::StorageClass, Needs::Node],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Deny),
        check: Check::Volume(check),
    }
}

fn check(volume: Volume<'_>, cx: &Context<'_>, out: &mut Findings) {
    let terms = list(
        volume.value(),
        &["spec", "nodeAffinity", "required", "nodeSelectorTerms"],
    );
    if !volume.is_static() || !terms.is_empty() {
        return;
    }
    let (scope, certainty) = if volume.spec(&["local"]).is_some() {
        (Scope::Node, Certainty::Certain)
    } else if let Some(known) = driver_of(volume, cx)
        && !known.driver.is_per_node(volume.csi_handle().unwrap_or_default())
    {
        scope_of(volume, known.driver, cx)
    } else {
        return;
    };
    let labelled = || ZONE_KEYS.iter().any(|key| volume.meta().label(key).is_some());
    let (place, key) = match scope {
        Scope::Zonal if !labelled() && !has_one_zone(cx) => ("zone", ZONE_KEYS[0]),
        Scope::Node => ("node", "kubernetes.io/hostname"),
        _ => return,
    };
    let message = format!(
        "{} can be reached from one {place} only and has no nodeAffinity",
        volume.title()
    );
    out.push(
        Finding::new(FieldPath::of(&["spec", "nodeAffinity"]), "", message)
            .certainty(certainty)
            .remedy(format!(
                "Write spec.nodeAffinity.required.nodeSelectorTerms: [{{matchExpressions: [{{key: {key}, operator: In, \
                 values: [THE {}]}}]}}]. Without it the scheduler puts pods where the volume cannot be attached.",
                place.to_uppercase()
            )),
    );
}

/// From where a driver's volume can be reached, and how sure that is. It may depend on the parameters that the volume was
/// made with, which only its class tells.
fn scope_of(volume: Volume<'_>, driver: &Driver, cx: &Context<'_>) -> (Scope, Certainty) {
    let (parameters, best) = match class_of(volume, cx) {
        Some(class) => (class.parameters(), Confidence::Confirmed),
        None => (
            map(volume.value(), &["spec", "csi", "volumeAttributes"]),
            Confidence::Likely,
        ),
    };
    let scope = driver.topology(&Parameters::new(parameters));
    // From the surest to the least sure, in the order of declaration.
    (scope.value, scope.confidence.max(best).into())
}
