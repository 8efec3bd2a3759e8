//! A database that is rolled out while one zone is open, and the loss of that zone.

use super::manifests::{CLASS, database};
use super::{Half, NodesPutBack, PODS, Scenario};
use crate::installation;
use crate::stage::Stage;
use crate::zones::nodes::NODES;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "one-zone",
    title: "Three replicas of a database are rolled out while two zones are in maintenance; later a zone is lost",
    without: Half {
        outcome: "all three replicas and their disks are in one zone, and none starts again without it",
        play: without,
    },
    with: Half {
        outcome: "volguard adds topologySpreadConstraints: one replica in each zone, and two go on without the third",
        play: with,
    },
    sections: &["Multi-AZ High Availability", "Troubleshooting"],
    rules: &["missing-zone-spread"],
    alone: true,
};

/// Why a pod whose disk's zone is gone is on none of the four nodes that are left.
const ELSEWHERE: &str = "4 node(s) didn't match PersistentVolume's node affinity";

fn without(stage: &Stage<'_>) {
    let _nodes = NodesPutBack(stage);
    let zone = zone_to_lose(stage);
    stage.applied("class.yaml", CLASS);
    stage.say(&format!("The nodes of all zones but {zone} are in maintenance."));
    stage.must(&cordon("cordon", zone));
    stage.applied("db.yaml", &database(3));
    stage.until("kubectl get statefulset db", &["3/3"]);
    let pods = stage.must(PODS);
    assert_eq!(nodes_of(zone, &pods), 3, "{pods}");
    stage.must(&cordon("uncordon", zone));

    stage.say(&format!("Weeks later {zone} is lost. An operator lets its pods go."));
    stage.must(&format!(
        "kubectl delete node --selector topology.kubernetes.io/zone={zone}"
    ));
    stage.must("kubectl delete pod --selector app=db --force --grace-period=0");
    stage.pod_hangs("db-0", ELSEWHERE);
    stage.say("Four nodes are left, and every disk is in the zone that is gone. db-1 and db-2 are not even made before db-0 is ready.");
    stage.until("kubectl get statefulset db", &["0/3"]);
}

fn with(stage: &Stage<'_>) {
    let _nodes = NodesPutBack(stage);
    let zone = zone_to_lose(stage);
    stage.applied("class.yaml", CLASS);
    stage.say(&format!("The nodes of all zones but {zone} are in maintenance."));
    stage.must(&cordon("cordon", zone));
    stage.applied("db.yaml", &database(3));
    stage.say("volguard has added what the author left out.");
    let path =
        "{range .spec.template.spec.topologySpreadConstraints[*]}{.topologyKey} {.whenUnsatisfiable}{\"\\n\"}{end}";
    let added = stage.must(&format!("kubectl get statefulset db -o 'jsonpath={path}'"));
    assert!(added.contains("topology.kubernetes.io/zone DoNotSchedule"), "{added}");
    stage.say("One replica starts. The second waits for another zone.");
    stage.pod_runs("db-0");
    stage.pod_hangs("db-1", "didn't match pod topology spread constraints");
    stage.say("The maintenance ends.");
    stage.must(&cordon("uncordon", zone));
    stage.until("kubectl get statefulset db", &["3/3"]);
    let pods = stage.must(PODS);
    let zones = ["us-east-1a", "us-east-1b", "us-east-1c"].map(|zone| nodes_of(zone, &pods));
    assert_eq!(zones, [1, 1, 1], "{pods}");

    stage.say(&format!("Weeks later {zone} is lost. An operator lets its pod go."));
    stage.must(&format!(
        "kubectl delete node --selector topology.kubernetes.io/zone={zone}"
    ));
    // Refused until volguard has heard that the node is gone.
    stage.until("kubectl delete pod db-0 --force --grace-period=0", &["force deleted"]);
    stage.pod_hangs("db-0", ELSEWHERE);
    stage.say("The other two have not noticed.");
    stage.until("kubectl get statefulset db", &["2/3"]);
    let pods = stage.must(PODS);
    assert_eq!(pods.matches("Running").count(), 2, "{pods}");
    assert_eq!(nodes_of(zone, &pods), 0, "{pods}");
}

/// Cordons or uncordons all zones but one.
fn cordon(how: &str, zone: &str) -> String {
    format!("kubectl {how} --selector topology.kubernetes.io/zone!={zone}")
}

/// How many of the pods that [`PODS`] shows are on nodes of the zone.
fn nodes_of(zone: &str, pods: &str) -> usize {
    let nodes = NODES.iter().filter(|node| node.zone == zone);
    nodes.map(|node| pods.matches(node.name).count()).sum()
}

/// A zone in which no replica of volguard is: this is about the database.
fn zone_to_lose(stage: &Stage<'_>) -> &'static str {
    let guards = stage.field(
        &format!("pods --namespace {}", installation::NAMESPACE),
        "{.items[*].spec.nodeName}",
    );
    let zones = NODES.iter().map(|node| node.zone);
    let mut zones = zones.filter(|zone| nodes_of(zone, &guards) == 0);
    zones.next().expect("volguard has fewer replicas than there are zones")
}
