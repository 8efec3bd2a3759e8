//! `invalid-driver-parameter`

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
    /// ## Why it matters
    /// The API server accepts any parameters. The fault shows only when the first claim of the class stays Pending, or as
    /// a slower volume than was asked for. Parameters are immutable, so the class must then be made anew.
    /// ## How to fix
    /// Correct the value, as the finding says.
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
                let remedy = format!("{}; only a class for volumes made by hand can do without", fault.remedy);
                let fault = ParameterFault { remedy, ..fault };
                out.push(parameter_finding(&RULE, class.parameters(), &fault, Certainty::Likely));
            }
            FaultKind::UnknownKey { .. } => {}
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::engine::Finding;
    use crate::rules::class::testing::Case;
    use serde_json::{Value, json};

    fn findings(parameters: &Value) -> Vec<Finding> {
        Case::new("ebs.csi.aws.com", &json!({"parameters": parameters})).findings(&RULE)
    }

    #[test]
    fn the_action_follows_from_who_refuses() {
        let actions = |parameters| {
            let finding = findings(&parameters).remove(0);
            assert_eq!(finding.certainty, Certainty::Certain);
            finding.profiles
        };
        let (warn, deny) = (Action::Warn, Action::Deny);
        assert_eq!(
            actions(json!({"type": "gp33"})),
            Some(Profiles::actions(deny, deny, deny))
        );
        assert_eq!(
            actions(json!({"type": "gp2", "throughput": "300"})),
            Some(Profiles::actions(warn, deny, deny))
        );
        assert_eq!(
            actions(json!({"type": "gp3", "iops": "90000"})),
            Some(Profiles::actions(warn, warn, warn))
        );
        assert!(findings(&json!({"TYPE": "gp3", "unheardOf": "x"})).is_empty());
    }

    #[test]
    fn a_message_fits_into_a_warning_and_its_outcome_is_not_lost() {
        let finding = findings(&json!({"type": "gp2", "throughput": "300"})).remove(0);
        assert_eq!(
            finding.message,
            "`throughput` goes with `type: gp3` only, and `type` is \"gp2\""
        );
        assert!(finding.remedy.contains("EC2 refuses"), "{}", finding.remedy);
        assert!(finding.remedy.contains("remove `throughput`"), "{}", finding.remedy);
    }

    #[test]
    fn a_key_that_is_overruled_does_not_deny() {
        let kind = json!({"parameters": {"kind": "Shared"}});
        let finding = Case::new("kubernetes.io/azure-disk", &kind).findings(&RULE).remove(0);
        assert_eq!(
            finding.profiles,
            Some(Profiles::actions(Action::Warn, Action::Warn, Action::Warn))
        );
    }

    #[test]
    fn a_class_for_volumes_made_by_hand_needs_no_parameters() {
        for driver in ["efs.csi.aws.com", "nfs.csi.k8s.io", "cephfs.csi.ceph.com"] {
            let findings = Case::new(driver, &json!({})).findings(&RULE);
            assert!(!findings.is_empty(), "{driver}");
            let likely = findings.iter().all(|one| one.certainty == Certainty::Likely);
            assert!(likely, "{driver}");
        }
    }

    #[test]
    fn a_fact_that_is_not_confirmed_is_not_certain() {
        let finding = findings(&json!({"type": "io2"})).remove(0);
        assert_eq!(finding.path.to_string(), "parameters.iops");
        assert_eq!(finding.certainty, Certainty::Likely);
    }
}
