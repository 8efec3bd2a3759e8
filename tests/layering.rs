//! The direction of dependency inside the crate, and where the `kube` crate may be named.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

/// What each module may use of the crate, beside itself.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("yaml", &[]),
    ("resources", &["yaml"]),
    ("drivers", &["model", "resources"]),
    ("cluster", &["model", "pace", "yaml"]),
    ("engine", &["cluster", "drivers", "model"]),
    ("rules", &["engine", "cluster", "drivers", "model"]),
    (
        "policy",
        &["rules", "engine", "cluster", "drivers", "model", "resources"],
    ),
    (
        "own",
        &[
            "policy",
            "rules",
            "engine",
            "cluster",
            "drivers",
            "model",
            "pace",
            "resources",
        ],
    ),
    ("protocol", &[]),
    ("decision", &["policy", "protocol", "engine"]),
    (
        "admission",
        &[
            "decision", "own", "policy", "protocol", "engine", "drivers", "cluster", "model",
        ],
    ),
    (
        "check",
        &[
            "admission",
            "report",
            "decision",
            "policy",
            "engine",
            "drivers",
            "cluster",
            "model",
            "yaml",
        ],
    ),
    (
        "scan",
        &[
            "admission",
            "own",
            "report",
            "decision",
            "policy",
            "engine",
            "drivers",
            "cluster",
            "model",
            "resources",
            "rules",
        ],
    ),
    ("report", &["decision", "engine", "model", "yaml"]),
    ("reference", &["rules", "engine", "drivers", "model"]),
    (
        "manifests",
        &["own", "rules", "policy", "engine", "cluster", "model", "resources"],
    ),
    ("telemetry", &["protocol"]),
    ("pace", &[]),
    ("tls", &["model", "pace"]),
    ("server", &["protocol", "telemetry", "tls"]),
];

const MAY_NAME_KUBE: &[&str] = &[
    "cluster/api.rs",
    "cluster/watch.rs",
    "own/crds.rs",
    "own/write.rs",
    "policy/exception/types.rs",
    "policy/types.rs",
    "scan/criteria.rs",
    "scan/mod.rs",
    "tls/rotate/mod.rs",
    "tls/rotate/objects.rs",
];

fn sources(visit: &mut dyn FnMut(&str, &str)) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in walkdir::WalkDir::new(&root).sort_by_file_name() {
        let entry = entry.unwrap();
        if entry.path().extension().is_some_and(|extension| extension == "rs") {
            let path = entry.path().strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let code: String = text.split("#[cfg(test)]").next().unwrap().to_owned();
            visit(&path, &code);
        }
    }
}

#[test]
fn dependencies_point_one_way() {
    sources(&mut |path, code| {
        let module = path.split(['/', '.']).next().unwrap();
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
            assert!(
                ["lib", "main", "cli"].contains(&module),
                "{path}: module {module} has no place in the layering"
            );
            return;
        };
        for used in code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .flat_map(|line| line.split("crate::").skip(1))
        {
            let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let fine = used == module || used == "rule" || allowed.contains(&used.as_str()) || used.is_empty();
            assert!(fine, "{path}: {module} uses {used}");
        }
    });
}

#[test]
fn rules_see_the_cluster_only_through_the_view() {
    sources(&mut |path, code| {
        if path.starts_with("rules/") || path.starts_with("engine/") {
            for forbidden in [
                "cluster::live",
                "cluster::watch",
                "cluster::files",
                "SystemTime",
                "Instant",
                "std::env",
                "std::fs",
                "tracing::",
            ] {
                assert!(!code.contains(forbidden), "{path} uses {forbidden}");
            }
        }
    });
}

#[test]
fn kube_is_named_in_few_places() {
    sources(&mut |path, code| {
        let names = code
            .lines()
            .any(|line| line.contains("kube::") && !line.trim_start().starts_with("//"));
        assert!(!names || MAY_NAME_KUBE.contains(&path), "{path} names kube");
    });
}
