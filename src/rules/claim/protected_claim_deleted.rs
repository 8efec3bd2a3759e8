//! See the documentation of [`RULE`].

use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Operation, Profiles};
use crate::model::object::PROTECT_LABEL;
use crate::model::{Claim, ClaimOrigin};

crate::rule! {
    /// ## What it checks
    /// A claim with the label `volguard.dev/protect: "true"` is deleted. What the cluster's own controllers delete, and
    /// what goes with a namespace that is ending, is let through; the namespace itself is guarded by
    /// `namespace-with-data-deleted`.
    ///
    /// ## Why it matters
    /// With the reclaim policy Delete, which most classes have, the volume and its data are deleted with the claim,
    /// within seconds and for good.
    ///
    /// ## How to fix
    /// If the data may go, take the label off first: `kubectl label pvc NAME volguard.dev/protect-`.
    ///
    /// ## Examples
    /// ```yaml,review
    /// operation: DELETE
    /// user: ann@example.com
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata:
    ///   name: ledger
    ///   namespace: finance
    ///   labels: {volguard.dev/protect: "true"}
    /// spec:
    ///   storageClassName: gp3
    ///   volumeName: pvc-8c6a
    /// status: {phase: Bound}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata:
    ///   name: cache
    ///   namespace: finance
    /// spec:
    ///   storageClassName: gp3
    ///   volumeName: pvc-1f7b
    /// status: {phase: Bound}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#delete>
    pub static RULE = {
        name: "protected-claim-deleted",
        summary: "is deleted although it carries the label that protects it",
        category: Category::Claim,
        class: Class::LosesData,
        fix: Fix::None,
        operations: &[Operation::Delete],
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    if claim.origin() != ClaimOrigin::Object || !claim.meta().is_protected() {
        return;
    }
    let message = format!(
        "{} is protected from deletion by its label {PROTECT_LABEL}",
        claim.title()
    );
    let remedy = format!(
        "If its data may go, take the label off first: `kubectl label pvc {} -n {} {PROTECT_LABEL}-`.",
        claim.name(),
        cx.namespace()
    );
    out.push(Finding::new(claim.meta_path(&["labels", PROTECT_LABEL]), "true", message).remedy(remedy));
}
