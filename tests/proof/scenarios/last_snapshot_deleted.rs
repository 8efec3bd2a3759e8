//! A backup job whose clean-up counts the snapshots of all claims together.

use super::manifests::{CLASS, SNAPSHOT_CLASS, claim, pod};
use super::{Half, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "last-snapshot-deleted",
    title: "A backup job keeps the newest seven snapshots of a namespace, and one claim has more of them than another",
    without: Half {
        outcome: "the snapshots of the busy claim push out the only one of the quiet claim, in the cloud too",
        play: without,
    },
    with: Half {
        outcome: "volguard refuses to delete the last snapshot of a protected claim until there is a newer one",
        play: with,
    },
    sections: &["Backup Strategies"],
    rules: &["last-snapshot-deleted"],
    alone: false,
};

const TAKE: &str = "
# Of the backup job: takes snapshot $2 of claim $1.
kubectl apply -f - <<END
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshot
metadata: {name: $2}
spec: {volumeSnapshotClassName: $NS-backups, source: {persistentVolumeClaimName: $1}}
END
kubectl wait --for=jsonpath={.status.readyToUse}=true volumesnapshot/$2 --timeout=60s >/dev/null
";

const CLEAN: &str = "
# Of the backup job: keeps the newest seven.
kubectl get volumesnapshot --sort-by=.metadata.creationTimestamp -o name | head -n -7 | xargs -r kubectl delete
";

/// The platform team's word that snapshots of this class may be deleted.
const EXCEPTION: &str = "
apiVersion: volguard.dev/v1alpha1
kind: StorageException
metadata: {name: $NS-rotated}
spec:
  rules: [disposable-snapshots]
  match: {kinds: [VolumeSnapshotClass], names: [$NS-backups]}
  reason: a job rotates these snapshots and must be able to delete them in the cloud
";

/// Two claims in use, and the scripts of their backup job.
fn claims(stage: &Stage<'_>) {
    stage.applied("class.yaml", CLASS);
    stage.applied(
        "claims.yaml",
        &format!("{}---{}", claim("ledger", "10Gi"), claim("orders", "10Gi")),
    );
    stage.applied("pods.yaml", &format!("{}---{}", pod("ledger"), pod("orders")));
    stage.pod_runs("ledger orders");
    stage.say("The owners of ledger mark its claim as one to be protected.");
    stage.must("kubectl label pvc ledger volguard.dev/protect=true");
    stage.file("take.sh", TAKE);
    stage.file("clean.sh", CLEAN);
}

/// One snapshot of the quiet claim and then seven of the busy one; the id of the first in the cloud.
fn snapshots(stage: &Stage<'_>) -> String {
    stage.must("sh take.sh ledger ledger-1");
    let first = stage.cloud_snapshot("ledger-1");
    stage.say(&format!("The only backup of ledger is {first} in the cloud."));
    stage.must("for n in 1 2 3 4 5 6 7; do sh take.sh orders orders-$n; done");
    first
}

fn without(stage: &Stage<'_>) {
    stage.applied("snapshots.yaml", &SNAPSHOT_CLASS.replace("Retain", "Delete"));
    claims(stage);
    stage.say("There is nobody who reads the label.");
    let first = snapshots(stage);
    let deleted = stage.must("sh clean.sh");
    assert!(deleted.contains("ledger-1"), "{deleted}");
    stage.gone_from_cloud(&[first]);
}

fn with(stage: &Stage<'_>) {
    stage.applied("exception.yaml", EXCEPTION);
    stage.file("snapshots.yaml", &SNAPSHOT_CLASS.replace("Retain", "Delete"));
    stage.until("kubectl apply -f snapshots.yaml", &["backups"]);
    claims(stage);
    let first = snapshots(stage);
    stage.refused("sh clean.sh", "last-snapshot-deleted");
    let kept = stage.in_cloud(&first);
    assert!(kept.is_some(), "the cloud lost {first}");

    stage.say("Once there is a newer one, the old one may go.");
    stage.must("sh take.sh ledger ledger-2");
    stage.until("sh clean.sh", &["ledger-1"]);
    stage.gone_from_cloud(&[first]);
}
