//! Each category of the catalogue through kubectl: a denial, a warning, a patch, a protected deletion, and what only
//! `/mutate` sees.

use serde_json::json;

use crate::manifests::{BLOCK_CLASS, DATABASE, ENFORCE};
use crate::support::{Cx, nodes, wait};

/// Everything on, and strictly.
const STRICT: &str = "
apiVersion: volguard.dev/v1alpha1
kind: StoragePolicy
metadata: {name: tests}
spec: {mode: Enforce, profile: Strict}
";

/// A class without a provisioner, a volume of it, and a claim that binds to the volume.
const BOUND: &str = "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: $NS-manual}
provisioner: kubernetes.io/no-provisioner
reclaimPolicy: Retain
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: $NS-volume, labels: {volguard.dev/protect: 'true'}}
spec:
  storageClassName: $NS-manual
  accessModes: [ReadWriteOnce]
  capacity: {storage: 10Gi}
  nfs: {server: files.example.com, path: /data}
  persistentVolumeReclaimPolicy: RECLAIM
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, labels: {volguard.dev/protect: 'true'}}
spec:
  storageClassName: $NS-manual
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 10Gi}}
";

/// Stores [`BOUND`] and waits until the claim is bound.
pub(crate) fn bind(cx: &Cx<'_>, reclaim: &str) {
    cx.accepts(&BOUND.replace("RECLAIM", reclaim));
    wait_until_claim_is(cx, "Bound");
}

/// Waits until the claim of [`BOUND`] is in a phase.
pub(crate) fn wait_until_claim_is(cx: &Cx<'_>, phase: &str) {
    let claim = format!("/api/v1/namespaces/{}/persistentvolumeclaims/data", cx.namespace);
    wait(&format!("the claim to be {phase}"), || {
        let claim = cx.api().get(&claim)?;
        (claim["status"]["phase"] == phase).then_some(())
    });
}

/// Runs kubectl and expects a refusal that names the rule.
fn refused(cx: &Cx<'_>, arguments: &[&str], rule: &str) -> String {
    let arguments: Vec<String> = arguments.iter().map(|argument| cx.fill(argument)).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = cx.kubectl().run(&arguments);
    assert!(!outcome.success, "kubectl {arguments:?}: {}", outcome.stdout);
    assert!(outcome.stderr.contains(&format!("[{rule}]")), "{}", outcome.stderr);
    outcome.stderr
}

pub(crate) fn a_class_of_a_provisioner_that_is_gone_is_refused_and_one_in_use_is_kept(cx: &Cx<'_>) {
    bind(cx, "Retain");
    let _volguard = cx.connected().policy(STRICT).guard();
    let gone = BLOCK_CLASS.replace("ebs.csi.aws.com", "kubernetes.io/glusterfs");
    let refusal = cx.rejects(&gone.replace("{type: gp3, encrypted: 'true'}", "{}"));
    assert!(refusal.contains("[removed-provisioner]"), "{refusal}");

    let translated = cx.accepts(
        "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: $NS-old}
provisioner: kubernetes.io/aws-ebs
parameters: {type: gp3, encrypted: 'true'}
volumeBindingMode: WaitForFirstConsumer
allowVolumeExpansion: true
reclaimPolicy: Retain
",
    );
    assert!(translated.contains("[legacy-provisioner]"), "{translated}");
    cx.kubectl().must(&["delete", "storageclass", &cx.fill("$NS-old")]);

    refused(cx, &["delete", "storageclass", "$NS-manual"], "class-in-use-deleted");
}

pub(crate) fn protected_data_is_deleted_only_when_the_label_is_off(cx: &Cx<'_>) {
    let _volguard = cx.connected().policy(ENFORCE).guard();
    // The binder's own update of the claim passes.
    bind(cx, "Delete");
    refused(cx, &["delete", "pvc", "data"], "protected-claim-deleted");
    refused(cx, &["delete", "pv", "$NS-volume"], "bound-volume-deleted");
    cx.kubectl()
        .must(&["label", "namespace", &cx.namespace, "volguard.dev/protect=true"]);
    // What is in a namespace no review waits for.
    wait("the claim in the view", || {
        let trial = ["delete", "namespace", &cx.namespace, "--dry-run=server"];
        (!cx.kubectl().run(&trial).success).then_some(())
    });
    refused(cx, &["delete", "namespace", "$NS"], "namespace-with-data-deleted");

    cx.kubectl()
        .must(&["label", "namespace", &cx.namespace, "volguard.dev/protect-"]);
    cx.kubectl().must(&["label", "pvc", "data", "volguard.dev/protect-"]);
    cx.kubectl().must(&["delete", "pvc", "data", "--timeout=60s"]);
}

pub(crate) fn a_source_that_the_api_server_would_drop_is_refused(cx: &Cx<'_>) {
    cx.accepts(BLOCK_CLASS);
    let claim = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: filled}
spec:
  storageClassName: $NS-gp3
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 10Gi}}
  dataSource: {kind: ConfigMap, name: words}
";
    // Without volguard the claim is stored as if nothing had been asked for.
    cx.accepts(claim);
    let stored = cx.get_json(&["pvc", "filled"]);
    assert_eq!(
        (stored["spec"].get("dataSource"), stored["spec"].get("dataSourceRef")),
        (None, None)
    );
    cx.kubectl().must(&["delete", "pvc", "filled"]);

    let _volguard = cx.connected().policy(ENFORCE).guard();
    let refusal = cx.rejects(claim);
    assert!(refusal.contains("[dropped-data-source]"), "{refusal}");
}

