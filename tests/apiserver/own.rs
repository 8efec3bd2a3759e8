//! What volguard is configured by in the cluster: StoragePolicies, StorageExceptions, StorageDrivers.

use std::time::Instant;

use serde_json::{Value, json};

use crate::scan::scan;
use crate::support::volguard::Volguard;
use crate::support::{Cx, wait};

const NO_CLASS: &str = "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: $NS-disks}
provisioner: ebs.csi.aws.com
volumeBindingMode: WaitForFirstConsumer
";

/// Only one node can attach an EBS volume with a filesystem.
const SHARED_CLAIM: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: shared, namespace: $NS}
spec: {storageClassName: $NS-disks, accessModes: [ReadWriteMany], resources: {requests: {storage: 10Gi}}}
";

const POLICY: &str = "
apiVersion: volguard.dev/v1alpha1
kind: StoragePolicy
metadata: {name: $NS-house}
spec: {mode: Enforce, profile: Baseline}
";

/// The kinds, for as long as a test runs: other tests run without them.
struct Kinds<'a>(&'a Cx<'a>, String);

impl<'a> Kinds<'a> {
    fn install(cx: &'a Cx<'a>) -> Self {
        let crds = volguard::own::crds().unwrap();
        let manifest = crds.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n---\n");
        cx.accepts(&manifest);
        cx.kubectl().must(&[
            "wait",
            "--for=condition=Established",
            "--timeout=60s",
            "crd/storagepolicies.volguard.dev",
            "crd/storageexceptions.volguard.dev",
            "crd/storagedrivers.volguard.dev",
        ]);
        // The API server tells of new kinds a moment after it serves them.
        wait("discovery of the kinds", || {
            let kinds = ["storagepolicies", "storageexceptions", "storagedrivers"];
            let served = |kind: &&str| cx.kubectl().run(&["get", kind]).success;
            kinds.iter().all(served).then_some(())
        });
        Self(cx, manifest)
    }
}

impl Drop for Kinds<'_> {
    fn drop(&mut self) {
        self.0
            .kubectl()
            .run_with(&["delete", "--wait", "--ignore-not-found", "-f", "-"], &self.1);
    }
}

/// Applies again and again, as a dry run, until the outcome is as expected; what kubectl said then.
fn wait_applied(cx: &Cx<'_>, manifest: &str, accepted: bool) -> String {
    let manifest = cx.fill(manifest);
    wait("the API server to answer otherwise", || {
        let outcome = cx
            .kubectl()
            .run_with(&["apply", "--dry-run=server", "-f", "-"], &manifest);
        (outcome.success == accepted).then_some(outcome.stderr)
    })
}

fn ready(cx: &Cx<'_>, kind: &str, name: &str) -> Value {
    let object = cx.get_json(&[kind, name]);
    object["status"]["conditions"][0].clone()
}

/// Waits until the status has the condition Ready with this reason; its message.
fn wait_reason(cx: &Cx<'_>, kind: &str, name: &str, reason: &str) -> String {
    wait("the status", || {
        let ready = ready(cx, kind, name);
        (ready["type"] == "Ready" && ready["reason"] == reason).then(|| ready["message"].as_str().unwrap().to_owned())
    })
}

fn start(cx: &Cx<'_>) -> Volguard {
    cx.accepts(NO_CLASS);
    cx.connected().guard()
}

pub(crate) fn a_policy_is_in_force_at_once_and_tells_how_it_fares(cx: &Cx<'_>) {
    let _kinds = Kinds::install(cx);
    let volguard = start(cx);
    // Nothing is enforced where nobody has made a policy.
    wait_applied(cx, SHARED_CLAIM, true);
    assert_eq!(volguard.metric("volguard_policies{state=\"audit\"}"), Some(1.0));

    cx.accepts(POLICY);
    let start = Instant::now();
    let said = wait_applied(cx, SHARED_CLAIM, false);
    eprintln!(
        "a policy was in force {} ms after kubectl apply",
        start.elapsed().as_millis()
    );
    assert!(said.contains("[unsupported-access-mode]"), "{said}");
    wait_reason(cx, "storagepolicy", "$NS-house", "InForce");
    assert_eq!(volguard.metric("volguard_policies{state=\"enforce\"}"), Some(1.0));

    let table = cx.kubectl().must(&["get", "storagepolicies"]);
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["NAME", "MODE", "PROFILE", "READY", "AGE"], "{table}");
    assert_eq!(rows[1][1..4], ["Enforce", "Baseline", "True"], "{table}");
    let short = cx.kubectl().must(&["get", "spol"]);
    assert!(short.contains("Baseline"), "{short}");
    let explained = cx.kubectl().must(&["explain", "storagepolicies.spec.rules"]);
    assert!(explained.contains("Changes to the profile"), "{explained}");
    assert!(explained.contains("volguard rules show NAME"), "{explained}");

    cx.accepts(&POLICY.replace("Enforce", "Audit"));
    wait_applied(cx, SHARED_CLAIM, true);
    cx.accepts(POLICY);
    wait_applied(cx, SHARED_CLAIM, false);
    cx.kubectl().must(&["delete", "storagepolicy", &cx.fill("$NS-house")]);
    wait_applied(cx, SHARED_CLAIM, true);
}

