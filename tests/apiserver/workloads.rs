//! StatefulSets, as users apply them.

use serde_json::Value;

use crate::manifests::{AUDIT, BLOCK_CLASS, DATABASE, ENFORCE};
use crate::support::{Cx, nodes, wait};

fn constraints(cx: &Cx<'_>) -> Value {
    cx.get_json(&["statefulset", "db"])["spec"]["template"]["spec"]["topologySpreadConstraints"].clone()
}

pub(crate) fn a_set_on_zonal_disks_is_spread_over_zones_and_scales(cx: &Cx<'_>) {
    nodes::three_zones(cx.api());
    let _volguard = cx.connected().policy(ENFORCE).guard();
    cx.accepts(BLOCK_CLASS);
    cx.accepts(DATABASE);
    let spread = constraints(cx);
    assert_eq!(spread[0]["topologyKey"], "topology.kubernetes.io/zone", "{spread}");
    assert_eq!(spread[0]["labelSelector"]["matchLabels"]["app"], "db", "{spread}");
    cx.accepts(DATABASE);
    assert_eq!(constraints(cx), spread);
    let diff = cx.kubectl().run_with(&["diff", "-f", "-"], &cx.fill(DATABASE));
    assert_eq!((diff.code, diff.stdout.as_str()), (0, ""), "{}", diff.stderr);

    cx.kubectl().must(&["scale", "statefulset", "db", "--replicas=4"]);
    let claim = format!("/api/v1/namespaces/{}/persistentvolumeclaims/data-db-3", cx.namespace);
    wait("the claim of the fourth replica", || cx.api().get(&claim));
    assert_eq!(constraints(cx), spread);
}

pub(crate) fn a_set_whose_claims_could_never_be_served_is_refused(cx: &Cx<'_>) {
    let _volguard = cx.connected().policy(ENFORCE).guard();
    cx.accepts(BLOCK_CLASS);
    let refusal = cx.rejects(&DATABASE.replace("ReadWriteOnce", "ReadWriteMany"));
    assert!(
        refusal.contains("claim template data asks for ReadWriteMany"),
        "{refusal}"
    );
    assert!(refusal.contains("[unsupported-access-mode]"), "{refusal}");
    let set = format!("/apis/apps/v1/namespaces/{}/statefulsets/db", cx.namespace);
    assert_eq!(cx.api().get(&set), None);
}

pub(crate) fn mode_audit_stores_the_set_as_it_is_written(cx: &Cx<'_>) {
    nodes::three_zones(cx.api());
    let volguard = cx.connected().policy(AUDIT).guard();
    cx.accepts(BLOCK_CLASS);
    let warnings = cx.accepts(DATABASE);
    assert!(!warnings.contains("Warning"), "{warnings}");
    assert_eq!(constraints(cx), Value::Null);
    wait("the finding in the metrics", || {
        volguard.metric("volguard_findings_total{action=\"Audit\",rule=\"missing-zone-spread\"}")
    });
    wait("the fix in the log", || {
        volguard.log().contains("would-mutate").then_some(())
    });
}

pub(crate) fn an_edit_of_claim_templates_is_explained_beside_the_api_servers_refusal(cx: &Cx<'_>) {
    cx.accepts(BLOCK_CLASS);
    cx.accepts(DATABASE);
    let _volguard = cx.connected().policy(ENFORCE).guard();
    let refusal = cx.rejects(&DATABASE.replace("10Gi", "20Gi"));
    assert!(refusal.contains("updates to statefulset spec"), "{refusal}");
    let warning = refusal.lines().find(|line| line.contains("[claim-template-changed]"));
    assert!(
        warning.is_some_and(|line| line.starts_with("Warning: claim template data: storage 10Gi -> 20Gi")),
        "{refusal}"
    );
}

/// Two pods on one disk, replaced by a surge: applied before there was a policy against either.
const SHARED_DISK: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files}
spec: {accessModes: [ReadWriteOnce], storageClassName: $NS-gp3, resources: {requests: {storage: 10Gi}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  replicas: 2
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers: [{name: app, image: app.example.com/app, volumeMounts: [{name: files, mountPath: /files}]}]
      volumes: [{name: files, persistentVolumeClaim: {claimName: files}}]
";

pub(crate) fn what_was_scaled_to_zero_comes_back(cx: &Cx<'_>) {
    cx.accepts(BLOCK_CLASS);
    cx.accepts(SHARED_DISK);
    let rules = ["exclusive-claim-rolling-update", "exclusive-claim-shared"];
    let denied = rules.map(|rule| format!("{{name: {rule}, action: Deny}}")).join(", ");
    let policy = ENFORCE.replace("Recommended}", &format!("Recommended, rules: [{denied}]}}"));
    let _volguard = cx.connected().policy(&policy).guard();
    let refusal = cx.rejects(&SHARED_DISK.replace("name: app}", "name: another}"));
    assert!(rules.iter().all(|rule| refusal.contains(rule)), "{refusal}");

    let sleep = || cx.kubectl().must(&["scale", "deployment", "app", "--replicas=0"]);
    sleep();
    let warnings = cx.accepts(SHARED_DISK);
    assert!(rules.iter().all(|rule| warnings.contains(rule)), "{warnings}");
    sleep();
    let outcome = cx.kubectl().run(&["scale", "deployment", "app", "--replicas=2"]);
    assert!(outcome.success, "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("[exclusive-claim-shared]"),
        "{}",
        outcome.stderr
    );

    sleep();
    let other = SHARED_DISK.replace("files", "other");
    let refusal = cx.rejects(&other);
    assert!(refusal.contains("claim other"), "{refusal}");
}
