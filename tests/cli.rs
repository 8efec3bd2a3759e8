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
    let (code, out, err) = run(&folder, &["check", "."], "");
    assert_eq!((code, err.as_str()), (1, ""));
    assert!(
        out.starts_with("./claim.yaml:7:7: Deny [unsupported-access-mode]\n"),
        "{out}"
    );
    assert!(
        out.ends_with("2 objects, 1 findings: 1 deny, 0 warn, 0 audit; 0 skipped, 0 errors\n"),
        "{out}"
    );

    let (code, out, _) = run(&folder, &["check", "--output", "json", "."], "");
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
fn standard_input_is_read_and_nothing_to_say_ends_with_0() {
    let folder = folder(&[]);
    let (code, out, _) = run(&folder, &["check", "-"], &format!("{CLASS}---\n{CLAIM}"));
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
fn an_invalid_policy_is_refused_with_its_place() {
    let policy = "apiVersion: volguard.dev/v1alpha1
kind: StoragePolicy
metadata: {name: p}
spec:
  rules:
    - name: unsuported-access-mode
";
    let folder = folder(&[("policy.yaml", policy), ("claim.yaml", CLAIM)]);
    for command in [
        &["check", "--policy", "policy.yaml", "claim.yaml"][..],
        &[
            "serve",
            "--standalone",
            "--listen",
            "127.0.0.1:0",
            "--admin-listen",
            "127.0.0.1:0",
            "--policy",
            "policy.yaml",
        ],
    ] {
        let (code, _, err) = run(&folder, command, "");
        assert_eq!(code, 2, "{err}");
        assert!(err.contains("policy.yaml:6:"), "{err}");
        assert!(err.contains("did you mean `unsupported-access-mode`?"), "{err}");
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
    let (code, out, _) = run(&folder, &["completion", "bash"], "");
    assert!(code == 0 && out.contains("_volguard"), "{out}");
    assert_eq!(run(&folder, &["check"], "").0, 2);
}
