//! See the documentation of [`RULE`].

use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Fix, ParameterSpec, Profiles, RuleParameters,
};
use crate::model::Claim;
use crate::model::labels::Mark;
use crate::model::words::listed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

crate::rule! {
    /// ## What it checks
    /// A claim lacks a label that the policy requires, or has it with a value that is not listed. A template of a
    /// StatefulSet also has the labels of the set's selector, which statefulset-controller puts on its claims. Every
    /// missing label is a finding.
    ///
    /// Without parameters the rule is silent; with them it warns, unless the policy gives another action.
    ///
    /// ## Why it matters
    /// Volumes outlive the pods, the release and the people that made them. Without an owner nobody dares to delete
    /// them, and without a cost centre nobody pays for them.
    ///
    /// ## How to fix
    /// Write the labels: under `metadata.labels` of the claim, and for a StatefulSet under `metadata.labels` of the
    /// template. The labels of a claim may be changed at any time, those of a template only by recreating the set.
    ///
    /// ## Examples
    /// ```yaml,policy
    /// apiVersion: volguard.dev/v1alpha1
    /// kind: StoragePolicy
    /// metadata: {name: default}
    /// spec:
    ///   rules:
    ///     - name: missing-required-labels
    ///       parameters:
    ///         labels:
    ///           - {key: owner}
    ///           - {key: backup, values: [daily, weekly, none]}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata:
    ///   name: data
    ///   labels: {owner: team-a, backup: hourly}
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata:
    ///   name: data
    ///   labels: {owner: team-a, backup: daily}
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/>
    /// - <https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/>
    pub static RULE = {
        name: "missing-required-labels",
        summary: "lacks labels that the policy requires",
        category: Category::Claim,
        class: Class::Tenancy,
        fix: Fix::None,
        profiles: Profiles::actions(Action::Off, Action::Off, Action::Off),
        graded: true,
        parameters: ParameterSpec::of::<MissingRequiredLabels>(),
        check: Check::Claim(check),
    }
}

/// Parameters of missing-required-labels.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct MissingRequiredLabels {
    /// The labels that claims must have.
    labels: Vec<Mark>,
}

impl RuleParameters for MissingRequiredLabels {}

/// How many allowed values a remedy names.
const NAMED_VALUES: usize = 5;

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    for wanted in &cx.parameters::<MissingRequiredLabels>().labels {
        if claim.labels().any(|(key, value)| wanted.is(key, value)) {
            continue;
        }
        let key = wanted.key.as_str();
        let (title, found) = (claim.title(), claim.labels().find(|(key, _)| wanted.has_key(key)));
        let (path, value, message) = match found {
            Some((key, value)) => (
                claim.meta_path(&["labels"]).entry(key),
                value,
                format!("{title} has label {key} with a value that is not allowed, {value}"),
            ),
            None => (
                claim.meta_path(&["labels"]).entry(key),
                "",
                format!("{title} has no label {key}, which is required"),
            ),
        };
        let remedy = match listed(wanted.values.iter().map(String::as_str), NAMED_VALUES).as_str() {
            "" => format!("Write metadata.labels with {key}."),
            values => format!("Write metadata.labels with {key}: one of {values}."),
        };
        out.push(
            Finding::new(path, value, message)
                .remedy(remedy)
                .profiles(Profiles::actions(Action::Warn, Action::Warn, Action::Warn)),
        );
    }
}
