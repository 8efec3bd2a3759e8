//! A class that is deleted while claims use it.

use super::manifests::{CANNOT_GROW, CLASS, database, grow};
use super::{Half, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "class-deleted",
    title: "Somebody tidies up and deletes a StorageClass that claims still name",
    without: Half {
        outcome: "nothing happens, until a claim is to grow or a database gets one more replica, which is Pending for ever",
        play: without,
    },
    with: Half {
        outcome: "volguard refuses to delete the class while claims name it",
        play: with,
    },
    sections: &["Dynamic Provisioning (Recommended)"],
    rules: &["class-in-use-deleted"],
    alone: false,
};

fn start(stage: &Stage<'_>) {
    stage.applied("class.yaml", CLASS);
    stage.applied("db.yaml", &database(1));
    stage.must("kubectl rollout status statefulset db --timeout=60s");
}

fn without(stage: &Stage<'_>) {
    start(stage);
    stage.must("kubectl delete storageclass $NS-fast");
    stage.say("Nobody notices. Months later the database needs more space, and a second replica.");
    stage.fails(&grow("data-db-0"), CANNOT_GROW);
    stage.must("kubectl scale statefulset db --replicas=2");
    stage.pod_hangs("db-1", "pod has unbound immediate PersistentVolumeClaims");
    let why = stage.fill("storageclass.storage.k8s.io \"$NS-fast\" not found");
    stage.until("kubectl events --for pvc/data-db-1", &["ProvisioningFailed", &why]);
}

fn with(stage: &Stage<'_>) {
    start(stage);
    stage.refused("kubectl delete storageclass $NS-fast", "class-in-use-deleted");
    stage.must(&grow("data-db-0"));
    stage.must("kubectl scale statefulset db --replicas=2");
    stage.pod_runs("db-1");

    stage.say("A class that nobody uses may go.");
    let unused = CLASS.replace("$NS-fast", "$NS-unused");
    stage.applied("unused.yaml", &unused);
    stage.must("kubectl delete storageclass $NS-unused");
}
