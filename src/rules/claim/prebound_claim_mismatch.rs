//! See the documentation of [`RULE`].

use crate::cluster::view::Lookup;
use crate::engine::{
    Action, Category, Certainty, Check, Class, Context, Finding, Findings, Fix, Needs, Profiles, Written,
};
use crate::model::{AccessMode, Claim, ClaimOrigin, ClaimRef, ClassName, Volume};
use crate::rules::related::volume_or_skip;

crate::rule! {
    /// ## What it checks
    /// A claim asks for a volume by name (`volumeName`) and cannot be bound to it: the volume has another class, another
    /// volume mode, less space, or not the access modes; it is being deleted; or it belongs to another claim. A claim
    /// that names no class gets the default class, and so differs from a volume that has none.
    ///
    /// A volume whose `claimRef` names this very claim is bound whatever its class and size, and not compared. A volume
    /// that does not exist yet is no finding.
    ///
    /// ## Why it matters
    /// The binder refuses the pair with event `VolumeMismatch` or says nothing at all, the claim stays Pending, and
    /// nothing is provisioned for it. Most of these fields cannot be changed afterwards.
    ///
    /// ## How to fix
    /// Write the class, volume mode and access modes of the volume, at most its size, and `storageClassName: ""` for a
    /// volume without a class. To take a Released volume over, first take the old claim out of it:
    /// `kubectl patch pv NAME --type=json -p '[{"op": "remove", "path": "/spec/claimRef"}]'`.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: gp3
    ///   annotations: {storageclass.kubernetes.io/is-default-class: "true"}
    /// provisioner: ebs.csi.aws.com
    /// ---
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata: {name: archive}
    /// spec:
    ///   capacity: {storage: 100Gi}
    ///   accessModes: [ReadWriteOnce]
    ///   csi: {driver: ebs.csi.aws.com, volumeHandle: vol-0123456789abcdef0}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: archive}
    /// spec:
    ///   volumeName: archive
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 100Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: archive}
    /// spec:
    ///   storageClassName: ""
    ///   volumeName: archive
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 100Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reserving-a-persistentvolume>
    /// - <https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/volume/persistentvolume/pv_controller.go>
    pub static RULE = {
        name: "prebound-claim-mismatch",
        summary: "names a volume that it cannot be bound to",
        category: Category::Claim,
        class: Class::NeverWorks,
        fix: Fix::None,
        needs: &[Needs::PersistentVolume, Needs::StorageClass],
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(name) = claim
        .volume_name()
        .filter(|_| !matches!(claim.phase(), "Bound" | "Lost"))
    else {
        return;
    };
    let Some(volume) = volume_or_skip(name, cx, out) else {
        return;
    };
    if let Some(reserved) = volume.claim_ref() {
        if claim.origin() == ClaimOrigin::Object && !is_kept_for(&reserved, claim, cx) {
            out.push(taken(claim, volume, &reserved, cx));
        }
        return;
    }
    if volume.meta().is_deleting() {
        let message = format!("{} names volume {name}, which is being deleted", claim.title());
        out.push(Finding::new(claim.spec_path(&["volumeName"]), name, message).remedy("Name another volume, or none."));
        return;
    }
    class_mismatch(claim, volume, cx, out);
    if claim.volume_mode() != volume.volume_mode() {
        let message = format!(
            "{} asks for volumeMode {}, but volume {name}, which it names, is {}",
            claim.title(),
            claim.volume_mode(),
            volume.volume_mode()
        );
        let path = claim.spec_path(&["volumeMode"]);
        out.push(
            Finding::new(path, claim.volume_mode().as_str(), message)
                .remedy(format!("Write volumeMode: {}.", volume.volume_mode())),
        );
    }
    for (index, mode) in claim.access_modes() {
        if volume.access_modes().all(|offered| offered != mode) {
            let offered: Vec<_> = volume.access_modes().map(AccessMode::as_str).collect();
            let message = format!(
                "{} asks for {mode}, which volume {name}, which it names, has not",
                claim.title()
            );
            out.push(
                Finding::new(claim.spec_path(&["accessModes"]).index(index), mode.as_str(), message)
                    .remedy(format!("The volume has {}: ask for one of these.", offered.join(", "))),
            );
        }
    }
    if let (Some(Ok(size)), Some(capacity)) = (claim.request(), volume.capacity())
        && size > capacity
    {
        let message = format!(
            "{} asks for {}, more than volume {name}, which it names, has ({capacity})",
            claim.title(),
            claim.request_text()
        );
        let path = claim.spec_path(&["resources", "requests", "storage"]);
        out.push(Finding::new(path, claim.request_text(), message).remedy(format!("Ask for at most {capacity}.")));
    }
}

