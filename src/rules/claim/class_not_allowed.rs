//! See the documentation of [`RULE`].

use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, ParameterSpec, Profiles, RuleParameters,
};
use crate::model::labels::LabelSelector;
use crate::model::words::listed;
use crate::model::{Claim, ClassName};
use crate::rules::related::NAMED;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

crate::rule! {
    /// ## What it checks
    /// A claim uses a StorageClass that is not on the list of its namespace. Parameter `namespaces` has a list for the
    /// namespaces that a selector selects; the first entry that matches counts, an empty list allows no class.
    /// `classes` is the list of all other namespaces, where every class is allowed without it. A claim that names no
    /// class uses the default class. The empty class, which means existing volumes only, is always allowed.
    ///
    /// Without parameters the rule is silent; with them it denies, unless the policy gives another action.
    ///
    /// ## Why it matters
    /// Every user of a cluster can name every class: the expensive disks, another team's pool, the class without
    /// encryption. Kubernetes can forbid a class only by a quota of zero in every single namespace.
    ///
    /// ## How to fix
    /// Use a class of the list, or ask whoever keeps the policy.
    ///
    /// ## Examples
    /// ```yaml,policy
    /// apiVersion: volguard.dev/v1alpha1
    /// kind: StoragePolicy
    /// metadata: {name: default}
    /// spec:
    ///   rules:
    ///     - name: class-not-allowed
    ///       parameters:
    ///         classes: [gp3]
    ///         namespaces:
    ///           - namespaceSelector: {matchLabels: {tier: database}}
    ///             classes: [gp3, io2]
    /// ```
    /// ```yaml,cluster
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata: {name: default, labels: {tier: web}}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: io2
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    /// ```yaml,passes
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
    /// - <https://kubernetes.io/docs/concepts/policy/resource-quotas/#storage-resource-quota>
    /// - <https://github.com/kubernetes/kubernetes/issues/73879>
    pub static RULE = {
        name: "class-not-allowed",
        summary: "uses a StorageClass that is not allowed in its namespace",
        category: Category::Claim,
        class: Class::Tenancy,
        fix: Fix::None,
        needs: &[Needs::StorageClass, Needs::Namespace],
        profiles: Profiles::actions(Action::Off, Action::Off, Action::Off),
        graded: true,
        parameters: ParameterSpec::of::<ClassNotAllowed>(),
        check: Check::Claim(check),
    }
}

/// Parameters of class-not-allowed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ClassNotAllowed {
    /// The classes that are allowed where no entry of `namespaces` matches; every class when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<Vec<String>>,
    /// The classes that are allowed in some namespaces; the first entry that matches counts.
    namespaces: Vec<Allowed>,
}

impl RuleParameters for ClassNotAllowed {}

/// The classes of some namespaces.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Allowed {
    /// The namespaces that are meant.
    namespace_selector: LabelSelector,
    /// The classes that are allowed in them; none when empty.
    classes: Vec<String>,
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    let parameters = cx.parameters::<ClassNotAllowed>();
    let Some(allowed) = allowed(&parameters, cx, out) else {
        return;
    };
    let Some(class) = out.found_or_skip(cx.class_name_of(claim), "the default StorageClass") else {
        return;
    };
    if allowed.iter().any(|name| name == class) {
        return;
    }
    let uses = match claim.class_name() {
        ClassName::Default => "gets the default class",
        ClassName::Named(_) | ClassName::Empty => "uses class",
    };
    let message = format!(
        "{} {uses} {class}, which is not allowed in namespace {}",
        claim.title(),
        cx.namespace()
    );
    let remedy = match listed(allowed.iter().map(String::as_str), NAMED).as_str() {
        "" => "No class is allowed here; ask whoever keeps the policy.".to_owned(),
        classes => format!("Use a class that is allowed: {classes}."),
    };
    out.push(
        Finding::new(claim.class_path(), class, message)
            .remedy(remedy)
            .profiles(Profiles::actions(Action::Deny, Action::Deny, Action::Deny)),
    );
}

/// The classes that are allowed in the namespace; `None` where all are, and where nobody can tell.
fn allowed<'p>(parameters: &'p ClassNotAllowed, cx: &Context<'_>, out: &mut Findings) -> Option<&'p [String]> {
    for entry in &parameters.namespaces {
        if cx.selects_namespace_or_skip(&entry.namespace_selector, out)? {
            return Some(&entry.classes);
        }
    }
    parameters.classes.as_deref()
}
