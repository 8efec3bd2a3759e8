//! `volguard scan` on a live cluster.

use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

use crate::categories::{bind, wait_until_claim_is};
use crate::manifests::{BLOCK_CLASS, SHARED_CLAIM_ON_DISKS};
use crate::support::Cx;

/// Runs `volguard scan` in the test's namespace; exit status, report, standard error.
pub(crate) fn scan(cx: &Cx<'_>, kubeconfig: &Path, arguments: &[&str]) -> (Option<i32>, Value, String) {
    scan_in(&cx.namespace, kubeconfig, arguments)
}

fn scan_in(namespace: &str, kubeconfig: &Path, arguments: &[&str]) -> (Option<i32>, Value, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_volguard"))
        .args(["scan", "--output", "json", "--namespace", namespace, "--kubeconfig"])
        .arg(kubeconfig)
        .args(arguments)
        .output()
        .expect("volguard runs");
    let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), report, errors)
}

pub(crate) fn objects_that_were_stored_before_are_found(cx: &Cx<'_>) {
    cx.accepts(BLOCK_CLASS);
    cx.accepts(SHARED_CLAIM_ON_DISKS);
    let (status, report, errors) = scan(cx, &cx.admin_kubeconfig(), &[]);
    assert_eq!(status, Some(1), "{errors}");
    let findings = report["findings"].as_array().expect("findings");
    let finding = findings
        .iter()
        .find(|finding| finding["rule"] == "unsupported-access-mode")
        .unwrap_or_else(|| panic!("{report:#}"));
    assert_eq!(finding["object"]["kind"], "PersistentVolumeClaim");
    assert_eq!(finding["object"]["namespace"], *cx.namespace);
    assert_eq!(finding["path"], "/spec/accessModes/0");
    assert_eq!(finding["action"], "Deny");
    assert_eq!(finding.get("file"), None);

    let exception = "apiVersion: volguard.dev/v1alpha1
kind: StorageException
metadata: {name: accepted}
spec:
  rules: [unsupported-access-mode]
  match: {kinds: [PersistentVolumeClaim], namespaces: [$NS]}
  reason: agreed
";
    let policy = cx.file("exception.yaml", &cx.fill(exception));
    let (status, report, errors) = scan(cx, &cx.admin_kubeconfig(), &["--policy", policy.to_str().unwrap()]);
    assert_eq!(status, Some(0), "{report:#}");
    assert!(
        errors.contains("no policy in force; judging by profile Recommended"),
        "{errors}"
    );
    assert_eq!(report["summary"]["excepted"], 1);
    assert_eq!(report["excepted"][0]["exception"], "accepted");
    assert_eq!(report["excepted"][0]["object"], finding["object"]);
}

pub(crate) fn a_namespace_that_does_not_exist_is_an_error_with_what_was_meant(cx: &Cx<'_>) {
    // Other tests have namespaces of their own, whose names are near this test's.
    let (name, mistyped) = (
        format!("{}-payments", cx.namespace),
        format!("{}-paymnets", cx.namespace),
    );
    cx.kubectl().must(&["create", "namespace", &name]);
    let (status, report, errors) = scan_in(&mistyped, &cx.admin_kubeconfig(), &[]);
    assert_eq!(status, Some(2), "{errors}");
    let said = format!("there is no namespace {mistyped}; did you mean `{name}`?");
    assert!(errors.contains(&said), "{errors}");
    assert_eq!(report["errors"][0]["message"], *said);
    let (status, _, errors) = scan_in(&name, &cx.admin_kubeconfig(), &[]);
    assert_eq!(status, Some(0), "{errors}");
}

pub(crate) fn volguards_own_namespace_is_left_alone_whatever_its_name(cx: &Cx<'_>) {
    cx.accepts(SHARED_CLAIM_ON_DISKS);
    let (_, report, errors) = scan(cx, &cx.admin_kubeconfig(), &[]);
    assert_ne!(report["summary"]["objects"], 0, "{errors}");
    let (status, report, errors) = scan(cx, &cx.admin_kubeconfig(), &["--volguard-namespace", &cx.namespace]);
    assert_eq!(
        (status, &report["summary"]["objects"]),
        (Some(0), &Value::from(0)),
        "{errors}"
    );
}

pub(crate) fn a_lost_claim_is_bound_again_as_its_remedy_says(cx: &Cx<'_>) {
    bind(cx, "Retain");
    let name = cx.fill("$NS-volume");
    let uid = cx.get_json(&["pvc", "data"])["metadata"]["uid"].clone();
    let uid = uid.as_str().expect("a uid");
    cx.kubectl().must(&["delete", "pv", &name, "--wait=false"]);
    let finalizers = json!({"metadata": {"finalizers": null}}).to_string();
    cx.kubectl()
        .must(&["patch", "pv", &name, "--type=merge", "--patch", &finalizers]);
    wait_until_claim_is(cx, "Lost");
    let told = lost_claim(cx);
    assert!(told.contains(&format!("volume {name} is gone")), "{told}");
    assert!(told.contains(&format!("name: data and uid: {uid}.")), "{told}");

    let volume = "
apiVersion: v1
kind: PersistentVolume
metadata: {name: $NS-volume}
spec:
  storageClassName: $NS-manual
  accessModes: [ReadWriteOnce]
  capacity: {storage: 10Gi}
  nfs: {server: files.example.com, path: /data}
  persistentVolumeReclaimPolicy: Retain
  claimRef: {apiVersion: v1, kind: PersistentVolumeClaim, namespace: $NS, name: data}
";
    cx.accepts(volume);
    let told = lost_claim(cx);
    assert!(told.contains("names it without its uid"), "{told}");
    let uid = json!({"spec": {"claimRef": {"uid": uid}}}).to_string();
    cx.kubectl()
        .must(&["patch", "pv", &name, "--type=merge", "--patch", &uid]);
    wait_until_claim_is(cx, "Bound");
}

/// What a scan says of the lost claim, and what to do.
fn lost_claim(cx: &Cx<'_>) -> String {
    let (_, report, errors) = scan(cx, &cx.admin_kubeconfig(), &[]);
    let findings = report["findings"].as_array().unwrap_or_else(|| panic!("{errors}"));
    let finding = findings
        .iter()
        .find(|finding| finding["rule"] == "lost-claim")
        .unwrap_or_else(|| panic!("{report:#}"));
    format!("{} {}", finding["message"], finding["remedy"])
}

pub(crate) fn what_may_not_be_listed_is_an_error_and_not_a_clean_bill(cx: &Cx<'_>) {
    cx.kubectl().must(&["create", "serviceaccount", "stranger"]);
    let (status, report, errors) = scan(cx, &cx.service_account("stranger"), &[]);
    assert_eq!(status, Some(2));
    assert!(errors.contains("cannot list PersistentVolumeClaim objects"), "{errors}");
    assert_eq!(report["summary"]["objects"], 0);
}
