//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Operation, Profiles, ReportsAt};
use crate::model::Claim;

crate::rule! {
    /// ## What it checks
    /// An update makes a claim ask for less than its volume has, or for exactly that much. The API server refuses it
    /// with "field can not be less than status.capacity". To take back part of an expansion that did not happen yet is
    /// fine: a size between that of the volume and that of the claim is accepted. The size of a claim that is not bound
    /// cannot be changed at all.
    ///
    /// It reports at `/mutate`, for the API server refuses before `/validate`.
    ///
    /// ## Why it matters
    /// Kubernetes never shrinks volumes. A manifest that lags behind a volume that has grown, or a value that somebody
    /// lowered to save money, fails every later roll-out.
    ///
    /// ## How to fix
    /// Write the size that the claim has. For a smaller volume make a new claim and copy the data.
    ///
    /// ## Examples
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
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: gp3
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 50Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: gp3
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 100Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#recovering-from-failure-when-expanding-volumes>
    pub static RULE = {
        name: "claim-shrunk",
        summary: "shrinks below the size of its volume",
        category: Category::Claim,
        class: Class::Hygiene,
        fix: Fix::None,
        operations: &[Operation::Update],
        reports_at: ReportsAt::Mutate,
        profiles: Profiles::actions(Action::Warn, Action::Warn, Action::Warn),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(resize) = cx.resize(claim).filter(|resize| resize.to < resize.from) else {
        return;
    };
    let (title, from, to) = (claim.title(), resize.from, resize.to);
    let (message, remedy) = if resize.stored.phase() == "Bound" {
        // The least size that would be accepted is more than the volume has.
        let Some(capacity) = resize.stored.capacity().filter(|capacity| to <= *capacity) else {
            return;
        };
        let accepted = if from > capacity {
            format!("{from} again, or more than the {capacity} of the volume")
        } else {
            from.to_string()
        };
        (
            format!("{title} shrinks from {from} to {to}; its volume has {capacity}, and volumes never shrink"),
            format!(
                "The API server refuses it. Write {accepted}; for a smaller volume create a new claim and copy the data."
            ),
        )
    } else {
        (
            format!("{title} shrinks from {from} to {to}; only a bound claim can change its size"),
            "The API server refuses it. Delete the claim and create it with the other size.".to_owned(),
        )
    };
    let path = claim.spec_path(&["resources", "requests", "storage"]);
    out.push(Finding::new(path, claim.request_text(), message).remedy(remedy));
}
