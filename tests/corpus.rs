//! Manifests of real projects, where they lie beside the repository: nothing crashes on them.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use volguard::check;
use volguard::cluster::view::View;
use volguard::drivers::Drivers;
use volguard::engine::{Profile, SkipReason};
use volguard::policy::{CompiledPolicy, Mode, PolicySet};

fn beside(folder: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(folder);
    if !folder.is_dir() {
        println!("{} is absent: nothing is checked", folder.display());
        return None;
    }
    Some(folder)
}

fn check_folder(folder: &Path) -> volguard::report::Report {
    let policy = CompiledPolicy::from_profile("default", Profile::Strict, Mode::Enforce, &volguard::rules::ALL);
    let policies = PolicySet::new(vec![policy]);
    let manifests = check::read(&[folder.to_owned()]);
    let report = check::check(manifests, &View::default(), &policies, &Drivers::builtin(), "default");
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

/// No file of the corpus is refused that kubectl would read.
#[test]
fn nothing_crashes_on_the_corpus() {
    if let Some(folder) = beside("corpus") {
        assert_eq!(check_folder(&folder).errors, []);
    }
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
    let report = check_folder(blocks.path());
    let found = report.findings.iter().any(|finding| {
        finding.judged.rule.name == "invalid-driver-parameter"
            && finding.object.name == "database-storage"
            && finding.judged.finding.path.to_string() == "parameters.throughput"
    });
    assert!(found);
}
