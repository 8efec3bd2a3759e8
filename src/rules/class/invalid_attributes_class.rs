//! See the documentation of [`RULE`].

use super::{Stranger, parameter_finding, stranger};
use crate::drivers::{Consequence, FaultKind, Parameters, Support};
use crate::engine::{Action, Category, Certainty, Check, Class, Context, Finding, Findings, Needs, Profiles};
use crate::model::words::with_reason;
use crate::model::{FieldPath, ObjectKind, Subject};

/// What has no effect, or another than was meant.
const MISLEADS: Profiles = Profiles::actions(Action::Warn, Action::Warn, Action::Warn);

crate::rule! {
    /// ## What it checks
    /// A VolumeAttributesClass names a driver of which nobody has heard, or one that changes no volumes; or it has a
    /// parameter that the driver refuses.
    ///
    /// An unknown driver is never more than a warning: charts install a class before its driver.
    ///
    /// ## Why it matters
    /// Claims that name the class stay as they are, or stay Pending when they are new: the error is in the events of the
    /// claim, long after the class was made.
    ///
    /// ## How to fix
    /// Correct the name or the parameter. Driver and parameters are immutable: an existing class gives
    /// way to one under a new name.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: VolumeAttributesClass
    /// metadata:
    ///   name: gold
    /// driverName: ebs.csi.aws.com
    /// parameters:
    ///   iops: plenty
    /// ```
    /// ```yaml,passes
    /// apiVersion: storage.k8s.io/v1
    /// kind: VolumeAttributesClass
    /// metadata:
    ///   name: gold
    /// driverName: ebs.csi.aws.com
    /// parameters:
    ///   iops: "6000"
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/volume-attributes-classes/>
    pub static RULE = {
        name: "invalid-attributes-class",
        summary: "cannot be applied to a volume: unknown driver or refused parameter",
        category: Category::Class,
        class: Class::NeverWorks,
        needs: &[Needs::CsiDriver, Needs::CsiNode, Needs::PersistentVolume],
        profiles: Profiles::actions(Action::Warn, Action::Warn, Action::Deny),
        check: Check::Object(&[ObjectKind::VolumeAttributesClass], check),
    }
}

fn check(subject: &Subject<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Subject::AttributesClass(class) = subject else {
        return;
    };
    let name = class.driver();
    let path = FieldPath::of(&["driverName"]);
    let Some(known) = cx.driver(name) else {
        let (meant, remedy) = match stranger(name, cx, out) {
            Some(Stranger::Misspelt(meant)) => (format!("; did you mean `{meant}`?"), "Correct the name."),
            Some(Stranger::Nobody) => (String::new(), "Install the driver, or correct the name."),
            None => return,
        };
        out.push(
            Finding::new(path, name, format!("no driver `{name}` is known{meant}"))
                .remedy(remedy)
                .certainty(Certainty::Likely)
                .profiles(MISLEADS),
        );
        return;
    };
    let support = known.driver.attributes_class();
    if support.value == Support::Refused {
        let message = format!("{} changes no volumes by VolumeAttributesClass", known.driver.product());
        out.push(
            Finding::new(path, name, message)
                .remedy(with_reason(support.because, "Remove the class."))
                .certainty(support.confidence.into()),
        );
        return;
    }
    for fault in known.driver.judge_attributes(&Parameters::new(class.parameters())) {
        let finding = parameter_finding(&RULE, class.parameters(), &fault, fault.confidence.into());
        let unknown_key = matches!(fault.kind, FaultKind::UnknownKey { .. });
        out.push(finding.profiles(match fault.consequence {
            Consequence::Capped | Consequence::Ignored if !unknown_key => MISLEADS,
            _ => RULE.profiles,
        }));
    }
}
