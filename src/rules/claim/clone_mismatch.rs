//! See the documentation of [`RULE`].

use super::refusal;
use crate::cluster::view::ViewKind;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Profiles};
use crate::model::words::with_reason;
use crate::model::{Claim, DataSource};
use crate::rules::related::{copier, driver_name, driver_of, namespace_of, size_mismatch, size_of, use_class_of};

crate::rule! {
    /// ## What it checks
    /// A claim is to be a clone of another claim that it cannot be cloned from: the class is of another driver, the
    /// driver makes no clones, the volume mode differs, or the size that is asked for is smaller than the source (or
    /// differs from it, where the driver clones to the same size only). Whether the source is there and ready is said
    /// by `source-not-ready`.
    ///
    /// ## Why it matters
    /// The provisioner refuses the clone and tries again for ever. The claim stays Pending, and its source, size and
    /// mode cannot be changed any more.
    ///
    /// ## How to fix
    /// Use a class of the source's driver, the source's volume mode, and at least the source's size. To change driver
    /// or mode, make an empty claim and copy the data with a pod that mounts both.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: gp3}
    /// provisioner: ebs.csi.aws.com
    /// parameters: {type: gp3, encrypted: "true"}
    /// volumeBindingMode: WaitForFirstConsumer
    /// ---
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: source, namespace: default}
    /// spec:
    ///   storageClassName: gp3
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 20Gi}}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: copy}
    /// spec:
    ///   storageClassName: gp3
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    ///   dataSource: {kind: PersistentVolumeClaim, name: source}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: copy}
    /// spec:
    ///   storageClassName: gp3
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 20Gi}}
    ///   dataSource: {kind: PersistentVolumeClaim, name: source}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/volume-pvc-datasource/>
    /// - <https://github.com/kubernetes-csi/external-provisioner/blob/master/pkg/controller/controller.go>
    pub static RULE = {
        name: "clone-mismatch",
        summary: "asks for a clone of a claim that its class cannot clone",
        category: Category::Claim,
        class: Class::NeverWorks,
        fix: Fix::None,
        needs: &[
            Needs::StorageClass,
            Needs::PersistentVolumeClaim,
            Needs::PersistentVolume,
            Needs::CsiDriver,
        ],
        in_scan: false,
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(source) = claim.data_source().filter(DataSource::is_claim) else {
        return;
    };
    let Some(copier) = copier(claim, cx, out) else { return };
    let class = copier.class;
    let known = cx.driver(class.provisioner());
    let name_path = claim.spec_path(&[source.field, "name"]);

    let refused = known.as_ref().map(|known| known.driver.clones());
    if let Some((certainty, fact)) = refused.and_then(|fact| Some((refusal(&fact)?, fact))) {
        let message = format!(
            "{} is to be a clone, and {} (class {}) makes none",
            claim.title(),
            class.provisioner(),
            class.name()
        );
        let remedy = "Create an empty claim and copy the data with a pod that mounts both.";
        out.push(
            Finding::new(name_path, source.name, message)
                .remedy(with_reason(fact.because, remedy))
                .certainty(certainty),
        );
        return;
    }

    let namespace = namespace_of(&source, cx);
    let row = cx.view().get(ViewKind::PersistentVolumeClaim, namespace, source.name);
    let Some(row) = out.found_or_skip(row, format_args!("PersistentVolumeClaim {}", source.name)) else {
        return;
    };
    let original = Claim::object(row);
    if let Some(driver) = driver_of(&original, cx).filter(|driver| *driver != driver_name(class.provisioner(), cx)) {
        let message = format!(
            "{} is of {}, but its clone source {} of {driver}",
            claim.title(),
            class.provisioner(),
            source.name
        );
        out.push(
            Finding::new(name_path, source.name, message)
                .remedy(format!(
                    "No driver clones volumes of another. {}",
                    use_class_of(driver, cx)
                ))
                .certainty(copier.certainty),
        );
        return;
    }
    if claim.volume_mode() != original.volume_mode() {
        let message = format!(
            "{} asks for volumeMode {}, but its clone source {} is {}",
            claim.title(),
            claim.volume_mode(),
            source.name,
            original.volume_mode()
        );
        out.push(
            Finding::new(claim.spec_path(&["volumeMode"]), claim.volume_mode().as_str(), message)
                .remedy(format!("Write volumeMode: {}.", original.volume_mode()))
                .certainty(copier.certainty),
        );
    }
    let Some(least) = size_of(&original, cx) else { return };
    let driver = known.map(|known| known.driver);
    let same_only = driver
        .filter(|driver| driver.clones_same_size_only())
        .map(|driver| driver.clones().confidence.into());
    let clone = format!("a clone of {}", source.name);
    if let Some(finding) = size_mismatch(claim, &clone, least, copier.certainty, same_only) {
        out.push(finding);
    }
}
