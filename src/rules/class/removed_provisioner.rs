//! See the documentation of [`RULE`].

use crate::drivers::Confidence;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Profiles};
use crate::model::words::with_reason;
use crate::model::{FieldPath, StorageClass};

crate::rule! {
    /// ## What it checks
    /// A StorageClass has a provisioner of Kubernetes' own that no supported release has any more, and that is not
    /// translated to a CSI driver either; or the name of a kind of volume that never had a provisioner.
    ///
    /// ## Why it matters
    /// Nobody provisions its claims: they stay Pending without end.
    ///
    /// ## How to fix
    /// Install a CSI driver for the same storage and make a class for it. The provisioner of a class is immutable.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: shared
    /// provisioner: kubernetes.io/glusterfs
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
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/volumes/#volume-types>
    /// - <https://kubernetes.io/blog/2022/09/26/storage-in-tree-to-csi-migration-status-update-1.25/>
    pub static RULE = {
        name: "removed-provisioner",
        summary: "has an in-tree provisioner that no supported Kubernetes release has",
        category: Category::Class,
        class: Class::NeverWorks,
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Class(check),
    }
}

fn check(class: StorageClass<'_>, cx: &Context<'_>, out: &mut Findings) {
    let provisioner = class.provisioner();
    // A StorageDriver that goes by the name says that somebody does provision.
    if cx.driver(provisioner).is_some() {
        return;
    }
    let Some(gone) = cx.drivers().removed_in_tree(provisioner) else {
        return;
    };
    let message = match &gone.removed_in {
        Some(release) if gone.confidence == Confidence::Confirmed => {
            format!("`{provisioner}` was removed in Kubernetes {release}: its claims stay Pending")
        }
        Some(_) => format!("`{provisioner}` was removed from Kubernetes: its claims stay Pending"),
        None => format!("`{provisioner}` provisions nothing: its claims stay Pending"),
    };
    let remedy = match &gone.successor {
        Some(successor) => format!("Install the CSI driver `{successor}`, and create a class for it."),
        None => "Create a class for a driver that the cluster has.".to_owned(),
    };
    // Of a removed provisioner only the release may be uncertain.
    let certainty = match gone.removed_in {
        Some(_) => Confidence::Confirmed,
        None => gone.confidence,
    };
    out.push(
        Finding::new(FieldPath::of(&["provisioner"]), provisioner, message)
            .remedy(with_reason(gone.because.as_deref(), &remedy))
            .certainty(certainty.into()),
    );
}
