//! The rules, through the door of `check`: the examples of their documentation and the case files of `tests/rules`.
//!
//! A case file is Markdown, one `##` section a case: an optional `yaml policy` (default: profile Strict), an optional
//! `yaml cluster` (objects that are given), an optional `yaml old` (the object before an update), an optional `yaml review`
//! (`operation`, `user`, `gracePeriodSeconds`, `now`, `live`, where they are not those of a manifest; an old object alone makes
//! an UPDATE), a `yaml request` (on DELETE the object that is deleted, on SCALE the workload with its new replicas), and an
//! optional `yaml fixed` (what the rule's fixes make of the request). In the request a comment `# finding: RULE` stands on the
//! line of every field that the file's rule complains of.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use volguard::admission::judge;
use volguard::check;
use volguard::cluster::files;
use volguard::cluster::view::{Lookup, View, ViewKind};
use volguard::decision::Judged;
use volguard::drivers::Drivers;
use volguard::engine::{Action, Author, Door, Operation, Profile, Request, Rule};
use volguard::model::{ObjectKind, Subject};
use volguard::policy::{Attributes, CompiledPolicy, Mode, PolicySet, read};
use volguard::report::{Report, ReportedFinding};
use volguard::rules;

/// The fenced blocks of a text: info string, first line's number in the text, content.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        match (&mut open, line.trim_end().strip_prefix("```")) {
            (None, Some(info)) => open = Some((info.to_owned(), String::new())),
            (Some(_), Some("")) => blocks.extend(open.take()),
            (Some((_, content)), _) => {
                content.push_str(line);
                content.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

struct Case<'t> {
    policy: Option<&'t str>,
    cluster: Option<&'t str>,
    old: Option<&'t str>,
    review: Option<&'t str>,
    request: &'t str,
    fixed: Option<&'t str>,
}

/// The lines in the request of a rule's findings.
type Lines = Vec<usize>;

/// What a case yields.
struct Found {
    /// The lines of the rule's findings.
    lines: Lines,
    /// The request as the rule's fixes make it.
    fixed: serde_json::Value,
    /// The findings of every rule, as a person reads them.
    texts: Vec<Text>,
}

/// The longest warning that Kubernetes advises, with the name of the rule.
const LONGEST: usize = 120;

/// Rules whose message names a quota's key, or an object, a driver and a class: with long names it gets longer.
const LONG: &[&str] = &[
    "replicas-over-quota",
    "unsupported-access-mode",
    "unsupported-volume-mode",
];

/// What a finding says.
struct Text {
    rule: &'static str,
    message: String,
    remedy: String,
}

impl Text {
    fn of(judged: &Judged) -> Self {
        Self {
            rule: judged.rule.name,
            message: judged.finding.message.clone(),
            remedy: judged.finding.remedy.clone(),
        }
    }

    /// What is wrong with the way it is written: a message becomes one line of a warning, a remedy is made of sentences.
    fn fault(&self) -> Option<String> {
        let Self { rule, message, remedy } = self;
        let line = format!("{message} [{rule}]");
        let length = line.chars().count();
        if length > LONGEST && !LONG.contains(rule) {
            return Some(format!("{length} characters: {line}"));
        }
        if message.ends_with('.') {
            return Some(format!("a message ends with a full stop: {line}"));
        }
        let capital = remedy.starts_with(|first: char| first.is_uppercase() || first == '`');
        (!capital || !remedy.ends_with(['.', '?'])).then(|| format!("a remedy is no sentence: {remedy} [{rule}]"))
    }
}

