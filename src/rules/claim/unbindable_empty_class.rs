//! See the documentation of [`RULE`].

use crate::cluster::view::ViewKind;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Operation, Profiles};
use crate::model::{Claim, ClaimOrigin, ClassName};

crate::rule! {
    /// ## What it checks
    /// A claim has `storageClassName: ""`, which means existing volumes without class only, and no Available volume
    /// fits it: of its access modes, its volume mode, its size. A claim that names its volume or that has a selector is
    /// not judged, for whoever writes one knows of the volume. In files, without a cluster, it speaks only where the
    /// volumes are given.
    ///
    /// ## Why it matters
    /// Nothing provisions a volume for the empty class. The claim stays Pending until somebody makes a volume by hand;
    /// the usual cause is the wish for the default class, which is had by leaving the field out.
    ///
    /// ## How to fix
    /// Leave `storageClassName` out to get the default class, name a class, or create the PersistentVolume.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata: {name: archive}
    /// spec:
    ///   accessModes: [ReadWriteMany]
    ///   capacity: {storage: 100Gi}
    ///   nfs: {server: files.example.com, path: /archive}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: ""
    ///   accessModes: [ReadWriteMany]
    ///   resources: {requests: {storage: 200Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: ""
    ///   accessModes: [ReadWriteMany]
    ///   resources: {requests: {storage: 100Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#class-1>
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#static>
    pub static RULE = {
        name: "unbindable-empty-class",
        summary: "has the empty class, and no existing volume fits it",
        category: Category::Claim,
        class: Class::Availability,
        fix: Fix::None,
        needs: &[Needs::PersistentVolume],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    if claim.class_name() != ClassName::Empty || claim.volume_name().is_some() || claim.selector().is_some() {
        return;
    }
    // The claims of a set that lives are bound, and their volumes Available no more.
    if cx.operation() == Operation::Scan && claim.origin() != ClaimOrigin::Object {
        return;
    }
    if cx.fitting_volume(claim, "").is_some() {
        return;
    }
    if !cx.view().is_complete(ViewKind::PersistentVolume) {
        return out.skip("the PersistentVolumes are not all known");
    }
    let message = format!(
        "{} has the empty class, and no Available volume without class fits it",
        claim.title()
    );
    let modes: Vec<&str> = claim.access_modes().map(|(_, mode)| mode.as_str()).collect();
    let remedy = format!(
        "Leave storageClassName out to get the default class, or create a PersistentVolume without class of at least {} \
         with {} and volumeMode {}.",
        claim.request_text(),
        modes.join(", "),
        claim.volume_mode()
    );
    out.push(Finding::new(claim.class_path(), "", message).remedy(remedy));
}
