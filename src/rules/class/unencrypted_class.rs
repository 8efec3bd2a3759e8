//! See the documentation of [`RULE`].

use super::{PARAMETERS_STAY, old_class};
use crate::drivers::{Encryption, Parameters};
use crate::engine::{
    Action, Category, Check, Class, Context, Edit, Finding, Findings, Fix, Operation, Profiles, Setting,
};
use crate::model::{FieldPath, StorageClass};

crate::rule! {
    /// ## What it checks
    /// The driver of a StorageClass encrypts volumes at rest only where the class asks for it, and this class does not.
    ///
    /// Drivers that always encrypt, and those whose backend or configuration decides, are left alone.
    ///
    /// ## Why it matters
    /// Whoever gets hold of the disk, a snapshot or a backup of it reads the data. A volume cannot be encrypted
    /// afterwards: the data must be copied.
    ///
    /// ## How to fix
    /// Set the driver's parameter. Parameters are immutable: an existing class gives way to one under a new
    /// name. Some drivers need a secret or a key service as well; theirs is reported and never set.
    ///
    /// At `/mutate` the parameter is set on new classes that do not have it, where nothing else is needed.
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
    ///   encrypted: "true"
    /// volumeBindingMode: WaitForFirstConsumer
    /// allowVolumeExpansion: true
    /// reclaimPolicy: Retain
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/storage-classes/#parameters>
    /// - <https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/parameters.md>
    /// - <https://longhorn.io/docs/1.9.0/advanced-resources/security/volume-encryption/>
    pub static RULE = {
        name: "unencrypted-class",
        summary: "does not ask for encryption at rest, and its driver encrypts only where it is asked to",
        category: Category::Class,
        class: Class::Security,
        fix: Fix::Sometimes,
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles {
            baseline: Setting::new(Action::Off),
            recommended: Setting::new(Action::Warn),
            strict: Setting::fixing(Action::Deny),
        },
        carries: carries,
        check: Check::Class(check),
    }
}

fn check(class: StorageClass<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(known) = cx.driver(class.provisioner()) else {
        return;
    };
    let parameters = Parameters::new(class.parameters());
    let encryption = known.driver.encryption(&parameters);
    let Encryption::NotOptedIn {
        parameter,
        value,
        automatic,
        written,
    } = encryption.value
    else {
        return;
    };
    // The key as written: some drivers do not mind its letter case.
    let (key, found) = match parameters.get(parameter) {
        Some(found) => (parameter, found),
        None if written => parameters.get_insensitive(parameter).unwrap_or((parameter, "unset")),
        None => (parameter, "unset"),
    };
    let product = known.driver.product();
    let message = format!("not encrypted at rest: {product} needs `{parameter}: {value:?}` for that");
    let needs = if automatic {
        ""
    } else {
        " and the secret or key service that the driver needs"
    };
    let path = FieldPath::of(&["parameters"]).entry(key);
    let finding = Finding::new(path.clone(), found, message)
        .remedy(format!(
            "Set parameter `{parameter}: {value:?}`{needs}. {PARAMETERS_STAY}"
        ))
        .certainty(encryption.confidence.into());
    out.push(if automatic && !written && cx.operation() == Operation::Create {
        finding.fix([Edit::Set(path, value.into())])
    } else {
        finding
    });
}

/// What the fix has set is kept when the class is applied again without the parameter.
fn carries(class: StorageClass<'_>, cx: &Context<'_>) -> Vec<FieldPath> {
    let carried = || {
        let known = cx.driver(class.provisioner())?;
        let parameters = Parameters::new(class.parameters());
        let Encryption::NotOptedIn {
            parameter,
            value,
            automatic: true,
            written: false,
        } = known.driver.encryption(&parameters).value
        else {
            return None;
        };
        let old = Parameters::new(old_class(cx)?.parameters());
        (old.get(parameter) == Some(value)).then(|| FieldPath::of(&["parameters"]).entry(parameter))
    };
    carried().into_iter().collect()
}
