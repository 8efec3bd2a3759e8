//! Nodes without a machine: enough for the scheduler, which is all that a claim's topology needs.

use serde_json::{Value, json};

use super::api::Api;
use super::wait;

/// The zones that [`three_zones`] makes a node in.
pub(crate) const ZONES: [&str; 3] = ["zone-a", "zone-b", "zone-c"];

/// Makes one node in each of [`ZONES`], named `node-` and the zone, where they are not there yet,
/// and waits until pods can be scheduled on them.
pub(crate) fn three_zones(api: &Api) {
    for zone in ZONES {
        let name = format!("node-{zone}");
        let size = json!({"cpu": "16", "memory": "64Gi", "pods": "200"});
        let node = json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": {
                "kubernetes.io/hostname": name,
                "topology.kubernetes.io/region": "region",
                "topology.kubernetes.io/zone": zone,
            }},
            "status": {
                "capacity": size,
                "allocatable": size,
                "conditions": [{"type": "Ready", "status": "True", "reason": "Tests", "message": "ready"}],
            },
        });
        if let Err(refusal) = api.create("/api/v1/nodes", &node) {
            assert_eq!(refusal.code, 409, "node {name}: {}", refusal.message);
        }
    }
    for zone in ZONES {
        // The API server taints every new node; the node controller takes the taint off when it sees that it is ready.
        let path = format!("/api/v1/nodes/node-{zone}");
        let untainted = || api.get(&path).filter(|node| node["spec"]["taints"] == Value::Null);
        wait(&format!("node-{zone} without taints"), untainted);
    }
}
