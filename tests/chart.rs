//! The Helm chart, without a cluster: what it renders, what it refuses, and that it is what `volguard manifests` prints.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};
use support::generated;
use support::helm::{Helm, chart};
use volguard::manifests;
use volguard::policy::StoragePolicySpec;

/// The objects that helm renders for these values, or why it does not.
fn template(arguments: &[&str]) -> Result<Vec<Value>, String> {
    let home = tempfile::tempdir().unwrap();
    let chart = chart();
    let common = [
        "template",
        "volguard",
        chart.to_str().unwrap(),
        "--namespace",
        "volguard-system",
    ];
    let text = Helm::new(home.path()).run(&[&common, arguments].concat())?;
    Ok(documents(&text))
}

fn rendered(arguments: &[&str]) -> Vec<Value> {
    template(arguments).unwrap_or_else(|problem| panic!("{arguments:?}: {problem}"))
}

/// What the command line prints, which must succeed.
fn volguard(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_volguard"))
        .args(arguments)
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn documents(text: &str) -> Vec<Value> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).unwrap();
    documents.into_iter().filter(|document| !document.is_null()).collect()
}

fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    objects.iter().filter(|object| object["kind"] == kind).collect()
}

fn webhooks(objects: &[Value]) -> BTreeMap<String, &Value> {
    let configurations = objects.iter().filter_map(|object| object["webhooks"].as_array());
    configurations
        .flatten()
        .map(|webhook| (webhook["name"].as_str().unwrap().to_owned(), webhook))
        .collect()
}

fn container(objects: &[Value]) -> &Value {
    &of_kind(objects, "Deployment")[0]["spec"]["template"]["spec"]["containers"][0]
}

