//! The Helm chart in a real cluster: installed, upgraded, uninstalled, and volguard with the rights that it gives.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use volguard::manifests::Scope;

use crate::support::certificates::base64;
use crate::support::helm::{Helm, chart};
use crate::support::kubectl::{Kubectl, Outcome};
use crate::support::volguard::{Launch, Volguard};
use crate::support::{Cx, wait, wait_for};

pub(crate) const NAMESPACE: &str = "volguard-system";
pub(crate) const VALIDATING: &str = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/volguard";
pub(crate) const MUTATING: &str = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/volguard";
const CLUSTER_ROLE: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles/volguard";
const TLS_SECRET: &str = "/api/v1/namespaces/volguard-system/secrets/volguard-tls";

/// How long garbage collection and the end of a namespace may take: where kinds have gone just before, as the tests have them
/// go, they begin with a new look at which kinds there are, every 30 seconds.
const TIDIED: Duration = Duration::from_secs(90);

/// A release of the chart. What is left of it is removed on drop.
pub(crate) struct Release<'a> {
    pub(crate) cx: &'a Cx<'a>,
    helm: Helm,
}

impl<'a> Release<'a> {
    pub(crate) fn install(cx: &'a Cx<'a>, values: &[&str]) -> Self {
        let helm = Helm::new(cx.folder()).with_kubeconfig(cx.admin_kubeconfig());
        let release = Self { cx, helm };
        release.helm("install", &[&["--create-namespace"], values].concat());
        release
    }

    /// `helm install` or `helm upgrade` with these values.
    pub(crate) fn helm(&self, verb: &str, values: &[&str]) -> String {
        let chart = chart();
        let chart = chart.to_str().unwrap();
        self.helm
            .must(&[&[verb, "volguard", chart, "--namespace", NAMESPACE], values].concat())
    }

    pub(crate) fn uninstall(&self) -> String {
        self.helm
            .must(&["uninstall", "volguard", "--namespace", NAMESPACE, "--wait"])
    }

    pub(crate) fn kubectl(&self) -> Kubectl {
        self.cx.plane.kubectl(NAMESPACE)
    }

    /// A kubeconfig with the rights of the chart's ServiceAccount.
    pub(crate) fn account(&self) -> PathBuf {
        let token = self.kubectl().must(&["create", "token", "volguard"]);
        self.cx
            .file("account.kubeconfig", &self.cx.plane.kubeconfig(token.trim()))
    }

    /// volguard as the chart's ServiceAccount, with every rule on.
    fn serve(&self) -> Volguard {
        let rules: Vec<Value> = volguard::rules::ALL
            .iter()
            .map(|rule| json!({"name": rule.name, "action": "Warn"}))
            .collect();
        let policy = json!({
            "apiVersion": "volguard.dev/v1alpha1",
            "kind": "StoragePolicy",
            "metadata": {"name": "every-rule"},
            "spec": {"mode": "Enforce", "rules": rules},
        });
        let volguard = Launch::connected(self.cx, &self.account())
            .arg("--namespace")
            .arg(NAMESPACE)
            .policy(&policy.to_string())
            .serve();
        volguard.wait_ready();
        volguard
    }

    /// Every object of the release in the cluster, as `kind/name`.
    pub(crate) fn objects(&self) -> BTreeSet<String> {
        let kinds = self
            .kubectl()
            .must(&["api-resources", "--verbs=list,delete", "-o", "name"]);
        let kinds: Vec<&str> = kinds.lines().filter(|kind| !kind.starts_with("events")).collect();
        let label = "app.kubernetes.io/instance=volguard";
        let found = self.kubectl().must(&[
            "get",
            &kinds.join(","),
            "--all-namespaces",
            "-l",
            label,
            "-o",
            "json",
            "--ignore-not-found",
        ]);
        if found.is_empty() {
            return BTreeSet::new();
        }
        let found: Value = serde_json::from_str(&found).unwrap();
        let name = |object: &Value| {
            format!(
                "{}/{}",
                object["kind"].as_str().unwrap(),
                object["metadata"]["name"].as_str().unwrap()
            )
        };
        found["items"].as_array().unwrap().iter().map(name).collect()
    }
}

impl Drop for Release<'_> {
    fn drop(&mut self) {
        let _ = self.helm.run(&["uninstall", "volguard", "--namespace", NAMESPACE]);
        let _ = self
            .kubectl()
            .run(&["delete", "crd", "-l", "app.kubernetes.io/name=volguard"]);
    }
}

