//! See the documentation of [`RULE`].

use crate::cluster::view::ViewKind;
use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Operation, ParameterSpec, Profiles,
    RuleParameters,
};
use crate::model::object::{text, time};
use crate::model::words::listed;
use crate::model::{Claim, ClaimOrigin, FieldPath, Period};
use crate::rules::related::NAMED;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much of a controller's message is shown, in characters.
const LONGEST_MESSAGE: usize = 200;

crate::rule! {
    /// ## What it checks
    /// A claim was given more space and has not got it: the driver cannot make the volume as large
    /// (`status.allocatedResourceStatuses`), it fails (conditions `ControllerResizeError`, `NodeResizeError`), the
    /// volume has grown and its filesystem has not (`FileSystemResizePending`), or it still grows (`Resizing`). Conditions
    /// count once they are older than parameter `stuckFor` says (15 minutes by default).
    ///
    /// ## Why it matters
    /// The application runs on the old size while the manifest says that there is room, until the disk is full.
    ///
    /// ## How to fix
    /// A filesystem grows when a pod mounts the volume: start one, or restart it. Where the driver cannot make the volume
    /// as large, ask for less; anything above the present size is allowed (Kubernetes 1.34).
    ///
    /// ## Examples
    /// ```yaml,review
    /// operation: SCAN
    /// now: 2026-06-01T00:00:00Z
    /// ```
    /// ```yaml,cluster
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: shop-0, namespace: shop}
    /// spec:
    ///   nodeName: worker-1
    ///   volumes:
    ///     - name: data
    ///       persistentVolumeClaim: {claimName: data}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data, namespace: shop}
    /// spec: {resources: {requests: {storage: 20Gi}}}
    /// status:
    ///   phase: Bound
    ///   capacity: {storage: 10Gi}
    ///   conditions:
    ///     - {type: FileSystemResizePending, status: "True", lastTransitionTime: "2026-05-31T12:00:00Z"}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data, namespace: shop}
    /// spec: {resources: {requests: {storage: 20Gi}}}
    /// status:
    ///   phase: Bound
    ///   capacity: {storage: 10Gi}
    ///   conditions:
    ///     - {type: Resizing, status: "True", lastTransitionTime: "2026-05-31T23:59:00Z"}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#recovering-from-failure-when-expanding-volumes>
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#resizing-a-volume-containing-a-file-system>
    pub static RULE = {
        name: "stuck-resize",
        summary: "was given more space and does not get it",
        category: Category::Claim,
        class: Class::Availability,
        fix: Fix::None,
        needs: &[Needs::Pod],
        operations: &[Operation::Scan],
        profiles: Profiles::actions(Action::Warn, Action::Warn, Action::Warn),
        parameters: ParameterSpec::of::<StuckResize>(),
        check: Check::Claim(check),
    }
}

/// Parameters of stuck-resize.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct StuckResize {
    /// How long growing may take, such as `15m`.
    stuck_for: Period,
}

impl Default for StuckResize {
    fn default() -> Self {
        Self {
            stuck_for: Period::minutes(15),
        }
    }
}

impl RuleParameters for StuckResize {}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    if claim.origin() != ClaimOrigin::Object {
        return;
    }
    let title = claim.title();
    let now = claim
        .capacity()
        .map_or_else(|| "its present size".to_owned(), |size| size.to_string());
    let wanted = match claim.request_text() {
        asked if asked.is_empty() => "more space".to_owned(),
        asked => asked,
    };
    let said = error(claim).map_or_else(String::new, |said| format!(" The driver says: {said}."));
    let status = text(claim.value(), &["status", "allocatedResourceStatuses", "storage"]).unwrap_or_default();
    // Older releases say Failed.
    if status.ends_with("Infeasible") || status.ends_with("Failed") {
        let message = format!("{title} cannot grow to {wanted}: the driver says that it is not possible");
        let path = FieldPath::of(&["status", "allocatedResourceStatuses", "storage"]);
        out.push(Finding::new(path, status, message).remedy(format!("Ask for less, but more than {now}.{said}")));
        return;
    }
    let Some((index, kind, age)) = oldest(claim, cx) else {
        return;
    };
    let (state, remedy) = match kind {
        "FileSystemResizePending" => ("its filesystem has not grown", filesystem_remedy(claim, cx)),
        "Resizing" => (
            "the driver has not made it larger",
            format!(
                "`kubectl describe pvc {} -n {}` shows what the driver says.",
                claim.name(),
                cx.namespace()
            ),
        ),
        _ => (
            "growing fails",
            format!("Remove the cause, or ask for less, but more than {now}.{said}"),
        ),
    };
    let message = format!("{title} has waited for {wanted} for {}: {state}", age.in_words());
    let path = FieldPath::of(&["status", "conditions"]).index(index).key("type");
    out.push(Finding::new(path, kind, message).remedy(remedy));
}

/// The condition that says most of why a claim does not grow, where it is old enough.
fn oldest<'a>(claim: &Claim<'a>, cx: &Context<'_>) -> Option<(usize, &'a str, Period)> {
    let least = cx.parameters::<StuckResize>().stuck_for;
    [
        "ControllerResizeError",
        "NodeResizeError",
        "FileSystemResizePending",
        "Resizing",
    ]
    .into_iter()
    .find_map(|kind| {
        let conditions = claim.conditions().iter().enumerate();
        let (index, condition) = conditions
            .filter(|(_, one)| text(one, &["status"]) == Some("True"))
            .find(|(_, one)| text(one, &["type"]) == Some(kind))?;
        let age = Period::between(time(condition, &["lastTransitionTime"])?, cx.now());
        (age >= least).then_some((index, kind, age))
    })
}

/// What the failing controller says, shortened.
fn error(claim: &Claim<'_>) -> Option<String> {
    let failing = |kind: &str| matches!(kind, "ControllerResizeError" | "NodeResizeError");
    let condition = claim
        .conditions()
        .iter()
        .find(|one| text(one, &["type"]).is_some_and(failing))?;
    let said = text(condition, &["message"]).filter(|said| !said.is_empty())?;
    Some(said.trim_end_matches('.').chars().take(LONGEST_MESSAGE).collect())
}

fn filesystem_remedy(claim: &Claim<'_>, cx: &Context<'_>) -> String {
    let pods: Vec<&str> = cx.pods_using(claim.name()).map(|pod| pod.meta().name()).collect();
    if !pods.is_empty() {
        format!("It grows when the volume is mounted: restart {}.", listed(pods, NAMED))
    } else if cx.view().is_complete(ViewKind::Pod) {
        "It grows when a pod mounts the volume, and none uses it: start one.".to_owned()
    } else {
        "It grows when a pod mounts the volume: start or restart one.".to_owned()
    }
}
