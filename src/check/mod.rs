//! `check`: manifests -> the same evaluation -> a report.

mod defaults;
mod manifests;

use crate::admission::{Standing, judge_standing};
use crate::cluster::view::View;
use crate::decision::Judged;
use crate::drivers::Drivers;
use crate::engine::{Author, Door, Skip, operations};
use crate::model::FieldPath;
use crate::policy::PolicySet;
use crate::report::{Place, Report, ReportedFinding, ReportedSkip};
use crate::yaml::Position;
use jiff::Timestamp;
pub use manifests::{Manifest, Manifests, read};

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
        if let Some((judged, skipped)) = judge(manifest, &view, policies, drivers, namespace, now) {
            report.objects += 1;
            let mut judged: Vec<_> = judged
                .into_iter()
                .map(|judged| (manifest.position(&judged.finding.path), judged))
                .collect();
            judged.sort_by_key(|(position, _)| *position);
            let placed = judged
                .into_iter()
                .map(|(position, judged)| placed(judged, position, manifest, namespace));
            report.findings.extend(placed);
            let object = manifest.object_ref(namespace);
            report.skipped.extend(skipped.into_iter().map(|skip| ReportedSkip {
                skip,
                object: object.clone(),
            }));
        }
    }
    report
}

/// The judgement of one manifest; `None` when policies leave it alone.
fn judge(
    manifest: &Manifest,
    view: &View,
    policies: &PolicySet,
    drivers: &Drivers,
    namespace: &str,
    now: Timestamp,
) -> Option<(Vec<Judged>, Vec<Skip>)> {
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

fn placed(judged: Judged, position: Position, manifest: &Manifest, namespace: &str) -> ReportedFinding {
    ReportedFinding {
        fix: operations(&manifest.value, &judged.finding.fix),
        object: manifest.object_ref(namespace),
        place: Some(Place {
            file: manifest.file.clone(),
            position: Some(position),
        }),
        judged,
    }
}

impl Manifest {
    /// The place of a field, or of its nearest ancestor that is written.
    pub fn position(&self, path: &FieldPath) -> Position {
        self.spans.nearest(&format!("{}{}", self.pointer, path.pointer()))
    }
}
