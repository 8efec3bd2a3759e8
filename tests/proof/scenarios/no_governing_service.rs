//! A StatefulSet that names a Service which nobody made.

use super::manifests::CLASS;
use super::{Half, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "no-governing-service",
    title: "The headless Service of a StatefulSet is forgotten",
    without: Half {
        outcome: "all pods run, and no name leads to any of them: each replica is alone",
        play: without,
    },
    with: Half {
        outcome: "volguard denies the set until its Service is there: every replica has its name",
        play: with,
    },
    sections: &["Headless Service (Required)"],
    rules: &["missing-governing-service"],
    alone: false,
};

const SET: &str = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - name: db
          image: db.example.com/db:1
          args: [--peers, 'db-0.db,db-1.db']
          volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec:
        storageClassName: $NS-fast
        accessModes: [ReadWriteOnce]
        resources: {requests: {storage: 10Gi}}
";

const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata: {name: db}
spec:
  clusterIP: None
  selector: {app: db}
  ports: [{name: db, port: 5432}]
";

/// What the cluster's DNS answers from.
const NAMES: &str = "kubectl get endpointslices --selector kubernetes.io/service-name=db \
    -o custom-columns='SERVICE:.metadata.labels.kubernetes\\.io/service-name,NAMES:.endpoints[*].hostname'";

fn without(stage: &Stage<'_>) {
    stage.applied("class.yaml", CLASS);
    stage.applied("db.yaml", SET);
    stage.until("kubectl get statefulset db", &["2/2"]);
    stage.say("Everything is ready. The cluster's DNS answers from EndpointSlices, which follow from Services.");
    let names = stage.must(NAMES);
    assert!(!names.contains("db-0"), "{names}");
    stage.fails("kubectl get service db", "NotFound");
}

fn with(stage: &Stage<'_>) {
    stage.applied("class.yaml", CLASS);
    stage.not_applied("db.yaml", SET, "missing-governing-service");

    stage.applied("service.yaml", SERVICE);
    stage.applied("db.yaml", SET);
    stage.until("kubectl get statefulset db", &["2/2"]);
    stage.until(NAMES, &["db-0", "db-1"]);
}
