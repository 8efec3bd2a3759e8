//! The cluster that the other tests rely on is a real one.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::forwarder::Forwarder;
use crate::support::webhooks::Webhooks;
use crate::support::{Cx, nodes, wait};

pub(crate) fn the_server_is_the_release_that_go_mod_names(cx: &Cx<'_>) {
    let text = cx.kubectl().must(&["version", "-o", "json"]);
    let version: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        version["clientVersion"]["gitVersion"],
        version["serverVersion"]["gitVersion"]
    );
    let minor: u32 = version["serverVersion"]["minor"].as_str().unwrap().parse().unwrap();
    assert!(
        minor >= 30,
        "matchConditions of webhooks are stable since 1.30, and this is 1.{minor}"
    );
}

pub(crate) fn the_scheduler_picks_a_node_in_each_zone(cx: &Cx<'_>) {
    nodes::three_zones(cx.api());
    cx.accepts(
        "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: $NS-disk}
provisioner: disk.example.com
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 3
  # There is no kubelet: the first pod would be waited for in vain.
  podManagementPolicy: Parallel
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      topologySpreadConstraints:
        - topologyKey: topology.kubernetes.io/zone
          maxSkew: 1
          whenUnsatisfiable: DoNotSchedule
          labelSelector: {matchLabels: {app: db}}
      containers: [{name: db, image: db.example.com/db, volumeMounts: [{name: data, mountPath: /data}]}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec:
        accessModes: [ReadWriteOnce]
        storageClassName: $NS-disk
        resources: {requests: {storage: 1Gi}}
",
    );

    let selected: BTreeSet<String> = (0..3)
        .map(|replica| {
            let claim = format!(
                "/api/v1/namespaces/{}/persistentvolumeclaims/data-db-{replica}",
                cx.namespace
            );
            wait(&format!("the node selected for data-db-{replica}"), || {
                let node = &cx.api().get(&claim)?["metadata"]["annotations"]["volume.kubernetes.io/selected-node"];
                node.as_str().map(str::to_owned)
            })
        })
        .collect();
    assert_eq!(selected, nodes::ZONES.map(|zone| format!("node-{zone}")).into());
}

pub(crate) fn webhooks_refuse_this_tests_objects_only_and_until_they_are_removed(cx: &Cx<'_>) {
    // An address that takes connections and closes them: what the API server sees of a server that crashed.
    let nobody = Forwarder::start(Vec::new()).unwrap();
    let webhooks = Webhooks::new(nobody.address(), &cx.plane.authority().pem());
    let class = "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: $NS-disk}
provisioner: disk.example.com
";
    let claim = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Gi}}}
";

    let installed = webhooks.failure_policy("Fail").timeout_seconds(1).install(cx);
    for manifest in [class, claim] {
        let refusal = cx.rejects(manifest);
        assert!(
            refusal.contains("failed calling webhook \"mutate.volguard.dev\""),
            "{refusal}"
        );
    }
    cx.accepts(&class.replace("$NS-disk", "other-$NS-disk"));
    let elsewhere = cx
        .plane
        .kubectl("default")
        .run_with(&["create", "--dry-run=server", "-f", "-"], claim);
    assert!(elsewhere.success, "{}", elsewhere.stderr);

    drop(installed);
    cx.accepts(class);
    cx.accepts(claim);
}
