//! See the documentation of [`RULE`].

use crate::engine::{
    Action, Category, Certainty, Check, Class, Context, Finding, Findings, Fix, Needs, Operation, Profiles, Written,
};
use crate::model::{Claim, ClaimOrigin};

crate::rule! {
    /// ## What it checks
    /// A claim has a selector, and its class provisions new volumes. Only an existing volume can have the labels that a
    /// selector asks for, so provisioners refuse such claims. Where an Available volume of the class has the labels and
    /// fits, the claim binds to it and is not judged. The class may be the default that was filled in because none was
    /// written.
    ///
    /// ## Why it matters
    /// The claim stays Pending until somebody makes a volume of this class with these labels.
    ///
    /// ## How to fix
    /// For an existing volume write the class that the volume has, which is `storageClassName: ""` where it has none.
    /// For a new volume remove the selector.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: gp3
    ///   annotations: {storageclass.kubernetes.io/is-default-class: "true"}
    /// provisioner: ebs.csi.aws.com
    /// parameters: {type: gp3, encrypted: "true"}
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// allowVolumeExpansion: true
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: archive}
    /// spec:
    ///   selector: {matchLabels: {archive: "2025"}}
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: archive}
    /// spec:
    ///   storageClassName: ""
    ///   selector: {matchLabels: {archive: "2025"}}
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#selector>
    pub static RULE = {
        name: "selector-on-dynamic-class",
        summary: "has a selector, and a class that provisions new volumes",
        category: Category::Claim,
        class: Class::Availability,
        fix: Fix::None,
        needs: &[Needs::StorageClass, Needs::PersistentVolume],
        profiles: Profiles::actions(Action::Warn, Action::Warn, Action::Warn),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    if claim.selector().is_none() || claim.volume_name().is_some() {
        return;
    }
    // The claims of a set that lives are bound, and their volumes Available no more.
    if cx.operation() == Operation::Scan && claim.origin() != ClaimOrigin::Object {
        return;
    }
    let Some(class) = cx.class_or_skip(claim, out) else {
        return;
    };
    if class.has_no_provisioner() || cx.fitting_volume(claim, class.name()).is_some() {
        return;
    }
    let filled_in = claim.origin() == ClaimOrigin::Object && cx.wrote(&["spec", "storageClassName"]) == Written::No;
    let which = if filled_in { "the default class" } else { "class" };
    // What does not provision through the CSI sidecar may have its own reading of selectors.
    let certainty = match cx.driver(class.provisioner()) {
        Some(known) if known.driver.is_csi() => Certainty::Certain,
        _ => Certainty::Likely,
    };
    let message = format!(
        "{} has a selector, and {which} {} provisions new volumes only",
        claim.title(),
        class.name()
    );
    out.push(
        Finding::new(claim.spec_path(&["selector"]), class.name(), message)
            .remedy(
                "For an existing volume write the class that the volume has (storageClassName: \"\" where it has none); \
                 for a new volume remove the selector.",
            )
            .certainty(certainty),
    );
}
