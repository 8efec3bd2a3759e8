//! `check`: manifests -> the same evaluation -> a report.

mod decoding;
mod defaults;
mod manifests;

use crate::admission::{Judgement, Standing, judge_standing};
use crate::cluster::view::View;
use crate::decision::Judged;
use crate::drivers::Drivers;
use crate::engine::{Author, Door, operations};
use crate::model::FieldPath;
use crate::policy::PolicySet;
use crate::report::{Place, Report, ReportedError, ReportedException, ReportedFinding, ReportedSkip};
use crate::yaml::Position;
use jiff::Timestamp;
pub use manifests::{Manifest, Manifests, read, read_without};

/// Judges manifests. They are each other's cluster view: same file first, then the folder, then upwards, on top of `given`.
pub fn check(manifests: Manifests, given: &View, policies: &PolicySet, drivers: &Drivers, namespace: &str) -> Report {
    let now = Timestamp::now();
    let views = manifests.views(given, namespace);
    let mut report = Report {
        errors: manifests.errors,
        ..Report::default()
    };
    for manifest in &manifests.manifests {
        let view = views.of(manifest);
        if let Some(judgement) = judge(manifest, &view, policies, drivers, namespace, now) {
            report.objects += 1;
            report.errors.extend(undecodable(manifest));
            let object = manifest.object_ref(namespace);
            if judgement.lacks_namespace {
                report.unknown_namespaces.extend(object.namespace.clone());
            }
            let findings = in_order(judgement.judged, manifest).into_iter();
            report.findings.extend(findings.map(|(place, judged)| ReportedFinding {
                fix: operations(&manifest.value, &judged.finding.fix),
                object: object.clone(),
                place: Some(place),
                judged,
            }));
            let excepted = in_order(judgement.excepted, manifest).into_iter();
            report
                .excepted
                .extend(excepted.map(|(place, excepted)| ReportedException {
                    excepted,
                    object: object.clone(),
                    place: Some(place),
                }));
            report
                .skipped
                .extend(judgement.skipped.into_iter().map(|skip| ReportedSkip {
                    skip,
                    object: object.clone(),
                }));
        }
    }
    report
}

/// What the API server cannot read of an object, with its places.
fn undecodable(manifest: &Manifest) -> impl Iterator<Item = ReportedError> + use<'_> {
    let faults = manifest.kind.map(|kind| decoding::faults(kind, &manifest.value));
    faults.into_iter().flatten().map(|(path, message)| ReportedError {
        place: Some(Place {
            file: manifest.file.clone(),
            position: Some(manifest.position(&path)),
        }),
        message,
    })
}

/// The judgement of one manifest; `None` when policies leave it alone.
fn judge(
    manifest: &Manifest,
    view: &View,
    policies: &PolicySet,
    drivers: &Drivers,
    namespace: &str,
    now: Timestamp,
) -> Option<Judgement> {
    let kind = manifest.kind?;
    let mut value = manifest.value.clone();
    defaults::fill_in(kind, &mut value);
    let object = manifest.object_ref(namespace);
    let standing = Standing {
        kind,
        value: &value,
        author: Author::Manifest(manifest.value.clone()),
        namespace: object.namespace.as_deref().unwrap_or_default(),
        door: Door::Manifests,
        view,
        now,
    };
    judge_standing(&standing, policies, drivers, crate::policy::OWN_NAMESPACE)
}

/// What was found in a manifest, with its places, in their order.
fn in_order<J: AsRef<Judged>>(found: Vec<J>, manifest: &Manifest) -> Vec<(Place, J)> {
    let mut placed: Vec<(Position, J)> = found
        .into_iter()
        .map(|found| (manifest.position(&found.as_ref().finding.path), found))
        .collect();
    placed.sort_by_key(|(position, _)| *position);
    let place = |position| Place {
        file: manifest.file.clone(),
        position: Some(position),
    };
    placed.into_iter().map(|(at, found)| (place(at), found)).collect()
}

impl Manifest {
    /// The place of a field, or of its nearest ancestor that is written.
    pub fn position(&self, path: &FieldPath) -> Position {
        self.spans.nearest(&format!("{}{}", self.pointer, path.pointer()))
    }
}
