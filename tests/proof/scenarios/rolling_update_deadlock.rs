//! A new version of a Deployment whose claim is a disk.

use super::manifests::{CLASS, claim};
use super::{Half, PODS, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "rolling-update-deadlock",
    title: "A Deployment with a ReadWriteOnce claim leaves its strategy out, and a new version is rolled out",
    without: Half {
        outcome: "the new pod comes up on another node and waits for the disk of the old one, which is ended only when the new one is ready: for ever",
        play: without,
    },
    with: Half {
        outcome: "volguard refuses the Deployment; with strategy Recreate the new version gets the disk",
        play: with,
    },
    sections: &["Why Deployments Fail for Stateful Apps", "Troubleshooting"],
    rules: &["exclusive-claim-rolling-update"],
    alone: false,
};

const REPORTS: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: reports}
spec:
  replicas: 1
  selector: {matchLabels: {app: reports}}
  template:
    metadata: {labels: {app: reports}}
    spec:
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: reports}}}
      containers:
        - {name: reports, image: 'reports.example.com/reports:1', volumeMounts: [{name: files, mountPath: /files}]}
      volumes:
        - {name: files, persistentVolumeClaim: {claimName: reports}}
";

const UPDATE: &str = "kubectl set image deployment reports reports=reports.example.com/reports:2";

fn without(stage: &Stage<'_>) {
    stage.applied("class.yaml", CLASS);
    stage.applied("claim.yaml", &claim("reports", "10Gi"));
    stage.applied("reports.yaml", REPORTS);
    stage.pod_runs("--selector app=reports");
    stage.must(UPDATE);
    stage.say("The new pod starts on another node of the disk's zone while the old one runs.");
    stage.until_so(PODS, "one pod of two that runs", |pods| {
        pods.matches("node-").count() == 2 && pods.matches("Running").count() == 1
    });
    let new = stage.field(
        "pods --field-selector status.phase=Pending",
        "{.items[0].metadata.name}",
    );
    stage.pod_hangs(&new, "Multi-Attach error for volume");
    let status = stage.run("kubectl rollout status deployment reports --timeout=5s");
    assert!(!status.success, "{}", status.stdout);
    assert!(
        status.stdout.contains("1 old replicas are pending termination"),
        "{}",
        status.stdout
    );
    let running = stage.field(
        "pods --field-selector status.phase=Running",
        "{.items[*].spec.containers[0].image}",
    );
    assert_eq!(running, "reports.example.com/reports:1");
}

fn with(stage: &Stage<'_>) {
    stage.applied("class.yaml", CLASS);
    stage.applied("claim.yaml", &claim("reports", "10Gi"));
    stage.not_applied("reports.yaml", REPORTS, "exclusive-claim-rolling-update");

    let right = REPORTS.replace("  replicas: 1\n", "  replicas: 1\n  strategy: {type: Recreate}\n");
    stage.applied("reports.yaml", &right);
    stage.pod_runs("--selector app=reports");
    stage.must(UPDATE);
    stage.must("kubectl rollout status deployment reports --timeout=60s");
    let running = stage.field(
        "pods --field-selector status.phase=Running",
        "{.items[*].spec.containers[0].image}",
    );
    assert_eq!(running, "reports.example.com/reports:2");
}
