//! The reference document's class for databases, with a parameter that its volume type has not.

use super::{Half, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "refused-parameter",
    title: "A class asks for an io2 volume with a throughput, which only gp3 has",
    without: Half {
        outcome: "the class looks fine; every claim of it is Pending for ever, and so are the pods",
        play: without,
    },
    with: Half {
        outcome: "volguard denies the class and names the parameter: without it the pod runs",
        play: with,
    },
    sections: &["Performance Tuning", "Volume Provisioning Flow"],
    rules: &["invalid-driver-parameter"],
    alone: false,
};

const CLASS: &str = "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: $NS-database-storage}
provisioner: ebs.csi.aws.com
parameters: {type: io2, iops: '20000', throughput: '1000', encrypted: 'true'}
allowVolumeExpansion: true
volumeBindingMode: WaitForFirstConsumer
";

const APP: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  storageClassName: $NS-database-storage
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 100Gi}}
---
apiVersion: v1
kind: Pod
metadata: {name: db}
spec:
  containers:
    - {name: db, image: db.example.com/db, volumeMounts: [{name: data, mountPath: /data}]}
  volumes:
    - {name: data, persistentVolumeClaim: {claimName: data}}
";

fn without(stage: &Stage<'_>) {
    stage.applied("class.yaml", CLASS);
    stage.applied("db.yaml", APP);
    stage.say("The cloud refuses the volume, as often as the provisioner asks.");
    stage.until(
        "kubectl events --for pvc/data --types Warning",
        &["ProvisioningFailed", "throughput can be chosen for type gp3 only"],
    );
    let objects = stage.must("kubectl get pvc,pods");
    assert!(!objects.contains("Bound") && !objects.contains("Running"), "{objects}");
}

fn with(stage: &Stage<'_>) {
    stage.not_applied("class.yaml", CLASS, "invalid-driver-parameter");

    stage.applied("class.yaml", &CLASS.replace(" throughput: '1000',", ""));
    stage.applied("db.yaml", APP);
    stage.pod_runs("db");
}
