//! A StatefulSet whose claims are deleted with it.

use super::manifests::{CLAIMS, CLASS, database};
use super::{Half, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "data-deleted-with-set",
    title: "A StatefulSet says whenDeleted: Delete, and somebody deletes the set",
    without: Half {
        outcome: "its claims, their volumes and the disks in the cloud go with it, and nobody is asked",
        play: without,
    },
    with: Half {
        outcome: "volguard refuses such a set; the disks of another outlive it and are there when it comes back",
        play: with,
    },
    sections: &["StatefulSet Guarantees", "Deployment Behavior"],
    rules: &["claims-deleted-with-set"],
    alone: false,
};

/// The database, whose claims go when it goes.
fn disposable() -> String {
    database(2).replace(
        "  replicas: 2\n",
        "  replicas: 2\n  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}\n",
    )
}

fn without(stage: &Stage<'_>) {
    stage.applied("class.yaml", CLASS);
    stage.applied("db.yaml", &disposable());
    stage.must("kubectl rollout status statefulset db --timeout=60s");
    stage.must(CLAIMS);
    let disks = ["data-db-0", "data-db-1"].map(|claim| stage.disk(claim));
    stage.say(&format!("The data is on the disks {}.", disks.join(" and ")));
    stage.must("kubectl delete statefulset db");
    stage.until("kubectl get pvc", &["No resources found"]);
    stage.gone_from_cloud(&disks);
}

fn with(stage: &Stage<'_>) {
    stage.applied("class.yaml", CLASS);
    stage.not_applied("db.yaml", &disposable(), "claims-deleted-with-set");

    stage.say("Without that line claims outlive their set.");
    stage.must("sed -i /persistentVolumeClaimRetentionPolicy/d db.yaml");
    stage.must("kubectl apply -f db.yaml");
    stage.must("kubectl rollout status statefulset db --timeout=60s");
    let disks = ["data-db-0", "data-db-1"].map(|claim| stage.disk(claim));
    stage.must("kubectl delete statefulset db");
    stage.until("kubectl get pods", &["No resources found"]);
    let claims = stage.must(CLAIMS);
    assert_eq!(claims.matches("Bound").count(), 2, "{claims}");

    stage.say("Whoever applies the set again has the same data.");
    stage.must("kubectl apply -f db.yaml");
    stage.must("kubectl rollout status statefulset db --timeout=60s");
    assert_eq!(disks, ["data-db-0", "data-db-1"].map(|claim| stage.disk(claim)));
}