pub(crate) fn the_chart_is_installed_upgraded_and_removed(cx: &Cx<'_>) {
    let release = Release::install(cx, &[]);
    for object in [
        "CustomResourceDefinition/storagepolicies.volguard.dev",
        "Deployment/volguard",
        "MutatingWebhookConfiguration/volguard",
        "PodDisruptionBudget/volguard",
        "Secret/volguard-tls",
        "ValidatingWebhookConfiguration/volguard",
    ] {
        assert!(
            release.objects().contains(object),
            "{object} in {:?}",
            release.objects()
        );
    }

    // What volguard fills in stays when the chart is upgraded.
    let authority = base64(&cx.plane.authority().pem());
    cx.api()
        .patch(TLS_SECRET, &json!({"data": {"ca.crt": authority}}))
        .unwrap();
    for path in [MUTATING, VALIDATING] {
        let mut configuration = cx.api().get(path).unwrap();
        for webhook in configuration["webhooks"].as_array_mut().unwrap() {
            webhook["clientConfig"]["caBundle"] = json!(authority);
        }
        cx.api()
            .patch(path, &json!({"webhooks": configuration["webhooks"]}))
            .unwrap();
    }
    release.helm(
        "upgrade",
        &[
            "--set",
            "replicas=3",
            "--set",
            "validation.failurePolicy=Fail",
            "--set",
            "webhooks.timeoutSeconds=2",
        ],
    );
    let deployment = cx
        .api()
        .get("/apis/apps/v1/namespaces/volguard-system/deployments/volguard");
    assert_eq!(deployment.unwrap()["spec"]["replicas"], 3);
    assert_eq!(cx.api().get(TLS_SECRET).unwrap()["data"]["ca.crt"], authority);
    for path in [MUTATING, VALIDATING] {
        for webhook in cx.api().get(path).unwrap()["webhooks"].as_array().unwrap() {
            assert_eq!(webhook["clientConfig"]["caBundle"], authority, "{webhook}");
            assert_eq!(webhook["timeoutSeconds"], 2);
            let closed = webhook["name"] == "validate.volguard.dev";
            assert_eq!(
                webhook["failurePolicy"],
                if closed { "Fail" } else { "Ignore" },
                "{webhook}"
            );
        }
    }

    // Policies are not lost with the release, and a release that comes after takes them over.
    cx.accepts("{apiVersion: volguard.dev/v1alpha1, kind: StoragePolicy, metadata: {name: $NS}, spec: {}}");
    release.uninstall();
    let policy = format!("/apis/volguard.dev/v1alpha1/storagepolicies/{}", cx.namespace);
    assert!(cx.api().get(&policy).is_some());
    let only_definitions = || {
        release
            .objects()
            .iter()
            .all(|object| object.starts_with("CustomResourceDefinition/"))
            .then_some(())
    };
    wait_for("all but the definitions to be gone", TIDIED, only_definitions).unwrap();
    release.helm("install", &["--set", "crds.keep=false"]);
    assert!(cx.api().get(&policy).is_some());
    release.uninstall();
    wait_for("everything to be gone", TIDIED, || {
        release.objects().is_empty().then_some(())
    })
    .unwrap();
}

pub(crate) fn the_charts_account_may_read_what_rules_look_up_and_no_more(cx: &Cx<'_>) {
    let release = Release::install(cx, &[]);
    let volguard = release.serve();
    for kind in Scope::everything().looks_up() {
        let synced = format!("volguard_cache_synced{{kind=\"{}\"}}", kind.as_str());
        wait(&synced, || volguard.metric(&synced).filter(|value| *value > 0.5));
    }
    let log = volguard.log();
    assert!(!log.contains("not allowed to read"), "{log}");
    drop(volguard);

    let kubectl = release.kubectl().with_kubeconfig(&release.account());
    for (is_allowed, verb, resource, subresource, namespace) in [
        (true, "update", "secrets/volguard-tls", "", NAMESPACE),
        (true, "watch", "secrets/volguard-tls", "", NAMESPACE),
        (true, "update", "mutatingwebhookconfigurations/volguard", "", ""),
        (true, "update", "validatingwebhookconfigurations/volguard", "", ""),
        (true, "list", "storagepolicies", "", ""),
        (true, "patch", "storagepolicies", "status", ""),
        (false, "get", "secrets", "", NAMESPACE),
        (false, "get", "secrets/other", "", NAMESPACE),
        (false, "create", "secrets", "", NAMESPACE),
        (false, "get", "secrets/volguard-tls", "", "default"),
        (false, "get", "configmaps", "", NAMESPACE),
        (false, "update", "persistentvolumeclaims", "", cx.namespace.as_str()),
        (false, "create", "events", "", NAMESPACE),
        (false, "update", "validatingwebhookconfigurations", "", ""),
        (false, "update", "storagepolicies", "", ""),
    ] {
        let subresource = format!("--subresource={subresource}");
        let answer = kubectl.run(&["auth", "can-i", verb, resource, &subresource, "--namespace", namespace]);
        assert_eq!(
            answer.stdout.trim(),
            if is_allowed { "yes" } else { "no" },
            "{verb} {resource}: {answer:?}"
        );
    }
}