fn arguments_of(objects: &[Value]) -> Vec<&str> {
    container(objects)["args"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect()
}

/// The files of the chart that are made of the catalogue of rules, of volguard's own kinds and of values.yaml.
fn generated() -> BTreeMap<PathBuf, String> {
    const HEAD: &str = "# Made of the catalogue of rules; `make docs` writes it.\n";
    let yaml = |value: &Value| format!("{HEAD}{}", serde_saphyr::to_string(value).unwrap());
    let read = |name: &str| std::fs::read_to_string(chart().join(name)).unwrap();
    let mut files = BTreeMap::from([("files/generated.yaml".to_owned(), yaml(&manifests::for_chart()))]);
    for crd in manifests::crds() {
        let name = crd["spec"]["names"]["plural"].as_str().unwrap();
        files.insert(format!("files/crds/{name}.yaml"), yaml(&crd));
    }
    files.insert(
        "values.schema.json".to_owned(),
        schema_with_policy(&read("values.schema.json")),
    );
    files.insert(
        "README.md".to_owned(),
        readme_with_values(&read("README.md"), &read("values.yaml")),
    );
    files
        .into_iter()
        .map(|(name, text)| (chart().join(name), text))
        .collect()
}

/// The schema of the values, in which that of `policy.spec` is the policy's own.
fn schema_with_policy(schema: &str) -> String {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let spec = settings.into_generator().into_root_schema_for::<StoragePolicySpec>();
    let mut schema: Value = serde_json::from_str(schema).unwrap();
    schema["properties"]["policy"]["properties"]["spec"] = spec.into();
    format!("{schema:#}\n")
}

fn readme_with_values(readme: &str, values: &str) -> String {
    let (head, rest) = readme.split_once("make docs` -->\n").unwrap();
    let (_, tail) = rest.split_once("<!-- /values -->").unwrap();
    format!("{head}make docs` -->\n{}<!-- /values -->{tail}", table_of(values))
}

/// A row for every key of values.yaml above which a comment begins with `--`.
fn table_of(text: &str) -> String {
    let values: Value = serde_saphyr::from_str(text).unwrap();
    let mut table = "| value | default | what it is for |\n|---|---|---|\n".to_owned();
    let mut path: Vec<&str> = Vec::new();
    let mut comment: Option<String> = None;
    for line in text.lines() {
        let trimmed = line.trim_start();
        if let Some(begun) = trimmed.strip_prefix("# -- ") {
            comment = Some(begun.to_owned());
        } else if let (Some(more), Some(comment)) = (trimmed.strip_prefix("# "), &mut comment) {
            *comment = format!("{comment} {more}");
        } else if let Some((key, _)) = trimmed.split_once(':').filter(|_| !trimmed.starts_with(['#', '-'])) {
            path.truncate((line.len() - trimmed.len()) / 2);
            path.push(key);
            if let Some(comment) = comment.take() {
                let default = path.iter().fold(&values, |value, key| &value[*key]);
                writeln!(table, "| `{}` | `{default}` | {comment} |", path.join(".")).unwrap();
            }
        }
    }
    table
}

/// With `UPDATE=1` the files are written, otherwise they are compared.
#[test]
fn what_is_generated_is_up_to_date() {
    let wanted = generated();
    for (path, text) in &wanted {
        generated::is_up_to_date(path, text);
    }
    for entry in std::fs::read_dir(chart().join("files/crds")).unwrap() {
        let path = entry.unwrap().path();
        assert!(
            wanted.contains_key(&path),
            "{} defines no kind of volguard; remove it",
            path.display()
        );
    }
}

#[test]
fn every_value_is_documented() {
    fn leaves(value: &Value, path: &str, out: &mut Vec<String>) {
        match value.as_object().filter(|map| !map.is_empty()) {
            Some(map) => map
                .iter()
                .for_each(|(key, value)| leaves(value, &format!("{path}.{key}"), out)),
            None => out.push(path.trim_start_matches('.').to_owned()),
        }
    }
    let text = std::fs::read_to_string(chart().join("values.yaml")).unwrap();
    let mut paths = Vec::new();
    leaves(&serde_saphyr::from_str(&text).unwrap(), "", &mut paths);
    let table = table_of(&text);
    for path in paths {
        let above = path.split('.').scan(String::new(), |above, key| {
            *above = format!("{above}.{key}");
            Some(above.trim_start_matches('.').to_owned())
        });
        assert!(
            above.into_iter().any(|path| table.contains(&format!("| `{path}` |"))),
            "{path} has no comment"
        );
    }
}

#[test]
fn helm_lint_has_nothing_to_say() {
    let home = tempfile::tempdir().unwrap();
    let chart = chart();
    let said = Helm::new(home.path()).must(&["lint", "--strict", chart.to_str().unwrap()]);
    assert!(!said.contains("[WARNING]") && !said.contains("[ERROR]"), "{said}");
}

/// What only helm writes is taken out.
fn comparable(mut object: Value) -> ((String, String), Value) {
    let labels = object["metadata"]["labels"].as_object_mut().unwrap();
    labels.retain(|label, _| label != "helm.sh/chart" && label != "app.kubernetes.io/managed-by");
    if object["kind"] == "CustomResourceDefinition" {
        object["metadata"].as_object_mut().unwrap().remove("annotations");
    }
    if object["kind"] == "Deployment" {
        object["spec"]["template"]["metadata"]
            .as_object_mut()
            .unwrap()
            .remove("annotations");
    }
    if let Some(files) = object.get_mut("data").and_then(Value::as_object_mut) {
        for text in files.values_mut() {
            *text = serde_saphyr::from_str(text.as_str().unwrap()).unwrap();
        }
    }
    let name = |value: &Value| value.as_str().unwrap().to_owned();
    ((name(&object["kind"]), name(&object["metadata"]["name"])), object)
}

#[test]
fn the_chart_holds_what_volguard_manifests_prints() {
    let (name, tag) = ("registry.example.com/volguard", "7.1.2");
    for (values, flags) in [
        (vec![], vec![]),
        (
            vec![format!(
                "image.repository={name},image.tag={tag},replicas=1,validation.failurePolicy=Fail"
            )],
            vec![
                format!("--image={name}:{tag}"),
                "--replicas=1".to_owned(),
                "--failure-policy=fail".to_owned(),
            ],
        ),
    ] {
        let values: Vec<&str> = values.iter().flat_map(|values| ["--set", values.as_str()]).collect();
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let of_helm: BTreeMap<_, _> = rendered(&values).into_iter().map(comparable).collect();
        let printed = documents(&volguard(&[&["manifests"], flags.as_slice()].concat()));
        // The namespace is helm's own business.
        let printed = printed.into_iter().filter(|object| object["kind"] != "Namespace");
        let of_volguard: BTreeMap<_, _> = printed.map(comparable).collect();
        let names: Vec<_> = of_helm.keys().collect();
        assert_eq!(names, of_volguard.keys().collect::<Vec<_>>());
        for (name, object) in &of_helm {
            assert_eq!(object, &of_volguard[name], "{name:?}");
        }
    }
}

#[test]
fn every_combination_of_values_renders_objects() {
    let everything = "networkPolicy.enabled=true,metrics.serviceMonitor.enabled=true,metrics.prometheusRule.enabled=true,\
                      metrics.dashboard.enabled=true";
    let secret = "certificates.mode=secret,certificates.secret.name=own,certificates.secret.caBundle=Q0E=";
    for values in [
        "replicas=1",
        everything,
        secret,
        "certificates.mode=certManager",
        "certificates.mode=certManager,certificates.certManager.issuerRef.name=ca,certificates.certManager.issuerRef.kind=ClusterIssuer",
        "mutation.enabled=false,policy.create=true,crds.install=false,rbac.create=false",
        "serviceAccount.create=false,serviceAccount.name=other",
        "validation.failurePolicy=Fail,validation.deletes.failurePolicy=Fail,validation.kinds.failurePolicy=Fail",
        "webhooks.excludeNamespaces={velero,argocd},webhooks.timeoutSeconds=5",
        "webhooks.namespaceExpressions[0].key=tier,webhooks.namespaceExpressions[0].operator=Exists",
        "fullnameOverride=guard,imagePullSecrets[0].name=pull,priorityClassName=system-cluster-critical,extraArgs={--audit}",
        "podAnnotations.a=b,podLabels.c=d,tolerations[0].operator=Exists,podDisruptionBudget.enabled=false",
    ] {
        let mut names = BTreeSet::new();
        for object in rendered(&["--set", values]) {
            let metadata = &object["metadata"];
            assert!(
                object["apiVersion"].is_string() && metadata["name"].is_string(),
                "{values}: {object}"
            );
            assert_eq!(
                metadata["labels"]["app.kubernetes.io/name"], "volguard",
                "{values}: {object}"
            );
            assert_eq!(
                metadata["labels"]["app.kubernetes.io/instance"], "volguard",
                "{values}: {object}"
            );
            assert!(
                names.insert((object["kind"].to_string(), metadata["name"].to_string())),
                "twice: {object}"
            );
        }
    }
}

#[test]
fn values_change_what_they_are_for() {
    let objects = rendered(&[
        "--set",
        "replicas=1,mutation.enabled=false,policy.create=false,crds.install=false",
    ]);
    for kind in [
        "PodDisruptionBudget",
        "MutatingWebhookConfiguration",
        "ConfigMap",
        "CustomResourceDefinition",
    ] {
        assert!(of_kind(&objects, kind).is_empty(), "{kind}");
    }
    assert!(
        !arguments_of(&objects)
            .iter()
            .any(|argument| argument.starts_with("--policy"))
    );

    let objects = rendered(&[
        "--set",
        "validation.deletes.failurePolicy=Fail,webhooks.excludeNamespaces={velero}",
    ]);
    let webhooks = webhooks(&objects);
    let values = |webhook: &str| &webhooks[webhook]["namespaceSelector"]["matchExpressions"][0]["values"];
    assert_eq!(
        *values("mutate.volguard.dev"),
        json!([
            "kube-system",
            "kube-public",
            "kube-node-lease",
            "volguard-system",
            "velero"
        ])
    );
    for (name, policy, operator) in [
        ("delete.volguard.dev", "Ignore", "NotIn"),
        ("delete-protected.volguard.dev", "Fail", "In"),
    ] {
        let webhook = webhooks[name];
        assert_eq!(webhook["failurePolicy"], policy);
        let protected = json!([{"key": "volguard.dev/protect", "operator": operator, "values": ["true"]}]);
        assert_eq!(webhook["objectSelector"]["matchExpressions"], protected);
        assert_eq!(webhook["rules"], webhooks["delete.volguard.dev"]["rules"]);
    }

    let other = chart();
    let home = tempfile::tempdir().unwrap();
    let text = Helm::new(home.path()).must(&["template", "storage", other.to_str().unwrap(), "--namespace", "tools"]);
    let objects = documents(&text);
    let roles = of_kind(&objects, "ClusterRole");
    assert_eq!(roles[0]["metadata"]["name"], "storage-volguard");
    assert!(arguments_of(&objects).contains(&"--tls-dns-name=storage-volguard.tools.svc"));
    assert!(arguments_of(&objects).contains(&"--webhook-configuration=storage-volguard"));
}

#[test]
fn certificates_of_others_need_no_rights() {
    let secret = "certificates.mode=secret,certificates.secret.name=own,certificates.secret.caBundle=Q0E=";
    for (values, name) in [("certificates.mode=certManager", "volguard-tls"), (secret, "own")] {
        let objects = rendered(&["--set", values]);
        assert!(
            of_kind(&objects, "Role").is_empty() && of_kind(&objects, "Secret").is_empty(),
            "{values}"
        );
        let rules = of_kind(&objects, "ClusterRole")[0]["rules"].to_string();
        assert!(!rules.contains("webhookconfigurations"), "{rules}");
        assert!(arguments_of(&objects).contains(&"--tls-cert=/etc/volguard/tls/tls.crt"));
        let volumes = &of_kind(&objects, "Deployment")[0]["spec"]["template"]["spec"]["volumes"];
        assert_eq!(volumes[0]["secret"]["secretName"], name);
        for webhook in webhooks(&objects).values() {
            let bundle = &webhook["clientConfig"]["caBundle"];
            assert_eq!(*bundle, if name == "own" { json!("Q0E=") } else { Value::Null });
        }
    }
    let objects = rendered(&["--set", "certificates.mode=certManager"]);
    for kind in ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] {
        let annotations = &of_kind(&objects, kind)[0]["metadata"]["annotations"];
        assert_eq!(
            annotations["cert-manager.io/inject-ca-from"],
            "volguard-system/volguard"
        );
    }
    let certificates = of_kind(&objects, "Certificate");
    let serving = certificates
        .iter()
        .find(|object| object["metadata"]["name"] == "volguard")
        .unwrap();
    assert_eq!(serving["spec"]["dnsNames"], json!(["volguard.volguard-system.svc"]));
    assert_eq!(
        serving["spec"]["issuerRef"],
        json!({"kind": "Issuer", "name": "volguard-ca"})
    );
    let own = "certificates.mode=certManager,certificates.certManager.issuerRef.name=ca";
    let objects = rendered(&["--set", own]);
    assert_eq!(of_kind(&objects, "Certificate").len(), 1);
    assert_eq!(
        of_kind(&objects, "Certificate")[0]["spec"]["issuerRef"],
        json!({"name": "ca"})
    );
}

