//! What several scenarios begin with, as a plain user writes it, and how they look at it.

/// Claims in few columns.
pub(super) const CLAIMS: &str =
    "kubectl get pvc -o custom-columns=NAME:.metadata.name,STATUS:.status.phase,CAPACITY:.status.capacity.storage";

/// A class of zonal disks. What an author does not say of the reclaim policy is `Delete`.
pub(super) const CLASS: &str = "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: $NS-fast}
provisioner: ebs.csi.aws.com
parameters: {type: gp3, encrypted: 'true'}
volumeBindingMode: WaitForFirstConsumer
allowVolumeExpansion: true
";

/// The class that claims without a class get.
pub(super) fn default_class() -> String {
    marked_default(&CLASS.replace("$NS-fast", "$NS-gp3"))
}

/// A class of shares.
pub(super) const SHARES: &str = "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: $NS-efs}
provisioner: efs.csi.aws.com
parameters: {provisioningMode: efs-ap, fileSystemId: fs-0123456789abcdef0, directoryPerms: '700'}
";

/// The class, marked as the default one.
pub(super) fn marked_default(class: &str) -> String {
    let mark = "\n  annotations: {storageclass.kubernetes.io/is-default-class: 'true'}\n";
    class
        .replacen("metadata: {name: ", "metadata:\n  name: ", 1)
        .replacen("}\n", mark, 1)
}

/// A database of this many replicas, with its Service.
pub(super) fn database(replicas: u8) -> String {
    format!(
        "
apiVersion: v1
kind: Service
metadata: {{name: db}}
spec:
  clusterIP: None
  selector: {{app: db}}
  ports: [{{port: 5432}}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db}}
spec:
  serviceName: db
  replicas: {replicas}
  selector: {{matchLabels: {{app: db}}}}
  template:
    metadata: {{labels: {{app: db}}}}
    spec:
      containers:
        - name: db
          image: postgres:17
          readinessProbe: {{exec: {{command: [pg_isready]}}}}
          volumeMounts: [{{name: data, mountPath: /var/lib/postgresql/data}}]
  volumeClaimTemplates:
    - metadata: {{name: data}}
      spec:
        storageClassName: $NS-fast
        accessModes: [ReadWriteOnce]
        resources: {{requests: {{storage: 10Gi}}}}
"
    )
}

/// A claim of the class, of this size.
pub(super) fn claim(name: &str, size: &str) -> String {
    format!(
        "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: {name}}}
spec:
  storageClassName: $NS-fast
  accessModes: [ReadWriteOnce]
  resources: {{requests: {{storage: {size}}}}}
"
    )
}

/// The command that makes a claim of 10Gi twice as large.
pub(super) fn grow(claim: &str) -> String {
    format!(r#"kubectl patch pvc {claim} -p '{{"spec": {{"resources": {{"requests": {{"storage": "20Gi"}}}}}}}}'"#)
}

/// What the API server says where that cannot be: it speaks of a class that does not allow it, and does not say what to do.
pub(super) const CANNOT_GROW: &str = "only dynamically provisioned pvc can be resized and the storageclass";

/// A pod of the same name as its claim.
pub(super) fn pod(name: &str) -> String {
    format!(
        "
apiVersion: v1
kind: Pod
metadata: {{name: {name}}}
spec:
  containers:
    - {{name: app, image: 'registry.example.com/{name}:1', volumeMounts: [{{name: data, mountPath: /data}}]}}
  volumes:
    - {{name: data, persistentVolumeClaim: {{claimName: {name}}}}}
"
    )
}

/// A class of snapshots that outlive their objects.
pub(super) const SNAPSHOT_CLASS: &str = "
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshotClass
metadata: {name: $NS-backups}
driver: ebs.csi.aws.com
deletionPolicy: Retain
";

/// A snapshot of a claim.
pub(super) fn snapshot(name: &str, claim: &str) -> String {
    format!(
        "
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshot
metadata: {{name: {name}}}
spec:
  volumeSnapshotClassName: $NS-backups
  source: {{persistentVolumeClaimName: {claim}}}
"
    )
}
