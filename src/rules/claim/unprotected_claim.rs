//! See the documentation of [`RULE`].

use crate::engine::{
    Action, Category, Check, Class, Context, Edit, Finding, Findings, Fix, Needs, Operation, ParameterSpec, Profiles,
    RuleParameters, Setting,
};
use crate::model::labels::{Label, LabelSelector, Mark};
use crate::model::{Claim, ClaimOrigin, ObjectKind, object};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

crate::rule! {
    /// ## What it checks
    /// Nothing about a claim shows that its data is backed up. The policy names the signs: labels and annotations that
    /// the backup tool reads (parameters `labels` and `annotations`), and the namespaces that a schedule backs up as a
    /// whole (`namespaceSelector`). A sign may also say that there is deliberately no backup. Without parameters the rule
    /// is silent, for nobody knows then what to look for. Ephemeral volumes are not judged.
    ///
    /// ## Why it matters
    /// Backups are found missing when they are needed. What is not backed up should be a decision and not an oversight.
    ///
    /// ## How to fix
    /// Put the label on the claim that your backup tool selects by, or one that says that there is no backup. With
    /// parameter `label` and `mutate: true` that label is put on claims when they are created; there is no default, for
    /// only a label that a backup tool selects by protects anything. Templates are reported only: the claims made
    /// from them get the label.
    ///
    /// ## Examples
    /// ```yaml,policy
    /// apiVersion: volguard.dev/v1alpha1
    /// kind: StoragePolicy
    /// metadata: {name: default}
    /// spec:
    ///   rules:
    ///     - name: unprotected-claim
    ///       action: Warn
    ///       mutate: true
    ///       parameters:
    ///         label: {key: backup, value: daily}
    ///         labels: [{key: velero.io/exclude-from-backup}, {key: recurring-job-group.longhorn.io/*}]
    ///         annotations: [{key: k8up.io/backup}]
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: cache, labels: {backup: none}}
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://velero.io/docs/main/resource-filtering/>
    /// - <https://longhorn.io/docs/latest/snapshots-and-backups/scheduling-backups-and-snapshots/>
    /// - <https://docs.k8up.io/k8up/references/annotations.html>
    pub static RULE = {
        name: "unprotected-claim",
        summary: "shows no sign of a backup",
        category: Category::Claim,
        class: Class::LosesData,
        fix: Fix::Sometimes,
        needs: &[Needs::Namespace],
        operations: &[Operation::Create, Operation::Scan],
        profiles: Profiles {
            baseline: Setting::new(Action::Off),
            recommended: Setting::new(Action::Audit),
            strict: Setting::fixing(Action::Warn),
        },
        parameters: ParameterSpec::of::<UnprotectedClaim>(),
        check: Check::Claim(check),
    }
}

/// Parameters of unprotected-claim.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct UnprotectedClaim {
    /// Labels of claims that are backed up, or that are deliberately not.
    labels: Vec<Mark>,
    /// Annotations of such claims.
    annotations: Vec<Mark>,
    /// The namespaces that are backed up as a whole, as by a schedule; none when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace_selector: Option<LabelSelector>,
    /// The label that the fix adds, and that counts as a sign with any value.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<Label>,
}

impl UnprotectedClaim {
    fn names_no_sign(&self) -> bool {
        self.labels.is_empty()
            && self.annotations.is_empty()
            && self.namespace_selector.is_none()
            && self.label.is_none()
    }
}

impl RuleParameters for UnprotectedClaim {}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    let parameters = cx.parameters::<UnprotectedClaim>();
    if parameters.names_no_sign() || is_ephemeral(claim) || has_sign(claim, &parameters) {
        return;
    }
    if let Some(selector) = &parameters.namespace_selector {
        match cx.selects_namespace_or_skip(selector, out) {
            Some(false) => {}
            Some(true) | None => return,
        }
    }
    let message = format!("{} shows no sign of a backup", claim.title());
    let finding = Finding::new(claim.meta_path(&["labels"]), "", message);
    out.push(match &parameters.label {
        None => finding.remedy("Put the label on it that your backup tool selects by, or one that excludes it."),
        Some(Label { key, value }) => {
            let finding = finding.remedy(format!("Write metadata.labels with {key}: {value}, or another value."));
            if claim.origin() == ClaimOrigin::Object {
                let path = claim.meta_path(&["labels"]).entry(key);
                finding.fix([Edit::Set(path, value.as_str().into())])
            } else {
                finding
            }
        }
    });
}

/// Whether the volume goes with its pod.
fn is_ephemeral(claim: &Claim<'_>) -> bool {
    claim.origin() == ClaimOrigin::Ephemeral || claim.meta().controller_kind() == Some(ObjectKind::Pod)
}

fn has_sign(claim: &Claim<'_>, parameters: &UnprotectedClaim) -> bool {
    let annotations = object::map(claim.value(), &["metadata", "annotations"]);
    let mut annotations = annotations
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)));
    let listed = |marks: &[Mark], key: &str, value: &str| marks.iter().any(|mark| mark.is(key, value));
    let own = |key: &str| parameters.label.as_ref().is_some_and(|label| label.key == key);
    claim
        .labels()
        .any(|(key, value)| own(key) || listed(&parameters.labels, key, value))
        || annotations.any(|(key, value)| listed(&parameters.annotations, key, value))
}
