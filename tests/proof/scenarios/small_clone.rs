//! A clone that is smaller than what it is a clone of.

use super::manifests::{CLASS, claim, pod};
use super::{Half, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "small-clone",
    title: "A claim of 20Gi is cloned into one of 10Gi, to try an upgrade on the copy",
    without: Half {
        outcome: "the provisioner refuses again and again, and the pod is Pending for ever",
        play: without,
    },
    with: Half {
        outcome: "volguard says at once how large the clone must be, and a clone of that size is made",
        play: with,
    },
    sections: &["Volume Snapshots"],
    rules: &["clone-mismatch"],
    alone: false,
};

fn clone(size: &str) -> String {
    claim("upgrade", size) + "  dataSource: {kind: PersistentVolumeClaim, name: orders}\n"
}

/// The claim that is cloned, in use.
fn orders(stage: &Stage<'_>) {
    stage.applied("class.yaml", CLASS);
    stage.applied("claim.yaml", &claim("orders", "20Gi"));
    stage.applied("pod.yaml", &pod("orders"));
    stage.pod_runs("orders");
}

fn without(stage: &Stage<'_>) {
    orders(stage);
    stage.applied("clone.yaml", &clone("10Gi"));
    stage.applied("upgrade.yaml", &pod("upgrade"));
    let why = "must be greater than or equal in size to the specified PVC data source";
    stage.until(
        "kubectl events --for pvc/upgrade --types=Warning",
        &["ProvisioningFailed", why],
    );
    let claim = stage.must("kubectl get pvc upgrade -o 'jsonpath={.status.phase}'");
    assert_eq!(claim, "Pending");
    let pod = stage.must("kubectl get pod upgrade");
    assert!(pod.contains("Pending"), "{pod}");
}

fn with(stage: &Stage<'_>) {
    orders(stage);
    stage.not_applied("clone.yaml", &clone("10Gi"), "clone-mismatch");
    stage.must("sed -i 's/storage: 10Gi/storage: 20Gi/' clone.yaml");
    stage.must("kubectl apply -f clone.yaml");
    stage.applied("upgrade.yaml", &pod("upgrade"));
    stage.pod_runs("upgrade");
    let copy = stage.in_cloud(&stage.disk("upgrade")).expect("the clone has a disk");
    assert_eq!(copy["source"], stage.disk("orders").as_str(), "{copy}");
    assert_eq!(copy["sizeGi"], 20, "{copy}");
}
