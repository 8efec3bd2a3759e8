//! See the documentation of [`RULE`].

use super::{PARAMETERS_STAY, filesystem_keys};
use crate::drivers::{Parameters, Support};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Profiles};
use crate::model::words::with_reason;
use crate::model::{FieldPath, StorageClass};

crate::rule! {
    /// ## What it checks
    /// A StorageClass chooses a filesystem that its driver refuses to make, by `csi.storage.k8s.io/fstype` or by the old
    /// key `fsType` in any spelling.
    ///
    /// ## Why it matters
    /// The claim stays Pending, or it binds and its pods never start.
    ///
    /// ## How to fix
    /// Choose a filesystem that the driver makes, or leave the choice to it. Parameters are immutable: an existing
    /// class gives way to one under a new name.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: ebs.csi.aws.com
    /// parameters:
    ///   csi.storage.k8s.io/fstype: zfs
    /// ```
    /// ```yaml,passes
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: ebs.csi.aws.com
    /// parameters:
    ///   csi.storage.k8s.io/fstype: xfs
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes-csi.github.io/docs/external-provisioner.html#storageclass-parameters>
    pub static RULE = {
        name: "unsupported-fstype",
        summary: "chooses a filesystem that the driver refuses to make",
        category: Category::Class,
        class: Class::NeverWorks,
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Class(check),
    }
}

fn check(class: StorageClass<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(known) = cx.driver(class.provisioner()) else {
        return;
    };
    let parameters = Parameters::new(class.parameters());
    for (key, name) in filesystem_keys(parameters) {
        let answer = known.driver.filesystem(name, &parameters);
        if answer.value != Support::Refused || name.is_empty() {
            continue;
        }
        let served = known.driver.filesystems(&parameters);
        let served: Vec<_> = served.iter().filter(|name| !name.is_empty()).cloned().collect();
        let choose = if served.is_empty() {
            format!("Remove `{key}`.")
        } else {
            format!("Use {}.", served.join(" or "))
        };
        let message = format!("{} does not make the filesystem `{name}`", known.driver.product());
        out.push(
            Finding::new(FieldPath::of(&["parameters"]).entry(key), name, message)
                .remedy(with_reason(answer.because, &format!("{choose} {PARAMETERS_STAY}")))
                .certainty(answer.confidence.into()),
        );
    }
}
