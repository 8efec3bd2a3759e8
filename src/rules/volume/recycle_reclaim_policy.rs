//! See the documentation of [`RULE`].

use super::reclaim_policy_path;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Operation, Profiles};
use crate::model::Volume;

crate::rule! {
    /// ## What it checks
    /// A PersistentVolume with `persistentVolumeReclaimPolicy: Recycle`.
    ///
    /// ## Why it matters
    /// `Recycle` is deprecated and works for `nfs` and `hostPath` volumes only. When the claim is gone, a pod runs
    /// `rm -rf` over the volume, and whoever claims it next gets it: the data is lost as with `Delete`, and what the pod
    /// fails to remove is there for the next user to read.
    ///
    /// ## How to fix
    /// Use `Retain`, or a class that provisions: it makes a new volume for every claim.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: scratch
    /// spec:
    ///   capacity: {storage: 10Gi}
    ///   accessModes: [ReadWriteMany]
    ///   persistentVolumeReclaimPolicy: Recycle
    ///   nfs: {server: nfs.example.com, path: /scratch}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: scratch
    /// spec:
    ///   capacity: {storage: 10Gi}
    ///   accessModes: [ReadWriteMany]
    ///   persistentVolumeReclaimPolicy: Retain
    ///   nfs: {server: nfs.example.com, path: /scratch}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#recycle>
    pub static RULE = {
        name: "recycle-reclaim-policy",
        summary: "has the deprecated reclaim policy Recycle",
        category: Category::Volume,
        class: Class::Hygiene,
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Deny),
        check: Check::Volume(check),
    }
}

fn check(volume: Volume<'_>, _cx: &Context<'_>, out: &mut Findings) {
    if volume.reclaim_policy() == "Recycle" {
        out.push(
            Finding::new(
                reclaim_policy_path(),
                "Recycle",
                format!("{} has the deprecated reclaim policy Recycle", volume.title()),
            )
            .remedy("Use Retain, or a class that provisions a new volume for every claim."),
        );
    }
}