impl Case<'_> {
    fn policies(&self, folder: &Path) -> PolicySet {
        match self.policy {
            None => PolicySet::new(vec![CompiledPolicy::from_profile(
                "strict",
                Profile::Strict,
                Mode::Enforce,
                &rules::ALL,
            )]),
            Some(text) => {
                let path = write(folder, "policy.yaml", text);
                PolicySet::new(read(&[path], &rules::ALL).unwrap())
            }
        }
    }

    fn given(&self, folder: &Path) -> View {
        self.cluster.map_or_else(View::default, |text| {
            files::read(&[write(folder, "cluster.yaml", text)]).unwrap()
        })
    }

    /// What the rule makes of a request.
    fn run(&self, rule: &Rule, request: &str) -> Found {
        let folder = tempfile::tempdir().unwrap();
        let (policies, given) = (self.policies(folder.path()), self.given(folder.path()));
        let path = write(&folder.path().join("request"), "request.yaml", request);
        let manifests = check::read(std::slice::from_ref(&path));
        assert_eq!(manifests.errors, [], "the request can be read");
        if self.old.is_some() || self.review.is_some() {
            let review = serde_saphyr::from_str(self.review.unwrap_or("{}")).expect("a review");
            return judged(rule, &review, self.old, &manifests, &given, &policies);
        }
        let last = manifests.manifests.last().expect("a request");
        let (object, mut fixed) = (last.object_ref("default"), last.value.clone());
        let report = check::check(manifests, &given, &policies, &Drivers::builtin(), "default");
        for finding in of(&report, rule).filter(|finding| finding.object == object) {
            json_patch::patch(&mut fixed, &finding.fix).unwrap();
        }
        Found {
            lines: of(&report, rule).map(line).collect(),
            fixed,
            texts: report
                .findings
                .iter()
                .map(|finding| Text::of(&finding.judged))
                .collect(),
        }
    }
}

fn line(finding: &ReportedFinding) -> usize {
    let position = finding.place.as_ref().and_then(|place| place.position);
    position.expect("a place in the request").line
}

fn of<'r>(report: &'r Report, rule: &'r Rule) -> impl Iterator<Item = &'r ReportedFinding> {
    report
        .findings
        .iter()
        .filter(move |finding| finding.judged.rule.name == rule.name)
}

/// What a review says beside its objects.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Review {
    #[serde(default)]
    operation: Option<String>,
    #[serde(default)]
    user: String,
    #[serde(default)]
    grace_period_seconds: Option<i64>,
    #[serde(default)]
    now: Option<String>,
    /// Whether a cluster stands behind the view.
    #[serde(default)]
    live: bool,
}

/// What the rule makes of the objects of a review; the fixes are those of the last one.
fn judged(
    rule: &Rule,
    review: &Review,
    old: Option<&str>,
    manifests: &check::Manifests,
    given: &View,
    policies: &PolicySet,
) -> Found {
    let old = old.map(|old| volguard::yaml::parse(old).pop().expect("an old object").unwrap().value);
    let default = if old.is_some() { "UPDATE" } else { "CREATE" };
    let name = review.operation.as_deref().unwrap_or(default);
    let (operation, door) = match name {
        "CREATE" => (Operation::Create, Door::Webhook),
        "UPDATE" => (Operation::Update, Door::Webhook),
        "DELETE" => (Operation::Delete, Door::Webhook),
        "SCALE" => (Operation::Scale, Door::Webhook),
        "SCAN" => (Operation::Scan, Door::Cluster),
        other => panic!("no operation: {other}"),
    };
    let of_kind = |manifest: &&check::Manifest| {
        old.as_ref()
            .is_none_or(|old| manifest.value.get("kind") == old.get("kind"))
    };
    let drivers = Drivers::builtin();
    let (mut lines, mut fixed, mut texts) = (Lines::new(), serde_json::Value::Null, Vec::new());
    for manifest in manifests.manifests.iter().filter(of_kind) {
        let kind: ObjectKind = manifest.kind.expect("a kind that rules read");
        let object = manifest.object_ref("default");
        let namespace = match kind {
            ObjectKind::Namespace => object.name.as_str(),
            _ => object.namespace.as_deref().unwrap_or_default(),
        };
        let attributes = Attributes {
            group: kind.group(),
            kind: kind.as_str(),
            subresource: "",
            operation: name,
            namespace,
            user: &review.user,
        };
        let request = Request {
            operation,
            old: old.as_ref(),
            namespace,
            namespace_labels: match kind {
                ObjectKind::Namespace => Lookup::Found(&manifest.value),
                _ => given.get(ViewKind::Namespace, "", namespace),
            },
            view: given,
            drivers: &drivers,
            author: Author::Manifest(manifest.value.clone()),
            door,
            live: review.live,
            user: &review.user,
            grace_period: review.grace_period_seconds,
            now: review.now.as_deref().unwrap_or("2026-06-01T00:00:00Z").parse().unwrap(),
        };
        let subject = Subject::new(kind, &manifest.value);
        let before = old.as_ref().map(|old| Subject::new(kind, old));
        let (judged, _) = judge(policies, &attributes, &subject, before.as_ref(), &request, None);
        fixed = manifest.value.clone();
        texts.extend(judged.iter().map(Text::of));
        for j in judged
            .iter()
            .filter(|j| j.rule.name == rule.name && j.action != Action::Off)
        {
            lines.push(manifest.position(&j.finding.path).line);
            volguard::engine::apply(&mut fixed, &j.finding.fix);
        }
    }
    lines.sort_unstable();
    Found { lines, fixed, texts }
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    std::fs::create_dir_all(folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn expected(rule: &Rule, request: &str) -> Lines {
    let marker = format!("# finding: {}", rule.name);
    let count = |line: &str| line.matches(marker.as_str()).count();
    request
        .lines()
        .enumerate()
        .flat_map(|(index, line)| std::iter::repeat_n(index + 1, count(line)))
        .collect()
}

fn case_files() -> BTreeMap<String, PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    walkdir::WalkDir::new(root)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            (
                entry.path().file_stem().unwrap().to_str().unwrap().to_owned(),
                entry.into_path(),
            )
        })
        .collect()
}

