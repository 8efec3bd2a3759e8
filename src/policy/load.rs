//! Policies and exceptions from files, with everything that is wrong in them said at once, each with its place.

use super::compiled::{CompiledPolicy, compile, resolve};
use super::exception::{CompiledException, judge_exception};
use super::types::{RuleChange, StoragePolicySpec};
use crate::engine::{Profile, Rule};
use crate::resources::{self, Problem, ResourceErrors, ResourceKind, schema};
use serde::Deserialize;
use serde_json::Value;
use std::path::PathBuf;

const POLICY: ResourceKind = ResourceKind {
    name: "StoragePolicy",
    noun: "policy",
    empty_spec: "; `spec: {}` stands for profile Recommended in mode Enforce",
};

const EXCEPTION: ResourceKind = ResourceKind {
    name: "StorageException",
    noun: "exception",
    empty_spec: "; it needs at least `rules`, `match` and `reason`",
};

/// What policy files hold, in the order of paths, file names and lines.
#[derive(Debug, Clone, Default)]
pub struct PolicyFiles {
    /// The policies.
    pub policies: Vec<CompiledPolicy>,
    /// The exceptions from them, also those that are expired.
    pub exceptions: Vec<CompiledException>,
}

/// Reads the policies and exceptions in `paths` and resolves them against the catalogue `rules`. What a path may be,
/// [`resources::read`] says.
pub fn read(paths: &[PathBuf], rules: &[&'static Rule]) -> Result<PolicyFiles, ResourceErrors> {
    Ok(read_objects(paths, rules)?.0)
}

/// As [`read`], with the objects as they are written, of which only name and `spec` are kept.
pub fn read_objects(paths: &[PathBuf], rules: &[&'static Rule]) -> Result<(PolicyFiles, Vec<Value>), ResourceErrors> {
    let mut files = PolicyFiles::default();
    let objects = resources::read("policy", &[POLICY, EXCEPTION], paths, |kind, name, spec| {
        if kind == EXCEPTION.name {
            files.exceptions.push(judge_exception(name, spec, rules)?);
        } else {
            files.policies.push(judge(name, spec, rules)?);
        }
        Ok(resources::object(kind, name, spec))
    })?;
    Ok((files, objects))
}

/// The policy of this name, or all that is wrong with its `spec`, with pointers that begin with `/spec`.
pub fn judge(name: &str, spec: &Value, rules: &[&'static Rule]) -> Result<CompiledPolicy, Vec<Problem>> {
    let mut problems = match schema::decode::<StoragePolicySpec>(spec, "/spec") {
        Ok(spec) => return compile(name, &spec, rules),
        Err(problems) => problems,
    };
    // What can be read of the rules is judged too, so that one round of mending is enough.
    let profile = spec
        .get("profile")
        .and_then(|profile| Profile::deserialize(profile).ok());
    let entries = spec.get("rules").and_then(Value::as_array).into_iter().flatten();
    let changes: Vec<_> = entries
        .enumerate()
        .filter_map(|(index, entry)| Some((index, readable(entry, &format!("/spec/rules/{index}/"), &problems)?)))
        .collect();
    let entries = changes.iter().map(|(index, change)| (*index, change));
    let (_, of_rules) = resolve(entries, profile.unwrap_or_default(), rules);
    problems.extend(of_rules);
    Err(problems)
}

/// An entry of `spec.rules`, whose pointer is `prefix`, without the fields that have problems.
fn readable(entry: &Value, prefix: &str, problems: &[Problem]) -> Option<RuleChange> {
    let mut fields = entry.as_object()?.clone();
    for pointer in problems
        .iter()
        .filter_map(|problem| problem.pointer.strip_prefix(prefix))
    {
        fields.retain(|key, _| schema::child("", key)[1..] != *pointer);
    }
    RuleChange::deserialize(Value::Object(fields)).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::engine::Action;
    use crate::policy::Mode;
    use crate::policy::compiled::tests::RULES;
    use std::fs;

    const HEAD: &str = "apiVersion: volguard.dev/v1alpha1\nkind: StoragePolicy\nmetadata: {name: p}\n";

    /// What is said about a file of this text: `line:column: message`.
    fn said(text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("p.yaml");
        fs::write(&file, text).unwrap();
        let prefix = format!("{}:", file.display());
        match read(&[file], RULES) {
            Ok(_) => Vec::new(),
            Err(errors) => errors
                .to_string()
                .lines()
                .map(|line| line.replace(&prefix, "").trim_start().to_owned())
                .collect(),
        }
    }

    #[test]
    fn reads_the_documented_policy() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("policy");
        let text = r#"
apiVersion: volguard.dev/v1alpha1
kind: StoragePolicy
metadata: {name: default, labels: {team: storage}}
spec:
  mode: Audit
  profile: Baseline
  match:
    namespaceSelector: {}
    objectSelector: {matchLabels: {a: b}}
    excludeNamespaces: [kube-system]
    excludeUsers: ["system:serviceaccount:velero:*"]
  rules:
    - name: open-window
      action: Deny
      mutate: true
    - name: open-door
      action: Off
    - name: too-many-guests
      action: Warn
      parameters: {maxCount: 2}
status: {conditions: []}
---
{"apiVersion": "volguard.dev/v1alpha1", "kind": "StoragePolicy", "metadata": {"name": "b"}, "spec": {}}
"#;
        fs::write(&file, text).unwrap();
        let policies = read(&[file], RULES).unwrap().policies;
        assert_eq!(policies.len(), 2);
        assert_eq!((policies[0].name.as_str(), policies[0].mode), ("default", Mode::Audit));
        let rules: Vec<_> = policies[0]
            .rules
            .iter()
            .map(|r| (r.rule.name, r.action, r.mutate))
            .collect();
        assert_eq!(
            rules,
            [
                ("open-window", Some(Action::Deny), true),
                ("too-many-guests", Some(Action::Warn), false),
                ("loud-music", None, false),
            ]
        );
        assert_eq!((policies[1].name.as_str(), policies[1].mode), ("b", Mode::Enforce));
    }

    #[test]
    #[allow(clippy::too_many_lines, reason = "a table")]
    fn says_where_a_spec_is_wrong_and_what_would_be_right() {
        for (spec, expected) in [
            ("spec: {}", vec![]),
            (
                "spec:\n  mod: Audit",
                vec!["5:3: unknown field `mod`; did you mean `mode`?"],
            ),
            (
                "spec:\n  surprise: 1",
                vec!["5:3: unknown field `surprise`; allowed: match, mode, profile, rules"],
            ),
            (
                "spec:\n  mode: enforce",
                vec!["5:9: must be one of Enforce, Audit, but is `enforce`; did you mean `Enforce`?"],
            ),
            (
                "spec:\n  profile: Paranoid",
                vec!["5:12: must be one of Baseline, Recommended, Strict, but is `Paranoid`"],
            ),
            ("spec: none", vec!["4:7: must be a mapping, but is `none`"]),
            ("spec:\n  rules:\n", vec!["5:8: must be a list, but is empty"]),
            ("spec:\n  rules: {a: 1}", vec!["5:10: must be a list, but is a mapping"]),
            (
                "spec:\n  rules:\n  - open-door",
                vec!["6:5: must be a mapping, but is `open-door`"],
            ),
            (
                "spec:\n  rules:\n  - action: Deny",
                vec!["6:5: field `name` is missing"],
            ),
            (
                "spec:\n  rules:\n  - name: open-dor\n",
                vec!["6:11: unknown rule `open-dor`; did you mean `open-door`?"],
            ),
            (
                "spec:\n  rules:\n  - name: zzzzzzzzzzzzzzzz\n",
                vec!["6:11: unknown rule `zzzzzzzzzzzzzzzz`; `volguard rules list` shows all"],
            ),
            (
                "spec:\n  rules:\n  - name: wet-paint\n",
                vec!["6:11: rule `wet-paint` was removed: paint dries; use open-window"],
            ),
            (
                "spec:\n  rules:\n  - name: draught\n  - name: open-window\n    action: Deny\n",
                vec!["7:11: rule `open-window` is listed twice; make one entry of them"],
            ),
            (
                "spec:\n  rules:\n  - name: open-door\n    action: deny\n",
                vec!["7:13: must be one of Off, Audit, Warn, Deny, but is `deny`; did you mean `Deny`?"],
            ),
            (
                "spec:\n  rules:\n  - name: open-door\n    action: On\n",
                vec!["7:13: must be one of Off, Audit, Warn, Deny, but is `true`"],
            ),
            (
                "spec:\n  rules:\n  - name: open-window\n    mutate: always\n",
                vec!["7:13: must be true or false, but is `always`"],
            ),
            (
                "spec:\n  rules:\n  - name: open-door\n    parameters:\n      size: 3\n",
                vec!["8:7: parameters of rule `open-door`: unknown field `size`: there are none here"],
            ),
            (
                "spec:\n  rules:\n  - name: too-many-guests\n    parameters:\n      max: 3\n      maxCount: few\n      mode: audit\n",
                vec![
                    "8:7: parameters of rule `too-many-guests`: unknown field `max`; allowed: maxCount, mode, zone",
                    "9:17: parameters of rule `too-many-guests`: must be a whole number, but is `few`",
                    "10:13: parameters of rule `too-many-guests`: must be one of Enforce, Audit, but is `audit`; did you \
                     mean `Audit`?",
                ],
            ),
            (
                "spec:\n  rules:\n  - name: too-many-guests\n    parameters:\n      maxCount: 2\n      zone: a b\n",
                vec!["9:13: parameters of rule `too-many-guests`: `a b` is no zone"],
            ),
            (
                "spec:\n  rules:\n  - name: too-many-guests\n    parameters: [1]\n",
                vec!["7:17: parameters of rule `too-many-guests`: must be a mapping, but is a list"],
            ),
            (
                "spec:\n  match:\n    excludeUsers: ann\n    excludeNamespace: [a]\n",
                vec![
                    "6:19: must be a list, but is `ann`",
                    "7:5: unknown field `excludeNamespace`; did you mean `excludeNamespaces`?",
                ],
            ),
            (
                "spec:\n  match:\n    objectSelector:\n      matchLabels: {a: 1}\n      matchExpression: []\n",
                vec![
                    "7:24: must be a string, but is `1`",
                    "8:7: unknown field `matchExpression`; did you mean `matchExpressions`?",
                ],
            ),
            (
                "spec:\n  match:\n    namespaceSelector:\n      matchExpressions: [{key: a, operator: in}]\n",
                vec!["7:45: must be one of In, NotIn, Exists, DoesNotExist, but is `in`; did you mean `In`?"],
            ),
            (
                "spec:\n  match:\n    namespaceSelector:\n      matchExpressions: [{key: a, operator: In}]\n",
                vec!["7:26: operators In and NotIn need `values`"],
            ),
        ] {
            assert_eq!(said(&format!("{HEAD}{spec}")), expected, "{spec}");
        }
    }

    #[test]
    fn says_everything_at_once_in_the_order_of_lines() {
        let spec = "spec:
  mode: audit
  rules:
  - name: open-dor
    acton: Deny
  - {name: wet-paint, action: warn}
  - name: too-many-guests
    parameters: {maxCount: -1}
  - 7
sepc: {}
";
        assert_eq!(
            said(&format!("{HEAD}{spec}")),
            [
                "5:9: must be one of Enforce, Audit, but is `audit`; did you mean `Audit`?",
                "7:11: unknown rule `open-dor`; did you mean `open-door`?",
                "8:5: unknown field `acton`; did you mean `action`?",
                "9:12: rule `wet-paint` was removed: paint dries; use open-window",
                "9:31: must be one of Off, Audit, Warn, Deny, but is `warn`; did you mean `Warn`?",
                "11:28: parameters of rule `too-many-guests`: invalid value: integer `-1`, expected u32",
                "12:5: must be a mapping, but is `7`",
                "13:1: unknown field `sepc`; did you mean `spec`?",
            ]
        );
    }

    #[test]
    fn policies_and_exceptions_stand_in_one_file_and_may_share_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("all.yaml");
        let exception = HEAD.replace("StoragePolicy", "StorageException");
        let spec = "spec:
  rules: [open-door, open-window]
  match: {kinds: [StatefulSet], namespaces: [shop], names: [db-*], objectSelector: {matchLabels: {a: b}}}
  reason: >
    agreed
  expires: 2027-01-31T00:00:00Z
  requestedBy: the shop's team
";
        fs::write(
            &file,
            format!("{exception}{spec}status: {{lastUsed: null}}\n---\n{HEAD}spec: {{}}\n"),
        )
        .unwrap();
        let files = read(&[file], RULES).unwrap();
        assert_eq!((files.policies.len(), files.exceptions.len()), (1, 1));
        let read = &files.exceptions[0];
        assert_eq!(
            (read.name.as_str(), read.rules.as_slice()),
            ("p", ["open-door", "open-window"].as_slice())
        );
        assert_eq!(read.reason, "agreed");
        assert_eq!(read.expires, Some("2027-01-31T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn says_where_an_exception_is_wrong_and_what_would_be_right() {
        const REST: &str = "  match: {namespaces: [shop]}\n  reason: agreed\n";
        let head = HEAD.replace("StoragePolicy", "StorageException");
        let too_wide = "would set findings aside on every object: give at least one of kinds, namespaces, names, \
                        objectSelector (`namespaces: [\"*\"]` stands for all namespaces)";
        for (spec, expected) in [
            (format!("spec:\n  rules: [open-door]\n{REST}"), vec![]),
            (
                "spec: {}".to_owned(),
                vec![
                    "4:7: field `rules` is missing",
                    "4:7: field `match` is missing",
                    "4:7: field `reason` is missing",
                ],
            ),
            (
                format!("spec:\n  rules: []\n{REST}"),
                vec!["5:10: names no rule; list the rules whose findings are set aside"],
            ),
            (
                format!("spec:\n  rules: [open-dor, wet-paint]\n{REST}"),
                vec![
                    "5:11: unknown rule `open-dor`; did you mean `open-door`?",
                    "5:21: rule `wet-paint` was removed: paint dries; use open-window",
                ],
            ),
            (
                "spec:\n  rules: [open-door]\n  match: {kinds: [PersistentVolumeClaims]}\n  reason: \" \"\n".to_owned(),
                vec![
                    "6:19: volguard judges no kind `PersistentVolumeClaims`; did you mean `PersistentVolumeClaim`?",
                    "7:11: must say why the findings are accepted, but is blank",
                ],
            ),
            (
                format!("spec:\n  rules: [open-door]\n{REST}  expires: 2027-01-31\n"),
                vec![
                    "8:12: must be a time with date, time and zone such as `2027-01-31T00:00:00Z` (RFC 3339), but is \
                     `2027-01-31`",
                ],
            ),
            (
                format!("spec:\n  rules: [open-door]\n{REST}  expire: 2027-01-31T00:00:00Z\n"),
                vec!["8:3: unknown field `expire`; did you mean `expires`?"],
            ),
            (
                "spec:\n  rules: [open-door]\n  match: {}\n  reason: a\n".to_owned(),
                vec![&*format!("6:10: {too_wide}")],
            ),
            (
                "spec:\n  rules: [open-door]\n  match: {kinds: [], objectSelector: {}}\n  reason: a\n".to_owned(),
                vec![&*format!("6:10: {too_wide}")],
            ),
            (
                "spec:\n  rules: [open-door]\n  match: {kinds: [StorageClass], namespaces: [a]}\n  reason: a\n".to_owned(),
                vec!["6:46: matches nothing: objects of these kinds stand in no namespace; name them by `names`"],
            ),
            (
                "spec:\n  rules: [open-door]\n  match: {objectSelector: {matchExpressions: [{key: a, operator: In}]}}\n  \
                 reason: a\n"
                    .to_owned(),
                vec!["6:47: operators In and NotIn need `values`"],
            ),
            (
                "spec:\n  rules: [7, open-dor]\n  match: {kind: [Pod], kinds: [pods]}\n  expires: soon\n  reason: ''\n".to_owned(),
                vec![
                    "5:11: must be a string, but is `7`",
                    "5:14: unknown rule `open-dor`; did you mean `open-door`?",
                    "6:11: unknown field `kind`; did you mean `kinds`?",
                    "6:32: volguard judges no kind `pods`; did you mean `Pod`?",
                    "7:12: must be a time with date, time and zone such as `2027-01-31T00:00:00Z` (RFC 3339), but is `soon`",
                    "8:11: must say why the findings are accepted, but is blank",
                ],
            ),
        ] {
            assert_eq!(said(&format!("{head}{spec}")), expected, "{spec}");
        }
    }

    #[test]
    fn says_what_is_no_policy() {
        for (text, expected) in [
            (
                "",
                "no policy in this file: expected a StoragePolicy or a StorageException, but it is empty",
            ),
            (
                "# nothing\n",
                "no policy in this file: expected a StoragePolicy or a StorageException, but it is empty",
            ),
            ("[1]", "1:1: a policy must be a mapping, but is a list"),
            (
                "kind: StoragePolicy",
                "1:1: field `apiVersion` is missing; write `apiVersion: volguard.dev/v1alpha1`",
            ),
            (
                "apiVersion: volguard.dev/v1alpha1",
                "1:1: field `kind` is missing; write `kind: StoragePolicy` or `kind: StorageException`",
            ),
            (
                "apiVersion: volguard.dev/v1\nkind: StoragePolicy",
                "1:13: apiVersion `volguard.dev/v1` is not known; write volguard.dev/v1alpha1",
            ),
            (
                "apiVersion: volguard.dev/v1alpha1\nkind: storagePolicy",
                "2:7: kind `storagePolicy` (volguard.dev/v1alpha1) does not belong in a policy file, which holds \
                 StoragePolicy and StorageException only; did you mean `StoragePolicy`?",
            ),
            (
                "apiVersion: v1\nkind: ConfigMap",
                "2:7: kind `ConfigMap` (v1) does not belong in a policy file, which holds StoragePolicy and StorageException only",
            ),
            (
                "apiVersion: volguard.dev/v1alpha1\nkind: StoragePolicy\nspec: {}",
                "1:1: field `metadata.name` is missing; messages name the policy by it",
            ),
            (
                "apiVersion: volguard.dev/v1alpha1\nkind: StoragePolicy\nmetadata: {name: My Policy}\nspec: {}",
                "3:18: metadata.name must be a name of lower-case letters, digits, `-` and `.`, but is `My Policy`",
            ),
            (
                "apiVersion: volguard.dev/v1alpha1\nkind: StoragePolicy\nmetadata: {name: p, namespace: shop}\nspec: {}",
                "3:32: namespace `shop` means nothing here: the kind is cluster-scoped; policies and exceptions choose \
                 namespaces in `spec.match`",
            ),
            (
                HEAD,
                "1:1: field `spec` is missing; `spec: {}` stands for profile Recommended in mode Enforce",
            ),
        ] {
            assert_eq!(said(text), [expected], "{text}");
        }
    }

    #[test]
    fn one_bad_document_does_not_hide_another() {
        let text = format!("a: b: c\n---\n{HEAD}spec: {{mode: x}}\n---\n{HEAD}spec: {{}}\n");
        let said = said(&text);
        assert_eq!(said.len(), 3, "{said:#?}");
        assert!(said[0].starts_with("1:"), "{said:#?}");
        assert!(said[1].starts_with("6:14: must be one of Enforce, Audit"), "{said:#?}");
        assert!(said[2].starts_with("10:18: another policy is named `p`"), "{said:#?}");
        assert!(
            said[2].ends_with("at line 5, column 18; names must differ"),
            "{said:#?}"
        );
    }

    #[test]
    fn folders_are_walked_in_order_without_what_is_hidden() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, policy: &str| {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(
                file,
                format!("{HEAD}spec: {{}}").replace("name: p", &format!("name: {policy}")),
            )
            .unwrap();
        };
        write("b.yml", "second");
        write("a.yaml", "first");
        write("c/d.json", "third");
        write("..2026/e.yaml", "mounted");
        write("README.md", "readme");
        std::os::unix::fs::symlink("..2026/e.yaml", folder.path().join("e.yaml")).unwrap();
        let names = |paths: &[PathBuf]| -> Vec<String> {
            let files = read(paths, RULES).unwrap();
            files.policies.into_iter().map(|policy| policy.name).collect()
        };
        let root = folder.path().to_owned();
        assert_eq!(
            names(std::slice::from_ref(&root)),
            ["first", "second", "third", "mounted"]
        );
        assert_eq!(
            names(&[root.join("b.yml"), root.join("README.md")]),
            ["second", "readme"]
        );
    }

    #[test]
    fn says_what_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let absent = folder.path().join("absent.yaml");
        let binary = folder.path().join("binary");
        fs::write(&binary, [b'a', 0xff]).unwrap();
        let empty = folder.path().join("empty");
        fs::create_dir(&empty).unwrap();
        let errors = read(&[absent.clone(), binary, empty.clone()], RULES).unwrap_err();
        let errors = errors.errors();
        assert_eq!(errors.len(), 3, "{errors:#?}");
        assert_eq!((&errors[0].file, errors[0].position), (&absent, None));
        assert!(
            errors[0].message.starts_with("cannot be read: No such file"),
            "{errors:#?}"
        );
        assert_eq!(errors[1].message, "is not UTF-8 text: byte 1 cannot be read");
        assert_eq!(errors[2].file, empty);
        assert!(errors[2].message.starts_with("no policy in this folder"), "{errors:#?}");
    }
}
