//! What else in the cluster belongs to a claim: its volume, its pods' set, the driver behind it, and what its volume is
//! filled from. Rules of several categories ask this.

use crate::cluster::view::{Lookup, ViewKind};
use crate::engine::cost::{self, MonthlyCost};
use crate::engine::{Certainty, Context, Finding, Findings, ResolvedClass};
use crate::model::object::{list, text};
use crate::model::quantity::Quantity;
use crate::model::scheduling::zone_of_node;
use crate::model::words::listed;
use crate::model::{
    Claim, DataSource, Meta, ObjectKind, Snapshot, SnapshotClass, SnapshotContent, StorageClass, Volume, Workload,
    ordinal,
};
use serde_json::Value;

/// How many objects a message or a remedy names.
pub(super) const NAMED: usize = 3;

/// The volume that a claim is bound to or asks for by name; Absent where it names none.
pub(super) fn volume_of<'a>(claim: &Claim<'a>, cx: &Context<'a>) -> Lookup<Volume<'a>> {
    claim.volume_name().map_or(Lookup::Absent, |name| {
        cx.view().get(ViewKind::PersistentVolume, "", name).map(Volume::new)
    })
}

/// The PersistentVolume of this name, if it exists; says so when that is unknown.
pub(super) fn volume_or_skip<'a>(name: &str, cx: &Context<'a>, out: &mut Findings) -> Option<Volume<'a>> {
    let row = cx.view().get(ViewKind::PersistentVolume, "", name);
    out.found_or_skip(row.map(Volume::new), format_args!("PersistentVolume {name}"))
}

/// The VolumeSnapshots of a claim of the object's namespace.
pub(super) fn snapshots_of<'a>(claim: &str, cx: &Context<'a>) -> impl Iterator<Item = Snapshot<'a>> {
    let snapshots = cx.view().rows_in(ViewKind::VolumeSnapshot, cx.namespace());
    snapshots
        .map(|row| Snapshot::new(ObjectKind::VolumeSnapshot, row))
        .filter(move |snapshot| snapshot.claim() == Some(claim))
}

/// The claim of this name in the object's namespace, if it exists; says so when that is unknown.
pub(super) fn claim_or_skip<'a>(name: &str, cx: &Context<'a>, out: &mut Findings) -> Option<Claim<'a>> {
    let row = cx.view().get(ViewKind::PersistentVolumeClaim, cx.namespace(), name);
    out.found_or_skip(row.map(Claim::object), format_args!("PersistentVolumeClaim {name}"))
}

/// The claims that exist of a set's template, each with its ordinal.
pub(super) fn claims_of_set<'a>(template: &Claim<'_>, set: &Workload<'_>, cx: &Context<'a>) -> Vec<(u64, Claim<'a>)> {
    let (template, set) = (template.name(), set.meta().name());
    let prefix = format!("{template}-{set}-");
    cx.view()
        .rows_with_prefix(ViewKind::PersistentVolumeClaim, cx.namespace(), &prefix)
        .filter_map(|(claim, row)| Some((ordinal(claim, template, set)?, Claim::object(row))))
        .collect()
}

/// How many claims of a set's template are still to be made for its replicas.
pub(super) fn missing_claims(template: &Claim<'_>, set: &Workload<'_>, cx: &Context<'_>) -> u64 {
    let (first, replicas) = (set.first_ordinal(), set.replicas());
    let ordinals = first..first.saturating_add(replicas);
    let claims = claims_of_set(template, set, cx);
    let there = claims.iter().filter(|(ordinal, _)| ordinals.contains(ordinal)).count();
    replicas.saturating_sub(there as u64)
}

/// Whether there are nodes, all of them are known, and they are all in one zone or name none.
pub(super) fn has_one_zone(cx: &Context<'_>) -> bool {
    let mut zones = cx.view().rows(ViewKind::Node).map(|node| zone_of_node(Meta::of(node)));
    let first = zones.next();
    first.is_some_and(|first| cx.view().is_complete(ViewKind::Node) && zones.all(|zone| zone == first))
}

/// What each node where a driver runs says of it: an entry of `spec.drivers` of its CSINode.
pub(super) fn told_by_nodes<'a>(name: &'a str, cx: &Context<'a>) -> impl Iterator<Item = &'a Value> {
    let nodes = cx.view().rows(ViewKind::CsiNode);
    let drivers = nodes.flat_map(|node| list(node, &["spec", "drivers"]));
    drivers.filter(move |driver| text(driver, &["name"]) == Some(name))
}

