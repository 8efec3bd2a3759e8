//! See the documentation of [`RULE`].

use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, ParameterSpec, Profiles, RuleParameters,
};
use crate::model::labels::{LabelSelector, Operator, Requirement};
use crate::model::words::listed;
use crate::model::{Claim, ClaimOrigin, ObjectKind, StorageClass, object};
use crate::rules::related::{NAMED, volume_or_skip};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

crate::rule! {
    /// ## What it checks
    /// A claim in a namespace that is marked as production gets a volume that is deleted together with the claim: its
    /// class has `reclaimPolicy: Delete`. Parameter `production` has the selectors of such namespaces; by default those
    /// whose label `environment` or `env` is `production` or `prod`.
    ///
    /// Where the claim names a volume or is bound, the volume's own policy counts. Ephemeral volumes, which are meant
    /// to go with their pod, and claims that carry the label `volguard.dev/protect: "true"`, which cannot be deleted,
    /// are not judged.
    ///
    /// ## Why it matters
    /// `kubectl delete pvc`, an uninstalled chart or a deleted namespace then takes the data of production with it, and
    /// nothing brings it back but a backup.
    ///
    /// ## How to fix
    /// Use a class with `reclaimPolicy: Retain`. For a volume that exists: `kubectl patch pv NAME -p
    /// '{"spec": {"persistentVolumeReclaimPolicy": "Retain"}}'`.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata: {name: default, labels: {environment: production}}
    /// ---
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: scratch}
    /// provisioner: ebs.csi.aws.com
    /// parameters: {encrypted: "true"}
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Delete
    /// allowVolumeExpansion: true
    /// ---
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: keep}
    /// provisioner: ebs.csi.aws.com
    /// parameters: {encrypted: "true"}
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// allowVolumeExpansion: true
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: scratch
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: keep
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reclaiming>
    /// - <https://kubernetes.io/docs/tasks/administer-cluster/change-pv-reclaim-policy/>
    pub static RULE = {
        name: "disposable-production-claim",
        summary: "is of production, and its data is deleted together with it",
        category: Category::Claim,
        class: Class::LosesData,
        fix: Fix::None,
        needs: &[Needs::StorageClass, Needs::PersistentVolume, Needs::Namespace],
        profiles: Profiles::actions(Action::Off, Action::Audit, Action::Warn),
        parameters: ParameterSpec::of::<DisposableProductionClaim>(),
        check: Check::Claim(check),
    }
}

/// Parameters of disposable-production-claim.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct DisposableProductionClaim {
    /// Selectors of the namespaces of production; one that selects is enough.
    production: Vec<LabelSelector>,
}

impl Default for DisposableProductionClaim {
    fn default() -> Self {
        let production = ["environment", "env"].map(|key| LabelSelector {
            match_expressions: vec![Requirement {
                key: key.to_owned(),
                operator: Operator::In,
                values: vec!["production".to_owned(), "prod".to_owned()],
            }],
            ..LabelSelector::default()
        });
        Self {
            production: production.to_vec(),
        }
    }
}

impl RuleParameters for DisposableProductionClaim {}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    if claim.origin() == ClaimOrigin::Ephemeral
        || claim.meta().controller_kind() == Some(ObjectKind::Pod)
        || claim.labels().any(|label| label == (object::PROTECT_LABEL, "true"))
    {
        return;
    }
    let production = is_production(cx);
    if production == Some(false) {
        return;
    }
    let finding = match claim.volume_name().filter(|_| claim.origin() == ClaimOrigin::Object) {
        Some(volume) => of_volume(claim, volume, cx, out),
        None => of_class(claim, cx, out),
    };
    match finding {
        Some(finding) if production.is_some() => out.push(finding),
        Some(_) => out.skip(format!("the labels of namespace {} are unknown", cx.namespace())),
        None => {}
    }
}

/// Whether the namespace is marked as production; `None` where nobody can tell.
fn is_production(cx: &Context<'_>) -> Option<bool> {
    let parameters = cx.parameters::<DisposableProductionClaim>();
    let selected: Option<Vec<bool>> = parameters
        .production
        .iter()
        .map(|selector| cx.selects_namespace(selector))
        .collect();
    Some(selected?.contains(&true))
}

fn of_volume(claim: &Claim<'_>, name: &str, cx: &Context<'_>, out: &mut Findings) -> Option<Finding> {
    let volume = volume_or_skip(name, cx, out)?;
    if volume.reclaim_policy() != "Delete" {
        return None;
    }
    let message = format!(
        "{} is of production, and volume {name} is deleted together with it",
        claim.title()
    );
    let remedy = format!(
        "Keep the volume: `kubectl patch pv {name} -p '{{\"spec\": {{\"persistentVolumeReclaimPolicy\": \"Retain\"}}}}'`."
    );
    Some(Finding::new(claim.spec_path(&["volumeName"]), name, message).remedy(remedy))
}

fn of_class(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) -> Option<Finding> {
    let class = cx.class_or_skip(claim, out)?;
    // Volumes that somebody made have their own policy.
    if !class.deletes_volumes() || class.has_no_provisioner() || cx.fitting_volume(claim, class.name()).is_some() {
        return None;
    }
    let message = format!(
        "{} is of production, and class {} deletes its data together with it",
        claim.title(),
        class.name()
    );
    let others = cx
        .classes()
        .filter(|other| !other.deletes_volumes() && !other.has_no_provisioner())
        .map(StorageClass::name);
    let remedy = match listed(others, NAMED).as_str() {
        "" => "Use a class with reclaimPolicy: Retain.".to_owned(),
        classes => format!("Use a class with reclaimPolicy: Retain, such as {classes}."),
    };
    Some(Finding::new(claim.class_path(), class.name(), message).remedy(remedy))
}
