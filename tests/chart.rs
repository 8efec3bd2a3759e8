//! The Helm chart, without a cluster.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use volguard::manifests;

fn chart() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/helm/volguard")
}

/// The files of the chart that are made of the catalogue of rules and of volguard's own kinds.
fn generated() -> BTreeMap<PathBuf, String> {
    const HEAD: &str = "# Made of the catalogue of rules; `make docs` writes it.\n";
    let yaml = |value: &serde_json::Value| format!("{HEAD}{}", serde_saphyr::to_string(value).unwrap());
    let mut files = BTreeMap::from([(chart().join("files/generated.yaml"), yaml(&manifests::for_chart()))]);
    for crd in manifests::crds() {
        let name = crd["spec"]["names"]["plural"].as_str().unwrap();
        files.insert(chart().join(format!("files/crds/{name}.yaml")), yaml(&crd));
    }
    files
}

/// With `UPDATE=1` the files are written, otherwise they are compared.
#[test]
fn what_is_generated_is_up_to_date() {
    for (path, text) in generated() {
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == text,
            "{} is out of date; `make docs` writes it",
            path.display()
        );
    }
}