pub(crate) fn what_is_wrong_is_refused_with_the_field_and_what_was_meant(cx: &Cx<'_>) {
    let _kinds = Kinds::install(cx);
    let _volguard = start(cx);
    let of_kind = |kind: &str, spec: &str| {
        format!("apiVersion: volguard.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: $NS-wrong}}\nspec: {spec}\n")
    };
    for (kind, spec, expected) in [
        (
            "StoragePolicy",
            "{rules: [{name: imediate-binding}]}",
            "spec.rules[0].name: unknown rule `imediate-binding`; did you mean `immediate-binding`?",
        ),
        (
            "StoragePolicy",
            "{rules: [{name: size-over-limit, parameters: {maxx: 1Ti}}]}",
            "unknown field `maxx`; did you mean `max`?",
        ),
        (
            "StoragePolicy",
            "{rules: [{name: size-over-limit, parameters: {max: 3}}]}",
            "spec.rules[0].parameters.max",
        ),
        (
            "StoragePolicy",
            "{profile: Stric}",
            "spec.profile: must be one of Baseline, Recommended, Strict, but is `Stric`; did you mean `Strict`?",
        ),
        (
            "StoragePolicy",
            "{rules: [{name: reclaim-delete}, {name: reclaim-delete, action: Warn}]}",
            "spec.rules[1].name: rule `reclaim-delete` is listed twice; make one entry of them",
        ),
        ("StoragePolicy", "{modes: Enforce}", "unknown field \"spec.modes\""),
        (
            "StorageException",
            "{rules: [no-storage-class], match: {names: [a]}, reason: ' '}",
            "spec.reason",
        ),
        (
            "StorageException",
            "{rules: [no-storage-class], match: {names: [a]}, reason: agreed, expires: '2020-01-01T00:00:00Z'}",
            "spec.expires: is over: 2020-01-01T00:00:00Z lies in the past",
        ),
        (
            "StorageException",
            "{rules: [no-storage-clas], match: {kinds: [PersistentVolumeClaims]}, reason: agreed}",
            "spec.match.kinds[0]: volguard judges no kind `PersistentVolumeClaims`; did you mean `PersistentVolumeClaim`?",
        ),
        (
            "StorageDriver",
            "{name: disk.example.com, sizes: {confidence: confirmed, source: us, cases: [{min: 2Ti, max: 1Ti}]}}",
            "spec.sizes.cases[0].min",
        ),
        (
            "StorageDriver",
            "{name: disk.example.com, topology: {confidence: confirmed, source: us, scope: Zonal}}",
            "spec.topology.scope: must be one of zonal, node, regional, global, unknown, but is `Zonal`; did you mean `zonal`?",
        ),
    ] {
        let said = cx.rejects(&of_kind(kind, spec));
        assert!(said.contains(&cx.fill(expected)), "{kind} {spec}: {said}");
    }
}

pub(crate) fn an_invalid_policy_that_got_in_leaves_the_last_good_one_in_force(cx: &Cx<'_>) {
    let _kinds = Kinds::install(cx);
    cx.accepts(NO_CLASS);
    // As long as no webhook is registered, everything gets in.
    let volguard = cx.connected().serve();
    volguard.wait_ready();
    cx.accepts(POLICY);
    wait_reason(cx, "storagepolicy", "$NS-house", "InForce");
    let patch = r#"{"spec": {"rules": [{"name": "imediate-binding"}]}}"#;
    let policy = cx.fill("$NS-house");
    cx.kubectl()
        .must(&["patch", "storagepolicy", &policy, "--type=merge", "-p", patch]);
    let message = wait_reason(cx, "storagepolicy", "$NS-house", "Invalid");
    assert!(message.contains("did you mean `immediate-binding`?"), "{message}");
    assert!(message.contains("keep it in force"), "{message}");
    assert_eq!(ready(cx, "storagepolicy", "$NS-house")["status"], "False");
    let _webhooks = volguard.registration().install(cx);
    cx.rejects(SHARED_CLAIM);
    assert_eq!(volguard.metric("volguard_policies{state=\"invalid\"}"), Some(1.0));
    assert!(volguard.log().contains("imediate-binding"), "{}", volguard.log());
}

