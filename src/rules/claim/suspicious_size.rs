//! See the documentation of [`RULE`].

use super::Served;
use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Operation, Profiles, ResolvedClass,
};
use crate::model::Claim;
use crate::model::quantity::{Quantity, Unit};

/// Below this a size without a unit, or with one that makes fractions of bytes, is a slip of the pen.
const LEAST: i64 = 1 << 20;

crate::rule! {
    /// ## What it checks
    /// A claim asks for a handful of bytes: a bare number below 1Mi (`10` is ten bytes), or thousandths of bytes
    /// (`10m`, where `10Mi` or `10Gi` was meant). A large number of thousandths is fine: the API server itself writes
    /// `1.2Gi` as `1288490188800m`. Where the size decides nothing (the driver has no quota, or the claim binds to a
    /// volume that exists), it is a warning at most.
    ///
    /// ## Why it matters
    /// Some drivers refuse the claim, others round it up to the smallest volume that they make. The database that was
    /// meant to have 10Gi then runs on 1Gi until it is full.
    ///
    /// ## How to fix
    /// Write the unit: `10Gi`.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: gp3}
    /// provisioner: ebs.csi.aws.com
    /// parameters: {type: gp3, encrypted: "true"}
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// allowVolumeExpansion: true
    /// ---
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: gp3
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10m}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: gp3}
    /// provisioner: ebs.csi.aws.com
    /// parameters: {type: gp3, encrypted: "true"}
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// allowVolumeExpansion: true
    /// ---
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: gp3
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#resources>
    pub static RULE = {
        name: "suspicious-size",
        summary: "asks for a handful of bytes, most likely because of a wrong or missing unit",
        category: Category::Claim,
        class: Class::Availability,
        fix: Fix::None,
        needs: &[Needs::StorageClass, Needs::PersistentVolume],
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Warn, Action::Deny, Action::Deny),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    // The API server refuses zero and less; what is no quantity at all is not a size.
    let Some(Ok(size)) = claim.request() else { return };
    if size.is_zero() || size.is_negative() || size >= Quantity::from_bytes(LEAST) {
        return;
    }
    let text = claim.request_text();
    let fault = match size.unit() {
        Unit::None => format!("{text}, which means bytes: the unit is missing"),
        Unit::Milli => format!("{text}, and m means thousandths of a byte"),
        Unit::Micro => format!("{text}, and u means millionths of a byte"),
        Unit::Nano => format!("{text}, and n means billionths of a byte"),
        _ => return,
    };
    let number = text.trim().trim_end_matches(char::is_alphabetic);
    let finding = Finding::new(
        claim.spec_path(&["resources", "requests", "storage"]),
        text.as_str(),
        format!("{} asks for {fault}", claim.title()),
    )
    .remedy(format!("Write the unit that was meant: {number}Mi or {number}Gi."));
    out.push(if size_decides_nothing(claim, cx) {
        finding.profiles(Profiles::actions(Action::Warn, Action::Warn, Action::Warn))
    } else {
        finding
    });
}

/// Whether the volume is the same whatever the size: its driver has no quota, or it exists already.
fn size_decides_nothing(claim: &Claim<'_>, cx: &Context<'_>) -> bool {
    match cx.class_of(claim) {
        ResolvedClass::Empty => true,
        ResolvedClass::Found(class) => {
            Served::new(class, cx).is_some_and(|served| served.driver.size_ignored())
                || cx.binds_statically(claim, class.name())
        }
        ResolvedClass::Absent(name) | ResolvedClass::Unknown(name) => cx.binds_statically(claim, name),
        ResolvedClass::NoDefault | ResolvedClass::UnknownDefault => cx.binds_statically(claim, ""),
    }
}
