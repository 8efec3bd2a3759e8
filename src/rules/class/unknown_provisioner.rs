//! See the documentation of [`RULE`].

use super::{FIELD_STAYS, Stranger, stranger};
use crate::cluster::view::ViewKind;
use crate::engine::{Action, Category, Certainty, Check, Class, Context, Finding, Findings, Needs, Profiles};
use crate::model::{FieldPath, StorageClass};

crate::rule! {
    /// ## What it checks
    /// A StorageClass has a provisioner of which nobody has heard: the knowledge base has no driver of the name, and the
    /// cluster has no CSIDriver, no node and no volume of it.
    ///
    /// It warns in every profile: charts install a class before its driver. A policy that raises it to Deny has a name
    /// denied that is nearly a known driver's and that the cluster has no CSIDriver of; of other names it still warns,
    /// outside profile Strict.
    /// Without a cluster it speaks of names only that are nearly those of a known driver. Other names with a slash are
    /// left alone: no CSI driver has one, and provisioners of another kind are called what their installation likes.
    ///
    /// ## Why it matters
    /// Nobody feels addressed by the claims of the class: they stay Pending, without an error in their events.
    ///
    /// ## How to fix
    /// Correct the name or install the driver. The provisioner of a class is immutable: an existing class
    /// gives way to one under a new name.
    ///
    /// A driver of your own is made known with a StorageDriver.
    ///
    /// ## Examples
    /// ```yaml,fails
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: ebs.csi.aws.co
    /// ```
    /// ```yaml,passes
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata:
    ///   name: fast
    /// provisioner: ebs.csi.aws.com
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/storage-classes/#provisioner>
    /// - <https://kubernetes-csi.github.io/docs/csi-driver-object.html>
    pub static RULE = {
        name: "unknown-provisioner",
        summary: "has a provisioner of which nobody has heard",
        category: Category::Class,
        class: Class::Availability,
        needs: &[Needs::CsiDriver, Needs::CsiNode, Needs::PersistentVolume],
        profiles: Profiles::actions(Action::Warn, Action::Warn, Action::Warn),
        check: Check::Class(check),
    }
}

fn check(class: StorageClass<'_>, cx: &Context<'_>, out: &mut Findings) {
    let provisioner = class.provisioner();
    let Some(stranger) = stranger(provisioner, cx, out) else {
        return;
    };
    let (message, remedy, certainty) = match stranger {
        Stranger::Misspelt(meant) => (
            format!("`{provisioner}` is no known provisioner; did you mean `{meant}`?"),
            format!("Correct the name. {FIELD_STAYS}"),
            // A driver of nearly the same name would show in the cluster, unless its chart is being installed: Helm makes classes
            // before CSIDrivers. What such a driver has more than its model is a number: `nfs2.csi.k8s.io`.
            if cx.view().is_complete(ViewKind::CsiDriver) && without_digits(provisioner) != without_digits(meant) {
                Certainty::Certain
            } else {
                Certainty::Likely
            },
        ),
        Stranger::Nobody => (
            format!("nobody is known to provision for `{provisioner}`: claims will stay Pending"),
            "Install the driver, or correct the name. A StorageDriver makes a driver of your own known.".to_owned(),
            Certainty::Likely,
        ),
    };
    out.push(
        Finding::new(FieldPath::of(&["provisioner"]), provisioner, message)
            .remedy(remedy)
            .certainty(certainty),
    );
}

fn without_digits(name: &str) -> String {
    name.chars().filter(|c| !c.is_ascii_digit()).collect()
}
