//! The live view: what volguard knows of a real cluster.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use volguard::cluster::live::{LiveView, Named, Sync};
use volguard::cluster::view::{Lookup, ViewKind};
use volguard::cluster::watch::{Watcher, connect};

use crate::support::forwarder::Forwarder;
use crate::support::{Cx, PATIENCE, wait};

/// A live view of the cluster behind a kubeconfig.
struct Live {
    view: Arc<LiveView>,
    _watcher: Watcher,
    runtime: Runtime,
}

impl Live {
    fn start(kubeconfig: &Path, kinds: &[ViewKind]) -> Self {
        let runtime = Runtime::new().unwrap();
        let view = Arc::new(LiveView::default());
        let watcher = runtime.block_on(async {
            let client = connect(Some(kubeconfig), None).await.unwrap();
            Watcher::start(&client, kinds.iter().copied(), &view)
        });
        Self {
            view,
            _watcher: watcher,
            runtime,
        }
    }

    /// Waits for the first lists.
    fn synced(self) -> Self {
        self.runtime
            .block_on(async { tokio::time::timeout(PATIENCE, self.view.synced()).await })
            .unwrap_or_else(|_| panic!("the caches sync: {:?}", self.view.status()));
        self
    }

    /// The object as it is in the view now.
    fn now(&self, kind: ViewKind, namespace: &str, name: &str) -> Lookup<Value> {
        self.view.snapshot().get(kind, namespace, name).map(Value::clone)
    }

    /// Waits for a class as a review does, for `limit`; whether it is there, and how long that took.
    fn wait_for_class(&self, name: &str, limit: Duration) -> (bool, Duration) {
        let class = Named::new(ViewKind::StorageClass, "", name);
        let start = Instant::now();
        let view = self.runtime.block_on(self.view.wait_for(&[class], start + limit));
        let found = view.get(ViewKind::StorageClass, "", name).found().is_some();
        (found, start.elapsed())
    }
}

fn class(name: &str) -> Value {
    json!({
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": "disk.example.com",
    })
}

const CLASSES: &str = "/apis/storage.k8s.io/v1/storageclasses";

pub(crate) fn objects_reach_the_view_and_leave_it(cx: &Cx<'_>) {
    let live = Live::start(&cx.plane.admin_kubeconfig(), &ViewKind::ALL).synced();
    for (kind, sync, _) in live.view.status() {
        assert_eq!(sync, Sync::Synced, "{kind:?}");
    }
    let namespace = cx.namespace.as_str();
    assert!(live.now(ViewKind::Namespace, "", namespace).found().is_some());
    let name = cx.fill("$NS-disk");
    assert_eq!(live.now(ViewKind::StorageClass, "", &name), Lookup::Absent);

    cx.accepts(
        "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: $NS-disk}
provisioner: disk.example.com
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, labels: {app: db}}
spec: {accessModes: [ReadWriteOnce], storageClassName: $NS-disk, resources: {requests: {storage: 1Gi}}}
",
    );
    let stored = wait("the class in the view", || {
        live.now(ViewKind::StorageClass, "", &name).found()
    });
    assert_eq!(stored["volumeBindingMode"], "Immediate");
    let claim = wait("the claim in the view", || {
        live.now(ViewKind::PersistentVolumeClaim, namespace, "data").found()
    });
    assert_eq!(claim["spec"]["resources"]["requests"]["storage"], "1Gi");
    assert_eq!(claim["metadata"]["labels"]["app"], "db");
    assert_eq!(claim["metadata"].get("managedFields"), None);

    cx.api().delete(&format!("{CLASSES}/{name}")).unwrap();
    wait("the class gone from the view", || {
        (live.now(ViewKind::StorageClass, "", &name) == Lookup::Absent).then_some(())
    });
}

pub(crate) fn a_wait_ends_when_the_class_is_created(cx: &Cx<'_>) {
    let live = Live::start(&cx.plane.admin_kubeconfig(), &[ViewKind::StorageClass]).synced();
    let name = cx.fill("$NS-disk");
    let (found, took) = live.wait_for_class(&name, Duration::from_millis(300));
    assert!(!found && took >= Duration::from_millis(300), "{took:?}");
    let (found, took) = live.wait_for_class(&name, PATIENCE);
    assert!(!found && took < PATIENCE / 2, "the miss was not remembered: {took:?}");

    let late = cx.fill("$NS-late");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| live.wait_for_class(&late, PATIENCE));
        cx.api().create(CLASSES, &class(&late)).unwrap();
        let (found, took) = waiting.join().unwrap();
        assert!(found && took < PATIENCE / 2, "{took:?}");
    });
}

pub(crate) fn rows_stay_while_the_connection_is_down(cx: &Cx<'_>) {
    let text = std::fs::read_to_string(cx.plane.admin_kubeconfig()).unwrap();
    let mut kubeconfig: Value = serde_json::from_str(&text).unwrap();
    let server = &mut kubeconfig["clusters"][0]["cluster"]["server"];
    let address: SocketAddr = server.as_str().unwrap().trim_start_matches("https://").parse().unwrap();
    let forwarder = Forwarder::start(vec![address]).unwrap();
    *server = format!("https://{}", forwarder.address()).into();
    let kubeconfig = cx.file("forwarded.kubeconfig", &kubeconfig.to_string());

    let (before, during) = (cx.fill("$NS-before"), cx.fill("$NS-during"));
    cx.api().create(CLASSES, &class(&before)).unwrap();
    let live = Live::start(&kubeconfig, &[ViewKind::StorageClass]).synced();

    forwarder.set_targets(Vec::new());
    forwarder.disconnect();
    cx.api().create(CLASSES, &class(&during)).unwrap();
    let (found, _) = live.wait_for_class(&during, Duration::from_millis(300));
    assert!(!found);
    assert!(live.now(ViewKind::StorageClass, "", &before).found().is_some());
    assert!(live.view.is_synced());

    forwarder.set_targets(vec![address]);
    wait("the class that was created meanwhile", || {
        live.now(ViewKind::StorageClass, "", &during).found()
    });
    assert!(live.now(ViewKind::StorageClass, "", &before).found().is_some());
}

pub(crate) fn a_kind_that_may_not_be_read_is_unknown_until_it_may(cx: &Cx<'_>) {
    let name = cx.fill("$NS-disk");
    cx.api().create(CLASSES, &class(&name)).unwrap();
    let live = Live::start(&cx.service_account("default"), &[ViewKind::StorageClass]).synced();
    assert_eq!(live.view.status()[0].1, Sync::Refused);
    assert_eq!(live.now(ViewKind::StorageClass, "", &name), Lookup::Unknown);

    cx.accepts(
        "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: $NS-classes}
rules:
  - {apiGroups: [storage.k8s.io], resources: [storageclasses], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: $NS-classes}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: $NS-classes}
subjects: [{kind: ServiceAccount, name: default, namespace: $NS}]
",
    );
    wait("the class in the view", || {
        live.now(ViewKind::StorageClass, "", &name).found()
    });
    assert_eq!(live.view.status()[0].1, Sync::Synced);
}
