//! Rules of the category `snapshot`.

pub mod disposable_snapshots;
pub mod last_snapshot_deleted;
pub mod missing_snapshot_class;
pub mod orphaned_snapshot_content;
pub mod second_default_snapshot_class;
pub mod snapshot_class_mismatch;
pub mod snapshot_retain_dropped;
pub mod snapshot_source_not_ready;
pub mod snapshot_takeover;
pub mod snapshots_unsupported;

use crate::cluster::view::{Lookup, ViewKind};
use crate::drivers::{Confidence, Named, Support};
use crate::engine::{Certainty, Context, Operation, ResolvedClass, Rule};
use crate::model::words::listed;
use crate::model::{Claim, ClassName, ObjectKind, Snapshot, SnapshotClass, Volume, labels};
use crate::rules::related::NAMED;

/// The rules of this category, by name.
pub const RULES: &[&Rule] = &[
    &disposable_snapshots::RULE,
    &last_snapshot_deleted::RULE,
    &missing_snapshot_class::RULE,
    &orphaned_snapshot_content::RULE,
    &second_default_snapshot_class::RULE,
    &snapshot_class_mismatch::RULE,
    &snapshot_retain_dropped::RULE,
    &snapshot_source_not_ready::RULE,
    &snapshot_takeover::RULE,
    &snapshots_unsupported::RULE,
];

/// The classes of volume snapshots and of group snapshots.
const CLASSES: &[ObjectKind] = &[ObjectKind::VolumeSnapshotClass, ObjectKind::VolumeGroupSnapshotClass];

/// Snapshots of one volume and of a group.
const SNAPSHOTS: &[ObjectKind] = &[ObjectKind::VolumeSnapshot, ObjectKind::VolumeGroupSnapshot];

/// The driver of a claim that a snapshot is taken of.
struct SourceDriver<'a> {
    name: &'a str,
    certainty: Certainty,
}

/// Whether a snapshot is yet to be taken: it is not made for content that exists, and not taken already.
fn is_to_be_taken(snapshot: Snapshot<'_>, cx: &Context<'_>) -> bool {
    let is_taken = snapshot.is_ready() || snapshot.bound_content().is_some();
    snapshot.content().is_none() && !(cx.operation() == Operation::Scan && is_taken)
}

/// The claims that a snapshot is taken of. Absent where the claim does not exist, or a group's selector chooses none.
fn source_claims<'a>(snapshot: Snapshot<'a>, cx: &Context<'a>) -> Lookup<Vec<Claim<'a>>> {
    const CLAIM: ViewKind = ViewKind::PersistentVolumeClaim;
    if let Some(claim) = snapshot.claim() {
        let claim = cx.view().get(CLAIM, cx.namespace(), claim);
        return claim.map(|claim| vec![Claim::object(claim)]);
    }
    let Some(selector) = snapshot.claim_selector() else {
        return Lookup::Unknown;
    };
    let claims = cx.view().rows_in(CLAIM, cx.namespace()).map(Claim::object);
    let chosen: Vec<_> = claims
        .filter(|claim| labels::selects(Some(selector), claim.meta().labels()))
        .collect();
    match chosen.is_empty() {
        false => Lookup::Found(chosen),
        true if cx.view().is_complete(CLAIM) => Lookup::Absent,
        true => Lookup::Unknown,
    }
}

/// The CSI driver of a claim's volume, or the one that will provision it; `None` where nobody can say.
fn source_driver<'a>(claim: &Claim<'a>, cx: &Context<'a>) -> Option<SourceDriver<'a>> {
    if let Some(volume) = claim.volume_name() {
        let volume = cx.view().get(ViewKind::PersistentVolume, "", volume).found()?;
        return Some(SourceDriver {
            name: Volume::new(volume).csi_driver()?,
            certainty: Certainty::Certain,
        });
    }
    let ResolvedClass::Found(class) = cx.class_of(claim) else {
        return None;
    };
    let known = cx.driver(class.provisioner())?;
    if !known.driver.is_csi() || known.named == Named::InTree || cx.binds_statically(claim, class.name()) {
        return None;
    }
    Some(SourceDriver {
        name: class.provisioner(),
        // Which class is the default may change until the claim is made.
        certainty: match claim.class_name() {
            ClassName::Named(_) => Certainty::Certain,
            ClassName::Default | ClassName::Empty => Certainty::Likely,
        },
    })
}

/// Every class of a kind that the view has, by name.
fn classes<'a>(kind: ObjectKind, cx: &Context<'a>) -> impl Iterator<Item = SnapshotClass<'a>> + use<'a> {
    let view = cx.view();
    let rows = ViewKind::of(kind).into_iter().flat_map(|of| view.rows(of));
    rows.map(move |row| SnapshotClass::new(kind, row))
}

/// Whether the view has every class of a kind.
fn knows_classes(kind: ObjectKind, cx: &Context<'_>) -> bool {
    ViewKind::of(kind).is_some_and(|kind| cx.view().is_complete(kind))
}

/// The class that a snapshot names.
fn named_class<'a>(snapshot: Snapshot<'a>, name: &str, cx: &Context<'a>) -> Lookup<SnapshotClass<'a>> {
    let kind = snapshot.class_kind();
    ViewKind::of(kind).map_or(Lookup::Unknown, |of| {
        cx.view().get(of, "", name).map(|row| SnapshotClass::new(kind, row))
    })
}

/// What kubectl calls the kind.
fn kubectl_name(kind: ObjectKind) -> String {
    kind.as_str().to_ascii_lowercase()
}

/// The classes of a driver that a snapshot could name, as what to let it do: `name VolumeSnapshotClass daily`; `None` where
/// there is none.
fn fitting_classes(snapshot: Snapshot<'_>, driver: &str, cx: &Context<'_>) -> Option<String> {
    let kind = snapshot.class_kind();
    let names: Vec<&str> = classes(kind, cx)
        .filter(|class| class.driver() == driver)
        .map(SnapshotClass::name)
        .collect();
    match names.as_slice() {
        [] => None,
        [name] => Some(format!("name {} {name}", kind.as_str())),
        names => Some(format!(
            "name one of the {} {}",
            plural(kind),
            listed(names.iter().copied(), NAMED)
        )),
    }
}

fn plural(kind: ObjectKind) -> String {
    format!("{}es", kind.as_str())
}

/// That a driver cannot take snapshots: how sure that is, and why.
fn refusal<'a>(driver: &str, cx: &Context<'a>) -> Option<(Certainty, Option<&'a str>)> {
    let known = cx.driver(driver)?;
    if known.named == Named::InTree || !known.driver.is_csi() {
        return Some((
            Certainty::Certain,
            Some("snapshots are taken by CSI drivers, and this is none"),
        ));
    }
    let fact = known.driver.snapshots();
    (fact.value == Support::Refused && fact.confidence != Confidence::Unknown)
        .then(|| (fact.confidence.into(), fact.because))
}
