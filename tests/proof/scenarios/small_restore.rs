//! A snapshot that does not fit into the claim it is restored into.

use super::manifests::{CLASS, SNAPSHOT_CLASS, claim, pod, snapshot};
use super::{Half, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "small-restore",
    title: "A snapshot of 20Gi is restored into a claim of 10Gi",
    without: Half {
        outcome: "the provisioner refuses again and again, and the restored database is Pending for ever",
        play: without,
    },
    with: Half {
        outcome: "volguard says at once how large the claim must be, and the restore into one of that size runs",
        play: with,
    },
    sections: &["Volume Snapshots"],
    rules: &["restore-mismatch"],
    alone: false,
};

fn restored(size: &str) -> String {
    claim("restored", size)
        + "  dataSource: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: before-upgrade}\n"
}

/// A claim in use, and a snapshot of it.
fn backup(stage: &Stage<'_>) {
    stage.applied("classes.yaml", &format!("{CLASS}---{SNAPSHOT_CLASS}"));
    stage.applied("claim.yaml", &claim("orders", "20Gi"));
    stage.applied("pod.yaml", &pod("orders"));
    stage.pod_runs("orders");
    stage.applied("snapshot.yaml", &snapshot("before-upgrade", "orders"));
    stage.must("kubectl wait --for=jsonpath='{.status.readyToUse}'=true volumesnapshot/before-upgrade --timeout=60s");
}

fn without(stage: &Stage<'_>) {
    backup(stage);
    stage.applied("restored.yaml", &restored("10Gi"));
    stage.applied("restored-pod.yaml", &pod("restored"));
    let why = "is less than the size";
    stage.until(
        "kubectl events --for pvc/restored --types=Warning",
        &["ProvisioningFailed", why],
    );
    let claim = stage.must("kubectl get pvc restored -o 'jsonpath={.status.phase}'");
    assert_eq!(claim, "Pending");
    let pod = stage.must("kubectl get pod restored");
    assert!(pod.contains("Pending"), "{pod}");
}

fn with(stage: &Stage<'_>) {
    backup(stage);
    stage.not_applied_once_heard("restored.yaml", &restored("10Gi"), "restore-mismatch");
    stage.must("sed -i 's/storage: 10Gi/storage: 20Gi/' restored.yaml");
    stage.must("kubectl apply -f restored.yaml");
    stage.applied("restored-pod.yaml", &pod("restored"));
    stage.pod_runs("restored");
    let disk = stage.in_cloud(&stage.disk("restored")).expect("the claim has a disk");
    assert_eq!(
        disk["source"],
        stage.cloud_snapshot("before-upgrade").as_str(),
        "{disk}"
    );
}
