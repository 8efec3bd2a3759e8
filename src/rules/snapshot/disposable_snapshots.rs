//! See the documentation of [`RULE`].

use super::CLASSES;
use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Fix, ParameterSpec, Profiles, RuleParameters,
};
use crate::model::{FieldPath, Subject};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

crate::rule! {
    /// ## What it checks
    /// A VolumeSnapshotClass or VolumeGroupSnapshotClass has `deletionPolicy: Delete`.
    ///
    /// Parameters `classes` (names) and `labels` (of the class) narrow it to the classes that are meant for backups; a
    /// class must fit both where both are given. Without them every class that deletes is found.
    ///
    /// ## Why it matters
    /// A VolumeSnapshot lives in the namespace of the application: whoever deletes the namespace deletes the snapshots in
    /// it, and with `Delete` the driver deletes them in storage at once. The backup goes with what it should have saved.
    ///
    /// ## How to fix
    /// Set `deletionPolicy: Retain` for classes that backups use. Snapshots in storage then stay, and cost money, until
    /// somebody deletes them there; `orphaned-snapshot-content` finds what is left over. Snapshots that exist keep the
    /// policy in their VolumeSnapshotContent, which can be changed.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshotClass
    /// metadata: {name: backups}
    /// driver: ebs.csi.aws.com
    /// deletionPolicy: Delete
    /// ```
    /// ```yaml,passes
    /// apiVersion: snapshot.storage.k8s.io/v1
    /// kind: VolumeSnapshotClass
    /// metadata: {name: backups}
    /// driver: ebs.csi.aws.com
    /// deletionPolicy: Retain
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/volume-snapshot-classes/#deletionpolicy>
    pub static RULE = {
        name: "disposable-snapshots",
        summary: "deletes snapshots in storage together with their objects",
        category: Category::Snapshot,
        class: Class::LosesData,
        fix: Fix::None,
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        parameters: ParameterSpec::of::<DisposableSnapshots>(),
        check: Check::Object(CLASSES, check),
    }
}

/// Parameters of disposable-snapshots.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct DisposableSnapshots {
    /// Names of the classes that are meant; all when empty.
    classes: Vec<String>,
    /// Labels that the classes that are meant have; any when empty.
    labels: BTreeMap<String, String>,
}

impl RuleParameters for DisposableSnapshots {}

fn check(subject: &Subject<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Subject::SnapshotClass(class) = subject else { return };
    let parameters = cx.parameters::<DisposableSnapshots>();
    if class.deletes_snapshots() && class.meta().is_among(&parameters.classes, &parameters.labels) {
        let message = "deletionPolicy Delete: who deletes the namespace deletes its backups in storage";
        out.push(Finding::new(FieldPath::of(&["deletionPolicy"]), "Delete", message).remedy(
            "Set `deletionPolicy: Retain` where the snapshots are backups. With Retain the snapshots in storage stay, and \
             cost money, until somebody deletes them there.",
        ));
    }
}
