//! A class whose provisioner nobody answers to.

use super::manifests::{CLASS, claim, pod};
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

/// The class, with this provisioner.
fn class(provisioner: &str) -> String {
    CLASS.replace("ebs.csi.aws.com", provisioner)
}

fn without(stage: &Stage<'_>) {
    stage.applied("class.yaml", &class("ebs.csi.aws.con"));
    stage.applied("claim.yaml", &claim("app", "10Gi"));
    stage.applied("pod.yaml", &pod("app"));
    let events = stage.until(
        "kubectl events --for pvc/app",
        &["to be created", "by the external provisioner 'ebs.csi.aws.con'"],
    );
    assert!(!events.contains("Warning"), "{events}");
    stage.say("Nothing but a normal event. No controller is called ebs.csi.aws.con.");
    let objects = stage.must("kubectl get pvc,pods");
    assert!(!objects.contains("Bound") && !objects.contains("Running"), "{objects}");
}

fn with(stage: &Stage<'_>) {
    let why = stage.not_applied("class.yaml", &class("ebs.csi.aws.con"), "unknown-provisioner");
    assert!(why.contains("did you mean `ebs.csi.aws.com`?"), "{why}");

    stage.applied("class.yaml", CLASS);
    stage.applied("claim.yaml", &claim("app", "10Gi"));
    stage.applied("pod.yaml", &pod("app"));
    stage.pod_runs("app");
}
