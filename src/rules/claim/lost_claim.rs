//! See the documentation of [`RULE`].

use crate::cluster::view::Lookup;
use crate::engine::{Action, Category, Check, Class, Context, Finding, Findings, Fix, Needs, Operation, Profiles};
use crate::model::words::listed;
use crate::model::{Claim, ClaimOrigin, ClaimRef, FieldPath, Snapshot, Volume};
use crate::rules::related::{NAMED, snapshots_of, volume_of};

crate::rule! {
    /// ## What it checks
    /// A claim is in phase Lost: it was bound, and the PersistentVolume is gone or is not bound to it: its `claimRef` names
    /// another claim, or has not the claim's uid.
    ///
    /// ## Why it matters
    /// Pods that run still have their files, but no new pod starts with the claim, and nothing provisions for it again.
    ///
    /// ## How to fix
    /// If the storage itself still exists, make the PersistentVolume again with the same name and source, with
    /// `persistentVolumeReclaimPolicy: Retain`, and with a `claimRef` that has the claim's `namespace`, `name` and `uid`.
    /// The claim is bound to it again. Without the uid it stays Lost; without a `claimRef` another claim that waits for a
    /// volume may take the disk, and with reclaim policy `Delete` the disk goes with that claim.
    ///
    /// Where the volume is there and its `claimRef` names the claim without a uid, or with that of an earlier claim of
    /// the name, set the uid. Otherwise delete the claim, and restore it from a snapshot or a backup.
    ///
    /// ## Examples
    /// ```yaml,review
    /// operation: SCAN
    /// ```
    /// ```yaml,cluster
    /// apiVersion: v1
    /// kind: PersistentVolume
    /// metadata: {name: pvc-1f7b}
    /// spec: {claimRef: {namespace: shop, name: data}}
    /// status: {phase: Bound}
    /// ```
    /// ```yaml,fails
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data, namespace: shop}
    /// spec: {storageClassName: gp3, volumeName: pvc-8c6a}
    /// status: {phase: Lost}
    /// ```
    /// ```yaml,passes
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: data, namespace: shop}
    /// spec: {storageClassName: gp3, volumeName: pvc-1f7b}
    /// status: {phase: Bound}
    /// ```
    ///
    /// ## References
    /// - <https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/persistent-volume-claim-v1/>
    /// - <https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/volume/persistentvolume/pv_controller.go>
    pub static RULE = {
        name: "lost-claim",
        summary: "has lost its volume",
        category: Category::Claim,
        class: Class::Availability,
        fix: Fix::None,
        needs: &[Needs::PersistentVolume, Needs::VolumeSnapshot],
        operations: &[Operation::Scan],
        profiles: Profiles::actions(Action::Warn, Action::Warn, Action::Warn),
        check: Check::Claim(check),
    }
}

fn check(claim: &Claim<'_>, cx: &Context<'_>, out: &mut Findings) {
    if claim.origin() != ClaimOrigin::Object || claim.phase() != "Lost" {
        return;
    }
    let uid = claim.meta().uid();
    let held = volume_of(claim, cx).found().and_then(Volume::claim_ref);
    // It is about to be bound again.
    if uid.is_some() && held.is_some_and(|held| is_for(held, claim, cx) && held.uid == uid) {
        return;
    }
    let message = format!("{} is Lost: {}", claim.title(), loss(claim, cx));
    let snapshots = snapshots_of(claim.name(), cx).filter(|snapshot| snapshot.is_ready());
    let source = match listed(snapshots.map(Snapshot::name), NAMED).as_str() {
        "" => "a backup".to_owned(),
        names => format!("a snapshot ({names})"),
    };
    let restore = format!("elete the claim and restore it from {source}.");
    let remedy = match return_of_volume(claim, cx) {
        Some(way) => format!("{way} Otherwise d{restore}"),
        None => format!("D{restore}"),
    };
    out.push(Finding::new(FieldPath::of(&["status", "phase"]), "Lost", message).remedy(remedy));
}

/// What has become of the claim's volume.
fn loss(claim: &Claim<'_>, cx: &Context<'_>) -> String {
    let Some(name) = claim.volume_name() else {
        return "it counts as bound, and names no volume".to_owned();
    };
    let outcome = match volume_of(claim, cx) {
        Lookup::Found(volume) => match volume.claim_ref() {
            Some(other) if !is_for(other, claim, cx) => format!("belongs to claim {other}"),
            Some(ClaimRef { uid: Some(_), .. }) => "is bound to an earlier claim of its name".to_owned(),
            Some(_) => "names it without its uid".to_owned(),
            None => "names no claim".to_owned(),
        },
        Lookup::Absent => "is gone".to_owned(),
        Lookup::Unknown => "is gone or belongs to another claim".to_owned(),
    };
    format!("volume {name} {outcome}")
}

/// How the claim gets its volume back; `None` where it has none, and where the volume is somebody else's.
fn return_of_volume(claim: &Claim<'_>, cx: &Context<'_>) -> Option<String> {
    let name = claim.volume_name()?;
    let uid = claim.meta().uid();
    match volume_of(claim, cx) {
        Lookup::Found(volume) => {
            let is_kept = volume.claim_ref().is_none_or(|other| is_for(other, claim, cx));
            let uid = uid.map_or_else(|| "that of the claim".to_owned(), |uid| format!("`{uid}`"));
            let namespace = cx.namespace();
            is_kept.then(|| match volume.claim_ref() {
                Some(_) => format!(
                    "If its data is on the volume, set spec.claimRef.uid of PersistentVolume {name} to {uid}."
                ),
                None => format!(
                    "If its data is on the volume, set spec.claimRef of PersistentVolume {name}: namespace {namespace}, \
                     name {}, uid {uid}.",
                    claim.name()
                ),
            })
        }
        // Without the uid the claim stays Lost, and without a claimRef another claim may take the volume.
        Lookup::Absent | Lookup::Unknown => Some(format!(
            "If the storage still exists, create PersistentVolume {name} again with the same source, \
             persistentVolumeReclaimPolicy: Retain, and a claimRef with namespace: {}, name: {} and uid: {}.",
            cx.namespace(),
            claim.name(),
            uid.unwrap_or("(that of the claim)")
        )),
    }
}

/// Whether a volume is bound to or kept for a claim of this name.
fn is_for(of_volume: ClaimRef<'_>, claim: &Claim<'_>, cx: &Context<'_>) -> bool {
    (of_volume.namespace, of_volume.name) == (cx.namespace(), claim.name())
}