pub(crate) fn without_a_permission_the_look_up_is_unknown_and_shown(cx: &Cx<'_>) {
    let release = Release::install(cx, &[]);
    let mut role = cx.api().get(CLUSTER_ROLE).unwrap();
    for rule in role["rules"].as_array_mut().unwrap() {
        let resources = rule["resources"].as_array_mut().unwrap();
        resources.retain(|resource| resource != "storageclasses");
    }
    cx.api().patch(CLUSTER_ROLE, &json!({"rules": role["rules"]})).unwrap();

    let volguard = release.serve();
    let log = volguard.log();
    assert!(log.contains("not allowed to read StorageClass objects"), "{log}");
    asked_at(&release, &volguard);
    let skipped = "volguard_rules_skipped_total{reason=\"unknown\",rule=\"unsupported-access-mode\"}";
    let before = volguard.metric(skipped).unwrap_or_default();
    cx.accepts(&claim("data"));
    assert!(volguard.metric(skipped).unwrap_or_default() > before);
}

/// Has the API server ask this volguard in place of the chart's Service, which nobody stands behind.
fn asked_at(release: &Release<'_>, volguard: &Volguard) {
    let cx = release.cx;
    for (path, endpoint) in [(MUTATING, "mutate"), (VALIDATING, "validate")] {
        let mut configuration = cx.api().get(path).unwrap();
        for webhook in configuration["webhooks"].as_array_mut().unwrap() {
            let url = format!("https://{}/{endpoint}", volguard.address);
            webhook["clientConfig"] = json!({"url": url, "caBundle": base64(&volguard.ca)});
        }
        let change = json!({"webhooks": configuration["webhooks"]});
        cx.api().patch(path, &change).unwrap();
    }
    // The API server takes a configuration into use some time after it was stored.
    for endpoint in ["mutate", "validate"] {
        wait("the API server to ask volguard", || {
            let before = reviews(volguard, endpoint, "PersistentVolumeClaim", "CREATE");
            dry_run(cx, &claim("canary"));
            (reviews(volguard, endpoint, "PersistentVolumeClaim", "CREATE") > before).then_some(())
        });
    }
}

fn dry_run(cx: &Cx<'_>, manifest: &str) -> Outcome {
    cx.kubectl()
        .run_with(&["create", "--dry-run=server", "-f", "-"], manifest)
}

/// How many reviews of this kind and operation volguard has answered, whatever it decided.
fn reviews(volguard: &Volguard, endpoint: &str, kind: &str, operation: &str) -> f64 {
    let (_, text) = volguard.admin_get("/metrics");
    let labels = format!("endpoint=\"{endpoint}\",kind=\"{kind}\",operation=\"{operation}\"}} ");
    text.lines()
        .filter(|line| line.starts_with("volguard_admission_requests_total{"))
        .filter_map(|line| line.split_once(&labels)?.1.parse::<f64>().ok())
        .sum()
}

fn claim(name: &str) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "none",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    })
    .to_string()
}

/// A claim and the volume for it.
const BOUND: &str = "
apiVersion: v1
kind: PersistentVolume
metadata: {name: $NS-volume}
spec:
  accessModes: [ReadWriteOnce]
  capacity: {storage: 1Gi}
  storageClassName: $NS
  csi: {driver: disk.example.com, volumeHandle: $NS}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: bound}
spec: {accessModes: [ReadWriteOnce], storageClassName: $NS, resources: {requests: {storage: 1Gi}}}
";

/// Its pods find no node: without a kubelet, a pod that is on one never goes.
const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web.example.com/web}], nodeSelector: {is: nowhere}}
";

