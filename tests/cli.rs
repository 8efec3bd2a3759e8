//! The program as people and scripts run it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

const CLAIM: &str = "apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: uploads
spec:
  accessModes:
    - ReadWriteMany
  storageClassName: gp3
  resources: {requests: {storage: 20Gi}}
";

const CLASS: &str = "apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: gp3}
provisioner: ebs.csi.aws.com
parameters: {type: gp3, encrypted: \"true\"}
volumeBindingMode: WaitForFirstConsumer
allowVolumeExpansion: true
reclaimPolicy: Retain
";

/// A server that takes no fixed port; here none comes to listen.
const SERVE: [&str; 6] = [
    "serve",
    "--standalone",
    "--listen",
    "127.0.0.1:0",
    "--admin-listen",
    "127.0.0.1:0",
];

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Runs volguard in a folder, with this on standard input.
fn run(folder: &tempfile::TempDir, arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_volguard"))
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read its input may have closed it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn a_denied_claim_ends_with_1_and_says_where() {
    let folder = folder(&[("claim.yaml", CLAIM), ("class.yaml", CLASS)]);
    let (code, out, err) = run(&folder, &["check", "--profile", "baseline", "."], "");
    assert_eq!((code, err.as_str()), (1, ""));
    assert!(
        out.starts_with("./claim.yaml:7:7: Deny [unsupported-access-mode]\n"),
        "{out}"
    );
    assert!(
        out.ends_with("2 objects, 1 finding: 1 deny, 0 warn, 0 audit; 0 skipped, 0 errors\n"),
        "{out}"
    );

    let (code, out, _) = run(
        &folder,
        &["check", "--profile", "Baseline", "--output", "json", "."],
        "",
    );
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &report["version"], &report["summary"]["deny"]),
        (1, &1.into(), &1.into())
    );
    let finding = &report["findings"][0];
    assert_eq!(finding["rule"], "unsupported-access-mode");
    assert_eq!(finding["path"], "/spec/accessModes/0");
    assert_eq!((&finding["line"], &finding["column"]), (&7.into(), &7.into()));
    assert_eq!(finding["object"]["namespace"], "default");
}

#[test]
fn findings_of_several_rules_stand_in_the_order_of_files_and_lines() {
    let class = "apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: gp3}
provisioner: ebs.csi.aws.com
volumeBindingMode: Immediate
parameters:
  type: gp33
  csi.storage.k8s.io/fstype: zfs
";
    let folder = folder(&[("z.yaml", class), ("a.yaml", CLAIM)]);
    let check = || run(&folder, &["check", "--profile", "strict", "."], "");
    let (code, out, _) = check();
    let heads: Vec<&str> = out.lines().filter(|line| line.starts_with("./")).collect();
    let expected = [
        "./a.yaml:7:7: Deny [unsupported-access-mode]",
        "./z.yaml:1:1: Warn [expansion-disabled]",
        "./z.yaml:1:1: Warn [reclaim-delete]",
        "./z.yaml:5:20: Deny [immediate-binding]",
        "./z.yaml:7:3: Deny [unencrypted-class]",
        "./z.yaml:7:9: Deny [invalid-driver-parameter]",
        "./z.yaml:8:30: Deny [unsupported-fstype]",
    ];
    assert_eq!(heads, expected);
    assert_eq!(code, 1);
    assert_eq!(check().1, out);
}

#[test]
fn standard_input_is_read_and_nothing_to_say_ends_with_0() {
    let folder = folder(&[]);
    let (code, out, _) = run(
        &folder,
        &["check", "--profile", "baseline", "-"],
        &format!("{CLASS}---\n{CLAIM}"),
    );
    assert_eq!(code, 1);
    assert!(out.starts_with("<stdin>:16:7: Deny"), "{out}");
    let (code, out, _) = run(&folder, &["check", "-"], CLASS);
    assert_eq!(code, 0, "{out}");
}