/// The name of the CSI driver behind a provisioner: Kubernetes translates in-tree names.
pub(super) fn driver_name<'a>(provisioner: &'a str, cx: &Context<'a>) -> &'a str {
    match cx.driver(provisioner) {
        Some(known) if known.named == crate::drivers::Named::InTree => known.driver.name(),
        _ => provisioner,
    }
}

/// The driver behind a claim: that of its volume, else that of its class.
pub(super) fn driver_of<'a>(claim: &Claim<'a>, cx: &Context<'a>) -> Option<&'a str> {
    let provisioner = match volume_of(claim, cx) {
        Lookup::Found(volume) => volume
            .csi_driver()
            .or_else(|| volume.meta().annotation("pv.kubernetes.io/provisioned-by")),
        Lookup::Absent | Lookup::Unknown => match cx.class_of(claim) {
            ResolvedClass::Found(class) if !class.has_no_provisioner() => Some(class.provisioner()),
            _ => None,
        },
    };
    provisioner.map(|provisioner| driver_name(provisioner, cx))
}

/// The driver that takes a snapshot, or took it: that of its content, of its class, or of its claim.
pub(super) fn driver_of_snapshot<'a>(snapshot: Snapshot<'a>, namespace: &str, cx: &Context<'a>) -> Option<&'a str> {
    let by_class = || {
        let class = cx.view().get(ViewKind::VolumeSnapshotClass, "", snapshot.class_name()?);
        class
            .found()
            .map(|row| SnapshotClass::new(ObjectKind::VolumeSnapshotClass, row).driver())
    };
    let by_claim = || {
        let claim = cx
            .view()
            .get(ViewKind::PersistentVolumeClaim, namespace, snapshot.claim()?);
        driver_of(&Claim::object(claim.found()?), cx)
    };
    let driver = content_of(snapshot, cx).map(SnapshotContent::driver);
    driver
        .or_else(by_class)
        .or_else(by_claim)
        .filter(|driver| !driver.is_empty())
}

/// The content that a snapshot is bound to or made for, where it is known.
pub(super) fn content_of<'a>(snapshot: Snapshot<'a>, cx: &Context<'a>) -> Option<SnapshotContent<'a>> {
    let name = snapshot.bound_content().or_else(|| snapshot.content())?;
    let row = cx.view().get(ViewKind::VolumeSnapshotContent, "", name).found()?;
    Some(SnapshotContent::new(ObjectKind::VolumeSnapshotContent, row))
}

/// The size of a claim's volume; of one that is not made yet, the size that is asked for.
pub(super) fn size_of(claim: &Claim<'_>, cx: &Context<'_>) -> Option<Quantity> {
    volume_of(claim, cx)
        .found()
        .and_then(Volume::capacity)
        .or_else(|| claim.capacity())
        .or_else(|| claim.request()?.ok())
}

/// What a volume of this size costs in the class of a claim, where that is known.
pub(super) fn cost_of<'a>(claim: &Claim<'a>, size: Quantity, cx: &Context<'a>) -> Option<MonthlyCost<'a>> {
    match cx.class_of(claim) {
        ResolvedClass::Found(class) => cost::of_volume(cx.drivers(), class, size),
        _ => None,
    }
}

/// What the volume of a claim costs, where that is known.
pub(super) fn monthly_cost<'a>(claim: &Claim<'a>, cx: &Context<'a>) -> Option<MonthlyCost<'a>> {
    cost_of(claim, size_of(claim, cx)?, cx)
}

/// The namespace that a source is in.
pub(super) fn namespace_of<'a>(source: &DataSource<'a>, cx: &Context<'a>) -> &'a str {
    source.namespace.unwrap_or_else(|| cx.namespace())
}

/// What makes a new volume of a source.
pub(super) struct Copier<'a> {
    /// The class of the new volume.
    pub(super) class: StorageClass<'a>,
    /// Whether it is known that a CSI driver provisions for the class. What the provisioner beside every CSI driver refuses
    /// is certain then.
    pub(super) certainty: Certainty,
}

/// What makes the volume of a claim with a source; `None` where an existing volume is taken, where something other than a
/// CSI driver provisions, and where nobody can say.
pub(super) fn copier<'a>(claim: &Claim<'a>, cx: &Context<'a>, out: &mut Findings) -> Option<Copier<'a>> {
    if claim.volume_name().is_some() {
        return None;
    }
    let class = cx.class_or_skip(claim, out)?;
    let certainty = match cx.driver(class.provisioner()) {
        Some(known) if known.driver.is_csi() => Certainty::Certain,
        Some(_) => return None,
        None if class.has_no_provisioner() => return None,
        None => match cx.view().get(ViewKind::CsiDriver, "", class.provisioner()) {
            Lookup::Found(_) => Certainty::Certain,
            Lookup::Absent | Lookup::Unknown => Certainty::Likely,
        },
    };
    Some(Copier { class, certainty })
}

