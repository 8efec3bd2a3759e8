//! See the documentation of [`RULE`].

use super::{lacks_expansion_secret, old_class};
use crate::drivers::Expansion;
use crate::engine::{
    Action, Category, Check, Class, Context, Edit, Finding, Findings, Fix, Operation, Profiles, Setting,
};
use crate::model::{FieldPath, StorageClass};
use serde_json::Value;

const FIELD: &str = "allowVolumeExpansion";

crate::rule! {
    /// ## What it checks
    /// A StorageClass does not allow its claims to grow, although its driver can expand volumes.
    ///
    /// ## Why it matters
    /// When a volume fills up, the claim cannot be enlarged: the API server refuses. The data must be copied to a new
    /// volume, usually at the worst moment.
    ///
    /// ## How to fix
    /// Set `allowVolumeExpansion: true`. The field can be changed at any time, also on an existing class.
    ///
    /// At `/mutate` the field is set on new classes that do not have it, and kept on update. A written `false` is
    /// reported and never changed, and so is a class that does not give the secret that its driver needs for growth.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: ebs.csi.aws.com
    /// parameters:
    ///   encrypted: "true"
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// allowVolumeExpansion: false
    /// ```
    /// ```yaml,passes
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: ebs.csi.aws.com
    /// parameters:
    ///   encrypted: "true"
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// allowVolumeExpansion: true
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/storage-classes/#allow-volume-expansion>
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#expanding-persistent-volumes-claims>
    pub static RULE = {
        name: "expansion-disabled",
        summary: "does not allow claims to grow, although the driver can expand volumes",
        category: Category::Class,
        class: Class::Availability,
        fix: Fix::Sometimes,
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles {
            baseline: Setting::new(Action::Off),
            recommended: Setting::fixing(Action::Warn),
            strict: Setting::fixing(Action::Warn),
        },
        carries: carries,
        check: Check::Class(check),
    }
}

fn check(class: StorageClass<'_>, cx: &Context<'_>, out: &mut Findings) {
    if class.allows_expansion() {
        return;
    }
    let Some(known) = cx.driver(class.provisioner()) else {
        return;
    };
    let expansion = known.driver.expansion();
    let can = match expansion.value {
        Expansion::Online => "expand volumes in use",
        Expansion::Offline => "expand volumes that no pod uses",
        Expansion::CapacityOnly | Expansion::None | Expansion::Unknown => return,
    };
    let path = FieldPath::of(&[FIELD]);
    let product = known.driver.product();
    let message = format!("claims cannot grow, although {product} can {can}");
    // Where growth takes a secret that the class does not give, the field alone would promise what nobody keeps.
    let needs_secret = lacks_expansion_secret(class, known.driver);
    let secret = if needs_secret {
        " in a new class that gives a controller-expand secret"
    } else {
        ", which can be changed on an existing class"
    };
    // Not written is `false`: one value, so that an update that spells it out makes nothing worse.
    let finding = Finding::new(path.clone(), "false", message)
        .remedy(format!("Set `{FIELD}: true`{secret}."))
        .certainty(expansion.confidence.into());
    out.push(
        if cx.operation() == Operation::Create && is_absent(class) && !needs_secret {
            finding.fix([Edit::Set(path, Value::Bool(true))])
        } else {
            finding
        },
    );
}

/// What the fix has set is kept when the class is written again without the field.
fn carries(class: StorageClass<'_>, cx: &Context<'_>) -> Vec<FieldPath> {
    if is_absent(class) && old_class(cx).is_some_and(StorageClass::allows_expansion) {
        vec![FieldPath::of(&[FIELD])]
    } else {
        Vec::new()
    }
}

/// Whether the author did not write the field: the API server fills nothing in.
fn is_absent(class: StorageClass<'_>) -> bool {
    class.value().get(FIELD).is_none_or(Value::is_null)
}
