//! See the documentation of [`RULE`].

use crate::cluster::view::{Lookup, ViewKind};
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Profiles};
use crate::model::{Claim, ClassName, Meta, StorageClass, object};

crate::rule! {
    /// ## What it checks
    /// A claim names a StorageClass that does not exist, and no volume carries the name either. A name that only
    /// volumes carry, such as `storageClassName: manual`, is valid: the claim binds to one of them. A claim that names
    /// its volume, or that has the empty class, is not judged. In files, without a cluster, it speaks only where the
    /// classes are given.
    ///
    /// ## Why it matters
    /// The claim stays Pending until somebody makes the class, and the pods that use it do not start. The usual cause
    /// is a slip of the pen, or a name from another cluster.
    ///
    /// ## How to fix
    /// Name a class that exists (`kubectl get storageclass`), leave `storageClassName` out to get the default class, or
    /// create the class first.
    ///
    /// ## Examples
    /// ```yaml,cluster
    /// apiVersion: storage.k8s.io/v1
    /// kind: StorageClass
    /// metadata: {name: gp3}
    /// provisioner: ebs.csi.aws.com
    /// parameters: {type: gp3, encrypted: "true"}
    /// volumeBindingMode: WaitForFirstConsumer
    /// reclaimPolicy: Retain
    /// allowVolumeExpansion: true
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: pg3
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data}
    /// spec:
    ///   storageClassName: gp3
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#class-1>
    /// - <https://kubernetes.io/docs/concepts/storage/storage-classes/>
    pub static RULE = {
        name: "unknown-storage-class",
        summary: "names a StorageClass that does not exist",
        category: Category::Claim,
        class: Class::NeverWorks,
        fix: Fix::None,
        needs: &[Needs::StorageClass, Needs::PersistentVolume],
        profiles: Profiles::actions(Action::Warn, Action::Warn, Action::Deny),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    let ClassName::Named(name) = claim.class_name() else {
        return;
    };
    if claim.volume_name().is_some() {
        return;
    }
    match cx.view().get(ViewKind::StorageClass, "", name) {
        Lookup::Found(_) => return,
        Lookup::Unknown => return out.skip(format!("StorageClass {name} is unknown")),
        Lookup::Absent => {}
    }
    if cx
        .view()
        .rows(ViewKind::PersistentVolume)
        .any(|volume| carries(volume, name))
    {
        return;
    }
    let (hint, advice) = match similar(name, cx) {
        Some(similar) => (
            format!(" (did you mean {similar}?)"),
            format!("Did you mean class {similar}? If not, create"),
        ),
        None => (String::new(), "Name a class that exists, or create".to_owned()),
    };
    let message = format!(
        "{} names StorageClass {name}, which does not exist{hint}",
        claim.title()
    );
    let remedy = match cx.default_class() {
        Lookup::Found(class) => format!(
            "{advice} StorageClass {name} first. Without storageClassName the claim gets the default class, {}.",
            class.name()
        ),
        _ => format!("{advice} StorageClass {name} first."),
    };
    out.push(Finding::new(claim.class_path(), name, message).remedy(remedy));
}

/// Whether a volume carries the class name, by annotation or field.
fn carries(volume: &serde_json::Value, class: &str) -> bool {
    let annotated = Meta::of(volume).annotation("volume.beta.kubernetes.io/storage-class");
    annotated.or_else(|| object::text(volume, &["spec", "storageClassName"])) == Some(class)
}

/// The class of the cluster that was probably meant.
pub(in crate::rules) fn similar<'a>(name: &str, cx: &Context<'a>) -> Option<&'a str> {
    // Longer text is no object's name and not worth comparing.
    if name.len() > 253 {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    let rows = cx.view().rows(ViewKind::StorageClass);
    let distances = rows
        .map(|row| StorageClass::new(row).name())
        .map(|known| (strsim::osa_distance(&lower, known), known));
    let (distance, known) = distances.min()?;
    (distance <= (name.len() / 3).clamp(1, 3)).then_some(known)
}
