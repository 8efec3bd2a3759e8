//! A database whose pods are killed at once.

use super::manifests::CLASS;
use super::{Half, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "zero-grace-period",
    title: "A StatefulSet sets terminationGracePeriodSeconds to 0, so that updates are quick",
    without: Half {
        outcome: "the API server forgets the pod at once, and makes its successor without waiting for the old server to stop",
        play: without,
    },
    with: Half {
        outcome: "volguard denies the set: with the usual 30 seconds the successor waits for an orderly stop",
        play: with,
    },
    sections: &["Deployment Behavior", "Troubleshooting"],
    rules: &["zero-grace-period"],
    alone: false,
};

const SET: &str = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: db
          image: db.example.com/db:1
          lifecycle: {preStop: {exec: {command: [db, stop, --checkpoint]}}}
          volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec:
        storageClassName: $NS-fast
        accessModes: [ReadWriteOnce]
        resources: {requests: {storage: 10Gi}}
";

/// Deletes the pod, and looks at once.
const DELETE: &str = "kubectl delete pod db-0 --wait=false && kubectl get pods";
const POD: &str = "kubectl get pod db-0 -o custom-columns=POD:.metadata.name,STATUS:.status.phase,UID:.metadata.uid";

fn without(stage: &Stage<'_>) {
    stage.applied("class.yaml", CLASS);
    stage.applied("db.yaml", SET);
    stage.until(POD, &["Running"]);
    let old = stage.field("pod db-0", "{.metadata.uid}");
    stage.say("The server stops in order within a few seconds: its preStop hook writes a checkpoint.");
    let pods = stage.must(DELETE);
    assert!(!pods.contains("Terminating"), "{pods}");
    stage.say("The node was not waited for. The successor has the same name and the same disk.");
    stage.until_so(POD, "a successor", |pod| pod.contains("Running") && !pod.contains(&old));
}

fn with(stage: &Stage<'_>) {
    stage.applied("class.yaml", CLASS);
    stage.not_applied("db.yaml", SET, "zero-grace-period");

    let set = SET.replace("      terminationGracePeriodSeconds: 0\n", "");
    stage.applied("db.yaml", &set);
    stage.until(POD, &["Running"]);
    let old = stage.field("pod db-0", "{.metadata.uid}");
    let pods = stage.must(DELETE);
    assert!(pods.contains("Terminating"), "{pods}");
    stage.say("There is a successor when the node says that the server has stopped.");
    stage.until_so(POD, "a successor", |pod| pod.contains("Running") && !pod.contains(&old));
}
