//! See the documentation of [`RULE`].

use super::{PARAMETERS_STAY, filesystem_keys, read_by_sidecars};
use crate::drivers::{FSTYPE, Named, Parameters};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Profiles};
use crate::model::{FieldPath, StorageClass};

crate::rule! {
    /// ## What it checks
    /// A StorageClass chooses the filesystem more than once: by `csi.storage.k8s.io/fstype` and by the old key `fsType`,
    /// or by the old key in two spellings. The values do not matter.
    ///
    /// In-tree provisioners are left alone: their translation puts one key in the place of the other.
    ///
    /// ## Why it matters
    /// external-provisioner refuses: every claim of the class stays Pending.
    ///
    /// ## How to fix
    /// Keep `csi.storage.k8s.io/fstype` and remove the other. Parameters are immutable: an existing
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
    ///   fsType: xfs
    ///   csi.storage.k8s.io/fstype: xfs
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
        name: "conflicting-fstype-keys",
        summary: "chooses the filesystem by two keys",
        category: Category::Class,
        class: Class::NeverWorks,
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Class(check),
    }
}

fn check(class: StorageClass<'_>, cx: &Context<'_>, out: &mut Findings) {
    let translated = cx
        .driver(class.provisioner())
        .is_some_and(|known| known.named == Named::InTree);
    let Some(certainty) = read_by_sidecars(class, cx).filter(|_| !translated) else {
        return;
    };
    let keys = filesystem_keys(Parameters::new(class.parameters()));
    let kept = keys.iter().find(|(key, _)| *key == FSTYPE).or_else(|| keys.first());
    let Some((kept, kept_value)) = kept else { return };
    for (key, value) in keys.iter().filter(|(key, _)| key != kept) {
        let message = format!("`{key}` and `{kept}` together: external-provisioner refuses every claim");
        out.push(
            Finding::new(FieldPath::of(&["parameters"]).entry(key), *value, message)
                .remedy(format!(
                    "Remove `{key}: {value}` or `{kept}: {kept_value}`. {PARAMETERS_STAY}"
                ))
                .certainty(certainty),
        );
    }
}
