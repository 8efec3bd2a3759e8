//! See the documentation of [`RULE`].

use crate::engine::{
    Action, Category, Certainty, Check, Class, Context, Finding, Findings, Fix, Operation, Profiles, ReportsAt,
};
use crate::model::{Claim, ClaimOrigin, DataSource};

crate::rule! {
    /// ## What it checks
    /// A claim asks to be filled from a source that the API server drops without a word. `dataSource` takes a
    /// PersistentVolumeClaim of the core group or a VolumeSnapshot of `snapshot.storage.k8s.io`; anything else is taken
    /// out of the claim when it is stored. A VolumeSnapshot without its `apiGroup` is such a source too.
    ///
    /// A `dataSourceRef` with a namespace is dropped as well unless the API server has the alpha feature
    /// `CrossNamespaceVolumeDataSource`. Nobody but the API server knows that, so this is denied in profile Strict only.
    ///
    /// ## Why it matters
    /// The claim is stored as if no source had been asked for, and gets an empty volume. The application starts on it,
    /// makes a new database, and the restore that was meant has not happened. Nothing shows it afterwards: neither the
    /// claim nor an event. That is why this rule reports at `/mutate`, before the source is gone.
    ///
    /// ## How to fix
    /// Name the source in `dataSourceRef`, which takes any kind that a volume populator serves, and write its `apiGroup`.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    ///   dataSource:
    ///     kind: VolumeSnapshot
    ///     name: nightly
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    ///   dataSource:
    ///     apiGroup: snapshot.storage.k8s.io
    ///     kind: VolumeSnapshot
    ///     name: nightly
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#data-source-references>
    /// - <https://github.com/kubernetes/kubernetes/blob/master/pkg/api/persistentvolumeclaim/util.go>
    pub static RULE = {
        name: "dropped-data-source",
        summary: "asks for a data source that the API server drops, so that the volume would be empty",
        category: Category::Claim,
        class: Class::LosesData,
        fix: Fix::None,
        operations: &[Operation::Create],
        reports_at: ReportsAt::Mutate,
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(source) = claim.data_source() else { return };
    if source.field == "dataSource" && !source.is_claim() && !source.is_snapshot() {
        let message = format!(
            "{}: the API server drops dataSource {}, and the volume is empty",
            claim.title(),
            source.title()
        );
        let path = claim.spec_path(&[source.field, "kind"]);
        out.push(Finding::new(path, source.kind, message).remedy(remedy(&source)));
    }
    // What a stored claim still has was not dropped.
    let is_stored = claim.origin() == ClaimOrigin::Object && cx.operation() == Operation::Scan;
    if let Some(namespace) = source.namespace.filter(|_| !is_stored) {
        let message = format!(
            "{} asks for {} of namespace {namespace}, which most API servers drop",
            claim.title(),
            source.title()
        );
        out.push(
            Finding::new(claim.spec_path(&[source.field, "namespace"]), namespace, message)
                .remedy(
                    "Without the alpha feature CrossNamespaceVolumeDataSource the volume would be empty. Copy the source \
                     into the namespace of the claim, and leave the namespace out.",
                )
                .certainty(Certainty::Likely),
        );
    }
}

fn remedy(source: &DataSource<'_>) -> String {
    match (source.group, source.kind) {
        ("", "VolumeSnapshot") => "Write apiGroup: snapshot.storage.k8s.io beside kind and name.".to_owned(),
        ("", kind) => {
            format!("Name it in dataSourceRef, with the API group of {kind}: a volume populator must serve it.")
        }
        (_, "PersistentVolumeClaim") => "Leave apiGroup out: claims are of the core group.".to_owned(),
        (group, kind) => {
            format!("Name it in dataSourceRef: a volume populator must serve {kind} of {group}.")
        }
    }
}
