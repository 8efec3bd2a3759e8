//! What goes wrong with storage in Kubernetes: each failure in a file of its own, as it happens in a cluster without volguard
//! and as it does not in a cluster with it.

mod backup_deleted_with_object;
mod class_deleted;
mod data_deleted_with_set;
mod database_in_emptydir;
mod driver_not_installed;
mod full_database;
mod host_path;
mod last_snapshot_deleted;
mod lost_node;
mod manifests;
mod no_governing_service;
mod node_name;
mod one_zone;
mod orphaned_claims;
mod prebound_default_class;
mod refused_parameter;
mod rolling_update_deadlock;
mod shared_disk;
mod small_clone;
mod small_restore;
mod stalled_rollout;
mod ten_milli;
mod two_default_classes;
mod two_replicas_one_disk;
mod wrong_zone;
mod zero_grace_period;

use std::thread;

use crate::installation;
use crate::stage::Stage;
use crate::support::{PATIENCE, wait_for};
use crate::zones::nodes;

/// A failure.
pub(crate) struct Scenario {
    /// Its name, and the namespace that it plays in.
    pub(crate) name: &'static str,
    /// What somebody did.
    pub(crate) title: &'static str,
    /// What comes of it without volguard, and with it.
    pub(crate) without: Half,
    pub(crate) with: Half,
    /// The sections of the reference document that speak of it: their headings.
    pub(crate) sections: &'static [&'static str],
    /// The rules that prevent it.
    pub(crate) rules: &'static [&'static str],
    /// Whether it changes what all others share: the default class, the nodes.
    pub(crate) alone: bool,
}

impl Scenario {
    /// The namespace of its first half in mode Audit.
    pub(crate) fn audited(&self) -> String {
        format!("{}-audited", self.name)
    }

    /// The namespace of its second half.
    pub(crate) fn guarded(&self) -> String {
        format!("{}-guarded", self.name)
    }
}

/// One half of a scenario: the outcome in a sentence, and the play, which panics if it comes out otherwise.
pub(crate) struct Half {
    pub(crate) outcome: &'static str,
    pub(crate) play: fn(&Stage<'_>),
}

/// All of them, in the order in which the demo tells them.
pub(crate) const ALL: &[Scenario] = &[
    wrong_zone::SCENARIO,
    one_zone::SCENARIO,
    shared_disk::SCENARIO,
    two_replicas_one_disk::SCENARIO,
    rolling_update_deadlock::SCENARIO,
    database_in_emptydir::SCENARIO,
    data_deleted_with_set::SCENARIO,
    full_database::SCENARIO,
    ten_milli::SCENARIO,
    small_clone::SCENARIO,
    small_restore::SCENARIO,
    two_default_classes::SCENARIO,
    prebound_default_class::SCENARIO,
    backup_deleted_with_object::SCENARIO,
    last_snapshot_deleted::SCENARIO,
    class_deleted::SCENARIO,
    orphaned_claims::SCENARIO,
    host_path::SCENARIO,
    zero_grace_period::SCENARIO,
    lost_node::SCENARIO,
    refused_parameter::SCENARIO,
    driver_not_installed::SCENARIO,
    no_governing_service::SCENARIO,
    stalled_rollout::SCENARIO,
    node_name::SCENARIO,
];

/// Shows on which nodes the pods are; the nodes' names tell their zones.
const PODS: &str = "kubectl get pods -o custom-columns=POD:.metadata.name,NODE:.spec.nodeName,STATUS:.status.phase";

/// Puts the nodes that a play cordons, loses or deletes back at its end, however it ends, and waits for those of volguard's
/// replicas that had to move.
struct NodesPutBack<'a>(&'a Stage<'a>);

impl Drop for NodesPutBack<'_> {
    fn drop(&mut self) {
        let api = self.0.zones.plane.api();
        let volguard = format!(
            "/apis/apps/v1/namespaces/{}/deployments/volguard",
            installation::NAMESPACE
        );
        let outcome = nodes::put_back(api).and_then(|()| {
            wait_for("volguard's replicas", PATIENCE, || {
                let status = api.get(&volguard).map(|deployment| deployment["status"].clone());
                // There is none in the first halves.
                status
                    .is_none_or(|status| status["availableReplicas"] == status["replicas"])
                    .then_some(())
            })
        });
        if let Err(problem) = outcome {
            assert!(thread::panicking(), "{problem}");
        }
    }
}
