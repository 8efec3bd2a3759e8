//! See the documentation of [`RULE`].

use crate::cluster::view::{Lookup, ViewKind};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Needs, Operation, Profiles};
use crate::model::{ClaimRef, FieldPath, Meta, Volume, user};

crate::rule! {
    /// ## What it checks
    /// The `claimRef` of a PersistentVolume lacks the namespace or the name, or has a uid that no claim of that name has.
    /// A `claimRef` with namespace and name but no uid is right: the volume is kept for that claim.
    ///
    /// What provisioners and the cluster's own controllers write is not judged, and the uid of a volume that has lost its
    /// claim is no fault.
    ///
    /// ## Why it matters
    /// Without namespace or name the volume stays Available and no claim ever gets it. A uid of a claim that is gone, as
    /// manifests from a backup have it, makes the volume Released at once: with reclaim policy `Delete` its data is
    /// deleted.
    ///
    /// ## How to fix
    /// Write `namespace` and `name` of the claim and leave `uid` and `resourceVersion` out. The controller fills them in.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: orders
    /// spec:
    ///   capacity: {storage: 10Gi}
    ///   accessModes: [ReadWriteOnce]
    ///   claimRef: {name: orders}
    ///   nfs: {server: nfs.example.com, path: /orders}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata:
    ///   name: orders
    /// spec:
    ///   capacity: {storage: 10Gi}
    ///   accessModes: [ReadWriteOnce]
    ///   claimRef: {namespace: shop, name: orders}
    ///   nfs: {server: nfs.example.com, path: /orders}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reserving-a-persistentvolume>
    pub static RULE = {
        name: "incomplete-claim-ref",
        summary: "is kept for a claim that there is not",
        category: Category::Volume,
        class: Class::LosesData,
        needs: &[Needs::PersistentVolumeClaim],
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Deny),
        check: Check::Volume(check),
    }
}

fn check(volume: Volume<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(claim) = volume.claim_ref().filter(|_| !user::is_cluster_machinery(cx.user())) else {
        return;
    };
    let path = FieldPath::of(&["spec", "claimRef"]);
    for (field, value) in [("namespace", claim.namespace), ("name", claim.name)] {
        if value.is_empty() {
            let message = format!(
                "claimRef of {} has no {field}: the volume fits no claim",
                volume.title()
            );
            let remedy = "Write namespace and name of the claim that the volume is kept for, or leave claimRef out.";
            out.push(Finding::new(path.key(field), "", message).remedy(remedy));
        }
    }
    if claim.namespace.is_empty() || claim.name.is_empty() || !speaks_of_the_future(volume, cx) {
        return;
    }
    if let Some(uid) = claim.uid
        && let Some(fate) = why_stale(claim, uid, cx, out)
    {
        let then = match volume.reclaim_policy() {
            "Delete" => "is Released at once and its data deleted",
            _ => "is Released at once",
        };
        out.push(
            Finding::new(
                path.key("uid"),
                format!("{uid} of {claim}"),
                format!("{} {then}: claimRef has the uid of a {fate} claim", volume.title()),
            )
            .remedy(format!(
                "Leave uid and resourceVersion out of claimRef: the volume is then kept for {claim}."
            )),
        );
    }
}

/// Whether the uid is meant to bind the volume: a volume that has lost its claim keeps the uid, and a provisioner knows the
/// claim that it works for.
fn speaks_of_the_future(volume: Volume<'_>, cx: &Context<'_>) -> bool {
    match cx.operation() {
        Operation::Create => volume.is_static() || !user::is_service_account(cx.user()),
        Operation::Update => !matches!(volume.phase(), "Released" | "Failed"),
        Operation::Delete | Operation::Scale | Operation::Scan => false,
    }
}

/// What has become of the claim with this uid; `None` where it may well be there.
fn why_stale(claim: ClaimRef<'_>, uid: &str, cx: &Context<'_>, out: &mut Findings) -> Option<&'static str> {
    let kind = ViewKind::PersistentVolumeClaim;
    match cx.view().get(kind, claim.namespace, claim.name) {
        Lookup::Found(row) => {
            let known = Meta::of(row).uid()?;
            (known != uid).then_some("replaced")
        }
        Lookup::Absent => Some("deleted"),
        Lookup::Unknown => {
            out.skip(format!("PersistentVolumeClaim {claim} is unknown"));
            None
        }
    }
}
