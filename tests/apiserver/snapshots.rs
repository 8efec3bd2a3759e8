//! Snapshots, whose kinds the cluster has only once somebody installs them.

use std::time::Duration;

use serde_json::json;

use crate::support::{Cx, wait, wait_for};

/// The rules of the usual profile; the last snapshot of a protected claim may not go.
const POLICY: &str = "
apiVersion: volguard.dev/v1alpha1
kind: StoragePolicy
metadata: {name: tests}
spec:
  mode: Enforce
  profile: Recommended
  rules: [{name: last-snapshot-deleted, action: Deny}]
";

/// Kinds that are absent are looked for again with pauses that grow to half a minute.
const UNTIL_SEEN: Duration = Duration::from_secs(90);

/// Kind, plural and scope.
const KINDS: [(&str, &str, &str); 3] = [
    ("VolumeSnapshotClass", "volumesnapshotclasses", "Cluster"),
    ("VolumeSnapshot", "volumesnapshots", "Namespaced"),
    ("VolumeSnapshotContent", "volumesnapshotcontents", "Cluster"),
];

/// The kinds with schemas that take everything.
fn definitions() -> String {
    KINDS
        .map(|(kind, plural, scope)| {
            let anything = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
            json!({
                "apiVersion": "apiextensions.k8s.io/v1",
                "kind": "CustomResourceDefinition",
                "metadata": {
                    "name": format!("{plural}.snapshot.storage.k8s.io"),
                    // Without it the API server refuses kinds of this group.
                    "annotations": {"api-approved.kubernetes.io": "unapproved, for tests only"},
                },
                "spec": {
                    "group": "snapshot.storage.k8s.io",
                    "scope": scope,
                    "names": {"kind": kind, "plural": plural},
                    "versions": [{
                        "name": "v1",
                        "served": true,
                        "storage": true,
                        "schema": {"openAPIV3Schema": anything},
                        "subresources": {"status": {}},
                    }],
                },
            })
            .to_string()
        })
        .join("\n---\n")
}

fn class(name: &str, driver: &str, is_default: bool) -> String {
    format!(
        "
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshotClass
metadata:
  name: $NS-{name}
  annotations: {{snapshot.storage.kubernetes.io/is-default-class: \"{is_default}\"}}
driver: {driver}
deletionPolicy: Delete
"
    )
}

pub(crate) fn snapshots_are_judged_once_their_kinds_are_installed(cx: &Cx<'_>) {
    let collection = cx.fill("/apis/snapshot.storage.k8s.io/v1/namespaces/$NS/volumesnapshots");
    let volguard = cx.connected().policy(POLICY).guard();
    let classes = || volguard.metric("volguard_cache_objects{kind=\"VolumeSnapshotClass\"}");
    assert!(
        wait("the metric", classes) < 0.5,
        "nothing is there of a kind that is not installed"
    );

    cx.accepts(&definitions());
    let established = ["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"];
    cx.kubectl().must(&established);
    let refusal = cx.rejects(&class("files", "efs.csi.aws.com", false));
    assert!(refusal.contains("[snapshots-unsupported]"), "{refusal}");

    cx.accepts(&class("daily", "disk.example.com", true));
    wait_for("the class in the view", UNTIL_SEEN, || {
        classes().filter(|count| *count > 0.5)
    })
    .unwrap();
    let refusal = cx.rejects(&class("weekly", "disk.example.com", true));
    assert!(refusal.contains("[second-default-snapshot-class]"), "{refusal}");
    cx.accepts(&class("weekly", "disk.example.com", false));
    // Nothing but metadata changes.
    let refusal = cx.rejects(&class("weekly", "disk.example.com", true));
    assert!(refusal.contains("[second-default-snapshot-class]"), "{refusal}");
    cx.accepts(&class("others", "files.example.com", true));

    cx.accepts(
        "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, labels: {volguard.dev/protect: \"true\"}}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Gi}}}
",
    );
    let take = |name: &str| {
        let warnings = cx.accepts(&format!(
            "
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshot
metadata: {{name: {name}}}
spec: {{volumeSnapshotClassName: $NS-daily, source: {{persistentVolumeClaimName: data}}}}
"
        ));
        assert!(warnings.contains("[snapshot-source-not-ready]"), "{warnings}");
        // What the snapshotter does.
        let ready = json!({"status": {"readyToUse": true}});
        cx.api().patch(&format!("{collection}/{name}/status"), &ready).unwrap();
    };
    let delete = |name: &str, more: &[&str]| {
        let outcome = cx.kubectl().run(&[&["delete", "volumesnapshot", name], more].concat());
        assert!(
            outcome.success || outcome.stderr.contains("[last-snapshot-deleted]"),
            "{}",
            outcome.stderr
        );
        outcome.success
    };
    take("first");
    assert!(
        !delete("first", &[]),
        "it is the last ready snapshot of a protected claim"
    );
    take("second");
    wait_for("the second snapshot in the view", UNTIL_SEEN, || {
        delete("first", &["--dry-run=server"]).then_some(())
    })
    .unwrap();
    assert!(delete("first", &[]));
    wait_for("the first snapshot gone from the view", UNTIL_SEEN, || {
        (!delete("second", &["--dry-run=server"])).then_some(())
    })
    .unwrap();

    drop(volguard);
    for (_, plural, _) in KINDS {
        cx.kubectl()
            .must(&["delete", "crd", &format!("{plural}.snapshot.storage.k8s.io")]);
    }
}
