//! A partition that was set to hold an update back, and was forgotten.

use super::manifests::CLASS;
use super::{Half, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "stalled-rollout",
    title: "The partition of an earlier canary is left at the number of replicas",
    without: Half {
        outcome: "a new image reaches no pod, and kubectl says that the rollout is complete",
        play: without,
    },
    with: Half {
        outcome: "volguard warns when the set is applied: with a partition of one less the last replica is the canary",
        play: with,
    },
    sections: &["Update Strategies"],
    rules: &["stalled-rollout"],
    alone: false,
};

const SET: &str = "
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 2}}
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - {name: db, image: 'db.example.com/db:1', volumeMounts: [{name: data, mountPath: /data}]}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec:
        storageClassName: $NS-fast
        accessModes: [ReadWriteOnce]
        resources: {requests: {storage: 10Gi}}
";

const PODS: &str =
    "kubectl get pods -o custom-columns=POD:.metadata.name,STATUS:.status.phase,IMAGE:.spec.containers[0].image";

fn without(stage: &Stage<'_>) {
    stage.applied("class.yaml", CLASS);
    stage.applied("db.yaml", SET);
    stage.until("kubectl get statefulset db", &["2/2"]);
    stage.say("A fix is to be rolled out.");
    stage.must("kubectl set image statefulset db db=db.example.com/db:2");
    let status = stage.must("kubectl rollout status statefulset db --timeout=60s");
    assert!(status.contains("partitioned roll out complete: 0 new pods"), "{status}");
    let pods = stage.must(PODS);
    assert_eq!(pods.matches("db:1").count(), 2, "{pods}");
}

fn with(stage: &Stage<'_>) {
    stage.applied("class.yaml", CLASS);
    let warning = stage.applied("db.yaml", SET);
    assert!(warning.contains("[stalled-rollout]"), "{warning}");

    stage.say("The author takes the partition down by one.");
    let canary = SET.replace("partition: 2", "partition: 1");
    let silence = stage.applied("db.yaml", &canary);
    assert!(!silence.contains("[stalled-rollout]"), "{silence}");
    stage.until("kubectl get statefulset db", &["2/2"]);
    stage.must("kubectl set image statefulset db db=db.example.com/db:2");
    stage.must("kubectl rollout status statefulset db --timeout=60s");
    let pods = stage.must(PODS);
    assert_eq!(pods.matches("db:2").count(), 1, "{pods}");
}
