//! The headline guardrails, through kubectl: what is refused, what is stored, and as what.

use serde_json::{Value, json};

use super::support::cx::Cx;
use super::support::wait;

const RECOMMENDED: &str = "
apiVersion: volguard.dev/v1alpha1
kind: StoragePolicy
metadata: {name: test}
spec: {mode: Enforce, profile: Recommended}
";

const AUDIT: &str = "
apiVersion: volguard.dev/v1alpha1
kind: StoragePolicy
metadata: {name: test}
spec: {mode: Audit, profile: Recommended}
";

const BLOCK_CLASS: &str = "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: $NS-block}
provisioner: ebs.csi.aws.com
parameters: {type: gp3, encrypted: 'true'}
volumeBindingMode: WaitForFirstConsumer
allowVolumeExpansion: true
";

const FILE_CLASS: &str = "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: $NS-file}
provisioner: efs.csi.aws.com
parameters: {provisioningMode: efs-ap, fileSystemId: fs-0123456789abcdef0}
volumeBindingMode: Immediate
";

fn claim(name: &str, mode: &str, class: &str) -> String {
    format!(
        "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: {name}}}
spec:
  accessModes: [{mode}]
  storageClassName: {class}
  resources: {{requests: {{storage: 1Gi}}}}
"
    )
}

fn set(mode: &str) -> String {
    format!(
        "
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db}}
spec:
  serviceName: db
  replicas: 3
  selector: {{matchLabels: {{app: db}}}}
  template:
    metadata: {{labels: {{app: db}}}}
    spec:
      containers:
        - {{name: db, image: registry.example.com/db, volumeMounts: [{{name: data, mountPath: /data}}]}}
  volumeClaimTemplates:
    - metadata: {{name: data}}
      spec:
        accessModes: [{mode}]
        storageClassName: $NS-block
        resources: {{requests: {{storage: 1Gi}}}}
"
    )
}

const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}}
";