pub(crate) fn a_growth_that_the_class_forbids_is_explained_beside_the_api_servers_refusal(cx: &Cx<'_>) {
    bind(cx, "Retain");
    let _volguard = cx.connected().policy(ENFORCE).guard();
    let grow = json!({"spec": {"resources": {"requests": {"storage": "20Gi"}}}}).to_string();
    let outcome = cx
        .kubectl()
        .run(&["patch", "pvc", "data", "--type=merge", "--patch", &grow]);
    assert!(!outcome.success);
    for part in [
        "Warning",
        "[expansion-not-allowed]",
        "only dynamically provisioned pvc can be resized",
    ] {
        assert!(
            outcome.stderr.contains(part),
            "{part} is missing in: {}",
            outcome.stderr
        );
    }
}

pub(crate) fn a_volume_of_a_nodes_folder_is_warned_of_and_strictly_refused(cx: &Cx<'_>) {
    let volume = "
apiVersion: v1
kind: PersistentVolume
metadata: {name: $NS-folder}
spec:
  storageClassName: $NS-manual
  accessModes: [ReadWriteOnce]
  capacity: {storage: 10Gi}
  hostPath: {path: /var/data}
";
    {
        let _volguard = cx.connected().policy(ENFORCE).guard();
        let warnings = cx.accepts(volume);
        assert!(warnings.contains("[host-path-volume]"), "{warnings}");
        cx.kubectl().must(&["delete", "pv", &cx.fill("$NS-folder")]);
    }
    let _volguard = cx.connected().policy(STRICT).guard();
    let refusal = cx.rejects(volume);
    assert!(refusal.contains("[host-path-volume]"), "{refusal}");
}

pub(crate) fn a_set_gets_the_ownership_change_that_starts_fast(cx: &Cx<'_>) {
    cx.accepts(BLOCK_CLASS);
    let policy = "
apiVersion: volguard.dev/v1alpha1
kind: StoragePolicy
metadata: {name: tests}
spec:
  profile: Recommended
  rules: [{name: recursive-ownership-change, action: Warn, mutate: true}]
";
    let _volguard = cx.connected().policy(policy).guard();
    let set = DATABASE.replace("containers:", "securityContext: {fsGroup: 999}\n      containers:");
    cx.accepts(&set);
    let stored = cx.get_json(&["statefulset", "db"]);
    let context = &stored["spec"]["template"]["spec"]["securityContext"];
    assert_eq!(
        *context,
        json!({"fsGroup": 999, "fsGroupChangePolicy": "OnRootMismatch"})
    );
    assert!(cx.accepts(&set).lines().all(|line| !line.contains("configured")));
}

pub(crate) fn a_scale_onto_one_disk_is_refused_and_a_forced_deletion_warned_of(cx: &Cx<'_>) {
    nodes::three_zones(cx.api());
    bind(cx, "Retain");
    cx.accepts(
        "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 1
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: db, image: db.example.com/db, volumeMounts: [{name: data, mountPath: /data}]}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
",
    );
    let pod = format!("/api/v1/namespaces/{}/pods/db-0", cx.namespace);
    wait("the pod of the set to have a node", || {
        cx.api().get(&pod)?["spec"].get("nodeName").cloned()
    });
    let _volguard = cx.connected().policy(STRICT).guard();
    refused(
        cx,
        &["scale", "statefulset", "db", "--replicas=3"],
        "exclusive-claim-shared",
    );

    // There is no kubelet that would end the pod: it stays in Terminating, as on a node that is lost.
    cx.kubectl().must(&["delete", "pod", "db-0", "--wait=false"]);
    let outcome = cx
        .kubectl()
        .run(&["delete", "pod", "db-0", "--force", "--grace-period=0"]);
    assert!(outcome.success, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("[force-deleted-pod]"), "{}", outcome.stderr);
}

/// A denial of these claims would keep the pods of a set that is older than the policy from coming back.
pub(crate) fn the_claims_of_an_older_set_are_made_although_its_template_breaks_a_rule(cx: &Cx<'_>) {
    cx.accepts(BLOCK_CLASS);
    cx.accepts(DATABASE);
    let policy = "
apiVersion: volguard.dev/v1alpha1
kind: StoragePolicy
metadata: {name: tests}
spec:
  profile: Recommended
  rules: [{name: missing-required-labels, action: Deny, parameters: {labels: [{key: owner}]}}]
";
    let _volguard = cx.connected().policy(policy).guard();
    let refusal = cx.rejects(
        "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: by-hand}
spec: {accessModes: [ReadWriteOnce], storageClassName: $NS-gp3, resources: {requests: {storage: 10Gi}}}
",
    );
    assert!(refusal.contains("[missing-required-labels]"), "{refusal}");
    cx.kubectl().must(&["scale", "statefulset", "db", "--replicas=4"]);
    let claim = format!("/api/v1/namespaces/{}/persistentvolumeclaims/data-db-3", cx.namespace);
    wait("the claim of the fourth replica", || cx.api().get(&claim));
}
