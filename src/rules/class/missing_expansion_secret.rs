//! See the documentation of [`RULE`].

use super::{PARAMETERS_STAY, lacks_expansion_secret};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Profiles};
use crate::model::{FieldPath, SecretKeys, StorageClass};

crate::rule! {
    /// ## What it checks
    /// A StorageClass allows its claims to grow and gives its driver a secret to make volumes with, but none to enlarge
    /// them with, and the driver needs one.
    ///
    /// ## Why it matters
    /// Everything works until a volume is full. Then the driver refuses to enlarge it for want of credentials. Which
    /// secret a volume uses is recorded when it is made, so a better class does not help the volumes that exist.
    ///
    /// ## How to fix
    /// Give the controller-expand secret as well; as a rule it is the provisioner secret. Parameters are immutable: an
    /// existing class gives way to one under a new name.
    ///
    /// Volumes that exist are mended one by one: set `spec.csi.controllerExpandSecretRef` of the PersistentVolume.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: shared
    /// provisioner: cephfs.csi.ceph.com
    /// parameters:
    ///   clusterID: rook-ceph
    ///   fsName: shared
    ///   csi.storage.k8s.io/provisioner-secret-name: cephfs
    ///   csi.storage.k8s.io/provisioner-secret-namespace: rook-ceph
    /// allowVolumeExpansion: true
    /// ```
    /// ```yaml,passes
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: shared
    /// provisioner: cephfs.csi.ceph.com
    /// parameters:
    ///   clusterID: rook-ceph
    ///   fsName: shared
    ///   csi.storage.k8s.io/provisioner-secret-name: cephfs
    ///   csi.storage.k8s.io/provisioner-secret-namespace: rook-ceph
    ///   csi.storage.k8s.io/controller-expand-secret-name: cephfs
    ///   csi.storage.k8s.io/controller-expand-secret-namespace: rook-ceph
    /// allowVolumeExpansion: true
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes-csi.github.io/docs/secrets-and-credentials-storage-class.html#controller-expand-secret>
    pub static RULE = {
        name: "missing-expansion-secret",
        summary: "allows claims to grow and does not give the secret that the driver needs for it",
        category: Category::Class,
        class: Class::NeverWorks,
        profiles: Profiles::actions(Action::Warn, Action::Warn, Action::Deny),
        check: Check::Class(check),
    }
}

fn check(class: StorageClass<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(known) = cx.driver(class.provisioner()) else {
        return;
    };
    if !class.allows_expansion() || !lacks_expansion_secret(class, known.driver) {
        return;
    }
    let product = known.driver.product();
    let SecretKeys { name, namespace, .. } = SecretKeys::CONTROLLER_EXPAND;
    out.push(
        Finding::new(
            FieldPath::of(&["parameters"]).entry(name),
            "",
            format!("claims may grow, and {product} gets no controller-expand secret"),
        )
        .remedy(format!(
            "Set `{name}` and `{namespace}`, as a rule to the provisioner secret; otherwise enlarging a volume fails. \
             {PARAMETERS_STAY}"
        ))
        .certainty(known.driver.expansion().confidence.into()),
    );
}
