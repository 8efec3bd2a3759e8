//! For programs: stable and versioned.

use super::{ObjectRef, Place, Report};
use crate::engine::Action;
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;

#[derive(Serialize)]
struct Json<'r> {
    version: u32,
    summary: Summary,
    findings: Vec<Finding<'r>>,
    excepted: Vec<Excepted<'r>>,
    skipped: Vec<Skipped<'r>>,
    errors: Vec<Error<'r>>,
}

#[derive(Serialize)]
struct Summary {
    objects: usize,
    findings: usize,
    deny: usize,
    warn: usize,
    audit: usize,
    fixed: usize,
    excepted: usize,
    skipped: usize,
}

#[derive(Serialize)]
struct Finding<'r> {
    rule: &'r str,
    action: &'r str,
    message: &'r str,
    remedy: &'r str,
    object: &'r ObjectRef,
    path: String,
    #[serde(flatten)]
    place: Option<JsonPlace<'r>>,
    policy: &'r str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    fix: &'r [json_patch::PatchOperation],
}

#[derive(Serialize)]
struct Excepted<'r> {
    rule: &'r str,
    /// What would have been done.
    action: &'r str,
    message: &'r str,
    object: &'r ObjectRef,
    path: String,
    #[serde(flatten)]
    place: Option<JsonPlace<'r>>,
    policy: &'r str,
    exception: &'r str,
    reason: &'r str,
}

#[derive(Serialize)]
struct Skipped<'r> {
    rule: &'r str,
    object: &'r ObjectRef,
    reason: &'r str,
}

/// Line and column are 0 for the file as a whole.
#[derive(Serialize)]
struct JsonPlace<'r> {
    file: &'r Path,
    line: usize,
    column: usize,
}

#[derive(Serialize)]
struct Error<'r> {
    #[serde(flatten)]
    place: Option<JsonPlace<'r>>,
    message: &'r str,
}

fn place(place: &Place) -> JsonPlace<'_> {
    let position = place.position;
    JsonPlace {
        file: &place.file,
        line: position.map_or(0, |position| position.line),
        column: position.map_or(0, |position| position.column),
    }
}

/// Writes the report as one JSON document.
pub fn write_json(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let findings = report.findings.iter().map(|finding| Finding {
        rule: finding.judged.rule.name,
        action: finding.judged.action.as_str(),
        message: &finding.judged.finding.message,
        remedy: &finding.judged.finding.remedy,
        object: &finding.object,
        path: finding.judged.finding.path.pointer(),
        place: finding.place.as_ref().map(place),
        policy: &finding.judged.policy,
        fix: &finding.fix,
    });
    let excepted = report.excepted.iter().map(|reported| {
        let (by, judged) = (&reported.excepted, &reported.excepted.judged);
        Excepted {
            rule: judged.rule.name,
            action: judged.action.as_str(),
            message: &judged.finding.message,
            object: &reported.object,
            path: judged.finding.path.pointer(),
            place: reported.place.as_ref().map(place),
            policy: &judged.policy,
            exception: &by.exception,
            reason: &by.reason,
        }
    });
    let skipped = report.skipped.iter().map(|skipped| Skipped {
        rule: skipped.skip.rule,
        object: &skipped.object,
        reason: &skipped.skip.detail,
    });
    let errors = report.errors.iter().map(|error| Error {
        place: error.place.as_ref().map(place),
        message: &error.message,
    });
    let json = Json {
        version: 1,
        summary: Summary {
            objects: report.objects,
            findings: report.findings.len(),
            deny: report.count(Action::Deny),
            warn: report.count(Action::Warn),
            audit: report.count(Action::Audit),
            fixed: 0,
            excepted: report.excepted.len(),
            skipped: report.skipped.len(),
        },
        findings: findings.collect(),
        excepted: excepted.collect(),
        skipped: skipped.collect(),
        errors: errors.collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &json)?;
    writeln!(out)
}