/// A class and a claim that follows it within milliseconds are judged together.
pub(crate) fn shared_claim_on_a_block_class_is_refused(cx: &Cx<'_>) {
    let _guard = cx.connected().policy(RECOMMENDED).guard();
    let both = format!("{BLOCK_CLASS}---{}", claim("shared", "ReadWriteMany", "$NS-block"));
    let said = cx.rejects(&both);
    for part in [
        "claim shared",
        "ReadWriteMany",
        "ebs.csi.aws.com",
        "[unsupported-access-mode]",
    ] {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
    assert!(said.contains(&cx.fill("$NS-block")), "the class is missing in: {said}");

    cx.accepts(&format!(
        "{FILE_CLASS}---{}",
        claim("shared", "ReadWriteMany", "$NS-file")
    ));
    assert_eq!(
        cx.get_json(&["pvc", "shared"])["spec"]["accessModes"],
        json!(["ReadWriteMany"])
    );
}

/// In mode Audit nothing is refused or changed, and metrics and the log show what would have happened.
pub(crate) fn audit_records_and_changes_nothing(cx: &Cx<'_>) {
    let guard = cx.connected().policy(AUDIT).guard();
    let class = BLOCK_CLASS.replace("volumeBindingMode: WaitForFirstConsumer\n", "");
    let warnings = cx.accepts(&format!("{class}---{}", claim("shared", "ReadWriteMany", "$NS-block")));
    assert!(!warnings.contains("Warning"), "{warnings}");
    assert_eq!(
        cx.get_json(&["storageclass", "$NS-block"])["volumeBindingMode"],
        "Immediate"
    );
    let series = "volguard_findings_total{action=\"Audit\",rule=\"unsupported-access-mode\"}";
    assert_eq!(guard.metric(series), Some(1.0));
    wait("the decision in the log", || {
        guard
            .log()
            .lines()
            .any(|line| line.contains("would-deny") && line.contains("unsupported-access-mode"))
            .then_some(())
    });
}

/// A class without a mode is stored as WaitForFirstConsumer, and neither apply, diff nor replace sees a drift.
pub(crate) fn class_without_a_mode_waits_for_its_consumer(cx: &Cx<'_>) {
    let _guard = cx.connected().policy(RECOMMENDED).guard();
    let class = BLOCK_CLASS.replace(
        "volumeBindingMode: WaitForFirstConsumer\nallowVolumeExpansion: true\n",
        "",
    );
    let stored = || {
        let class = cx.get_json(&["storageclass", "$NS-block"]);
        (
            class["volumeBindingMode"].clone(),
            class["allowVolumeExpansion"].clone(),
        )
    };
    let wanted = (json!("WaitForFirstConsumer"), json!(true));
    cx.accepts(&class);
    assert_eq!(stored(), wanted);
    let again = cx.apply(&class);
    assert!(
        again.success && again.stdout.contains("unchanged"),
        "{} {}",
        again.stdout,
        again.stderr
    );
    let file = cx.file("class.yaml", &class);
    let file = file.to_str().unwrap();
    let diff = cx.kubectl().run(&["diff", "-f", file]);
    assert!(diff.success, "{}", diff.stdout);
    // kubectl writes its own annotation anew here; of the class itself nothing may differ.
    let diff = cx.kubectl().run(&["diff", "--server-side", "-f", file]);
    let drift = |field: &str| {
        diff.stdout
            .lines()
            .any(|line| line.starts_with(['+', '-']) && line[1..].starts_with(field))
    };
    assert!(
        !drift("volumeBindingMode") && !drift("allowVolumeExpansion"),
        "{}",
        diff.stdout
    );
    cx.kubectl().must(&["replace", "-f", file]);
    assert_eq!(stored(), wanted, "after replace");

    cx.kubectl().must(&["delete", "-f", file]);
    cx.kubectl().must(&["apply", "--server-side", "-f", file]);
    assert_eq!(stored(), wanted, "after server-side apply");
    cx.kubectl().must(&["apply", "--server-side", "-f", file]);
}

/// What the author wrote is reported and left alone.
pub(crate) fn written_immediate_is_warned_about_and_kept(cx: &Cx<'_>) {
    let _guard = cx.connected().policy(RECOMMENDED).guard();
    let warnings = cx.accepts(&BLOCK_CLASS.replace("WaitForFirstConsumer", "Immediate"));
    assert!(
        warnings.contains("Warning: ") && warnings.contains("[immediate-binding]"),
        "{warnings}"
    );
    assert_eq!(
        cx.get_json(&["storageclass", "$NS-block"])["volumeBindingMode"],
        "Immediate"
    );
}

/// A set is stored with its zone spread, and one whose template breaks a rule is refused.
pub(crate) fn set_is_stored_with_its_zone_spread(cx: &Cx<'_>) {
    super::support::nodes::three_zones(cx.api());
    let _guard = cx.connected().policy(RECOMMENDED).guard();
    let said = cx.rejects(&format!("{BLOCK_CLASS}---{SERVICE}---{}", set("ReadWriteMany")));
    assert!(said.contains("[unsupported-access-mode]"), "{said}");
    cx.accepts(&set("ReadWriteOnce"));
    let stored = cx.get_json(&["statefulset", "db"]);
    let spread = stored["spec"]["template"]["spec"]["topologySpreadConstraints"].clone();
    assert_eq!(spread[0]["topologyKey"], "topology.kubernetes.io/zone");
    assert_eq!(spread[0]["labelSelector"], json!({"matchLabels": {"app": "db"}}));
    // kubectl always sends a set's claim templates anew (the API server fills fields in); the set stays as it is.
    cx.accepts(&set("ReadWriteOnce"));
    let again = cx.get_json(&["statefulset", "db"]);
    assert_eq!(again["metadata"]["generation"], stored["metadata"]["generation"]);
    assert_eq!(again["spec"]["template"]["spec"]["topologySpreadConstraints"], spread);
    cx.kubectl().must(&["scale", "statefulset/db", "--replicas=4"]);
    assert_eq!(cx.get_json(&["statefulset", "db"])["spec"]["replicas"], 4);

    // What the API server will refuse is explained at /mutate, before it does.
    let changed = cx.apply(&set("ReadWriteOnce").replace("storage: 1Gi", "storage: 2Gi"));
    assert!(
        !changed.success && changed.stderr.contains("[claim-template-changed]"),
        "{}",
        changed.stderr
    );
}

/// A claim that was stored before volguard came can be deleted while its breach stands.
pub(crate) fn breach_does_not_keep_a_claim_from_being_deleted(cx: &Cx<'_>) {
    cx.accepts(&format!(
        "{BLOCK_CLASS}---{}",
        claim("shared", "ReadWriteMany", "$NS-block")
    ));
    let _guard = cx.connected().policy(RECOMMENDED).guard();
    cx.kubectl().must(&["delete", "pvc", "shared", "--timeout=20s"]);
    let gone = cx.kubectl().run(&["get", "pvc", "shared"]);
    assert!(!gone.success && gone.stderr.contains("NotFound"), "{}", gone.stderr);
}

/// A dry run is answered like a real request, and stores nothing.
pub(crate) fn dry_run_shows_warnings_and_stores_nothing(cx: &Cx<'_>) {
    let _guard = cx.connected().policy(RECOMMENDED).guard();
    let class = cx.file("class.yaml", &BLOCK_CLASS.replace("WaitForFirstConsumer", "Immediate"));
    let outcome = cx
        .kubectl()
        .run(&["apply", "--dry-run=server", "-f", class.to_str().unwrap()]);
    assert!(
        outcome.success && outcome.stderr.contains("[immediate-binding]"),
        "{}",
        outcome.stderr
    );
    assert!(
        !cx.kubectl()
            .run(&["get", "storageclass", &cx.fill("$NS-block")])
            .success
    );
}

/// /readyz says yes after the caches have synced, and the metrics say so by kind.
pub(crate) fn ready_means_that_the_caches_have_synced(cx: &Cx<'_>) {
    let guard = cx.connected().policy(RECOMMENDED).guard();
    wait("the metric of the cache", || {
        (guard.metric("volguard_cache_synced{kind=\"StorageClass\"}") == Some(1.0)).then_some(())
    });
    let (status, log) = guard.stop();
    assert!(status.success(), "{status}: {log}");
}

/// With the server gone, failurePolicy Ignore lets everything through, and Fail refuses with the API server's words.
pub(crate) fn a_server_that_is_gone_is_the_failure_policys_business(cx: &Cx<'_>) {
    let server = cx.connected().policy(RECOMMENDED).serve();
    server.wait_ready();
    let ignored = server
        .registration()
        .failure_policy("Ignore")
        .timeout_seconds(1)
        .install(cx);
    server.terminate();
    wait("the claim to be stored without volguard", || {
        cx.apply(&format!(
            "{BLOCK_CLASS}---{}",
            claim("shared", "ReadWriteMany", "$NS-block")
        ))
        .success
        .then_some(())
    });
    drop(ignored);
}

/// A shared claim without a class gets the class that the policy names, although the default class was filled in.
pub(crate) fn shared_claim_without_a_class_gets_the_shared_class(cx: &Cx<'_>) {
    let policy = cx.fill(
        "
apiVersion: volguard.dev/v1alpha1
kind: StoragePolicy
metadata: {name: test}
spec:
  profile: Recommended
  rules:
    - name: default-class-cannot-serve
      mutate: true
      parameters: {defaultClasses: [{accessModes: [ReadWriteMany], class: $NS-file}]}
",
    );
    let default = BLOCK_CLASS.replace(
        "metadata: {name: $NS-block}",
        "metadata: {name: $NS-block, annotations: {storageclass.kubernetes.io/is-default-class: 'true'}}",
    );
    cx.accepts(&format!("{default}---{FILE_CLASS}"));
    let _guard = cx.connected().policy(&policy).guard();
    let shared = claim("shared", "ReadWriteMany", "x").replace("  storageClassName: x\n", "");
    cx.accepts(&shared);
    let class = |object: Value| object["spec"]["storageClassName"].clone();
    assert_eq!(class(cx.get_json(&["pvc", "shared"])), cx.fill("$NS-file"));
    let again = cx.apply(&shared);
    assert!(
        again.success && again.stdout.contains("unchanged"),
        "{} {}",
        again.stdout,
        again.stderr
    );
    let file = cx.file("claim.yaml", &shared);
    let diff = cx.kubectl().run(&["diff", "-f", file.to_str().unwrap()]);
    assert!(diff.success, "{}", diff.stdout);
    cx.kubectl().must(&["delete", "storageclass", &cx.fill("$NS-block")]);
}
