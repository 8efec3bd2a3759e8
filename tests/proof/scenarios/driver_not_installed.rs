//! A class whose provisioner nobody answers to.

use super::{Half, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "driver-not-installed",
    title: "A class names its driver with a slip of the pen, and no such driver is installed",
    without: Half {
        outcome: "claims wait for a provisioner that does not exist, without an error in their events",
        play: without,
    },
    with: Half {
        outcome: "volguard denies the class and says which driver was probably meant",
        play: with,
    },
    sections: &["Components", "Storage Abstraction Layers"],
    rules: &["unknown-provisioner"],
    alone: false,
};

const CLASS: &str = "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: $NS-fast}
provisioner: ebs.csi.aws.con
parameters: {type: gp3, encrypted: 'true'}
allowVolumeExpansion: true
volumeBindingMode: WaitForFirstConsumer
";

const APP: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  storageClassName: $NS-fast
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 10Gi}}
---
apiVersion: v1
kind: Pod
metadata: {name: app}
spec:
  containers:
    - {name: app, image: app.example.com/app, volumeMounts: [{name: data, mountPath: /data}]}
  volumes:
    - {name: data, persistentVolumeClaim: {claimName: data}}
";

fn without(stage: &Stage<'_>) {
    stage.applied("class.yaml", CLASS);
    stage.applied("app.yaml", APP);
    let events = stage.until(
        "kubectl events --for pvc/data",
        &["to be created", "by the external provisioner 'ebs.csi.aws.con'"],
    );
    assert!(!events.contains("Warning"), "{events}");
    stage.say("Nothing but a normal event. No controller is called ebs.csi.aws.con.");
    let objects = stage.must("kubectl get pvc,pods");
    assert!(!objects.contains("Bound") && !objects.contains("Running"), "{objects}");
}

fn with(stage: &Stage<'_>) {
    let why = stage.not_applied("class.yaml", CLASS, "unknown-provisioner");
    assert!(why.contains("did you mean `ebs.csi.aws.com`?"), "{why}");

    stage.applied("class.yaml", &CLASS.replace("aws.con", "aws.com"));
    stage.applied("app.yaml", APP);
    stage.pod_runs("app");
}
