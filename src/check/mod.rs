//! `check`: manifests -> the same evaluation -> a report.

mod defaults;
mod manifests;

use crate::admission::{is_judged_at_owner, judge};
use crate::cluster::view::{Lookup, View, ViewKind};
use crate::decision::{Judged, strictest};
use crate::drivers::Drivers;
use crate::engine::{Action, Author, Door, Operation, Request, Skip};
use crate::model::{FieldPath, ObjectKind, Subject};
use crate::policy::{Attributes, PolicySet, out_of_scope};
use crate::yaml::Position;
use jiff::Timestamp;
pub use manifests::{FileError, Manifest, Manifests, ObjectRef, read};
use serde_json::Value;
use std::path::PathBuf;

/// One finding in a manifest.
#[derive(Debug)]
pub struct CheckedFinding {
    /// The finding and its policy; in mode Audit the action is Audit.
    pub judged: Judged,
    /// The object.
    pub object: ObjectRef,
    /// The file, `<stdin>` for standard input.
    pub file: PathBuf,
    /// The place of the field, or of its nearest ancestor that is written.
    pub position: Position,
    /// The fix as RFC 6902 operations on the manifest's object; empty when there is none.
    pub fix: Vec<json_patch::PatchOperation>,
}

/// A rule that could not be evaluated for an object.
#[derive(Debug)]
pub struct CheckedSkip {
    /// The rule and why.
    pub skip: Skip,
    /// The object.
    pub object: ObjectRef,
}

/// What a run of `check` yields.
#[derive(Debug, Default)]
pub struct Report {
    /// Objects that were judged.
    pub objects: usize,
    /// Findings by file and place.
    pub findings: Vec<CheckedFinding>,
    /// Rules that could not be evaluated.
    pub skipped: Vec<CheckedSkip>,
    /// Files that could not be read.
    pub errors: Vec<FileError>,
}

impl Report {
    /// How many findings have this action.
    pub fn count(&self, action: Action) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.judged.action == action)
            .count()
    }
}

/// Judges manifests. They are each other's cluster view: same file first, then the folder, then upwards, on top of `given`.
pub fn check(manifests: Manifests, given: &View, policies: &PolicySet, drivers: &Drivers, namespace: &str) -> Report {
    let views = manifests.views(given, namespace);
    let mut report = Report {
        errors: manifests.errors,
        ..Report::default()
    };
    for manifest in &manifests.manifests {
        let view = views.of(manifest);
        if let Some((judged, skipped)) = judge_manifest(manifest, &view, policies, drivers, namespace) {
            report.objects += 1;
            let mut findings: Vec<_> = judged
                .into_iter()
                .map(|judged| placed(judged, manifest, namespace))
                .collect();
            findings.sort_by_key(|finding| finding.position);
            report.findings.extend(findings);
            let object = manifest.object_ref(namespace);
            report.skipped.extend(skipped.into_iter().map(|skip| CheckedSkip {
                skip,
                object: object.clone(),
            }));
        }
    }
    report
}

/// The judgement of one manifest; `None` when policies leave it alone.
fn judge_manifest(
    manifest: &Manifest,
    view: &View,
    policies: &PolicySet,
    drivers: &Drivers,
    namespace: &str,
) -> Option<(Vec<Judged>, Vec<Skip>)> {
    let kind = manifest.kind?;
    let object = manifest.object_ref(namespace);
    let attributes = Attributes {
        group: kind.group(),
        kind: kind.as_str(),
        subresource: "",
        operation: "CREATE",
        namespace: object.namespace.as_deref().unwrap_or_default(),
        user: "",
    };
    if out_of_scope(&attributes, "volguard-system").is_some() {
        return None;
    }
    let mut value = manifest.value.clone();
    defaults::fill_in(kind, &mut value);
    let subject = Subject::new(kind, &value);
    if subject.meta().is_deleting() || is_judged_at_owner(kind, &value) {
        return None;
    }
    let request = Request {
        operation: Operation::Create,
        old: None,
        namespace: attributes.namespace,
        namespace_labels: match view.get(ViewKind::Namespace, "", attributes.namespace) {
            _ if kind == ObjectKind::Namespace => Lookup::Found(&value),
            Lookup::Absent => Lookup::Unknown,
            other => other,
        },
        view,
        drivers,
        author: Author::Manifest(manifest.value.clone()),
        door: Door::Manifests,
        live: false,
        user: "",
        grace_period: None,
        now: Timestamp::now(),
    };
    let (mut judged, skipped) = judge(policies, &attributes, &subject, None, &request, None);
    // A rule that is Off but fixes has nothing to report; in mode Audit every finding is recorded only.
    judged.retain(|j| j.action != Action::Off);
    for j in judged.iter_mut().filter(|j| !j.is_enforced()) {
        j.action = Action::Audit;
    }
    Some((strictest(judged), skipped))
}

fn placed(judged: Judged, manifest: &Manifest, namespace: &str) -> CheckedFinding {
    let mut object: Value = manifest.value.clone();
    CheckedFinding {
        fix: crate::engine::apply(&mut object, &judged.finding.fix),
        object: manifest.object_ref(namespace),
        file: manifest.file.clone(),
        position: manifest.position(&judged.finding.path),
        judged,
    }
}

impl Manifest {
    /// The place of a field, or of its nearest ancestor that is written.
    pub fn position(&self, path: &FieldPath) -> Position {
        self.spans.nearest(&format!("{}{}", self.pointer, path.pointer()))
    }
}