#[test]
fn fail_on_lowers_the_bar() {
    let folder = folder(&[("class.yaml", &CLASS.replace("WaitForFirstConsumer", "Immediate"))]);
    assert_eq!(run(&folder, &["check", "class.yaml"], "").0, 0);
    assert_eq!(run(&folder, &["check", "--fail-on", "warn", "class.yaml"], "").0, 1);
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_checked() {
    let folder = folder(&[("bad.yaml", "kind: [\n"), ("claim.yaml", CLAIM), ("class.yaml", CLASS)]);
    let (code, out, err) = run(&folder, &["check", ".", "missing.yaml"], "");
    assert_eq!(code, 2);
    assert!(out.contains("Deny [unsupported-access-mode]"), "{out}");
    assert!(err.contains("volguard: ./bad.yaml:"), "{err}");
    assert!(err.contains("volguard: missing.yaml: No such file"), "{err}");
}

#[test]
fn a_template_that_is_not_rendered_is_recognised() {
    let folder = folder(&[("claim.yaml", "kind: {{ .Values.kind }}\n")]);
    let (code, _, err) = run(&folder, &["check", "."], "");
    assert_eq!(code, 2);
    assert!(err.contains("helm template CHART | volguard check -"), "{err}");
}

#[test]
fn half_a_type_is_told_where_it_stands_and_other_files_are_passed_over() {
    let untyped = CLAIM.replace("apiVersion: v1\n", "");
    let kindless = format!("# A class.\n{}", CLASS.replace("kind: StorageClass\n", ""));
    let folder = folder(&[
        ("claim.yaml", &untyped),
        ("class.yaml", &kindless),
        ("Chart.yaml", "apiVersion: v1\nname: shop\n"),
        ("values.yaml", "kind: StatefulSet\nreplicas: 3\n"),
    ]);
    let (code, out, err) = run(&folder, &["check", "."], "");
    assert_eq!(code, 2, "{out}");
    let expected = "volguard: ./claim.yaml:1:7: this PersistentVolumeClaim is not judged: it has no `apiVersion`, and kubectl \
                    refuses it; add `apiVersion: v1`\n\
                    volguard: ./class.yaml:2:13: this object is not judged: it has no `kind`, and kubectl refuses it; add the \
                    kind that was meant\n";
    assert_eq!(err, expected);

    let item = "{metadata: {name: a}, provisioner: ebs.csi.aws.com, volumeBindingMode: WaitForFirstConsumer}";
    let list = format!("apiVersion: storage.k8s.io/v1\nkind: StorageClassList\nitems: [{item}]\n");
    let (code, out, err) = run(&folder, &["check", "-"], &list);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("\n1 object, "), "{out}");
}

#[test]
fn what_the_api_server_cannot_decode_in_a_claim_is_told_where_it_stands() {
    let claim = CLAIM
        .replace("accessModes:\n    - ReadWriteMany", "accessModes: ReadWriteMany")
        .replace("20Gi", "20GB");
    let folder = folder(&[("claim.yaml", &claim)]);
    let (code, out, err) = run(&folder, &["check", "claim.yaml"], "");
    assert_eq!(code, 2, "{out}");
    let expected = [
        "volguard: claim.yaml:8:35: claim uploads is refused by the API server: `20GB` is not a quantity: write a number",
        "volguard: claim.yaml:6:16: claim uploads is refused by the API server: accessModes is a list; write `accessModes: \
         [ReadWriteMany]`",
    ];
    let said: Vec<&str> = err.lines().collect();
    assert_eq!(said.len(), 2, "{err}");
    assert!(
        said.iter()
            .zip(expected)
            .all(|(said, expected)| said.starts_with(expected)),
        "{err}"
    );
    let filled_in_later = CLAIM.replace("20Gi", "\"${SIZE:-20Gi}\"");
    let (code, out, err) = run(&folder, &["check", "-"], &filled_in_later);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
}

