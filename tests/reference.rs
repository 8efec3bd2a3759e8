//! The generated reference in `docs/` is what the catalogue and the driver data say.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use support::generated;
use volguard::drivers::Drivers;
use volguard::{reference, rules};

/// With `UPDATE=1` the files are written, otherwise they are compared.
#[test]
fn the_reference_is_up_to_date() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let mut wanted: BTreeMap<PathBuf, String> = rules::ALL
        .iter()
        .map(|rule| (docs.join(format!("rules/{}.md", rule.name)), reference::rule_page(rule)))
        .collect();
    wanted.insert(docs.join("rules/README.md"), reference::rule_index());
    wanted.insert(docs.join("drivers.md"), reference::driver_table(&Drivers::builtin()));

    for (path, text) in &wanted {
        generated::is_up_to_date(path, text);
    }
    for entry in std::fs::read_dir(docs.join("rules")).unwrap() {
        let path = entry.unwrap().path();
        if wanted.contains_key(&path) {
            continue;
        }
        let is_removed = generated::is_written();
        assert!(is_removed, "{} is of no rule; `make docs` removes it", path.display());
        std::fs::remove_file(path).unwrap();
    }
}
