//! A claim that names a volume and no class, in a cluster with a default class.

use super::manifests::default_class;
use super::{Half, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "prebound-default-class",
    title: "A claim names a volume that was made by hand, and leaves the class out",
    without: Half {
        outcome: "the API server fills in the default class, which the volume has not: the claim is Pending for ever",
        play: without,
    },
    with: Half {
        outcome: "volguard denies the claim and says what to write: with an empty class it is bound",
        play: with,
    },
    sections: &["Manual Provisioning (Static)"],
    rules: &["prebound-claim-mismatch"],
    alone: true,
};

const VOLUME: &str = "
apiVersion: v1
kind: PersistentVolume
metadata: {name: $NS-orders}
spec:
  capacity: {storage: 100Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  csi: {driver: ebs.csi.aws.com, volumeHandle: vol-0a1b2c3d4e5f60718, fsType: ext4}
  nodeAffinity:
    required:
      nodeSelectorTerms:
        - matchExpressions:
            - {key: topology.kubernetes.io/zone, operator: In, values: [us-east-1a]}
";

const CLAIM: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: orders}
spec:
  volumeName: $NS-orders
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 100Gi}}
";

/// Makes the class an ordinary one again.
const UNMARK: &str = "kubectl annotate storageclass $NS-gp3 storageclass.kubernetes.io/is-default-class-";

fn without(stage: &Stage<'_>) {
    stage.afterwards(UNMARK);
    stage.afterwards("kubectl delete persistentvolume $NS-orders --wait=false --ignore-not-found");
    stage.applied("class.yaml", &default_class());
    stage
        .say("A disk of the old cluster holds the orders. The administrator makes a volume of it, which has no class.");
    stage.applied("volume.yaml", VOLUME);
    stage.applied("claim.yaml", CLAIM);
    stage.until(
        "kubectl events --for pvc/orders",
        &["VolumeMismatch", "storageClassName does not match"],
    );
    let claim = stage.must("kubectl get pvc orders");
    assert!(claim.contains("Pending"), "{claim}");
    stage.say("The class of the claim is one that nobody wrote. It cannot be changed any more.");
    let class = stage.must("kubectl get pvc orders -o 'jsonpath={.spec.storageClassName}'");
    assert_eq!(class, stage.fill("$NS-gp3"));
}

fn with(stage: &Stage<'_>) {
    stage.afterwards(UNMARK);
    stage.afterwards("kubectl delete persistentvolume $NS-orders --wait=false --ignore-not-found");
    stage.applied("class.yaml", &default_class());
    stage.applied("volume.yaml", VOLUME);
    stage.not_applied("claim.yaml", CLAIM, "prebound-claim-mismatch");

    let claim = CLAIM.replace("spec:\n", "spec:\n  storageClassName: ''\n");
    stage.applied("claim.yaml", &claim);
    let claim = stage.until("kubectl get pvc orders", &["Bound"]);
    assert!(claim.contains(&stage.fill("$NS-orders")), "{claim}");
}
