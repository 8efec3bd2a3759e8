//! A volume that is a folder of a node, and does not say of which.

use super::{Half, NodesPutBack, PODS, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "host-path",
    title: "A volume is made by hand from a folder of a node",
    without: Half {
        outcome: "the pod comes back on another node, and its claim is another folder, without an error anywhere",
        play: without,
    },
    with: Half {
        outcome: "volguard denies the hostPath volume; with a local one the pod waits for the node that has its data",
        play: with,
    },
    sections: &["Manual Provisioning (Static)"],
    rules: &["host-path-volume"],
    // A node is cordoned.
    alone: true,
};

const VOLUME: &str = "
apiVersion: v1
kind: PersistentVolume
metadata: {name: $NS-manual}
spec:
  capacity: {storage: 100Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: $NS-manual
  hostPath: {path: /mnt/data}
";

const LOCAL: &str = "
apiVersion: v1
kind: PersistentVolume
metadata: {name: $NS-manual}
spec:
  capacity: {storage: 100Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: $NS-manual
  local: {path: /mnt/data}
  nodeAffinity:
    required:
      nodeSelectorTerms:
        - matchExpressions:
            - {key: kubernetes.io/hostname, operator: In, values: [node-b1]}
";

const CLAIM: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  storageClassName: $NS-manual
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 100Gi}}
";

const APP: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  strategy: {type: Recreate}
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers:
        - {name: app, image: app.example.com/app, volumeMounts: [{name: data, mountPath: /data}]}
      volumes:
        - {name: data, persistentVolumeClaim: {claimName: data}}
";

fn without(stage: &Stage<'_>) {
    stage.applied("volume.yaml", VOLUME);
    stage.applied("claim.yaml", CLAIM);
    stage.applied("app.yaml", APP);
    stage.until(PODS, &["Running"]);
    let node = stage.field("pods --selector app=app", "{.items[0].spec.nodeName}");

    stage.say(&format!(
        "The app has written to /mnt/data of {node}, which is now taken out for maintenance."
    ));
    let _nodes = NodesPutBack(stage);
    stage.must(&format!("kubectl cordon {node}"));
    stage.must("kubectl delete pod --selector app=app");
    stage.say("The replacement runs, its claim is Bound. Its folder is /mnt/data of another node.");
    stage.until(PODS, &["Running"]);
    let other = stage.field("pods --selector app=app", "{.items[0].spec.nodeName}");
    assert_ne!(node, other);
    let claim = stage.must("kubectl get pvc data");
    assert!(claim.contains("Bound"), "{claim}");
}

fn with(stage: &Stage<'_>) {
    stage.not_applied("volume.yaml", VOLUME, "host-path-volume");

    stage.say("A local volume says which node has the folder.");
    stage.applied("volume.yaml", LOCAL);
    stage.applied("claim.yaml", CLAIM);
    stage.applied("app.yaml", APP);
    stage.until(PODS, &["Running", "node-b1"]);
    let _nodes = NodesPutBack(stage);
    stage.must("kubectl cordon node-b1");
    stage.must("kubectl delete pod --selector app=app");
    stage.say("The replacement waits until node-b1 is back.");
    stage.until("kubectl events", &["didn't match PersistentVolume's node affinity"]);
    stage.must("kubectl uncordon node-b1");
    stage.until(PODS, &["Running", "node-b1"]);
}
