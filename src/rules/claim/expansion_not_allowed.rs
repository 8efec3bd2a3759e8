//! See the documentation of [`RULE`].

use super::{Served, Wish};
use crate::cluster::view::{Lookup, ViewKind};
use crate::drivers::Expansion;
use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Operation, Profiles, ReportsAt,
};
use crate::model::quantity::Quantity;
use crate::model::words::listed;
use crate::model::{Claim, ClaimOrigin, ClassName, StorageClass};
use crate::rules::related::NAMED;

crate::rule! {
    /// ## What it checks
    /// An update makes a claim grow, and the API server will refuse it: the class does not allow expansion, the class
    /// exists no more, the claim has no class, or the claim is not bound. In `scan` it finds the claims that asked for
    /// more when they still could, and whose class does not allow it now.
    ///
    /// It reports at `/mutate`, for the API server refuses before `/validate`, with a message that names neither the
    /// class nor a way out.
    ///
    /// ## Why it matters
    /// A volume that cannot grow is found out when it is full.
    ///
    /// ## How to fix
    /// `allowVolumeExpansion` of a class may be changed at any time: `kubectl patch storageclass NAME -p
    /// '{"allowVolumeExpansion": true}'`, provided that the driver can expand volumes. Otherwise make a new claim of
    /// another class and copy the data.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: gp2}
    /// provisioner: ebs.csi.aws.com
    /// parameters: {type: gp2, encrypted: "true"}
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// ---
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: gp3}
    /// provisioner: ebs.csi.aws.com
    /// parameters: {type: gp3, encrypted: "true"}
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// allowVolumeExpansion: true
    /// ```
    /// ```yaml,old
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: gp2
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 100Gi}}
    /// status: {phase: Bound, capacity: {storage: 100Gi}}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: gp2
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 200Gi}}
    /// ```
    /// ```yaml,old
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: gp3
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 100Gi}}
    /// status: {phase: Bound, capacity: {storage: 100Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: gp3
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 200Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#expanding-persistent-volumes-claims>
    /// - <https://kubernetes.io/docs/concepts/storage/storage-classes/#allow-volume-expansion>
    pub static RULE = {
        name: "expansion-not-allowed",
        summary: "grows, and its class does not allow it",
        category: Category::Claim,
        class: Class::NeverWorks,
        fix: Fix::None,
        needs: &[Needs::StorageClass],
        operations: &[Operation::Update, Operation::Scan],
        reports_at: ReportsAt::Mutate,
        profiles: Profiles::actions(Action::Warn, Action::Warn, Action::Warn),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some((from, to, bound)) = growth(claim, cx) else {
        return;
    };
    let (obstacle, remedy) = if bound {
        let found = match claim.class_name() {
            ClassName::Named(name) => obstacle(name, claim, cx, out),
            ClassName::Empty | ClassName::Default => {
                Some(("claims without class cannot".to_owned(), move_to_another(claim, cx)))
            }
        };
        let Some(found) = found else { return };
        found
    } else {
        (
            "only a bound claim can".to_owned(),
            "Delete the claim and create it with the other size.".to_owned(),
        )
    };
    let message = format!("{} is to grow from {from} to {to}, and {obstacle}", claim.title());
    let path = claim.spec_path(&["resources", "requests", "storage"]);
    out.push(Finding::new(path, claim.request_text(), message).remedy(remedy));
}

/// From which size to which a claim is to grow, and whether it is bound: by this update, or by one that came before.
fn growth(claim: &Claim<'_>, cx: &Context<'_>) -> Option<(Quantity, Quantity, bool)> {
    if let Some(resize) = cx.resize(claim) {
        let bound = resize.stored.phase() == "Bound";
        return (resize.to > resize.from).then_some((resize.from, resize.to, bound));
    }
    if cx.operation() == Operation::Update || claim.origin() != ClaimOrigin::Object || claim.phase() != "Bound" {
        return None;
    }
    let (capacity, request) = (claim.capacity()?, claim.request()?.ok()?);
    (request > capacity).then_some((capacity, request, true))
}

/// What of a class keeps its claims from growing, and what helps.
fn obstacle(name: &str, claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) -> Option<(String, String)> {
    let class = match cx.view().get(ViewKind::StorageClass, "", name) {
        Lookup::Found(class) => StorageClass::new(class),
        Lookup::Absent => {
            let remedy = format!("Create class {name} again, with allowVolumeExpansion: true.");
            return Some((format!("its class {name} exists no more"), remedy));
        }
        Lookup::Unknown => {
            out.skip(format!("StorageClass {name} is unknown"));
            return None;
        }
    };
    if class.allows_expansion() {
        return None;
    }
    if can_expand(class, cx) {
        let remedy = format!(
            "Allow it (`kubectl patch storageclass {name} -p '{{\"allowVolumeExpansion\": true}}'`), and try again."
        );
        Some((format!("class {name} does not allow it"), remedy))
    } else {
        let obstacle = format!("{} (class {name}) cannot expand volumes", class.provisioner());
        Some((obstacle, move_to_another(claim, cx)))
    }
}

/// Whether a class's driver can expand volumes, as far as anybody knows.
fn can_expand(class: StorageClass<'_>, cx: &Context<'_>) -> bool {
    cx.driver(class.provisioner())
        .is_none_or(|known| known.driver.expansion().value != Expansion::None)
}

/// What helps where the volume can never grow.
fn move_to_another(claim: &Claim<'_>, cx: &Context<'_>) -> String {
    let wish = Wish::of(claim);
    let classes = cx
        .classes()
        .filter(|class| class.allows_expansion() && can_expand(*class, cx))
        .filter(|class| Served::new(*class, cx).is_none_or(|served| served.serves(&wish)));
    match listed(classes.map(StorageClass::name).take(NAMED), NAMED).as_str() {
        "" => "Create a new claim of a class that allows expansion, and copy the data.".to_owned(),
        classes => format!("Create a new claim of a class that allows expansion ({classes}), and copy the data."),
    }
}
