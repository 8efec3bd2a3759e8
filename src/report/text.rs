//! For people at a terminal.

use crate::check::Report;
use crate::engine::Action;
use std::io::{self, Write};

/// Writes findings, one paragraph each, then errors' count, skips and a summary.
pub fn write_text(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for finding in &report.findings {
        let judged = &finding.judged;
        let namespace = finding
            .object
            .namespace
            .as_deref()
            .map_or(String::new(), |namespace| format!("{namespace}/"));
        writeln!(
            out,
            "{}:{}: {} [{}]\n  {} {namespace}{}: {}",
            finding.file.display(),
            position(finding.position),
            judged.action.as_str(),
            judged.rule.name,
            finding.object.kind,
            finding.object.name,
            judged.finding.message,
        )?;
        if !judged.finding.remedy.is_empty() {
            writeln!(out, "  {}", judged.finding.remedy)?;
        }
        writeln!(out)?;
    }
    for skipped in &report.skipped {
        let (skip, object) = (&skipped.skip, &skipped.object);
        writeln!(
            out,
            "skipped [{}] for {} {}: {}",
            skip.rule, object.kind, object.name, skip.detail
        )?;
    }
    let count = |action| report.count(action);
    writeln!(
        out,
        "{} objects, {} findings: {} deny, {} warn, {} audit; {} skipped, {} errors",
        report.objects,
        report.findings.len(),
        count(Action::Deny),
        count(Action::Warn),
        count(Action::Audit),
        report.skipped.len(),
        report.errors.len(),
    )
}

fn position(position: crate::yaml::Position) -> String {
    format!("{}:{}", position.line, position.column)
}
