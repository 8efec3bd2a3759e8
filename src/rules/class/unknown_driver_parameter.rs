//! See the documentation of [`RULE`].

use super::{parameter_faults, parameter_finding};
use crate::drivers::FaultKind;
use crate::engine::{Action, Category, Check, Class, Context, Findings, Profiles};
use crate::model::StorageClass;

crate::rule! {
    /// ## What it checks
    /// A StorageClass has a parameter that its driver does not know, or a key under `csi.storage.k8s.io/` that the
    /// provisioner sidecar does not know. Letter case counts where it counts to the driver.
    ///
    /// Where the key is refused, the class is denied in every profile; where it is ignored, there is a warning.
    ///
    /// ## Why it matters
    /// A key that is refused keeps every claim of the class Pending. A key that is ignored is a typo that nobody notices:
    /// the volume is not what the class says, and parameters are immutable.
    ///
    /// ## How to fix
    /// Correct the key, or remove it. The finding names the key that was probably meant.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: ebs.csi.aws.com
    /// parameters:
    ///   type: gp3
    ///   throughputt: "250"
    ///   encrypted: "true"
    /// volumeBindingMode: WaitForFirstConsumer
    /// allowVolumeExpansion: true
    /// reclaimPolicy: Retain
    /// ```
    /// ```yaml,passes
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: ebs.csi.aws.com
    /// parameters:
    ///   type: gp3
    ///   throughput: "250"
    ///   encrypted: "true"
    ///   csi.storage.k8s.io/fstype: xfs
    /// volumeBindingMode: WaitForFirstConsumer
    /// allowVolumeExpansion: true
    /// reclaimPolicy: Retain
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/storage-classes/#parameters>
    /// - <https://kubernetes-csi.github.io/docs/external-provisioner.html>
    /// - <https://kubernetes-csi.github.io/docs/secrets-and-credentials-storage-class.html>
    pub static RULE = {
        name: "unknown-driver-parameter",
        summary: "has a parameter that the driver does not know",
        category: Category::Class,
        class: Class::NeverWorks,
        profiles: Profiles::actions(Action::Warn, Action::Warn, Action::Deny),
        check: Check::Class(check),
    }
}

fn check(class: StorageClass<'_>, cx: &Context<'_>, out: &mut Findings) {
    for (fault, certainty) in parameter_faults(class, cx) {
        match fault.kind {
            FaultKind::UnknownKey { .. } => out.push(parameter_finding(&RULE, class.parameters(), &fault, certainty)),
            FaultKind::InvalidValue | FaultKind::MissingKey => {}
        }
    }
}
