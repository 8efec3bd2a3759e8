//! Manifests of real projects, where they lie beside the repository: nothing crashes on them, and `docs/corpus.md` says how
//! often each rule matches.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod support;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use support::generated;
use volguard::check;
use volguard::cluster::view::View;
use volguard::drivers::Drivers;
use volguard::engine::{Action, Profile, SkipReason};
use volguard::policy::{self, CompiledPolicy, Mode, PolicySet};
use volguard::report::{Report, ReportedFinding};
use volguard::rules;

fn beside(folder: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(folder);
    if !folder.is_dir() {
        println!("{} is absent: nothing is checked", folder.display());
        return None;
    }
    Some(folder)
}

/// A profile as it is.
fn profile(profile: Profile) -> PolicySet {
    let policy = CompiledPolicy::from_profile("default", profile, Mode::Enforce, &rules::ALL);
    PolicySet::new(vec![policy])
}

/// The policy of the guide, enforced.
fn guardrails() -> PolicySet {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("guardrails.yaml");
    let policy = include_str!("../deploy/sample/guardrails.yaml");
    std::fs::write(&file, policy.replace("  mode: Audit", "  mode: Enforce")).unwrap();
    PolicySet::new(policy::read(&[file], &rules::ALL).unwrap().policies)
}

fn check_folder(folder: &Path, policies: &PolicySet) -> Report {
    let manifests = check::read(&[folder.to_owned()]);
    let report = check::check(manifests, &View::default(), policies, &Drivers::builtin(), "default");
    assert!(report.objects > 0);
    let panicked: Vec<_> = report
        .skipped
        .iter()
        .filter(|skipped| skipped.skip.reason == SkipReason::Panic)
        .map(|skipped| (skipped.skip.rule, &skipped.object))
        .collect();
    assert!(panicked.is_empty(), "{panicked:#?}");
    report
}

/// How many objects these findings are about.
fn objects<'r>(findings: impl Iterator<Item = &'r ReportedFinding>) -> usize {
    let key = |finding: &'r ReportedFinding| {
        let object = &finding.object;
        let file = finding.place.as_ref().map(|place| &place.file);
        (file, &object.kind, &object.namespace, &object.name)
    };
    findings.map(key).collect::<BTreeSet<_>>().len()
}

/// `docs/corpus.md`: counts only, from the reports of Baseline, Recommended, the guide's policy and Strict.
fn document(folder: &Path, reports: &[Report; 4]) -> String {
    let manifests = check::read(&[folder.to_owned()]).manifests;
    let files: BTreeSet<_> = manifests
        .iter()
        .map(|manifest| manifest.file.strip_prefix(folder).unwrap())
        .collect();
    let repositories: BTreeSet<_> = files.iter().filter_map(|file| file.iter().next()).collect();
    let [_, _, _, strict] = reports;
    let mut text = format!(
        "# What the rules find in public manifests\n\n\
         From a corpus of {} manifests from {} public repositories, charts and examples among them, volguard judges {} \
         objects. `make docs` counts anew where the corpus is at hand.\n\n\
         How many objects each rule matches in profile Strict with the default parameters, and how many of them each \
         profile denies, and the policy of the [guide](guide.md):\n\n\
         | rule | matches | Baseline denies | Recommended denies | guardrails.yaml denies | Strict denies |\n\
         |---|---|---|---|---|---|\n",
        files.len(),
        repositories.len(),
        strict.objects,
    );
    let row = |text: &mut String, title: &str, of: &dyn Fn(&ReportedFinding) -> bool| {
        let matched = objects(strict.findings.iter().filter(|one| of(one)));
        let [baseline, recommended, guardrails, strict] = reports.each_ref().map(|report| {
            let denied = |one: &&ReportedFinding| of(one) && one.judged.action == Action::Deny;
            objects(report.findings.iter().filter(denied))
        });
        writeln!(
            text,
            "| {title} | {matched} | {baseline} | {recommended} | {guardrails} | {strict} |"
        )
        .unwrap();
    };
    let mut matching: Vec<_> = rules::ALL
        .iter()
        .map(|rule| rule.name)
        .map(|name| {
            (
                objects(strict.findings.iter().filter(|one| one.judged.rule.name == name)),
                name,
            )
        })
        .filter(|(count, _)| *count > 0)
        .collect();
    matching.sort_by_key(|(count, name)| (Reverse(*count), *name));
    for (_, name) in &matching {
        let title = format!("[{name}](rules/{name}.md)");
        row(&mut text, &title, &|one| one.judged.rule.name == *name);
    }
    row(&mut text, "any", &|_| true);
    writeln!(
        text,
        "\nThe other {} rules match nothing here: most of them read what only a cluster shows, judge updates and \
         deletions, or wait for parameters.",
        rules::ALL.len() - matching.len()
    )
    .unwrap();
    text
}

/// No file of the corpus is refused that kubectl would read, and the counts are those that are written down. With `UPDATE=1`
/// they are written.
#[test]
fn nothing_crashes_on_the_corpus_and_its_counts_are_up_to_date() {
    let Some(folder) = beside("corpus") else { return };
    let reports = std::thread::scope(|scope| {
        let policies = [
            profile(Profile::Baseline),
            profile(Profile::Recommended),
            guardrails(),
            profile(Profile::Strict),
        ];
        let checks = policies.map(|policies| {
            scope.spawn({
                let folder = &folder;
                move || check_folder(folder, &policies)
            })
        });
        checks.map(|check| check.join().unwrap())
    });
    for report in &reports {
        assert_eq!(report.errors, []);
    }
    let wanted = document(&folder, &reports);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/corpus.md");
    generated::is_up_to_date(&path, &wanted);
}

/// The reference document shows a class of type io2 with a throughput, which only gp3 has.
#[test]
fn the_reference_documents_own_mistake_is_found() {
    let Some(folder) = beside("reference") else { return };
    let text = String::from_utf8_lossy(&std::fs::read(folder.join("kubernetes-storage.txt")).unwrap()).into_owned();
    let blocks = tempfile::tempdir().unwrap();
    for (number, block) in text.split("```yaml\n").skip(1).enumerate() {
        let block = block.split("```").next().unwrap();
        let folder = blocks.path().join(number.to_string());
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("manifest.yaml"), block).unwrap();
    }
    let report = check_folder(blocks.path(), &profile(Profile::Strict));
    let found = report.findings.iter().any(|finding| {
        finding.judged.rule.name == "invalid-driver-parameter"
            && finding.object.name == "database-storage"
            && finding.judged.finding.path.to_string() == "parameters.throughput"
    });
    assert!(found);
}
