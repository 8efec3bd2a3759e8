//! The rules, through the door of `check`: the examples of their documentation and the case files of `tests/rules`.
//!
//! A case file is Markdown, one `##` section a case: an optional `yaml policy` (default: profile Strict), an optional
//! `yaml cluster` (objects that are given), an optional `yaml old` (the object before an update), an optional `yaml review`
//! (`operation`, `user`, `gracePeriodSeconds`, `now`, `live`, `filledIn`, where they are not those of a manifest; an old
//! object alone makes an UPDATE), a `yaml request` (on DELETE the object that is deleted, on SCALE the workload with its new replicas), an
//! optional `yaml fixed` (what the rule's fixes make of the request), an optional `text message` (each line is something
//! that one of the findings says, in its message or its remedy), and an optional `text skipped` (why the rule could not be
//! evaluated). In the request a comment `# finding: RULE` stands on the line of every field that the file's rule complains
//! of, or `# finding: RULE ACTION` where the action counts.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod judging;

use judging::Review;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use volguard::check;
use volguard::cluster::files;
use volguard::cluster::view::View;
use volguard::decision::Judged;
use volguard::drivers::Drivers;
use volguard::engine::{Action, Profile, Rule};
use volguard::policy::{CompiledPolicy, Mode, PolicySet, read};
use volguard::rules;

/// The blocks that a case can have.
const BLOCKS: [&str; 8] = [
    "yaml policy",
    "yaml cluster",
    "yaml old",
    "yaml review",
    "yaml request",
    "yaml fixed",
    "text message",
    "text skipped",
];

/// The fenced blocks of a text: info string and content.
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

/// A finding of the rule.
#[derive(Debug)]
struct Found {
    /// Its line in the request.
    line: usize,
    action: Action,
    /// Its message and its remedy.
    text: String,
    /// What is wrong with the way they are written.
    fault: Option<String>,
}

impl Found {
    fn new(judged: &Judged, line: usize) -> Self {
        Self {
            line,
            action: judged.action,
            text: judged.line(),
            fault: fault_of(judged),
        }
    }
}

/// What is made of a case.
struct Outcome {
    /// The rule's findings by line.
    found: Vec<Found>,
    /// The request as the rule's fixes make it.
    fixed: serde_json::Value,
    /// Why the rule could not be evaluated.
    skipped: Vec<String>,
}

/// The longest line that Kubernetes advises for a warning: a message, and the name of its rule in brackets.
const LONGEST: usize = 120;

/// Rules whose message names a quota's key, or an object, a driver and a class: with long names it gets longer.
const LONG: [&str; 3] = [
    "replicas-over-quota",
    "unsupported-access-mode",
    "unsupported-volume-mode",
];

