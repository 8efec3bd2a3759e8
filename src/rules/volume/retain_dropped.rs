//! See the documentation of [`RULE`].

use super::reclaim_policy_path;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Operation, Profiles};
use crate::model::Volume;

crate::rule! {
    /// ## What it checks
    /// An update changes the reclaim policy of a bound PersistentVolume from `Retain` to `Delete` or `Recycle`. Volumes
    /// that no claim is bound to are not judged: changing their policy is how they are disposed of.
    ///
    /// ## Why it matters
    /// From then on the data goes when somebody deletes the claim, its StatefulSet with a retention policy `Delete`, or
    /// its namespace. `Retain` was the last thing that stood in the way.
    ///
    /// ## How to fix
    /// Leave `Retain`, and delete the volume by hand when its data is no longer needed.
    ///
    /// ## Examples
    /// ```yaml,old
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: orders
    /// spec:
    ///   capacity: {storage: 10Gi}
    ///   persistentVolumeReclaimPolicy: Retain
    ///   claimRef: {namespace: shop, name: orders, uid: 6f1c}
    /// status: {phase: Bound}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: orders
    /// spec:
    ///   capacity: {storage: 10Gi}
    ///   persistentVolumeReclaimPolicy: Delete
    ///   claimRef: {namespace: shop, name: orders, uid: 6f1c}
    /// status: {phase: Bound}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: orders
    /// spec:
    ///   capacity: {storage: 20Gi}
    ///   persistentVolumeReclaimPolicy: Retain
    ///   claimRef: {namespace: shop, name: orders, uid: 6f1c}
    /// status: {phase: Bound}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/tasks/administer-cluster/change-pv-reclaim-policy/>
    pub static RULE = {
        name: "retain-dropped",
        summary: "no longer outlives the claim that it is bound to",
        category: Category::Volume,
        class: Class::LosesData,
        operations: &[Operation::Update],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Deny),
        check: Check::Volume(check),
    }
}

fn check(volume: Volume<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(old) = cx.old().map(Volume::new) else { return };
    let Some(claim) = old.claim_ref() else { return };
    let (before, after) = (old.reclaim_policy(), volume.reclaim_policy());
    if old.phase() != "Bound" || before != "Retain" || after == "Retain" {
        return;
    }
    out.push(
        Finding::new(
            reclaim_policy_path(),
            after,
            format!(
                "{} no longer outlives claim {claim}: Retain became {after}",
                volume.title()
            ),
        )
        .remedy("Leave Retain, and delete the volume by hand when its data is no longer needed."),
    );
}
