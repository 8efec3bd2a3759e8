//! The cluster that the other tests rely on is a real one.

use std::collections::BTreeSet;

use serde_json::Value;

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
