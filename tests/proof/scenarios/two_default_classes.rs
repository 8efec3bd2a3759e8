//! A driver is installed with a class that is marked default, beside the default class of the cluster.

use super::manifests::{SHARES, default_class, marked_default};
use super::{Half, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "two-default-classes",
    title: "A new driver brings a class of its own that is marked default",
    without: Half {
        outcome: "claims without a class silently go to the newer one: a database writes to a network share",
        play: without,
    },
    with: Half {
        outcome: "volguard denies the second mark: claims without a class stay on the cluster's disks",
        play: with,
    },
    sections: &["Dynamic Provisioning (Recommended)"],
    rules: &["second-default-class"],
    alone: true,
};

const CLAIM: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: db}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 10Gi}}
";

/// Makes the scenario's classes ordinary ones again.
const UNMARK: &str = "kubectl get storageclass -o name | grep /$NS- | xargs -I CLASS kubectl annotate CLASS storageclass.kubernetes.io/is-default-class-";

fn without(stage: &Stage<'_>) {
    stage.afterwards(UNMARK);
    stage.say("The cluster's default class makes disks.");
    stage.applied("disks.yaml", &default_class());
    stage.say("A driver for shared folders is installed. Its class is marked default as well, and nobody objects.");
    // Of classes of one second the first by name counts as the newest: efs.
    stage.applied("shares.yaml", &marked_default(SHARES));
    stage.must("kubectl get storageclass $NS-gp3 $NS-efs");
    stage.say("The manifest of a database names no class, as ever.");
    stage.applied("claim.yaml", CLAIM);
    let claim = stage.until("kubectl get pvc db", &["Bound"]);
    assert!(claim.contains(&stage.fill("$NS-efs")), "{claim}");
    let volume = stage.field("pvc db", "{.spec.volumeName}");
    let driver = stage.must(&format!("kubectl get pv {volume} -o 'jsonpath={{.spec.csi.driver}}'"));
    assert_eq!(driver, "efs.csi.aws.com");
}

fn with(stage: &Stage<'_>) {
    stage.afterwards(UNMARK);
    stage.applied("disks.yaml", &default_class());
    stage.not_applied_once_heard("shares.yaml", &marked_default(SHARES), "second-default-class");

    stage.say("Without the mark the class is fine.");
    stage.applied("shares.yaml", SHARES);
    stage.applied("claim.yaml", CLAIM);
    let claim = stage.must("kubectl get pvc db -o 'jsonpath={.spec.storageClassName}'");
    assert_eq!(claim, stage.fill("$NS-gp3"));
}
