//! A database whose files go with its pod.

use super::manifests::{CLASS, database};
use super::{Half, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "database-in-emptydir",
    title: "A Deployment runs postgres and keeps its data directory in an emptyDir",
    without: Half {
        outcome: "the pod is replaced: the new one has a new, empty directory, and no claim or volume has the data",
        play: without,
    },
    with: Half {
        outcome: "volguard refuses the Deployment; a StatefulSet with a claim template keeps its volume",
        play: with,
    },
    sections: &["Ephemeral vs Persistent Storage", "StatefulSet Guarantees"],
    rules: &["ephemeral-data-directory"],
    alone: false,
};

const IN_EMPTYDIR: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: db}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - {name: db, image: 'postgres:17', volumeMounts: [{name: data, mountPath: /var/lib/postgresql/data}]}
      volumes:
        - {name: data, emptyDir: {}}
";

/// The directory of an emptyDir on its node is named by the pod's UID.
const PODS: &str =
    "kubectl get pods --selector app=db -o custom-columns=POD:.metadata.name,UID:.metadata.uid,STATUS:.status.phase";

const CLAIMS: &str =
    "kubectl get pvc -o custom-columns=CLAIM:.metadata.name,VOLUME:.spec.volumeName,STATUS:.status.phase";

fn without(stage: &Stage<'_>) {
    stage.applied("db.yaml", IN_EMPTYDIR);
    stage.pod_runs("--selector app=db");
    stage.say("Sooner or later every pod is replaced: its node is drained, or a new version comes.");
    delete_pod(stage);
    stage.say("The new pod has another UID, and so another emptyDir. The old one was deleted with the old pod.");
    stage.say("No claim and no volume has the data.");
    stage.until("kubectl get pvc", &["No resources found"]);
    let volumes = "{.items[?(@.spec.claimRef.namespace==\"$NS\")].metadata.name}";
    assert_eq!(stage.field("pv", volumes), "");
}

fn with(stage: &Stage<'_>) {
    stage.not_applied("db.yaml", IN_EMPTYDIR, "ephemeral-data-directory");

    stage.applied("class.yaml", CLASS);
    stage.applied("db.yaml", &database(1));
    stage.pod_runs("db-0");
    let claims = stage.must(CLAIMS);
    let disk = stage.disk("data-db-0");
    delete_pod(stage);
    stage.say("The new pod has the same claim, and the claim the same volume.");
    assert_eq!(stage.must(CLAIMS), claims);
    assert_eq!(stage.disk("data-db-0"), disk);
}

/// Deletes the database's pod and waits until its replacement runs.
fn delete_pod(stage: &Stage<'_>) {
    let uid = stage.field("pods --selector app=db", "{.items[0].metadata.uid}");
    stage.must(PODS);
    stage.must("kubectl delete pod --selector app=db --timeout=60s");
    stage.until_so(PODS, "another pod that runs", |pods| {
        pods.contains("Running") && !pods.contains(&uid)
    });
}