/// Whether a volume is kept for the claim: its `claimRef` names it, and does not mean an earlier claim of the name.
fn is_kept_for(reserved: &ClaimRef<'_>, claim: &Claim<'_>, cx: &Context<'_>) -> bool {
    reserved.namespace == cx.namespace()
        && reserved.name == claim.name()
        && reserved.uid.is_none_or(|uid| claim.meta().uid() == Some(uid))
}

fn taken(claim: &Claim<'_>, volume: Volume<'_>, reserved: &ClaimRef<'_>, cx: &Context<'_>) -> Finding {
    let name = volume.name();
    // Who uses volumes in other namespaces is nothing that the author of a claim may learn.
    let owner = match reserved.namespace == cx.namespace() {
        true if reserved.name == claim.name() => "an earlier claim of this name".to_owned(),
        true => format!("claim {}", reserved.name),
        false => "a claim of another namespace".to_owned(),
    };
    let message = format!("{} names volume {name}, which belongs to {owner}", claim.title());
    let finding = Finding::new(claim.spec_path(&["volumeName"]), name, message);
    if volume.phase() == "Bound" {
        finding.remedy("A volume is bound to one claim: name another volume, or none.")
    } else {
        // Whoever recovers a volume may take the old claim out of it after making the new one.
        let finding = finding.remedy(format!(
            "If the volume is to be used again, take that claim out of it first: \
             `kubectl patch pv {name} --type=json -p '[{{\"op\": \"remove\", \"path\": \"/spec/claimRef\"}}]'`."
        ));
        finding.profiles(Profiles::actions(Action::Warn, Action::Warn, Action::Deny))
    }
}

fn class_mismatch(claim: &Claim<'_>, volume: Volume<'_>, cx: &Context<'_>, out: &mut Findings) {
    let has = volume.class_name();
    let (asked, certainty) = match claim.class_name() {
        ClassName::Named(name) => (name, Certainty::Certain),
        ClassName::Empty => ("", Certainty::Certain),
        ClassName::Default => match cx.default_class() {
            Lookup::Found(class) => (class.name(), Certainty::Certain),
            Lookup::Absent => ("", Certainty::Certain),
            // Most clusters have a default class.
            Lookup::Unknown if has.is_empty() => ("(the default class)", Certainty::Likely),
            Lookup::Unknown => return out.skip("the default StorageClass is unknown"),
        },
    };
    if asked == has {
        return;
    }
    let name = volume.name();
    let filled_in = match claim.class_name() {
        ClassName::Default => true,
        ClassName::Named(asked) => {
            claim.origin() == ClaimOrigin::Object
                && cx.wrote(&["spec", "storageClassName"]) != Written::Yes
                && cx.default_class().found().is_some_and(|class| class.name() == asked)
        }
        ClassName::Empty => false,
    };
    let wish = match asked {
        "" => "has no class".to_owned(),
        "(the default class)" => "gets the default class".to_owned(),
        asked if filled_in => format!("gets the default class {asked}"),
        asked => format!("has class {asked}"),
    };
    let given = match has {
        "" => "none".to_owned(),
        has => format!("class {has}"),
    };
    let message = format!(
        "{} {wish}, but volume {name}, which it names, has {given}",
        claim.title()
    );
    let remedy = match has {
        "" => {
            "Write storageClassName: \"\", the class of volumes without one; leaving it out asks for the default class."
                .to_owned()
        }
        has => format!("Write storageClassName: {has}."),
    };
    out.push(
        Finding::new(claim.class_path(), asked, message)
            .remedy(remedy)
            .certainty(certainty),
    );
}
