//! See the documentation of [`RULE`].

use super::{parameter_faults, parameter_finding};
use crate::drivers::{FaultKind, ParameterFault};
use crate::engine::{Action, Category, Certainty, Check, Class, Context, Findings, Profiles};
use crate::model::StorageClass;

crate::rule! {
    /// ## What it checks
    /// A parameter of a StorageClass has a value that the driver or its cloud refuses, does not go with another parameter,
    /// or is missing although the driver needs it.
    ///
    /// What the driver's own code refuses is denied in every profile. What only the cloud's API refuses is a warning in
    /// Baseline, because older drivers dropped some of it silently. What the driver lowers or ignores silently is a warning.
    /// What is missing is denied in Strict only: a class that collects volumes made by hand needs no parameters.
    ///
    /// ## Why it matters
    /// The API server accepts any parameters. The fault shows only when the first claim of the class stays Pending, or as
    /// a slower volume than was asked for. Parameters are immutable, so the class must then give way
    /// to one under a new name.
    ///
    /// ## How to fix
    /// Correct the value, as the finding says.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: ebs.csi.aws.com
    /// parameters:
    ///   type: gp33
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
    ///   iops: "6000"
    ///   encrypted: "true"
    /// volumeBindingMode: WaitForFirstConsumer
    /// allowVolumeExpansion: true
    /// reclaimPolicy: Retain
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/storage-classes/#parameters>
    /// - <https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/parameters.md>
    /// - <https://github.com/kubernetes-sigs/azuredisk-csi-driver/blob/master/docs/driver-parameters.md>
    pub static RULE = {
        name: "invalid-driver-parameter",
        summary: "has a parameter whose value or combination the driver or its cloud refuses",
        category: Category::Class,
        class: Class::NeverWorks,
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Class(check),
    }
}

fn check(class: StorageClass<'_>, cx: &Context<'_>, out: &mut Findings) {
    for (fault, certainty) in parameter_faults(class, cx) {
        match fault.kind {
            FaultKind::InvalidValue => out.push(parameter_finding(&RULE, class.parameters(), &fault, certainty)),
            FaultKind::MissingKey => {
                let remedy = format!("{} Only a class for volumes made by hand can do without.", fault.remedy);
                let fault = ParameterFault { remedy, ..fault };
                out.push(parameter_finding(&RULE, class.parameters(), &fault, Certainty::Likely));
            }
            FaultKind::UnknownKey { .. } => {}
        }
    }
}