/// Whether the API server asks about this kind and operation while something is done.
fn asks(volguard: &Volguard, kind: &str, operation: &str, done: impl FnOnce()) -> bool {
    let count = || -> f64 {
        ["mutate", "validate"]
            .iter()
            .map(|endpoint| reviews(volguard, endpoint, kind, operation))
            .sum()
    };
    let before = count();
    done();
    count() > before
}

pub(crate) fn requests_that_do_not_matter_are_not_sent(cx: &Cx<'_>) {
    let release = Release::install(cx, &[]);
    let volguard = release.serve();
    asked_at(&release, &volguard);
    let is_asked = |kind: &str, operation: &str, done: &dyn Fn()| asks(&volguard, kind, operation, done);
    let run = |line: &str| drop(cx.kubectl().must(&line.split(' ').collect::<Vec<_>>()));

    let claims = |operation: &str, done: &dyn Fn()| is_asked("PersistentVolumeClaim", operation, done);
    let create = |namespace: &str| {
        let outcome = cx.plane.kubectl(namespace).apply(&claim("data"));
        assert!(outcome.success, "{}", outcome.stderr);
    };
    assert!(claims("CREATE", &|| create(&cx.namespace)));
    assert!(!claims("CREATE", &|| create("kube-system")));
    assert!(!claims("CREATE", &|| create(NAMESPACE)));
    for change in [
        "label pvc data tier=gold",
        r#"patch pvc data --type=merge -p {"metadata":{"finalizers":["example.com/hold"]}}"#,
        r#"patch pvc data --type=merge --subresource=status -p {"status":{"allocatedResources":{"storage":"1Gi"}}}"#,
    ] {
        assert!(!claims("UPDATE", &|| run(change)), "{change}");
    }
    assert!(claims("DELETE", &|| run("delete pvc data --wait=false")));
    assert!(!claims("DELETE", &|| run("delete pvc data --wait=false")));
    let let_go = r#"patch pvc data --type=merge -p {"metadata":{"finalizers":null}}"#;
    assert!(!claims("UPDATE", &|| run(let_go)));

    // A controller binds claim and volume.
    let bind = || {
        cx.accepts(BOUND);
        wait("the claim to be bound", || {
            (cx.get_json(&["pvc", "bound"])["status"]["phase"] == "Bound").then_some(())
        });
    };
    assert!(!claims("UPDATE", &bind));
    assert!(!is_asked("PersistentVolume", "UPDATE", &|| run("delete pvc bound")));

    // What a controller makes is judged where its template stands, and tidied up without a question.
    let some_pod = || {
        let pods = cx.get_json(&["pods", "-l", "app=web"]);
        pods["items"][0]["metadata"]["name"].as_str().map(str::to_owned)
    };
    let deploy = || {
        cx.accepts(DEPLOYMENT);
        wait("the Deployment's pod", some_pod);
    };
    let made = || assert!(is_asked("Deployment", "CREATE", &deploy));
    assert!(!is_asked("ReplicaSet", "CREATE", &|| assert!(!is_asked(
        "Pod", "CREATE", &made
    ))));
    assert!(is_asked("Deployment", "UPDATE", &|| run(
        "scale deployment web --replicas=2"
    )));
    let pod = some_pod().unwrap();
    assert!(is_asked("Pod", "DELETE", &|| run(&format!(
        "delete pod {pod} --wait=false"
    ))));
    assert!(!is_asked("Pod", "DELETE", &|| {
        run("delete deployment web");
        wait_for("no pods", TIDIED, || some_pod().is_none().then_some(())).unwrap();
    }));

    let lease = "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: $NS}, spec: {}}";
    assert!(!is_asked("other", "CREATE", &|| drop(cx.accepts(lease))));
}

/// Deletes a namespace and waits until it is gone.
fn ends(cx: &Cx<'_>, namespace: &str) {
    let path = format!("/api/v1/namespaces/{namespace}");
    cx.api().delete(&path).unwrap();
    wait_for("the namespace to be gone", TIDIED, || {
        cx.api().get(&path).is_none().then_some(())
    })
    .unwrap();
}