#[test]
fn wrong_values_are_refused_with_their_place() {
    for (values, place) in [
        ("replica=3", "replica"),
        ("replicas=-1", "/replicas"),
        ("image.repository=", "/image/repository"),
        ("validation.failurePolicy=fail", "/validation/failurePolicy"),
        (
            "validation.deletes.failurePolicy=Deny",
            "/validation/deletes/failurePolicy",
        ),
        ("webhooks.timeoutSeconds=60", "/webhooks/timeoutSeconds"),
        (
            "webhooks.namespaceExpressions[0].key=a",
            "/webhooks/namespaceExpressions/0",
        ),
        ("certificates.mode=none", "/certificates/mode"),
        ("certificates.mode=secret", "/certificates/secret/name"),
        ("serviceAccount.create=false", "/serviceAccount/name"),
        ("policy.spec.mode=audit", "/policy/spec/mode"),
        ("policy.spec.rule=a", "/policy/spec"),
        ("policy.spec.rules[0].action=Deny", "/policy/spec/rules/0"),
        ("fullnameOverride=Guard", "/fullnameOverride"),
        ("extraArgs={audit}", "/extraArgs/0"),
    ] {
        let problem = template(&["--set", values]).expect_err(values);
        assert!(problem.contains(place), "{values}: {problem}");
    }
}

