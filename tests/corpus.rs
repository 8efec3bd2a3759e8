//! Manifests of real projects, where they lie beside the repository: nothing crashes on them.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use volguard::check;
use volguard::cluster::view::View;
use volguard::drivers::Drivers;
use volguard::engine::{Profile, SkipReason};
use volguard::policy::{CompiledPolicy, Mode, PolicySet};

fn run_over(folder: &str) {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(folder);
    if !folder.is_dir() {
        println!("{} is absent: nothing is checked", folder.display());
        return;
    }
    let policy = CompiledPolicy::from_profile("default", Profile::Strict, Mode::Enforce, &volguard::rules::ALL);
    let policies = PolicySet::new(vec![policy]);
    let manifests = check::read(&[folder]);
    let report = check::check(manifests, &View::default(), &policies, &Drivers::builtin(), "default");
    assert!(report.objects > 0);
    let panicked: Vec<_> = report
        .skipped
        .iter()
        .filter(|skipped| skipped.skip.reason == SkipReason::Panic)
        .map(|skipped| (skipped.skip.rule, &skipped.object))
        .collect();
    assert!(panicked.is_empty(), "{panicked:#?}");
}

#[test]
fn nothing_crashes_on_the_corpus() {
    run_over("corpus");
}

#[test]
fn nothing_crashes_on_the_reference() {
    run_over("reference");
}