pub(crate) fn the_cluster_stays_usable_without_volguard(cx: &Cx<'_>) {
    // There is no kubelet: of all replicas none ever runs.
    let release = Release::install(cx, &[]);
    let user = cx.kubectl();
    let create = |kubectl: &Kubectl| kubectl.run_with(&["create", "-f", "-"], DEPLOYMENT);
    let dry_run = |kubectl: &Kubectl| kubectl.run_with(&["create", "--dry-run=server", "-f", "-"], DEPLOYMENT);
    let come_and_go = |kubectl: &Kubectl| {
        let created = create(kubectl);
        assert!(created.success, "{created:?}");
        kubectl.must(&["delete", "deployment", "web"]);
    };
    come_and_go(&user);
    for (name, label) in [("free", "false"), ("kept", "true")] {
        cx.accepts(&claim(name));
        user.must(&["label", "pvc", name, &format!("volguard.dev/protect={label}")]);
    }

    let closed = [
        "--set",
        "validation.failurePolicy=Fail",
        "--set",
        "validation.deletes.failurePolicy=Fail",
    ];
    let notes = release.helm("upgrade", &closed);
    let refusal = wait("creates to be refused", || {
        let outcome = dry_run(&user);
        (!outcome.success).then_some(outcome.stderr)
    });
    assert!(
        refusal.contains("failed calling webhook \"validate.volguard.dev\""),
        "{refusal}"
    );
    assert!(refusal.contains("no endpoints available"), "{refusal}");
    // Where volguard and the cluster itself live, everything goes on.
    for namespace in ["kube-system", NAMESPACE] {
        come_and_go(&cx.plane.kubectl(namespace));
    }
    release.kubectl().must(&["rollout", "restart", "deployment/volguard"]);
    // Deletes fail closed for what is protected, and for nothing else.
    user.must(&["delete", "pvc", "free"]);
    let refusal = user.run(&["delete", "pvc", "kept"]).stderr;
    assert!(
        refusal.contains("failed calling webhook \"delete-protected.volguard.dev\""),
        "{refusal}"
    );
    ends(cx, &cx.namespace);

    // The emergency switch, as the notes say it, and back on.
    let user = cx.plane.kubectl("default");
    let switch = notes
        .lines()
        .find_map(|line| line.trim().strip_prefix("kubectl delete validating"));
    let switch = format!("delete validating{}", switch.expect("the notes name the switch"));
    let switch_off = || {
        assert!(!dry_run(&user).success);
        user.must(&switch.split_whitespace().collect::<Vec<_>>());
        wait("creates to go through", || dry_run(&user).success.then_some(()));
        come_and_go(&user);
    };
    switch_off();
    release.helm("upgrade", &["--reuse-values"]);
    wait("creates to be refused again", || {
        (!dry_run(&user).success).then_some(())
    });

    // Without its namespace it can be switched off too, and installed again.
    ends(cx, NAMESPACE);
    switch_off();
    release.helm("install", &["--create-namespace"]);
    assert!(cx.api().get(VALIDATING).is_some() && cx.api().get(MUTATING).is_some());
}

pub(crate) fn what_volguard_prints_is_applied_and_does_not_drift(cx: &Cx<'_>) {
    let namespace = cx.fill("$NS-volguard");
    let kubectl = cx.plane.kubectl(&namespace);
    let mut command = Command::new(env!("CARGO_BIN_EXE_volguard"));
    command.env_clear().args(["manifests", "--namespace", &namespace]);
    let manifests = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let applied = kubectl.apply(&manifests);
    let difference = kubectl.run_with(&["diff", "-f", "-"], &manifests);
    // Before anything can fail: other tests install the same cluster-scoped objects.
    let removed = kubectl.run_with(&["delete", "-f", "-"], &manifests);
    assert!(applied.success && applied.stderr.is_empty(), "{applied:?}");
    assert!(difference.success && difference.stdout.is_empty(), "{difference:?}");
    assert!(removed.success, "{removed:?}");
}

pub(crate) fn the_notes_show_it_at_work(cx: &Cx<'_>) {
    let release = Release::install(cx, &[]);
    let notes = release
        .helm
        .must(&["get", "notes", "volguard", "--namespace", NAMESPACE]);
    let class = notes
        .lines()
        .find_map(|line| line.trim().strip_prefix("echo '"))
        .expect("the notes have an example");
    let (class, _) = class.split_once('\'').unwrap();
    let volguard = Launch::connected(cx, &release.account())
        .arg("--namespace")
        .arg(NAMESPACE)
        .serve();
    volguard.wait_ready();
    asked_at(&release, &volguard);
    let created = cx.kubectl().run_with(&["create", "--dry-run=server", "-f", "-"], class);
    assert!(created.success && created.stderr.is_empty(), "{created:?}");
    let log = volguard.log();
    let line = log
        .lines()
        .find(|line| line.contains("volguard-try"))
        .expect("the log names the class");
    assert!(
        line.contains("would-deny") && line.contains("removed-provisioner"),
        "{line}"
    );
}
