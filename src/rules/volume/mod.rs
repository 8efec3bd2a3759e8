//! Rules about PersistentVolumes.

pub mod bound_volume_deleted;
pub mod duplicate_volume_handle;
pub mod host_path_volume;
pub mod incomplete_claim_ref;
pub mod legacy_topology_label;
pub mod legacy_volume_source;
pub mod missing_node_affinity;
pub mod recycle_reclaim_policy;
pub mod released_volume_reopened;
pub mod removed_volume_source;
pub mod retain_dropped;
pub mod stale_released_volume;
pub mod static_volume_disposable;

use crate::cluster::view::ViewKind;
use crate::drivers::Known;
use crate::engine::{Context, Rule};
use crate::model::{FieldPath, StorageClass, Volume};

/// The rules of this category, by name.
pub const RULES: &[&Rule] = &[
    &bound_volume_deleted::RULE,
    &duplicate_volume_handle::RULE,
    &host_path_volume::RULE,
    &incomplete_claim_ref::RULE,
    &legacy_topology_label::RULE,
    &legacy_volume_source::RULE,
    &missing_node_affinity::RULE,
    &recycle_reclaim_policy::RULE,
    &released_volume_reopened::RULE,
    &removed_volume_source::RULE,
    &retain_dropped::RULE,
    &stale_released_volume::RULE,
    &static_volume_disposable::RULE,
];

/// What is known of the driver that serves a volume: of a CSI volume the driver that it names, of an in-tree volume the one
/// that Kubernetes translates it to.
fn driver_of<'a>(volume: Volume<'a>, cx: &Context<'a>) -> Option<Known<'a>> {
    match volume.csi_driver() {
        Some(name) => cx.driver(name),
        None => cx.drivers().of_volume_source(volume.source()?.0),
    }
}

/// The class that a volume names, if it is a class of the volume's own driver: its parameters tell what the volume is.
fn class_of<'a>(volume: Volume<'a>, cx: &Context<'a>) -> Option<StorageClass<'a>> {
    let row = cx.view().get(ViewKind::StorageClass, "", volume.class_name()).found()?;
    let class = StorageClass::new(row);
    let driver = cx.driver(class.provisioner())?.driver;
    (driver.name() == driver_of(volume, cx)?.driver.name()).then_some(class)
}

fn reclaim_policy_path() -> FieldPath {
    FieldPath::of(&["spec", "persistentVolumeReclaimPolicy"])
}