/// `--help` at the end has the command line parsed, and nothing run.
#[test]
fn the_arguments_are_ones_that_serve_knows() {
    for mode in ["selfManaged", "certManager"] {
        let objects = rendered(&["--set", &format!("certificates.mode={mode}")]);
        let mut arguments = arguments_of(&objects);
        arguments.push("--help");
        assert!(volguard(&arguments).contains("Run the admission webhook server"));
    }
}

#[test]
fn a_policy_of_the_release_is_one_that_serve_takes() {
    let objects = rendered(&[
        "--set",
        "policy.create=true,policy.spec.rules[0].name=immediate-binding,policy.spec.rules[0].action=Deny",
    ]);
    let file = of_kind(&objects, "ConfigMap")[0]["data"]["default.yaml"]
        .as_str()
        .unwrap()
        .to_owned();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("default.yaml"), file).unwrap();
    let policies = volguard::policy::read(&[folder.path().to_owned()], &volguard::rules::ALL)
        .unwrap()
        .policies;
    assert_eq!(
        (policies.len(), policies[0].name.as_str(), policies[0].mode.as_str()),
        (1, "default", "Audit")
    );
}

#[test]
fn a_policy_that_enforces_is_not_forgotten() {
    let refused = template(&["--set", "policy.spec.mode=Enforce"]).unwrap_err();
    assert!(refused.contains("without policy.create=true"), "{refused}");
}

