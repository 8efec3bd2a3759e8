//! A class that says nothing of binding, and a pod that runs in one zone only.

use super::manifests::{CLASS, claim};
use super::{Half, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "wrong-zone",
    title: "A class leaves volumeBindingMode out, and a pod needs one zone",
    without: Half {
        outcome: "the volume is made in another zone, and the pod is Pending for ever",
        play: without,
    },
    with: Half {
        outcome: "volguard sets WaitForFirstConsumer: the volume is made where the pod runs",
        play: with,
    },
    sections: &["Volume Binding Modes"],
    rules: &["immediate-binding"],
    alone: false,
};

/// A class whose author wrote nothing of binding.
fn class() -> String {
    CLASS.replace("volumeBindingMode: WaitForFirstConsumer\n", "")
}

/// The pod of a node in this zone.
fn pod(zone: &str) -> String {
    format!(
        "
apiVersion: v1
kind: Pod
metadata: {{name: app}}
spec:
  nodeSelector: {{topology.kubernetes.io/zone: {zone}}}
  containers:
    - {{name: app, image: app.example.com/app, volumeMounts: [{{name: data, mountPath: /data}}]}}
  volumes:
    - {{name: data, persistentVolumeClaim: {{claimName: data}}}}
"
    )
}

fn without(stage: &Stage<'_>) {
    stage.applied("class.yaml", &class());
    stage.applied("claim.yaml", &claim("data", "10Gi"));
    stage.say("The volume is made at once, in a zone of the provisioner's choosing.");
    stage.until("kubectl get pvc data", &["Bound"]);
    let volume = stage.field("pvc data", "{.spec.volumeName}");
    let path = "{.spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].values[0]}";
    let zone = stage.field(&format!("pv {volume}"), path);
    let other = if zone == "us-east-1a" {
        "us-east-1b"
    } else {
        "us-east-1a"
    };
    stage.say(&format!("The volume is in {zone}. The pod's node group is in {other}."));
    stage.applied("pod.yaml", &pod(other));
    // Older schedulers say "had volume node affinity conflict".
    stage.pod_hangs("app", "2 node(s) didn't match PersistentVolume's node affinity");
}

fn with(stage: &Stage<'_>) {
    stage.applied("class.yaml", &class());
    let mode = stage.must("kubectl get storageclass $NS-fast -o 'jsonpath={.volumeBindingMode}'");
    assert_eq!(mode, "WaitForFirstConsumer");
    stage.applied("claim.yaml", &claim("data", "10Gi"));
    stage.applied("pod.yaml", &pod("us-east-1b"));
    stage.pod_runs("app");
    let volume = stage.field("pvc data", "{.spec.volumeName}");
    let affinity = stage.must(&format!("kubectl get pv {volume} -o 'jsonpath={{.spec.nodeAffinity}}'"));
    assert!(affinity.contains("us-east-1b"), "{affinity}");

    stage.say("An author who asks for Immediate is told why not.");
    let class = class().replace("$NS-fast", "$NS-faster") + "volumeBindingMode: Immediate\n";
    stage.not_applied("immediate.yaml", &class, "immediate-binding");
}