pub(crate) fn an_exception_counts_until_it_expires_and_shows_its_use(cx: &Cx<'_>) {
    let _kinds = Kinds::install(cx);
    let _volguard = start(cx);
    cx.accepts(POLICY);
    wait_applied(cx, SHARED_CLAIM, false);
    let until = |seconds| jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
    let exception = format!(
        "
apiVersion: volguard.dev/v1alpha1
kind: StorageException
metadata: {{name: $NS-agreed}}
spec:
  rules: [unsupported-access-mode]
  match: {{namespaces: [$NS], names: [shared]}}
  reason: moves to shared storage this week
  expires: {}
",
        until(3600)
    );
    cx.accepts(&exception);
    wait_applied(cx, SHARED_CLAIM, true);
    wait_reason(cx, "storageexception", "$NS-agreed", "InForce");
    // A dry run leaves no trace.
    let used = || cx.get_json(&["storageexception", "$NS-agreed"])["status"]["lastUsed"].clone();
    assert!(used().is_null(), "{}", used());
    cx.accepts(SHARED_CLAIM);
    wait("the use in the status", || (!used().is_null()).then_some(()));
    // A scan judges by what the cluster is configured by.
    let (status, report, errors) = scan(cx, &cx.admin_kubeconfig(), &[]);
    assert_eq!((status, errors.as_str()), (Some(0), ""), "{report:#}");
    assert_eq!(report["excepted"][0]["exception"], cx.fill("$NS-agreed"), "{report:#}");
    assert_eq!(report["excepted"][0]["policy"], cx.fill("$NS-house"));
    // What it is not for is refused as before.
    cx.rejects(&SHARED_CLAIM.replace("name: shared", "name: other"));

    // A moment that is not over yet when the change comes to volguard, or it is refused.
    let soon = json!({"spec": {"expires": until(6).to_string()}});
    let path = cx.fill("/apis/volguard.dev/v1alpha1/storageexceptions/$NS-agreed");
    cx.api().patch(&path, &soon).unwrap();
    let message = wait_reason(cx, "storageexception", "$NS-agreed", "Expired");
    assert!(message.starts_with("expired at "), "{message}");
    cx.rejects(
        &SHARED_CLAIM
            .replace("10Gi", "11Gi")
            .replace("name: shared", "name: other"),
    );
    cx.kubectl().must(&["delete", "pvc", "shared", "--wait=false"]);
    wait("the claim to go", || {
        (!cx.kubectl().run(&["get", "pvc", "shared"]).success).then_some(())
    });
    cx.rejects(SHARED_CLAIM);
    let table = cx.kubectl().must(&["get", "sexc"]);
    assert!(
        table.contains("moves to shared storage this week") && table.contains("False"),
        "{table}"
    );
}

pub(crate) fn a_driver_of_the_cluster_is_known_at_once(cx: &Cx<'_>) {
    let _kinds = Kinds::install(cx);
    let _volguard = start(cx);
    cx.accepts(POLICY);
    cx.accepts(
        &NO_CLASS
            .replace("$NS-disks", "$NS-own")
            .replace("ebs.csi.aws.com", "disk.example.com"),
    );
    let claim = SHARED_CLAIM.replace("$NS-disks", "$NS-own");
    wait_applied(cx, SHARED_CLAIM, false);
    wait_applied(cx, &claim, true);
    cx.accepts(
        "
apiVersion: volguard.dev/v1alpha1
kind: StorageDriver
metadata: {name: $NS-own}
spec:
  name: disk.example.com
  product: our disks
  accessModes:
    confidence: confirmed
    source: our storage team
    cases: [{modes: [ReadWriteMany], support: refused, stage: create}]
",
    );
    let said = wait_applied(cx, &claim, false);
    assert!(said.contains("[unsupported-access-mode]"), "{said}");
    wait_reason(cx, "storagedriver", "$NS-own", "InForce");
    // Another object for the same driver is refused.
    let said = cx.rejects(
        "{apiVersion: volguard.dev/v1alpha1, kind: StorageDriver, metadata: {name: $NS-twin}, spec: {name: disk.example.com}}",
    );
    assert!(said.contains("describes `disk.example.com` already"), "{said}");
}
