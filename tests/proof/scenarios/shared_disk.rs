//! A claim for several writers on a class of disks.

use super::manifests::{CLASS, SHARES};
use super::{Half, PODS, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "shared-disk",
    title: "Two pods share uploads: a claim asks for ReadWriteMany on a class of EBS disks",
    without: Half {
        outcome: "the driver refuses to make the volume, and both pods are Pending for ever",
        play: without,
    },
    with: Half {
        outcome: "volguard refuses the claim and says why; the same claim on a class of EFS shares serves both pods",
        play: with,
    },
    sections: &["Access Modes"],
    rules: &["unsupported-access-mode"],
    alone: false,
};

const CLAIM: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: uploads}
spec:
  storageClassName: $NS-fast
  accessModes: [ReadWriteMany]
  resources: {requests: {storage: 10Gi}}
";

/// One in each of two zones.
const SHOP: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: topology.kubernetes.io/zone
          whenUnsatisfiable: DoNotSchedule
          labelSelector: {matchLabels: {app: shop}}
      containers:
        - {name: shop, image: shop.example.com/shop, volumeMounts: [{name: uploads, mountPath: /uploads}]}
      volumes:
        - {name: uploads, persistentVolumeClaim: {claimName: uploads}}
";

fn without(stage: &Stage<'_>) {
    stage.applied("disks.yaml", CLASS);
    stage.applied("claim.yaml", CLAIM);
    stage.applied("shop.yaml", SHOP);
    stage.until(
        "kubectl events --for pvc/uploads --types=Warning",
        &["ProvisioningFailed", "MULTI_NODE_MULTI_WRITER is not supported"],
    );
    let claim = stage.must("kubectl get pvc uploads");
    assert!(claim.contains("Pending"), "{claim}");
    stage.until_so("kubectl get pods", "two pods that are Pending", |pods| {
        pods.matches("Pending").count() == 2
    });
}

fn with(stage: &Stage<'_>) {
    stage.applied("disks.yaml", CLASS);
    stage.not_applied("claim.yaml", CLAIM, "unsupported-access-mode");

    stage.say("A class of shares serves the same claim.");
    stage.applied("shares.yaml", SHARES);
    stage.applied("claim.yaml", &CLAIM.replace("$NS-fast", "$NS-efs"));
    stage.applied("shop.yaml", SHOP);
    stage.must("kubectl rollout status deployment shop --timeout=60s");
    let pods = stage.must(PODS);
    let zones = ["node-a", "node-b", "node-c"].map(|zone| pods.matches(zone).count());
    assert_eq!(zones.iter().max(), Some(&1), "{pods}");
    assert_eq!(pods.matches("Running").count(), 2, "{pods}");
}
