//! Policies from files, with everything that is wrong in them said at once, each with its place.

use super::compiled::{CompiledPolicy, compile, resolve};
use super::schema::{self, Problem, did_you_mean, shown, similar, unknown_field};
use super::types::{RuleChange, StoragePolicySpec};
use crate::engine::{Profile, Rule};
use crate::yaml::{self, Document, Position};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

const API_VERSION: &str = "volguard.dev/v1alpha1";
const KIND: &str = "StoragePolicy";

/// The largest policy file, in bytes: etcd holds no larger object than 1.5 MiB, and a file may hold several.
const MAX_FILE: u64 = 16 << 20;

/// How deep folders are walked.
const MAX_FOLDERS: usize = 32;

/// One fault in the policy files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// The file.
    pub file: PathBuf,
    /// The place in the file; None where the file could not be read at all.
    pub position: Option<Position>,
    /// What is wrong and what would be right, for people.
    pub message: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(Position { line, column }) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Everything that is wrong with the policy files, in the order of the files and lines. Prints one fault a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyErrors(Vec<PolicyError>);

impl PolicyErrors {
    /// The faults; there is at least one.
    pub fn errors(&self) -> &[PolicyError] {
        &self.0
    }
}

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyErrors {}

/// Reads the policies in `paths` and resolves them against the catalogue `rules`.
///
/// A path is a file (of any name) or a folder, of which `*.yaml`, `*.yml` and `*.json` are read, also in folders below;
/// hidden files and folders are left out, which is what a mounted ConfigMap needs. Files may hold several documents, all
/// of them StoragePolicies. The policies come in the order of paths, file names and lines.
pub fn read(paths: &[PathBuf], rules: &[&'static Rule]) -> Result<Vec<CompiledPolicy>, PolicyErrors> {
    let mut loader = Loader {
        rules,
        file: PathBuf::new(),
        names: BTreeMap::new(),
        policies: Vec::new(),
        errors: Vec::new(),
    };
    for path in paths {
        loader.path(path);
    }
    if loader.errors.is_empty() {
        Ok(loader.policies)
    } else {
        Err(PolicyErrors(loader.errors))
    }
}

struct Loader<'r> {
    rules: &'r [&'static Rule],
    /// The file that is being read.
    file: PathBuf,
    /// Where each policy's name was seen first.
    names: BTreeMap<String, (PathBuf, Position)>,
    policies: Vec<CompiledPolicy>,
    errors: Vec<PolicyError>,
}

impl Loader<'_> {
    fn path(&mut self, path: &Path) {
        if !path.is_dir() {
            self.read_file(path);
            return;
        }
        let mut files = 0;
        let entries = walkdir::WalkDir::new(path)
            .follow_links(true)
            .max_depth(MAX_FOLDERS)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(|entry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.'));
        for entry in entries {
            match entry {
                Ok(entry) if entry.file_type().is_file() && is_manifest(entry.path()) => {
                    files += 1;
                    self.read_file(entry.path());
                }
                Ok(_) => {}
                Err(error) => {
                    let place = error.path().unwrap_or(path).to_owned();
                    self.file = place;
                    self.error(None, format!("cannot be read: {error}"));
                }
            }
        }
        if files == 0 {
            path.clone_into(&mut self.file);
            self.error(
                None,
                "no policy in this folder: it holds no *.yaml, *.yml or *.json file",
            );
        }
    }

    fn read_file(&mut self, path: &Path) {
        path.clone_into(&mut self.file);
        match text_of(path) {
            Ok(text) => self.text(&text),
            Err(message) => self.error(None, message),
        }
    }

    fn text(&mut self, text: &str) {
        let documents = yaml::parse(text);
        if documents.is_empty() {
            self.error(
                None,
                format!("no policy in this file: expected a {KIND}, but it is empty"),
            );
        }
        for document in documents {
            match document {
                Ok(document) => self.document(&document),
                Err(error) => self.error(Some(error.position), error.message),
            }
        }
    }

    fn error(&mut self, position: Option<Position>, message: impl Into<String>) {
        self.errors.push(PolicyError {
            file: self.file.clone(),
            position,
            message: message.into(),
        });
    }

    fn document(&mut self, document: &Document) {
        if let Some(problem) = judge_kind(&document.value) {
            self.error(Some(place(document, &problem)), problem.message);
            return;
        }
        let mut problems = judge_top_level(&document.value);
        let name = match judge_name(&document.value) {
            Ok(name) => {
                let position = document.spans.nearest("/metadata/name");
                match self.names.get(name) {
                    Some((file, first)) => {
                        let message = format!(
                            "another policy is named `{name}`, in {} at {first}; names must differ",
                            file.display()
                        );
                        problems.push(Problem::new("/metadata/name", message));
                    }
                    None => {
                        self.names.insert(name.to_owned(), (self.file.clone(), position));
                    }
                }
                name
            }
            Err(problem) => {
                problems.push(problem);
                ""
            }
        };
        match document
            .value
            .get("spec")
            .map(|spec| judge_spec(name, spec, self.rules))
        {
            Some(Ok(policy)) if problems.is_empty() => self.policies.push(policy),
            Some(Err(of_spec)) => problems.extend(of_spec),
            Some(Ok(_)) => {}
            None => problems.push(Problem::new(
                "",
                "field `spec` is missing; `spec: {}` stands for profile Recommended in mode Enforce",
            )),
        }
        let mut placed: Vec<_> = problems
            .into_iter()
            .map(|problem| (place(document, &problem), problem))
            .collect();
        placed.sort_by_key(|(position, _)| *position);
        for (position, problem) in placed {
            self.error(Some(position), problem.message);
        }
    }
}

