//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Operation, Profiles};
use crate::model::{FieldPath, Volume, user};

crate::rule! {
    /// ## What it checks
    /// An update takes the `claimRef` off a PersistentVolume that is Released or Failed: its claim is gone, its data is
    /// still there. What the cluster's own controllers do is not judged.
    ///
    /// ## Why it matters
    /// The volume becomes Available, and the next claim of its class that fits gets it, in whatever namespace it is, with
    /// all that the last user left on it.
    ///
    /// ## How to fix
    /// Keep the volume for the claim that is meant: leave namespace and name in `claimRef` and take only the uid out.
    /// Where the data is not needed, wipe it first, or delete the volume and make a new one.
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
    /// status: {phase: Released}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: orders
    /// spec:
    ///   capacity: {storage: 10Gi}
    ///   persistentVolumeReclaimPolicy: Retain
    /// status: {phase: Released}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: orders
    /// spec:
    ///   capacity: {storage: 10Gi}
    ///   persistentVolumeReclaimPolicy: Retain
    ///   claimRef: {namespace: shop, name: orders}
    /// status: {phase: Released}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#retain>
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reserving-a-persistentvolume>
    pub static RULE = {
        name: "released-volume-reopened",
        summary: "offers the data of its last claim to anybody",
        category: Category::Volume,
        class: Class::Security,
        operations: &[Operation::Update],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        check: Check::Volume(check),
    }
}

fn check(volume: Volume<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(old) = cx.old().map(Volume::new) else { return };
    let Some(last) = old.claim_ref() else { return };
    let reopened = matches!(old.phase(), "Released" | "Failed") && volume.claim_ref().is_none();
    if !reopened || user::is_cluster_machinery(cx.user()) {
        return;
    }
    let class = match volume.class_name() {
        "" => "claim without a class".to_owned(),
        class => format!("claim of class {class}"),
    };
    let name = volume.name();
    out.push(
        Finding::new(
            FieldPath::of(&["spec", "claimRef"]),
            last.to_string(),
            format!("any {class} can now get {} with the data of {last}", volume.title()),
        )
        .remedy(format!(
            "Keep the volume for the claim that is meant: `kubectl patch pv {name} -p '{{\"spec\":{{\"claimRef\":\
             {{\"namespace\":\"NAMESPACE\",\"name\":\"CLAIM\"}}}}}}'`. Or wipe the data first."
        )),
    );
}
