//! See the documentation of [`RULE`].

use super::{FIELD_STAYS, may_fill_in, old_class};
use crate::engine::{
    Action, Category, Certainty, Check, Class, Context, Edit, Finding, Findings, Fix, Operation, ParameterSpec,
    Profile, Profiles, RuleParameters, WhenUnknown,
};
use crate::model::object::text;
use crate::model::{FieldPath, StorageClass};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const FIELD: &str = "reclaimPolicy";
const RETAIN: &str = "Retain";

crate::rule! {
    /// ## What it checks
    /// A StorageClass deletes a volume together with its claim (`reclaimPolicy: Delete`, which is what the API server
    /// fills in).
    ///
    /// Parameters `classes` (names) and `labels` (of the class) narrow it to classes that hold what must not be lost; a
    /// class must fit both where both are given. Without them every class that deletes is found.
    ///
    /// ## Why it matters
    /// One deleted claim, one deleted namespace, and the data is gone: the driver deletes the disk at once.
    ///
    /// ## How to fix
    /// Set `reclaimPolicy: Retain`. The field is immutable: an existing class gives way to one under a new name.
    /// Volumes that exist keep their own policy, `spec.persistentVolumeReclaimPolicy`, which can be changed. Retained
    /// volumes stay, and cost money, until somebody deletes them.
    ///
    /// No profile applies the fix by itself; with `mutate: true` the field is set where the author did not write it.
    /// Where nobody can tell who wrote it (Helm 3, `kubectl create`), parameter `whenUnknown` decides: `Report` (the
    /// default) or `Fix` (the default in profile Strict).
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: database
    /// provisioner: ebs.csi.aws.com
    /// parameters:
    ///   encrypted: "true"
    /// volumeBindingMode: WaitForFirstConsumer
    /// allowVolumeExpansion: true
    /// reclaimPolicy: Delete
    /// ```
    /// ```yaml,passes
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: database
    /// provisioner: ebs.csi.aws.com
    /// parameters:
    ///   encrypted: "true"
    /// volumeBindingMode: WaitForFirstConsumer
    /// allowVolumeExpansion: true
    /// reclaimPolicy: Retain
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/storage-classes/#reclaim-policy>
    /// - <https://kubernetes.io/docs/tasks/administer-cluster/change-pv-reclaim-policy/>
    pub static RULE = {
        name: "reclaim-delete",
        summary: "deletes a volume together with its claim",
        category: Category::Class,
        class: Class::LosesData,
        fix: Fix::Sometimes,
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Off, Action::Audit, Action::Warn),
        parameters: ParameterSpec::of::<ReclaimDelete>(),
        carries: carries,
        check: Check::Class(check),
    }
}

/// Parameters of reclaim-delete.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ReclaimDelete {
    /// Names of the classes that are meant; all when empty.
    classes: Vec<String>,
    /// Labels that the classes that are meant have; any when empty.
    labels: BTreeMap<String, String>,
    /// What is done where nobody can tell whether the author wrote `reclaimPolicy`.
    when_unknown: WhenUnknown,
}

impl RuleParameters for ReclaimDelete {
    fn for_profile(profile: Profile) -> Self {
        Self {
            when_unknown: WhenUnknown::for_profile(profile),
            ..Self::default()
        }
    }
}

fn check(class: StorageClass<'_>, cx: &Context<'_>, out: &mut Findings) {
    let parameters = cx.parameters::<ReclaimDelete>();
    if !class.deletes_volumes() || !class.meta().is_among(&parameters.classes, &parameters.labels) {
        return;
    }
    let path = FieldPath::of(&[FIELD]);
    // Volumes that somebody made have their own policy, unless the maker copies the class's.
    let certainty = if class.has_no_provisioner() {
        Certainty::Likely
    } else {
        Certainty::Certain
    };
    let message = "a deleted claim takes its volume and all data with it: the class has `reclaimPolicy: Delete`";
    let finding = Finding::new(path.clone(), "Delete", message)
        .remedy(format!("Set `{FIELD}: {RETAIN}`. {FIELD_STAYS}"))
        .certainty(certainty);
    out.push(if may_fill_in(cx, FIELD, parameters.when_unknown) {
        finding.fix([Edit::Set(path, RETAIN.into())])
    } else {
        finding
    });
}

/// What the fix has set is kept when the class is applied again without the field.
fn carries(class: StorageClass<'_>, cx: &Context<'_>) -> Vec<FieldPath> {
    let retained = old_class(cx).is_some_and(|old| text(old.value(), &[FIELD]) == Some(RETAIN));
    if retained && class.deletes_volumes() {
        vec![FieldPath::of(&[FIELD])]
    } else {
        Vec::new()
    }
}
