//! See the documentation of [`RULE`].

use crate::drivers::Expansion;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Operation, Profiles};
use crate::model::words::with_reason;
use crate::model::{FieldPath, StorageClass};

const FIELD: &str = "allowVolumeExpansion";

crate::rule! {
    /// ## What it checks
    /// A StorageClass allows its claims to grow, and its driver cannot expand volumes.
    ///
    /// Drivers whose volumes have no size of their own, where growing changes a number and nothing else, are left alone.
    ///
    /// ## Why it matters
    /// The field opens the API and does nothing more. Whoever enlarges a claim is not refused: the claim waits in
    /// `Resizing` without end, the volume stays as small as it was, and the request cannot be taken back in full.
    ///
    /// ## How to fix
    /// Remove `allowVolumeExpansion`, or set it to `false`. The field can be changed on an existing class. The API server
    /// then refuses growth with a message, at once.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: local
    /// provisioner: rancher.io/local-path
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// allowVolumeExpansion: true
    /// ```
    /// ```yaml,passes
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: local
    /// provisioner: rancher.io/local-path
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/storage-classes/#allow-volume-expansion>
    pub static RULE = {
        name: "expansion-unsupported",
        summary: "allows claims to grow, although the driver cannot expand volumes",
        category: Category::Class,
        class: Class::NeverWorks,
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Warn, Action::Warn, Action::Deny),
        check: Check::Class(check),
    }
}

fn check(class: StorageClass<'_>, cx: &Context<'_>, out: &mut Findings) {
    if !class.allows_expansion() {
        return;
    }
    let Some(known) = cx.driver(class.provisioner()) else {
        return;
    };
    let expansion = known.driver.expansion();
    if expansion.value != Expansion::None {
        return;
    }
    let product = known.driver.product();
    out.push(
        Finding::new(
            FieldPath::of(&[FIELD]),
            "true",
            format!("claims may grow, and {product} cannot expand volumes"),
        )
        .remedy(with_reason(
            expansion.because,
            "Remove `allowVolumeExpansion`, or an enlarged claim waits in Resizing without end.",
        ))
        .certainty(expansion.confidence.into()),
    );
}