#[test]
fn case_files_hold() {
    let mut failures = Vec::new();
    for (name, path) in case_files() {
        let rule = rules::find(&name).unwrap_or_else(|| panic!("{}: there is no rule {name}", path.display()));
        let text = std::fs::read_to_string(&path).unwrap();
        for section in text.split("\n## ").skip(1) {
            let title = section.lines().next().unwrap_or_default();
            let blocks: BTreeMap<String, String> = blocks(section).into_iter().collect();
            let block = |info: &str| blocks.get(info).map(String::as_str);
            let Some(request) = block("yaml request") else {
                failures.push(format!("{name}, {title}: no request"));
                continue;
            };
            let case = Case {
                policy: block("yaml policy"),
                cluster: block("yaml cluster"),
                old: block("yaml old"),
                review: block("yaml review"),
                request,
                fixed: block("yaml fixed"),
            };
            let Found { lines, fixed, texts } = case.run(rule, case.request);
            failures.extend(texts.iter().filter_map(Text::fault));
            let expected = expected(rule, request);
            if lines != expected {
                failures.push(format!(
                    "{name}, {title}: findings in lines {lines:?}, expected {expected:?}"
                ));
            }
            if let Some(want) = case.fixed {
                let want = volguard::yaml::parse(want).pop().unwrap().unwrap().value;
                if fixed != want {
                    failures.push(format!("{name}, {title}: fixed is\n{fixed:#}\nexpected\n{want:#}"));
                }
                // A fix converges: the finding is gone, and a second run changes nothing.
                if !expected.is_empty() && fixed == volguard::yaml::parse(request).pop().unwrap().unwrap().value {
                    continue;
                }
                let text = serde_json::to_string(&fixed).unwrap();
                let again = case.run(rule, &text);
                if !again.lines.is_empty() || again.fixed != fixed {
                    failures.push(format!("{name}, {title}: the fix leaves findings {:?}", again.lines));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn documentation_examples_are_true() {
    let mut failures = Vec::new();
    for rule in rules::ALL.iter() {
        let text: String = rule
            .documentation
            .lines()
            .map(|l| l.strip_prefix(' ').unwrap_or(l).to_owned() + "\n")
            .collect();
        let shared = |wanted: &str| {
            blocks(&text)
                .into_iter()
                .find(|(info, _)| info == wanted)
                .map(|(_, block)| block)
        };
        let mut seen = [0; 2];
        let mut old = None;
        for (info, request) in blocks(&text) {
            let (fails, count) = match info.as_str() {
                "yaml,old" => {
                    old = Some(request);
                    continue;
                }
                "yaml,fails" => (0, 1),
                "yaml,passes" => (1, 0),
                _ => continue,
            };
            seen[fails] += 1;
            // The objects of an example are its cluster, with those that both examples share: what is not among them
            // does not exist.
            let cluster = [shared("yaml,cluster").unwrap_or_default(), request.clone()].join("---\n");
            let (policy, review) = (shared("yaml,policy"), shared("yaml,review"));
            let case = Case {
                policy: policy.as_deref(),
                cluster: Some(&cluster),
                old: old.as_deref(),
                review: review.as_deref(),
                request: &request,
                fixed: None,
            };
            let found = case.run(rule, case.request);
            failures.extend(found.texts.iter().filter_map(Text::fault));
            if found.lines.len() != count {
                failures.push(format!("{}, {info}: findings in lines {:?}", rule.name, found.lines));
            }
        }
        if seen != [1, 1] {
            failures.push(format!(
                "{}: one example that fails and one that passes, not {seen:?}",
                rule.name
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