/// A message becomes one line of a warning, a remedy is made of sentences.
fn fault_of(judged: &Judged) -> Option<String> {
    let (finding, rule) = (&judged.finding, judged.rule.name);
    let (message, remedy) = (&finding.message, &finding.remedy);
    let line = format!("{message} [{rule}]");
    let length = line.chars().count();
    if length > LONGEST && !LONG.contains(&rule) {
        return Some(format!("{length} characters: {line}"));
    }
    if message.ends_with('.') {
        return Some(format!("a message ends with a full stop: {line}"));
    }
    let begins = remedy.starts_with(|first: char| first.is_uppercase() || first == '`');
    let is_sentence = begins && remedy.ends_with(['.', '?']);
    (!is_sentence).then(|| format!("a remedy is no sentence: {remedy} [{rule}]"))
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
                PolicySet::from(read(&[path], &rules::ALL).unwrap())
            }
        }
    }

    fn given(&self, folder: &Path) -> View {
        self.cluster.map_or_else(View::default, |text| {
            files::read(&[write(folder, "cluster.yaml", text)]).unwrap()
        })
    }

    /// What the rule makes of a request.
    fn run(&self, rule: &Rule, request: &str) -> Outcome {
        let folder = tempfile::tempdir().unwrap();
        let (policies, given) = (self.policies(folder.path()), self.given(folder.path()));
        let path = write(&folder.path().join("request"), "request.yaml", request);
        let manifests = check::read(std::slice::from_ref(&path));
        assert_eq!(manifests.errors, [], "the request can be read");
        if self.old.is_some() || self.review.is_some() {
            return self.reviewed(rule, &manifests, &given, &policies);
        }
        let last = manifests.manifests.last().expect("a request");
        let (object, mut fixed) = (last.object_ref("default"), last.value.clone());
        let report = check::check(manifests, &given, &policies, &Drivers::builtin(), "default");
        let skipped = report.skipped.iter().filter(|one| one.skip.rule == rule.name);
        let skipped = skipped.map(|one| one.skip.detail.clone()).collect();
        let mut found = Vec::new();
        for finding in report.findings.iter().filter(|one| one.judged.rule.name == rule.name) {
            let position = finding.place.as_ref().and_then(|place| place.position);
            let line = position.expect("a place in the request").line;
            found.push(Found::new(&finding.judged, line));
            if finding.object == object {
                json_patch::patch(&mut fixed, &finding.fix).unwrap();
            }
        }
        Outcome { found, fixed, skipped }
    }

    /// The same for the objects of a review, and the last of them.
    fn reviewed(&self, rule: &Rule, manifests: &check::Manifests, given: &View, policies: &PolicySet) -> Outcome {
        let review: Review = serde_saphyr::from_str(self.review.unwrap_or("{}")).expect("a review");
        let parsed = |old| volguard::yaml::parse(old).pop().expect("an old object").unwrap().value;
        let old = self.old.map(parsed);
        let of_kind = |manifest: &&check::Manifest| {
            old.as_ref()
                .is_none_or(|old| manifest.value.get("kind") == old.get("kind"))
        };
        let (mut found, mut fixed, mut skipped) = (Vec::new(), serde_json::Value::Null, Vec::new());
        for manifest in manifests.manifests.iter().filter(of_kind) {
            let kind = manifest.kind.expect("a kind that rules read");
            fixed = manifest.value.clone();
            let (judged, skips) = review.judge(kind, &manifest.value, old.as_ref(), given, policies);
            for judged in judged.iter().filter(|judged| judged.rule.name == rule.name) {
                volguard::engine::apply(&mut fixed, &judged.finding.fix);
                // What an update carries forward is no finding.
                if judged.action != Action::Off {
                    found.push(Found::new(judged, manifest.position(&judged.finding.path).line));
                }
            }
            let skips = skips.into_iter().filter(|skip| skip.rule == rule.name);
            skipped.extend(skips.map(|skip| skip.detail));
        }
        found.sort_by_key(|found| found.line);
        Outcome { found, fixed, skipped }
    }
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    std::fs::create_dir_all(folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// The lines of the request that are marked, and the actions where marks have one.
fn expected(rule: &Rule, request: &str) -> Vec<(usize, Option<Action>)> {
    let marker = format!("# finding: {}", rule.name);
    let action = |after: &str| match after.split_whitespace().next() {
        Some("Deny") => Some(Action::Deny),
        Some("Warn") => Some(Action::Warn),
        Some("Audit") => Some(Action::Audit),
        Some("#") | None => None,
        Some(other) => panic!("{marker} {other}: no action"),
    };
    let marks = |line: &str| line.split(marker.as_str()).skip(1).map(action).collect::<Vec<_>>();
    let lines = request.lines().enumerate();
    lines
        .flat_map(|(index, line)| marks(line).into_iter().map(move |action| (index + 1, action)))
        .collect()
}

/// Whether these are the findings that are expected. Where a line has several, their actions stand in the findings' order.
fn is_as_expected(found: &[Found], expected: &[(usize, Option<Action>)]) -> bool {
    let matches = |(found, (line, action)): (&Found, &(usize, Option<Action>))| {
        found.line == *line && action.is_none_or(|action| action == found.action)
    };
    found.len() == expected.len() && found.iter().zip(expected).all(matches)
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
            if let Some(info) = blocks.keys().find(|info| !BLOCKS.contains(&info.as_str())) {
                failures.push(format!("{name}, {title}: what is a block `{info}`?"));
            }
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
            let Outcome { found, fixed, skipped } = case.run(rule, case.request);
            failures.extend(found.iter().filter_map(|found| found.fault.clone()));
            let expected = expected(rule, request);
            if !is_as_expected(&found, &expected) {
                failures.push(format!("{name}, {title}: findings {found:#?}, expected {expected:?}"));
            }
            for words in block("text message").into_iter().flat_map(str::lines) {
                if !found.iter().any(|found| found.text.contains(words)) {
                    failures.push(format!("{name}, {title}: nothing says `{words}`, but {found:#?}"));
                }
            }
            if let Some(reason) = block("text skipped")
                && !skipped.iter().any(|skipped| skipped == reason.trim_end())
            {
                failures.push(format!(
                    "{name}, {title}: not skipped because {reason}, but {skipped:#?}"
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
                if !again.found.is_empty() || again.fixed != fixed {
                    failures.push(format!("{name}, {title}: the fix leaves findings {:?}", again.found));
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
            let found = case.run(rule, case.request).found;
            failures.extend(found.iter().filter_map(|found| found.fault.clone()));
            if found.len() != count {
                failures.push(format!("{}, {info}: findings {found:#?}", rule.name));
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

#[test]
fn messages_about_classes_fit_into_warnings_whatever_the_driver() {
    let class = |name| {
        format!(
            "{{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {{name: c}}, provisioner: {name}, \
             parameters: {{notAKeyOfAnyDriver: x, type: x}}}}\n"
        )
    };
    let drivers = Drivers::builtin();
    let classes: Vec<String> = drivers.iter().map(|driver| class(driver.name())).collect();
    let folder = tempfile::tempdir().unwrap();
    let manifests = check::read(&[write(folder.path(), "classes.yaml", &classes.join("---\n"))]);
    let strict = CompiledPolicy::from_profile("strict", Profile::Strict, Mode::Enforce, &rules::ALL);
    let policies = PolicySet::new(vec![strict]);
    let report = check::check(manifests, &View::default(), &policies, &drivers, "default");
    assert!(report.findings.len() > classes.len());
    let faults: Vec<String> = report.findings.iter().filter_map(|one| fault_of(&one.judged)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
