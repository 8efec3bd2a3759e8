//! See the documentation of [`RULE`].

use crate::cluster::view::{Lookup, ViewKind};
use crate::drivers::{Confidence, Support};
use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Needs, ParameterSpec, Profiles, RuleParameters,
};
use crate::model::object::list;
use crate::model::{FieldPath, Workload};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

crate::rule! {
    /// ## What it checks
    /// An inline volume (`volumes[].csi`) of a driver without inline volumes: its CSIDriver object does not list the
    /// lifecycle mode `Ephemeral`, or there is no such object, or, where that is unknown, the driver is known to have
    /// none. A driver that is not installed is a warning at most: it may come later.
    ///
    /// With the parameter `allowedDrivers` also an inline volume of any driver that is not among them.
    ///
    /// ## Why it matters
    /// The kubelet refuses an inline volume of a driver without the mode: the pod stays in ContainerCreating. Where the
    /// driver has the mode, whoever may make pods may set all attributes of the volume: the driver's author and the
    /// administrator must have meant that to be safe.
    ///
    /// ## How to fix
    /// Use a claim, or a generic ephemeral volume (`volumes[].ephemeral`) that is made with the pod and goes with it. Of a
    /// driver that is made for inline volumes, such as `secrets-store.csi.k8s.io`, there are no such: install it, with a
    /// CSIDriver object whose `volumeLifecycleModes` has `Ephemeral`.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: storage.k8s.io/v1
    /// kind: CSIDriver
    /// metadata: {name: secrets-store.csi.k8s.io}
    /// spec:
    ///   volumeLifecycleModes: [Ephemeral]
    /// ---
    /// apiVersion: storage.k8s.io/v1
    /// kind: CSIDriver
    /// metadata: {name: ebs.csi.aws.com}
    /// spec:
    ///   volumeLifecycleModes: [Persistent]
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       volumeMounts:
    ///         - {name: cache, mountPath: /cache}
    ///   volumes:
    ///     - name: cache
    ///       csi:
    ///         driver: ebs.csi.aws.com
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       volumeMounts:
    ///         - {name: keys, mountPath: /keys, readOnly: true}
    ///   volumes:
    ///     - name: keys
    ///       csi:
    ///         driver: secrets-store.csi.k8s.io
    ///         readOnly: true
    ///         volumeAttributes: {secretProviderClass: web}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/ephemeral-volumes/#csi-driver-restrictions>
    pub static RULE = {
        name: "inline-driver-not-allowed",
        summary: "workload has an inline volume of a driver that has none or is not allowed",
        category: Category::Workload,
        class: Class::Security,
        needs: &[Needs::CsiDriver],
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Deny),
        parameters: ParameterSpec::of::<InlineDriverNotAllowed>(),
        check: Check::Workload(super::KINDS, check),
    }
}

/// Parameters of inline-driver-not-allowed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct InlineDriverNotAllowed {
    /// Names of the drivers that pods may use inline; without it every driver that has inline volumes.
    allowed_drivers: Option<Vec<String>>,
}

impl RuleParameters for InlineDriverNotAllowed {}

const MAY_COME: Profiles = Profiles::actions(Action::Off, Action::Warn, Action::Warn);

fn check(workload: &Workload<'_>, cx: &Context<'_>, out: &mut Findings) {
    let parameters = cx.parameters::<InlineDriverNotAllowed>();
    for volume in workload.pod_volumes() {
        let Some(driver) = volume.text(&["csi", "driver"]) else {
            continue;
        };
        let path = volume.path.keys(&["csi", "driver"]);
        let allowed = parameters.allowed_drivers.as_ref();
        if allowed.is_some_and(|allowed| !allowed.iter().any(|name| name == driver)) {
            let message = format!("the policy does not allow inline volumes of {driver}");
            let remedy = if is_for_inline_volumes(driver, cx) {
                "Do without the volume, or add the driver to the rule's parameter allowedDrivers."
            } else {
                "Use a claim or a generic ephemeral volume, or add the driver to the rule's parameter allowedDrivers."
            };
            out.push(Finding::new(path, driver, message).remedy(remedy));
            continue;
        }
        if let Some(finding) = without_mode(driver, path, cx, out) {
            let remedy = if is_for_inline_volumes(driver, cx) {
                format!(
                    "Install the driver with a CSIDriver {driver} whose volumeLifecycleModes has Ephemeral: no claim gets a \
                     volume of it."
                )
            } else {
                "Use a claim, or a generic ephemeral volume: volumes[].ephemeral.volumeClaimTemplate.".to_owned()
            };
            out.push(finding.remedy(remedy));
        }
    }
}

/// Whether pods have volumes of the driver inline, and claims are given none.
fn is_for_inline_volumes(driver: &str, cx: &Context<'_>) -> bool {
    cx.driver(driver).is_some_and(|known| {
        let driver = known.driver;
        driver.inline().value == Support::Served && driver.provisioning().value == Support::Refused
    })
}

/// The finding about a driver that has no inline volumes.
fn without_mode(driver: &str, path: FieldPath, cx: &Context<'_>, out: &mut Findings) -> Option<Finding> {
    let object = match cx.view().get(ViewKind::CsiDriver, "", driver) {
        Lookup::Found(object) => {
            let modes = list(object, &["spec", "volumeLifecycleModes"]);
            let has_mode = modes.iter().filter_map(Value::as_str).any(|mode| mode == "Ephemeral");
            let message = format!("{driver} has no inline volumes: its CSIDriver does not list the mode Ephemeral");
            return (!has_mode).then(|| Finding::new(path, driver, message));
        }
        absent_or_unknown => absent_or_unknown,
    };
    let fact = cx.driver(driver).map(|known| known.driver.inline());
    match fact {
        Some(fact) if fact.value == Support::Refused && fact.confidence != Confidence::Unknown => {
            let message = format!("{driver} has no inline volumes");
            Some(Finding::new(path, driver, message).certainty(fact.confidence.into()))
        }
        _ if object == Lookup::Absent => {
            let message = format!("there is no CSIDriver {driver}, so that its inline volumes are refused");
            Some(Finding::new(path, driver, message).profiles(MAY_COME))
        }
        Some(fact) if fact.value == Support::Served => None,
        _ => {
            out.skip(format!("CSIDriver {driver} is unknown"));
            None
        }
    }
}