fn place(document: &Document, problem: &Problem) -> Position {
    let key = problem.key.then(|| document.spans.find_key(&problem.pointer)).flatten();
    key.unwrap_or_else(|| document.spans.nearest(&problem.pointer))
}

fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("yaml" | "yml" | "json"))
}

fn text_of(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(format!(
            "is larger than {} MiB, which is no policy file",
            MAX_FILE >> 20
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!("is not UTF-8 text: byte {at} cannot be read")
    })
}

/// Why the document is no policy at all.
fn judge_kind(value: &Value) -> Option<Problem> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let group = |api_version: &str| api_version.split_once('/').map(|(group, _)| group.to_owned());
    match (text("apiVersion"), text("kind")) {
        (Some(API_VERSION), Some(KIND)) => None,
        (Some(other), Some(KIND)) if group(other).is_none_or(|group| group == "volguard.dev") => Some(Problem::new(
            "/apiVersion",
            format!("apiVersion `{other}` is not known; write {API_VERSION}"),
        )),
        (Some(other), Some(kind)) => {
            let hint = if group(other).is_some_and(|group| group == "volguard.dev") {
                did_you_mean(similar(kind, [KIND]))
            } else {
                String::new()
            };
            Some(Problem::new(
                "/kind",
                format!("kind `{kind}` ({other}) does not belong in a policy file, which holds {KIND} only{hint}"),
            ))
        }
        _ if !value.is_object() => Some(Problem::new(
            "",
            format!("a policy must be a mapping, but is {}", shown(value)),
        )),
        (None, _) => Some(Problem::new(
            "/apiVersion",
            format!("field `apiVersion` is missing; write `apiVersion: {API_VERSION}`"),
        )),
        (_, None) => Some(Problem::new(
            "/kind",
            format!("field `kind` is missing; write `kind: {KIND}`"),
        )),
    }
}

fn judge_top_level(value: &Value) -> Vec<Problem> {
    const FIELDS: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];
    let fields = value.as_object().into_iter().flatten();
    fields
        .filter(|(key, _)| !FIELDS.contains(&key.as_str()))
        .map(|(key, _)| Problem {
            pointer: schema::child("", key),
            key: true,
            message: unknown_field(key, || FIELDS.into_iter()),
        })
        .collect()
}

fn judge_name(value: &Value) -> Result<&str, Problem> {
    match value.pointer("/metadata/name") {
        None | Some(Value::Null) => Err(Problem::new(
            "/metadata",
            "field `metadata.name` is missing; reports name the policy by it",
        )),
        Some(Value::String(name)) if is_object_name(name) => Ok(name),
        Some(other) => Err(Problem::new(
            "/metadata/name",
            format!(
                "metadata.name must be a name of lower-case letters, digits, `-` and `.`, but is {}",
                shown(other)
            ),
        )),
    }
}

/// Whether the API server takes it as the name of an object: a DNS subdomain.
fn is_object_name(name: &str) -> bool {
    let is_end = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let is_label = |label: &str| {
        is_end(label.bytes().next())
            && is_end(label.bytes().last())
            && label.bytes().all(|byte| byte == b'-' || is_end(Some(byte)))
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

/// The policy, or all that is wrong with its `spec`.
fn judge_spec(name: &str, spec: &Value, rules: &[&'static Rule]) -> Result<CompiledPolicy, Vec<Problem>> {
    let error = match StoragePolicySpec::deserialize(spec) {
        Ok(spec) => return compile(name, &spec, rules),
        Err(error) => error,
    };
    let schema: Value = schemars::schema_for!(StoragePolicySpec).into();
    let mut problems = schema::check(&schema, spec, "/spec");
    if problems.is_empty() {
        problems.push(Problem::new("/spec", error.to_string()));
    }
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
        let policies = read(&[file], RULES).unwrap();
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
    fn says_what_is_no_policy() {
        for (text, expected) in [
            ("", "no policy in this file: expected a StoragePolicy, but it is empty"),
            (
                "# nothing\n",
                "no policy in this file: expected a StoragePolicy, but it is empty",
            ),
            ("[1]", "1:1: a policy must be a mapping, but is a list"),
            (
                "kind: StoragePolicy",
                "1:1: field `apiVersion` is missing; write `apiVersion: volguard.dev/v1alpha1`",
            ),
            (
                "apiVersion: volguard.dev/v1alpha1",
                "1:1: field `kind` is missing; write `kind: StoragePolicy`",
            ),
            (
                "apiVersion: volguard.dev/v1\nkind: StoragePolicy",
                "1:13: apiVersion `volguard.dev/v1` is not known; write volguard.dev/v1alpha1",
            ),
            (
                "apiVersion: volguard.dev/v1alpha1\nkind: storagePolicy",
                "2:7: kind `storagePolicy` (volguard.dev/v1alpha1) does not belong in a policy file, which holds \
                 StoragePolicy only; did you mean `StoragePolicy`?",
            ),
            (
                "apiVersion: v1\nkind: ConfigMap",
                "2:7: kind `ConfigMap` (v1) does not belong in a policy file, which holds StoragePolicy only",
            ),
            (
                "apiVersion: volguard.dev/v1alpha1\nkind: StoragePolicy\nspec: {}",
                "1:1: field `metadata.name` is missing; reports name the policy by it",
            ),
            (
                "apiVersion: volguard.dev/v1alpha1\nkind: StoragePolicy\nmetadata: {name: My Policy}\nspec: {}",
                "3:18: metadata.name must be a name of lower-case letters, digits, `-` and `.`, but is `My Policy`",
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
            let policies = read(paths, RULES).unwrap();
            policies.into_iter().map(|policy| policy.name).collect()
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