#[test]
fn of_a_folder_nothing_is_read_of_git_and_nothing_that_is_excluded() {
    let folder = folder(&[("claim.yaml", CLAIM)]);
    for (path, text) in [
        (".git/broken.yaml", "kind: [\n"),
        (".ci/claim.yaml", CLAIM),
        ("charts/shop/templates/claim.yaml", "kind: {{ .Values.kind }}\n"),
        ("charts/shop/crds/claim.yaml", CLAIM),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let judged = |arguments: &[&str]| {
        let (code, out, err) = run(&folder, &[&["check"], arguments].concat(), "");
        let summary = out.lines().last().unwrap_or_default();
        let objects = summary.split(' ').next().unwrap_or_default();
        (code, objects.to_owned(), err)
    };
    let without_templates = ["--exclude", "*/templates/*"];
    assert_eq!(
        judged(&[".", without_templates[0], without_templates[1]]),
        (0, "3".to_owned(), String::new())
    );
    let chart = ["charts/shop", without_templates[0], without_templates[1]];
    assert_eq!(judged(&chart), (0, "1".to_owned(), String::new()));
    assert_eq!(
        judged(&[".", "--exclude", "charts"]),
        (0, "2".to_owned(), String::new())
    );
    let crds_too = [".", "--exclude", "*/templates/*", "--exclude", "charts/*/crds"];
    assert_eq!(judged(&crds_too), (0, "2".to_owned(), String::new()));
    let (code, _, err) = judged(&["."]);
    assert!(
        code == 2 && err.starts_with("volguard: ./charts/shop/templates/claim.yaml:"),
        "{err}"
    );
    let (code, _, err) = judged(&[".git"]);
    assert!(code == 2 && err.starts_with("volguard: .git/broken.yaml:"), "{err}");
}

#[test]
fn a_policy_that_needs_unknown_labels_of_namespaces_says_what_to_give() {
    let policy = "apiVersion: volguard.dev/v1alpha1
kind: StoragePolicy
metadata: {name: p}
spec:
  profile: Baseline
  match:
    namespaceSelector:
      matchExpressions:
        - {key: storage-guard, operator: NotIn, values: [none]}
";
    let namespace = "{apiVersion: v1, kind: Namespace, metadata: {name: default}}";
    let folder = folder(&[
        ("policy.yaml", policy),
        ("claim.yaml", CLAIM),
        ("class.yaml", CLASS),
        ("namespaces.yaml", namespace),
    ]);
    let check = ["check", "--policy", "policy.yaml", "claim.yaml", "class.yaml"];
    let hint = "not judged in default: a policy selects namespaces by label, and theirs are unknown; give the Namespace objects \
                with --objects, or put them beside the manifests\n";
    let (code, out, _) = run(&folder, &check, "");
    assert_eq!((code, out.matches(hint).count()), (0, 1), "{out}");
    for given in [&["--objects", "namespaces.yaml"][..], &["namespaces.yaml"]] {
        let (code, out, _) = run(&folder, &[&check, given].concat(), "");
        assert_eq!(code, 1, "{out}");
        assert!(!out.contains("not judged"), "{out}");
    }
}

#[test]
fn a_cluster_that_does_not_answer_is_told_at_once() {
    // Port 1 is nobody's.
    let config = "
apiVersion: v1
kind: Config
clusters: [{name: a, cluster: {server: 'http://127.0.0.1:1'}}]
users: [{name: a, user: {}}]
contexts: [{name: a, context: {cluster: a, user: a}}]
current-context: a
";
    let folder = folder(&[("config", config)]);
    let (code, out, err) = run(&folder, &["scan", "--kubeconfig", "config"], "");
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(err.contains("the API server cannot be asked"), "{err}");
}

#[test]
fn an_invalid_policy_is_refused_with_its_place() {
    let policy = "apiVersion: volguard.dev/v1alpha1
kind: StoragePolicy
metadata: {name: p}
spec:
  rules:
    - name: unsuported-access-mode
";
    let folder = folder(&[("policy.yaml", policy), ("claim.yaml", CLAIM)]);
    for command in [&["check", "claim.yaml"][..], &SERVE] {
        let (code, _, err) = run(&folder, &[command, &["--policy", "policy.yaml"]].concat(), "");
        assert_eq!(code, 2, "{err}");
        assert!(err.contains("policy.yaml:6:"), "{err}");
        assert!(err.contains("did you mean `unsupported-access-mode`?"), "{err}");
    }
}

const EXCEPTION: &str = "apiVersion: volguard.dev/v1alpha1
kind: StorageException
metadata: {name: uploads-on-disks}
spec:
  rules: [unsupported-access-mode]
  match: {kinds: [PersistentVolumeClaim], names: [upload*]}
  reason: the pods share one node
    until the move to EFS
  expires: 9999-01-01T00:00:00Z
";

#[test]
fn an_excepted_finding_is_counted_and_fails_nothing() {
    let policy = "apiVersion: volguard.dev/v1alpha1
kind: StoragePolicy
metadata: {name: own}
spec: {profile: Baseline}
";
    let other = CLAIM.replace("name: uploads", "name: media");
    let files = [
        ("claim.yaml", CLAIM),
        ("class.yaml", CLASS),
        ("exception.yaml", EXCEPTION),
    ];
    let folder = folder(&files);
    // With a policy in the same file, and without any.
    let both = format!("{policy}---\n{EXCEPTION}");
    fs::write(folder.path().join("both.yaml"), &both).unwrap();
    for file in ["exception.yaml", "both.yaml"] {
        let check = ["check", "--policy", file, "claim.yaml", "class.yaml"];
        let (code, out, err) = run(&folder, &check, "");
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        let line = "excepted [unsupported-access-mode] for PersistentVolumeClaim default/uploads by uploads-on-disks: the \
                    pods share one node until the move to EFS\n";
        assert!(out.contains(line), "{out}");
        assert!(
            out.contains("0 deny, 0 warn, 0 audit; 1 excepted, 0 skipped, 0 errors"),
            "{out}"
        );
    }

    let check = [
        "check",
        "--output",
        "json",
        "--policy",
        "both.yaml",
        "claim.yaml",
        "class.yaml",
        "-",
    ];
    let (code, out, _) = run(&folder, &check, &other);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    let summary = &report["summary"];
    assert_eq!(
        (code, &summary["deny"], &summary["excepted"]),
        (1, &1.into(), &1.into())
    );
    assert_eq!(report["findings"][0]["object"]["name"], "media");
    let excepted = &report["excepted"][0];
    for (key, value) in [
        ("rule", "unsupported-access-mode"),
        ("action", "Deny"),
        ("path", "/spec/accessModes/0"),
        ("file", "claim.yaml"),
        ("policy", "own"),
        ("exception", "uploads-on-disks"),
        ("reason", "the pods share one node until the move to EFS"),
    ] {
        assert_eq!(excepted[key], value, "{key}");
    }
    assert_eq!(
        (&excepted["line"], &excepted["object"]["name"]),
        (&7.into(), &"uploads".into())
    );
}

#[test]
fn an_expired_exception_is_told_once_and_does_not_count() {
    let expired = EXCEPTION.replace("9999", "2026");
    let folder = folder(&[
        ("claim.yaml", CLAIM),
        ("class.yaml", CLASS),
        ("exception.yaml", &expired),
    ]);
    let check = ["check", "--policy", "exception.yaml", "claim.yaml", "class.yaml"];
    let (code, out, err) = run(&folder, &check, "");
    assert_eq!(code, 1, "{err}");
    assert!(out.contains("claim.yaml:7:7: Deny [unsupported-access-mode]"), "{out}");
    assert!(!out.contains("excepted"), "{out}");
    let said = "volguard: the exception uploads-on-disks expired at 2026-01-01T00:00:00Z and does not count; remove it, or \
                extend `expires`\n";
    assert_eq!(err, said);
}

#[test]
fn a_wrong_exception_is_refused_with_its_places() {
    let wrong = "apiVersion: volguard.dev/v1alpha1
kind: StorageException
metadata: {name: e}
spec:
  rules: [unsuported-access-mode]
  match:
    kinds: [persistentVolumeClaim]
  reason: \"\"
  expires: tomorrow
---
apiVersion: volguard.dev/v1alpha1
kind: StorageException
metadata: {name: e}
spec: {rules: [suspicious-size], match: {}, reason: agreed}
";
    let folder = folder(&[("exceptions.yaml", wrong), ("claim.yaml", CLAIM)]);
    for command in [&["check", "claim.yaml"][..], &["scan"], &SERVE] {
        let (code, out, err) = run(&folder, &[command, &["--policy", "exceptions.yaml"]].concat(), "");
        assert_eq!((code, out.as_str()), (2, ""));
        let said: Vec<_> = err.lines().map(|line| line.trim_start_matches("volguard: ")).collect();
        let expected = [
            "exceptions.yaml:5:11: unknown rule `unsuported-access-mode`; did you mean `unsupported-access-mode`?",
            "exceptions.yaml:7:13: volguard judges no kind `persistentVolumeClaim`; did you mean `PersistentVolumeClaim`?",
            "exceptions.yaml:8:11: must say why the findings are accepted, but is blank",
            "exceptions.yaml:9:12: must be a time with date, time and zone such as `2027-01-31T00:00:00Z` (RFC 3339), but \
             is `tomorrow`",
            "exceptions.yaml:13:18: another exception is named `e`, in exceptions.yaml at line 3, column 18; names must \
             differ",
            "exceptions.yaml:14:41: would set findings aside on every object: give at least one of kinds, namespaces, \
             names, objectSelector (`namespaces: [\"*\"]` stands for all namespaces)",
        ];
        assert_eq!(said, expected);
    }
}

#[test]
fn bounds_that_no_claim_fits_are_refused() {
    let policy = "apiVersion: volguard.dev/v1alpha1
kind: StoragePolicy
metadata: {name: p}
spec:
  rules:
    - name: size-over-limit
      parameters:
        min: 2Gi
        limits:
          - {classes: [fast], max: 1Gi}
";
    let folder = folder(&[("policy.yaml", policy), ("claim.yaml", CLAIM)]);
    let (code, _, err) = run(&folder, &["check", "--policy", "policy.yaml", "claim.yaml"], "");
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("policy.yaml:8:"), "{err}");
    assert!(err.contains("`max` 1Gi is less than `min` 2Gi"), "{err}");
}