#[test]
fn exceptions_are_installed_beside_a_policy_of_the_same_name_and_narrow_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let object = |kind: &str, spec: Value| json!({"apiVersion": "volguard.dev/v1alpha1", "kind": kind, "metadata": {"name": "house"}, "spec": spec});
    let spec = json!({"rules": ["reclaim-delete"], "match": {"names": ["scratch"]}, "reason": "scratch data"});
    let exception = object("StorageException", spec);
    let (one, both) = (folder.path().join("one.yaml"), folder.path().join("both.yaml"));
    std::fs::write(&one, exception.to_string()).unwrap();
    let policy = object("StoragePolicy", json!({}));
    std::fs::write(&both, format!("{policy}\n---\n{exception}\n")).unwrap();

    let narrowed = volguard(&[
        "manifests",
        "--policy",
        one.to_str().unwrap(),
        "--only",
        "rbac,webhooks",
    ]);
    assert_eq!(narrowed, volguard(&["manifests", "--only", "rbac,webhooks"]));
    let objects = documents(&volguard(&[
        "manifests",
        "--policy",
        both.to_str().unwrap(),
        "--only",
        "workload",
    ]));
    let files = of_kind(&objects, "ConfigMap")[0]["data"].as_object().unwrap();
    assert_eq!(
        files.keys().collect::<Vec<_>>(),
        ["storageexception-house.yaml", "storagepolicy-house.yaml"]
    );
}

#[test]
fn pods_have_no_privileges() {
    let objects = rendered(&[]);
    let pod = &of_kind(&objects, "Deployment")[0]["spec"]["template"]["spec"];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    let context = &container(&objects)["securityContext"];
    assert_eq!(
        *context,
        json!({
            "allowPrivilegeEscalation": false,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": true,
        })
    );
}

#[test]
fn alerts_and_dashboard_ask_for_metrics_that_exist() {
    let source = include_str!("../src/telemetry/metrics.rs");
    for file in ["files/alerts.yaml", "files/dashboard.json"] {
        let text = std::fs::read_to_string(chart().join(file)).unwrap();
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let metrics: BTreeSet<&str> = words.filter(|word| word.starts_with("volguard_")).collect();
        assert!(metrics.len() > 5, "{metrics:?}");
        for metric in metrics {
            let name = metric.trim_end_matches("_bucket");
            assert!(
                source.contains(&format!("\"{name}\"")),
                "{file}: {metric} is no metric of volguard's"
            );
        }
    }
}

#[test]
fn manifests_are_narrowed_to_what_policies_need() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("quotas.yaml");
    let off: Vec<Value> = volguard::rules::ALL
        .iter()
        .map(|rule| match rule.name {
            "quota-for-unknown-class" => json!({"name": rule.name, "action": "Deny"}),
            name => json!({"name": name, "action": "Off", "mutate": false}),
        })
        .collect();
    let policy = json!({
        "apiVersion": "volguard.dev/v1alpha1",
        "kind": "StoragePolicy",
        "metadata": {"name": "quotas"},
        "spec": {"rules": off},
    });
    std::fs::write(&file, policy.to_string()).unwrap();
    let file = file.to_str().unwrap();
    let objects = documents(&volguard(&["manifests", "--policy", file, "--only", "rbac,webhooks"]));

    assert!(of_kind(&objects, "Deployment").is_empty());
    let webhooks = webhooks(&objects);
    assert_eq!(
        webhooks.keys().collect::<Vec<_>>(),
        ["kinds.volguard.dev", "validate.volguard.dev"]
    );
    let asked = &webhooks["validate.volguard.dev"]["rules"];
    assert_eq!(
        *asked,
        json!([{
            "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["resourcequotas"],
        }])
    );
    let look_ups = &of_kind(&objects, "ClusterRole")[0]["rules"];
    assert_eq!(look_ups[0]["resources"], json!(["persistentvolumes"]));
    assert_eq!(look_ups[1]["resources"], json!(["storageclasses"]));
    assert_eq!(look_ups[2]["apiGroups"], json!(["volguard.dev"]));

    let objects = documents(&volguard(&["manifests", "--policy", file, "--only", "workload"]));
    let policies = of_kind(&objects, "ConfigMap")[0]["data"]["storagepolicy-quotas.yaml"]
        .as_str()
        .unwrap();
    assert_eq!(serde_saphyr::from_str::<Value>(policies).unwrap(), policy);
}
