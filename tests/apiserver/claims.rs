//! Claims, as users apply them.

use serde_json::Value;

use crate::manifests::{AUDIT, BLOCK_CLASS, ENFORCE, SHARED_CLAIM_ON_DISKS, SHARED_CLASS};
use crate::support::{Cx, wait};

pub(crate) fn an_access_mode_that_the_driver_cannot_serve_is_refused(cx: &Cx<'_>) {
    let _volguard = cx.connected().policy(ENFORCE).guard();
    cx.accepts(BLOCK_CLASS);
    cx.accepts(SHARED_CLASS);
    let refusal = cx.rejects(SHARED_CLAIM_ON_DISKS);
    for part in [
        "claim uploads asks for ReadWriteMany",
        &cx.fill("ebs.csi.aws.com (class $NS-gp3)"),
        // The remedy names classes of this cluster.
        "Use ",
        "[unsupported-access-mode]",
    ] {
        assert!(refusal.contains(part), "{part} is missing in: {refusal}");
    }
    let claim = format!("/api/v1/namespaces/{}/persistentvolumeclaims/uploads", cx.namespace);
    assert_eq!(cx.api().get(&claim), None);

    cx.accepts(&SHARED_CLAIM_ON_DISKS.replace("gp3", "efs"));
    assert_eq!(
        cx.get_json(&["pvc", "uploads"])["spec"]["accessModes"][0],
        "ReadWriteMany"
    );
}

pub(crate) fn a_claim_is_judged_by_the_class_that_was_applied_with_it(cx: &Cx<'_>) {
    let _volguard = cx.connected().policy(ENFORCE).guard();
    let refusal = cx.rejects(&format!("{BLOCK_CLASS}---{SHARED_CLAIM_ON_DISKS}"));
    assert!(refusal.contains("[unsupported-access-mode]"), "{refusal}");
    assert_eq!(
        cx.get_json(&["storageclass", "$NS-gp3"])["provisioner"],
        "ebs.csi.aws.com"
    );
}

pub(crate) fn mode_audit_stores_the_claim_and_records_what_it_would_have_done(cx: &Cx<'_>) {
    let volguard = cx.connected().policy(AUDIT).guard();
    cx.accepts(BLOCK_CLASS);
    let warnings = cx.accepts(SHARED_CLAIM_ON_DISKS);
    assert!(!warnings.contains("Warning"), "{warnings}");
    let found = "volguard_findings_total{action=\"Audit\",rule=\"unsupported-access-mode\"}";
    // The answer is on its way before it is counted.
    wait("the finding in the metrics", || {
        volguard.metric(found).filter(|count| *count >= 1.0)
    });
    wait("the decision in the log", || {
        let log = volguard.log();
        log.lines()
            .any(|line| line.contains("would-deny") && line.contains("unsupported-access-mode"))
            .then_some(())
    });
}

/// Alone: there is one default class in a cluster.
pub(crate) fn a_claim_that_the_default_class_cannot_serve_gets_the_policys_class(cx: &Cx<'_>) {
    let default = BLOCK_CLASS.replace(
        "{name: $NS-gp3}",
        "{name: $NS-gp3, annotations: {storageclass.kubernetes.io/is-default-class: 'true'}}",
    );
    let policy = format!(
        "{ENFORCE}---
apiVersion: volguard.dev/v1alpha1
kind: StoragePolicy
metadata: {{name: shared}}
spec:
  mode: Enforce
  profile: Baseline
  rules:
    - name: default-class-cannot-serve
      mutate: true
      parameters: {{defaultClasses: [{{accessModes: [ReadWriteMany], class: $NS-efs}}]}}
"
    );
    cx.accepts(&default);
    cx.accepts(SHARED_CLASS);
    let _volguard = cx.connected().policy(&policy).guard();
    let shared = SHARED_CLAIM_ON_DISKS.replace("storageClassName: $NS-gp3, ", "");
    cx.accepts(&shared);
    let class = |name: &str| cx.get_json(&["pvc", name])["spec"]["storageClassName"].clone();
    assert_eq!(class("uploads"), cx.fill("$NS-efs"));
    assert!(cx.apply(&shared).stdout.contains("unchanged"));
    let has_no_difference = |diff: &[&str], manifest: &str| {
        let outcome = cx.kubectl().run_with(diff, manifest);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""), "{}", outcome.stderr);
    };
    has_no_difference(&["diff", "-f", "-"], &shared);

    let server_side = shared.replace("uploads", "downloads");
    for _ in 0..2 {
        let apply = ["apply", "--server-side", "-f", "-"];
        let outcome = cx.kubectl().run_with(&apply, &server_side);
        assert!(outcome.success, "{}", outcome.stderr);
        assert_eq!(class("downloads"), cx.fill("$NS-efs"));
    }
    has_no_difference(&["diff", "--server-side", "-f", "-"], &server_side);

    cx.accepts(
        &shared
            .replace("ReadWriteMany", "ReadWriteOnce")
            .replace("uploads", "disk"),
    );
    assert_eq!(class("disk"), cx.fill("$NS-gp3"));
    cx.api()
        .delete(&cx.fill("/apis/storage.k8s.io/v1/storageclasses/$NS-gp3"))
        .unwrap();
}

pub(crate) fn a_claim_goes_although_it_breaks_a_rule(cx: &Cx<'_>) {
    cx.accepts(BLOCK_CLASS);
    cx.accepts(SHARED_CLAIM_ON_DISKS);
    let again = SHARED_CLAIM_ON_DISKS.replace("uploads", "downloads");
    cx.accepts(&again);
    let stored = cx.get_json(&["pvc", "uploads"]);
    assert_eq!(stored["metadata"]["finalizers"][0], "kubernetes.io/pvc-protection");

    let _volguard = cx.connected().policy(ENFORCE).guard();
    // What stands is left in peace: labels, scripts and controllers go on working.
    cx.kubectl().must(&["label", "pvc", "uploads", "team=web"]);
    cx.kubectl().must(&["delete", "pvc", "uploads", "--timeout=60s"]);
    // The namespace takes the other one along.
    cx.kubectl()
        .must(&["delete", "namespace", &cx.namespace, "--timeout=60s"]);
    let namespace = cx.api().get(&format!("/api/v1/namespaces/{}", cx.namespace));
    assert_eq!(namespace, None::<Value>);
}
