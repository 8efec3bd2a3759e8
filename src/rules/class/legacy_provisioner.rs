//! See the documentation of [`RULE`].

use super::FIELD_STAYS;
use crate::drivers::Named;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Profiles};
use crate::model::{FieldPath, StorageClass};

crate::rule! {
    /// ## What it checks
    /// A StorageClass has an in-tree provisioner that Kubernetes translates to a CSI driver.
    ///
    /// ## Why it matters
    /// It works, as long as that driver is installed. But the translation knows the parameters of old only, what the
    /// driver has learnt since cannot be asked for, and snapshots need a class that names the driver.
    ///
    /// ## How to fix
    /// Make a class that names the CSI driver, and move the default mark to it. The provisioner of a class is immutable;
    /// volumes of the old class go on working.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: gp2
    /// provisioner: kubernetes.io/aws-ebs
    /// parameters:
    ///   type: gp2
    /// ```
    /// ```yaml,passes
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: gp3
    /// provisioner: ebs.csi.aws.com
    /// parameters:
    ///   type: gp3
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/volumes/#csi-migration>
    pub static RULE = {
        name: "legacy-provisioner",
        summary: "has an in-tree provisioner that Kubernetes translates to a CSI driver",
        category: Category::Class,
        class: Class::Hygiene,
        profiles: Profiles::actions(Action::Off, Action::Warn, Action::Warn),
        check: Check::Class(check),
    }
}

fn check(class: StorageClass<'_>, cx: &Context<'_>, out: &mut Findings) {
    let provisioner = class.provisioner();
    let Some(known) = cx.driver(provisioner).filter(|known| known.named == Named::InTree) else {
        return;
    };
    let driver = known.driver.name();
    out.push(
        Finding::new(
            FieldPath::of(&["provisioner"]),
            provisioner,
            format!("`{provisioner}` is an in-tree name, which Kubernetes takes for `{driver}`"),
        )
        .remedy(format!(
            "Create a class with `provisioner: {driver}`. {FIELD_STAYS} Volumes of this class go on working."
        )),
    );
}
