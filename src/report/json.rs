//! For programs: stable and versioned.

use crate::check::{FileError, ObjectRef, Report};
use crate::engine::Action;
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;

#[derive(Serialize)]
struct Json<'r> {
    version: u32,
    summary: Summary,
    findings: Vec<Finding<'r>>,
    skipped: Vec<Skipped<'r>>,
    errors: &'r [FileError],
}

#[derive(Serialize)]
struct Summary {
    objects: usize,
    findings: usize,
    deny: usize,
    warn: usize,
    audit: usize,
    fixed: usize,
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
    file: &'r Path,
    line: usize,
    column: usize,
    policy: &'r str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    fix: &'r [json_patch::PatchOperation],
}

#[derive(Serialize)]
struct Skipped<'r> {
    rule: &'r str,
    object: &'r ObjectRef,
    reason: &'r str,
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
        file: &finding.file,
        line: finding.position.line,
        column: finding.position.column,
        policy: &finding.judged.policy,
        fix: &finding.fix,
    });
    let skipped = report.skipped.iter().map(|skipped| Skipped {
        rule: skipped.skip.rule,
        object: &skipped.object,
        reason: &skipped.skip.detail,
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
            skipped: report.skipped.len(),
        },
        findings: findings.collect(),
        skipped: skipped.collect(),
        errors: &report.errors,
    };
    serde_json::to_writer_pretty(&mut *out, &json)?;
    writeln!(out)
}
