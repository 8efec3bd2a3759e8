//! Policies, classes and workloads that several tests use.

use serde_json::{Value, json};

use crate::support::Cx;

/// Everything on, as most installations have it.
pub(crate) const ENFORCE: &str = "
apiVersion: volguard.dev/v1alpha1
kind: StoragePolicy
metadata: {name: tests}
spec: {mode: Enforce, profile: Recommended}
";

/// The same rules, which only record.
pub(crate) const AUDIT: &str = "
apiVersion: volguard.dev/v1alpha1
kind: StoragePolicy
metadata: {name: tests}
spec: {mode: Audit, profile: Recommended}
";

/// Disks that one node at a time can use.
pub(crate) const BLOCK_CLASS: &str = "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: $NS-gp3}
provisioner: ebs.csi.aws.com
parameters: {type: gp3, encrypted: 'true'}
volumeBindingMode: WaitForFirstConsumer
allowVolumeExpansion: true
";

/// The same disks, with the mode left to the API server, which fills in Immediate.
pub(crate) const CLASS_WITHOUT_MODE: &str = "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: $NS-gp3}
provisioner: ebs.csi.aws.com
parameters: {type: gp3, encrypted: 'true'}
allowVolumeExpansion: true
";

/// A filesystem that all nodes can use.
pub(crate) const SHARED_CLASS: &str = "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: $NS-efs}
provisioner: efs.csi.aws.com
parameters: {provisioningMode: efs-ap, fileSystemId: fs-0123456789abcdef0, directoryPerms: '700'}
";

/// A claim that many nodes are to write to, on the disks.
pub(crate) const SHARED_CLAIM_ON_DISKS: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: uploads}
spec: {accessModes: [ReadWriteMany], storageClassName: $NS-gp3, resources: {requests: {storage: 20Gi}}}
";

/// Three replicas, each with a disk of its own; nothing spreads them over zones.
pub(crate) const DATABASE: &str = "
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}
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
      containers: [{name: db, image: db.example.com/db, volumeMounts: [{name: data, mountPath: /data}]}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec:
        accessModes: [ReadWriteOnce]
        storageClassName: $NS-gp3
        resources: {requests: {storage: 10Gi}}
";

/// A claim that the class of [`BLOCK_CLASS`] can serve.
pub(crate) fn claim_on_disks(cx: &Cx<'_>) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": cx.fill("$NS-gp3"),
            "resources": {"requests": {"storage": "1Gi"}},
        },
    })
}
