//! See the documentation of [`RULE`].

use crate::cluster::view::ViewKind;
use crate::engine::{
    Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Operation, Profiles, ResolvedClass,
};
use crate::model::words::listed;
use crate::model::{AttributesClass, Claim};
use crate::rules::related::{NAMED, driver_name, driver_of};

crate::rule! {
    /// ## What it checks
    /// A claim names a VolumeAttributesClass of another driver than that of its volume or, before it has one, of its
    /// StorageClass. An attributes class that does not exist yet is no finding: the claim waits for it.
    ///
    /// ## Why it matters
    /// The attributes are parameters of one driver and mean nothing to another. The volume is not made, or not modified,
    /// and the claim stays as it is with an event.
    ///
    /// ## How to fix
    /// Name a VolumeAttributesClass whose `driverName` is the provisioner of the StorageClass.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: gp3}
    /// provisioner: ebs.csi.aws.com
    /// ---
    /// apiVersion: storage.k8s.io/v1
    /// kind: VolumeAttributesClass
    /// metadata: {name: gold}
    /// driverName: ebs.csi.aws.com
    /// parameters: {iops: "6000"}
    /// ---
    /// apiVersion: storage.k8s.io/v1
    /// kind: VolumeAttributesClass
    /// metadata: {name: premium}
    /// driverName: disk.csi.azure.com
    /// parameters: {DiskIOPSReadWrite: "6000"}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: gp3
    ///   volumeAttributesClassName: premium
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: gp3
    ///   volumeAttributesClassName: gold
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/volume-attributes-classes/>
    pub static RULE = {
        name: "attributes-class-mismatch",
        summary: "names a VolumeAttributesClass of another driver",
        category: Category::Claim,
        class: Class::NeverWorks,
        fix: Fix::None,
        needs: &[Needs::VolumeAttributesClass, Needs::StorageClass, Needs::PersistentVolume],
        operations: &[Operation::Create, Operation::Update],
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    let Some(name) = claim.attributes_class() else { return };
    let row = cx.view().get(ViewKind::VolumeAttributesClass, "", name);
    let Some(row) = out.found_or_skip(row, format_args!("VolumeAttributesClass {name}")) else {
        return;
    };
    let attributes = AttributesClass::new(row);
    let Some(driver) = driver_of(claim, cx) else {
        if let ResolvedClass::Unknown(class) = cx.class_of(claim) {
            out.skip(format!("StorageClass {class} is unknown"));
        }
        return;
    };
    if driver_name(attributes.driver(), cx) == driver {
        return;
    }
    let mut fitting: Vec<&str> = cx
        .view()
        .rows(ViewKind::VolumeAttributesClass)
        .map(AttributesClass::new)
        .filter(|class| class.driver() == driver)
        .map(AttributesClass::name)
        .collect();
    fitting.sort_unstable();
    let remedy = if fitting.is_empty() {
        format!("Leave volumeAttributesClassName out, or create a VolumeAttributesClass with driverName: {driver}.")
    } else {
        format!("Name one of driver {driver}: {}.", listed(fitting, NAMED))
    };
    let message = format!(
        "{}: attributes class {name} is for {}, not {driver}",
        claim.title(),
        attributes.driver()
    );
    out.push(Finding::new(claim.spec_path(&["volumeAttributesClassName"]), name, message).remedy(remedy));
}
