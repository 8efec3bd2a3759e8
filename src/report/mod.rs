//! What `check` and `scan` report, and how it is written: one writer a file.

mod json;
mod text;

use crate::decision::{Excepted, Judged};
use crate::engine::{Action, Skip};
use crate::yaml::Position;
pub use json::write_json;
use std::collections::BTreeSet;
use std::path::PathBuf;
pub use text::write_text;

/// Names an object in reports.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectRef {
    /// Group and version.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Namespace, for objects that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, `<stdin>` for standard input.
    pub file: PathBuf,
    /// Line and column; `None` for the file as a whole.
    pub position: Option<Position>,
}

/// One finding of a report.
#[derive(Debug)]
pub struct ReportedFinding {
    /// The finding and its policy; in mode Audit the action is Audit.
    pub judged: Judged,
    /// The object.
    pub object: ObjectRef,
    /// The place of the field, or of its nearest ancestor that is written; `None` for an object of a cluster.
    pub place: Option<Place>,
    /// The fix as RFC 6902 operations on the object; empty when there is none.
    pub fix: Vec<json_patch::PatchOperation>,
}

/// A finding that an exception set aside.
#[derive(Debug)]
pub struct ReportedException {
    /// The finding and its exception.
    pub excepted: Excepted,
    /// The object.
    pub object: ObjectRef,
    /// The place of the field, or of its nearest ancestor that is written; `None` for an object of a cluster.
    pub place: Option<Place>,
}

/// A rule that could not be evaluated for an object.
#[derive(Debug)]
pub struct ReportedSkip {
    /// The rule and why.
    pub skip: Skip,
    /// The object.
    pub object: ObjectRef,
}

/// What could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedError {
    /// The file and the place in it; `None` where a cluster was asked.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
}

/// What a run of `check` or `scan` yields.
#[derive(Debug, Default)]
pub struct Report {
    /// Objects that were judged.
    pub objects: usize,
    /// Findings in the order of objects and their fields.
    pub findings: Vec<ReportedFinding>,
    /// Findings that exceptions set aside, in the order of objects and their fields.
    pub excepted: Vec<ReportedException>,
    /// Rules that could not be evaluated.
    pub skipped: Vec<ReportedSkip>,
    /// Namespaces whose labels would say whether a policy applies in them, and are not known.
    pub unknown_namespaces: BTreeSet<String>,
    /// What could not be read.
    pub errors: Vec<ReportedError>,
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