#[test]
fn the_cause_of_an_error_is_told_once() {
    let folder = folder(&[("claim.yaml", CLAIM)]);
    let (code, _, err) = run(&folder, &["check", "--objects", "absent", "claim.yaml"], "");
    assert_eq!(code, 2, "{err}");
    assert_eq!(err.matches("No such file").count(), 1, "{err}");
}

const DRIVERS: &str = "apiVersion: volguard.dev/v1alpha1
kind: StorageDriver
metadata: {name: own}
spec:
  name: disks.example.com
  product: Our disks
  accessModes:
    confidence: confirmed
    source: our handbook
    cases:
      - modes: [ReadWriteMany]
        support: refused
        stage: create
        because: our disks attach to one node
---
apiVersion: volguard.dev/v1alpha1
kind: StorageDriver
metadata: {name: ebs}
spec:
  name: ebs.csi.aws.com
  product: Our EBS
";

#[test]
fn drivers_of_files_are_known_and_replace_what_is_built_in() {
    let class = CLASS.replace("ebs.csi.aws.com", "disks.example.com");
    let folder = folder(&[("drivers.yaml", DRIVERS), ("claim.yaml", CLAIM), ("class.yaml", &class)]);
    let check = &["check", "claim.yaml", "class.yaml"][..];
    let (code, out, err) = run(&folder, check, "");
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let (code, out, err) = run(&folder, &[check, &["--drivers", "drivers.yaml"]].concat(), "");
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    assert!(
        out.contains("Deny [unsupported-access-mode]") && out.contains("our disks attach to one node"),
        "{out}"
    );
    let (code, out, _) = run(&folder, &["drivers", "list", "--drivers", "drivers.yaml"], "");
    let product = |name: &str| {
        let line = out.lines().find(|line| line.starts_with(name));
        line.map(|line| line[name.len()..].trim())
    };
    assert_eq!(code, 0);
    assert_eq!(product("disks.example.com"), Some("Our disks"));
    assert_eq!(product("ebs.csi.aws.com"), Some("Our EBS"));
    let show = ["drivers", "--drivers", "drivers.yaml", "show", "kubernetes.io/aws-ebs"];
    let (code, out, _) = run(&folder, &show, "");
    let shown: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &shown["product"]), (0, &"Our EBS".into()));
    assert_eq!(shown["topology"]["scope"], "zonal", "what the file does not say stays");
}

