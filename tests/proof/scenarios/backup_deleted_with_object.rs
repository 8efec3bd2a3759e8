//! Backups that go with what they are backups of.

use super::manifests::{CLASS, SNAPSHOT_CLASS, claim, pod, snapshot};
use super::{Half, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "backup-deleted-with-object",
    title: "A snapshot class for backups has deletionPolicy: Delete, and somebody clears the namespace",
    without: Half {
        outcome: "the backup is deleted in the cloud together with the disk that it was a backup of",
        play: without,
    },
    with: Half {
        outcome: "volguard refuses the class; with Retain the backup is in the cloud when the namespace is empty",
        play: with,
    },
    sections: &["Volume Snapshots", "Backup Strategies"],
    rules: &["disposable-snapshots"],
    alone: false,
};

/// Deleting the namespace does the same, and takes longer.
const CLEAR: &str = "kubectl delete pod,pvc,volumesnapshot --all --timeout=60s";

/// A claim in use and a snapshot of it; the ids of the disk and of the snapshot in the cloud.
fn backup(stage: &Stage<'_>) -> [String; 2] {
    stage.applied("claim.yaml", &claim("shop", "10Gi"));
    stage.applied("pod.yaml", &pod("shop"));
    stage.pod_runs("shop");
    stage.applied("snapshot.yaml", &snapshot("nightly", "shop"));
    stage.must("kubectl wait --for=jsonpath='{.status.readyToUse}'=true volumesnapshot/nightly --timeout=60s");
    let (disk, copy) = (stage.disk("shop"), stage.cloud_snapshot("nightly"));
    stage.say(&format!("The disk is {disk}, its backup in the cloud is {copy}."));
    [disk, copy]
}

fn without(stage: &Stage<'_>) {
    let disposable = SNAPSHOT_CLASS.replace("Retain", "Delete");
    stage.applied("classes.yaml", &format!("{CLASS}---{disposable}"));
    let both = backup(stage);
    stage.must(CLEAR);
    stage.gone_from_cloud(&both);
}

fn with(stage: &Stage<'_>) {
    let disposable = SNAPSHOT_CLASS.replace("Retain", "Delete");
    stage.not_applied(
        "classes.yaml",
        &format!("{CLASS}---{disposable}"),
        "disposable-snapshots",
    );
    stage.must("sed -i 's/deletionPolicy: Delete/deletionPolicy: Retain/' classes.yaml");
    stage.must("kubectl apply -f classes.yaml");
    let [disk, copy] = backup(stage);
    stage.must(CLEAR);
    stage.gone_from_cloud(&[disk]);
    let kept = stage.in_cloud(&copy);
    assert!(kept.is_some(), "the cloud lost {copy}");
    stage.say(&format!("The cloud has {copy} still."));
    let contents = stage.must(
        "kubectl get volumesnapshotcontent -o custom-columns=SNAPSHOT:.spec.volumeSnapshotRef.name,\
         NAMESPACE:.spec.volumeSnapshotRef.namespace,POLICY:.spec.deletionPolicy,IN-CLOUD:.status.snapshotHandle",
    );
    assert!(contents.contains(&copy), "{contents}");
}
