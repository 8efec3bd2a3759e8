//! A pod that is put on a node past the scheduler, with a claim that waits for the scheduler.

use super::manifests::{CLASS, claim};
use super::{Half, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "node-name",
    title: "A pod is put on a node by nodeName, and its claim is of a class with WaitForFirstConsumer",
    without: Half {
        outcome: "the claim waits for the scheduler, which never sees the pod: both are Pending for ever",
        play: without,
    },
    with: Half {
        outcome: "volguard denies the pod: a nodeSelector puts it on the same node, and its claim is bound",
        play: with,
    },
    sections: &["Volume Binding Modes"],
    rules: &["node-name-bypasses-binding"],
    alone: false,
};

const POD: &str = "
apiVersion: v1
kind: Pod
metadata: {name: import}
spec:
  nodeName: node-b2
  containers:
    - {name: import, image: import.example.com/import, volumeMounts: [{name: data, mountPath: /data}]}
  volumes:
    - {name: data, persistentVolumeClaim: {claimName: imported}}
";

fn without(stage: &Stage<'_>) {
    stage.applied("class.yaml", CLASS);
    stage.applied("claim.yaml", &claim("imported", "10Gi"));
    stage.applied("import.yaml", POD);
    stage.fails(
        "kubectl wait --for=condition=Ready pod import --timeout=4s",
        "timed out",
    );
    stage.say("The pod has its node. The claim still waits for a first consumer.");
    let pod = stage.must("kubectl get pod import -o wide");
    assert!(!pod.contains("Running") && pod.contains("node-b2"), "{pod}");
    let events = stage.until(
        "kubectl events --for pvc/imported",
        &["waiting for first consumer to be created"],
    );
    assert!(!events.contains("Provision"), "{events}");
}

fn with(stage: &Stage<'_>) {
    stage.applied("class.yaml", CLASS);
    stage.applied("claim.yaml", &claim("imported", "10Gi"));
    stage.not_applied_once_heard("import.yaml", POD, "node-name-bypasses-binding");

    let selected = POD.replace("nodeName: node-b2", "nodeSelector: {kubernetes.io/hostname: node-b2}");
    stage.applied("import.yaml", &selected);
    stage.pod_runs("import");
    let node = stage.field("pod import", "{.spec.nodeName}");
    assert_eq!(node, "node-b2");
}
