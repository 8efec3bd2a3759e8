//! A node that does not answer, and the force by which an operator frees the database's pod from it.

use super::manifests::{CLASS, database};
use super::{Half, NodesPutBack, PODS, Scenario};
use crate::stage::Stage;
use crate::zones::nodes;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "lost-node",
    title: "A database's node does not answer, and an operator deletes the pod by force",
    without: Half {
        outcome: "Kubernetes forgets a pod that may still write, and the new one waits for the disk all the same",
        play: without,
    },
    with: Half {
        outcome: "volguard refuses until the node is marked as out of service; then the new pod has the disk for itself",
        play: with,
    },
    sections: &["Troubleshooting"],
    rules: &["force-deleted-pod"],
    alone: true,
};

const BY_FORCE: &str = "kubectl delete pod db-0 --force --grace-period=0";

fn without(stage: &Stage<'_>) {
    let _nodes = NodesPutBack(stage);
    let node = lose_node(stage);
    stage.must(BY_FORCE);
    stage.say(
        "The pod is forgotten, and its successor made at once. Nobody knows whether the old process still writes.",
    );
    stage.until_so(PODS, "a pod on another node", |pods| {
        pods.contains("node-") && !pods.contains(&node)
    });
    stage.pod_hangs("db-0", "Multi-Attach error for volume");
    stage.say("The disk is where the old process is. In six minutes it is taken away from there by force, be it in use or not.");
    assert!(attached_to(stage).starts_with(&node));
}

fn with(stage: &Stage<'_>) {
    let _nodes = NodesPutBack(stage);
    let node = lose_node(stage);
    stage.refused(BY_FORCE, "force-deleted-pod");
    stage.say("The operator stops the instance in the cloud, and says so: nothing on it can write any more.");
    stage.must(&format!(
        "kubectl taint node {node} node.kubernetes.io/out-of-service=nodeshutdown:NoExecute"
    ));
    // Refused until volguard has heard of it. Kubernetes itself deletes such pods by force and may be the first.
    stage.until_so(
        &format!("{BY_FORCE} || kubectl get pod db-0"),
        "that the old pod is gone",
        |output| output.contains("force deleted") || !output.contains("Terminating"),
    );
    stage.until_so(PODS, "a pod on another node", |pods| {
        pods.contains("Running") && !pods.contains(&node)
    });
    assert!(!attached_to(stage).starts_with(&node));
}

/// Starts the database and loses its node, whose pod cannot be ended from then on. The node.
fn lose_node(stage: &Stage<'_>) -> String {
    stage.applied("class.yaml", CLASS);
    stage.applied("db.yaml", &database(1));
    stage.pod_runs("db-0");
    let node = stage.field("pod db-0", "{.spec.nodeName}");
    stage.say(&format!(
        "The network of {node} fails. What runs on it goes on running."
    ));
    nodes::lose(stage.zones.plane.api(), &node).expect("a node is lost");
    stage.must(&format!("kubectl get node {node}"));
    stage.fails("kubectl delete pod db-0 --timeout=2s", "timed out");
    stage.say("Nobody can say whether the process has ended: the pod stays.");
    let pod = stage.must("kubectl get pod db-0");
    assert!(pod.contains("Terminating"), "{pod}");
    node
}

/// The node that the cloud has attached the database's disk to.
fn attached_to(stage: &Stage<'_>) -> String {
    let disk = stage
        .in_cloud(&stage.disk("data-db-0"))
        .expect("the cloud has the disk");
    disk["node"].as_str().unwrap_or_default().to_owned()
}