/// How the size of a claim misses what a copy of its source needs; `None` where it does not.
///
/// `copy` is the subject of "takes", `least` the size of the source. `certainty` is that of the refusal of a smaller claim,
/// `same_only` that of the refusal of a larger one, where the driver refuses it.
pub(super) fn size_mismatch(
    claim: &Claim<'_>,
    copy: &str,
    least: Quantity,
    certainty: Certainty,
    same_only: Option<Certainty>,
) -> Option<Finding> {
    let size = claim.request()?.ok()?;
    let (what, advice, certainty) = if size < least {
        ("less than", "at least", certainty)
    } else {
        ("more than", "exactly", same_only.filter(|_| size > least)?)
    };
    let message = format!(
        "{} asks for {}, {what} {copy} takes ({least})",
        claim.title(),
        claim.request_text()
    );
    let path = claim.spec_path(&["resources", "requests", "storage"]);
    Some(
        Finding::new(path, claim.request_text(), message)
            .remedy(format!("Ask for {advice} {least}."))
            .certainty(certainty),
    )
}

/// The classes of the cluster that somebody can be told to use.
pub(super) fn usable_classes<'a>(cx: &Context<'a>) -> impl Iterator<Item = StorageClass<'a>> {
    cx.classes().filter(|class| is_usable(*class, cx))
}

/// Whether somebody can be told to use the class. That of a CSI driver is of no use where CSIDriver objects are known and the
/// driver has not got one: it is not installed.
pub(super) fn is_usable(class: StorageClass<'_>, cx: &Context<'_>) -> bool {
    let driver = driver_name(class.provisioner(), cx);
    let is_missing = cx.view().get(ViewKind::CsiDriver, "", driver) == Lookup::Absent;
    let is_csi = || cx.driver(driver).is_some_and(|known| known.driver.is_csi());
    !(is_missing && is_csi() && cx.view().count(ViewKind::CsiDriver) > 0)
}

/// What to do about a source of another driver: the classes of the cluster whose driver is the source's.
pub(super) fn use_class_of(driver: &str, cx: &Context<'_>) -> String {
    let classes: Vec<&str> = usable_classes(cx)
        .filter(|class| driver_name(class.provisioner(), cx) == driver)
        .map(StorageClass::name)
        .collect();
    match classes.as_slice() {
        [] => format!("Use a class of driver {driver}."),
        [class] => format!("Use class {class}, which is of driver {driver}."),
        classes => format!(
            "Use a class of driver {driver}: {}.",
            listed(classes.iter().copied(), NAMED)
        ),
    }
}

/// What keeps a volume from being made of a claim or a snapshot now, as a clause that goes on from the source's name;
/// Absent when nothing does.
pub(super) fn obstacle(source: &DataSource<'_>, cx: &Context<'_>) -> Lookup<String> {
    let namespace = namespace_of(source, cx);
    let clause = if source.is_claim() {
        match cx.view().get(ViewKind::PersistentVolumeClaim, namespace, source.name) {
            Lookup::Found(row) => {
                let claim = Claim::object(row);
                match claim.phase() {
                    _ if claim.meta().is_deleting() => Some("is being deleted".to_owned()),
                    // A manifest has no status.
                    "" | "Bound" => None,
                    phase => Some(format!("is {phase}, not Bound")),
                }
            }
            Lookup::Absent => Some("does not exist".to_owned()),
            Lookup::Unknown => return Lookup::Unknown,
        }
    } else if source.is_snapshot() {
        match cx.view().get(ViewKind::VolumeSnapshot, namespace, source.name) {
            Lookup::Found(row) => {
                let snapshot = Snapshot::new(ObjectKind::VolumeSnapshot, row);
                if snapshot.meta().is_deleting() {
                    Some("is being deleted".to_owned())
                } else {
                    let waits = !snapshot.is_ready() && (cx.is_live() || row.get("status").is_some());
                    waits.then(|| "is not ready to use".to_owned())
                }
            }
            Lookup::Absent => Some("does not exist".to_owned()),
            Lookup::Unknown => return Lookup::Unknown,
        }
    } else {
        None
    };
    clause.map_or(Lookup::Absent, Lookup::Found)
}
