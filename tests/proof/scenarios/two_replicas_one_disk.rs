//! A second replica of a Deployment whose claim is a disk.

use super::manifests::{CLASS, claim};
use super::{Half, PODS, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "two-replicas-one-disk",
    title: "A Deployment spreads two replicas over nodes, and both use one ReadWriteOnce claim",
    without: Half {
        outcome: "the disk attaches to one node: the pod on the other node waits for it for ever",
        play: without,
    },
    with: Half {
        outcome: "volguard refuses the second replica, also by kubectl scale; one works",
        play: with,
    },
    sections: &["Access Modes", "Why Deployments Fail for Stateful Apps"],
    rules: &["exclusive-claim-shared"],
    alone: false,
};

/// Each replica on a node of its own, as one writes it for availability.
const SHOP: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 2
  strategy: {type: Recreate}
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: shop}}}
      containers:
        - {name: shop, image: shop.example.com/shop, volumeMounts: [{name: uploads, mountPath: /uploads}]}
      volumes:
        - {name: uploads, persistentVolumeClaim: {claimName: uploads}}
";

fn without(stage: &Stage<'_>) {
    stage.applied("class.yaml", CLASS);
    stage.applied("claim.yaml", &claim("uploads", "10Gi"));
    stage.applied("shop.yaml", SHOP);
    stage.say("One pod gets the disk. The other is scheduled on another node of the disk's zone.");
    stage.until_so(PODS, "one pod of two that runs", |pods| {
        pods.matches("node-").count() == 2 && pods.matches("Running").count() == 1
    });
    let pod = stage.field(
        "pods --field-selector status.phase=Pending",
        "{.items[0].metadata.name}",
    );
    stage.pod_hangs(&pod, "Multi-Attach error for volume");
    let nodes = stage.field("pods", "{.items[*].spec.nodeName}");
    let nodes: Vec<&str> = nodes.split(' ').collect();
    assert!(nodes.len() == 2 && nodes[0] != nodes[1], "{nodes:?}");
}

fn with(stage: &Stage<'_>) {
    stage.applied("class.yaml", CLASS);
    stage.applied("claim.yaml", &claim("uploads", "10Gi"));
    stage.not_applied("shop.yaml", SHOP, "exclusive-claim-shared");

    stage.say("One replica is right, and stays the only one.");
    stage.applied("shop.yaml", &SHOP.replace("replicas: 2", "replicas: 1"));
    stage.pod_runs("--selector app=shop");
    stage.refused("kubectl scale deployment shop --replicas=2", "exclusive-claim-shared");
}