#[test]
fn an_invalid_driver_is_refused_with_its_place() {
    let text = DRIVERS.replace("support: refused", "suport: refused");
    let folder = folder(&[("drivers.yaml", &text), ("claim.yaml", CLAIM)]);
    for command in [&["check", "claim.yaml"][..], &["drivers", "list"], &SERVE] {
        let (code, out, err) = run(&folder, &[command, &["--drivers", "drivers.yaml"]].concat(), "");
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(
            err.contains("drivers.yaml:12:9: unknown field `suport`; did you mean `support`?"),
            "{err}"
        );
    }
}

#[test]
fn rules_and_drivers_are_shown() {
    let folder = folder(&[]);
    let (code, out, _) = run(&folder, &["rules", "list"], "");
    assert_eq!((code, out.lines().count()), (0, volguard::rules::ALL.len()));
    let (code, out, _) = run(&folder, &["rules", "show", "immediate-binding"], "");
    assert!(code == 0 && out.starts_with("# immediate-binding\n"), "{out}");
    let (code, _, err) = run(&folder, &["rules", "show", "imediate-binding"], "");
    assert_eq!(
        (code, err.as_str()),
        (
            2,
            "volguard: there is no rule imediate-binding; did you mean immediate-binding?\n"
        )
    );
    let (code, out, _) = run(&folder, &["drivers", "show", "ebs.csi.aws.com"], "");
    assert!(
        code == 0 && serde_json::from_str::<serde_json::Value>(&out).is_ok(),
        "{out}"
    );
    let (code, _, err) = run(&folder, &["drivers", "show", "ebs.csi.aws.con"], "");
    assert!(code == 2 && err.ends_with("did you mean ebs.csi.aws.com?\n"), "{err}");
    for (show, meant) in [
        (["drivers", "show", "ebs"], "ebs.csi.aws.com"),
        (["rules", "show", "zone-spread"], "missing-zone-spread"),
    ] {
        let (code, _, err) = run(&folder, &show, "");
        assert!(
            code == 2 && err.ends_with(&format!("; did you mean {meant}?\n")),
            "{err}"
        );
    }
    let (code, _, err) = run(&folder, &["drivers", "show", "no-such"], "");
    assert_eq!(
        (code, err.as_str()),
        (2, "volguard: nothing is known of a driver no-such\n")
    );
    let (code, _, err) = run(&folder, &["drivers", "show", "csi.ovirt.org"], "");
    assert!(
        code == 2 && err.contains("is a driver for oVirt, of which nothing else is known"),
        "{err}"
    );
    let (code, out, _) = run(&folder, &["completion", "bash"], "");
    assert!(code == 0 && out.contains("_volguard"), "{out}");
    assert_eq!(run(&folder, &["check"], "").0, 2);
}
