//! For people at a terminal.

use super::{ObjectRef, Place, Report};
use crate::engine::Action;
use crate::model::words::listed;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};

/// Writes findings, one paragraph each, then exceptions, skips and a summary.
pub fn write_text(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for finding in &report.findings {
        let judged = &finding.judged;
        let (action, rule) = (judged.action.as_str(), judged.rule.name);
        let (object, message) = (title(&finding.object), &judged.finding.message);
        match &finding.place {
            Some(place) => writeln!(out, "{place}: {action} [{rule}]\n  {object}: {message}")?,
            None => writeln!(out, "{object}: {action} [{rule}]\n  {message}")?,
        }
        if !judged.finding.remedy.is_empty() {
            writeln!(out, "  {}", judged.finding.remedy)?;
        }
        writeln!(out)?;
    }
    let mut excepted: BTreeMap<(&str, &str, &str), Vec<&ObjectRef>> = BTreeMap::new();
    for one in &report.excepted {
        let by = &one.excepted;
        let objects = excepted.entry((by.judged.rule.name, &by.exception, &by.reason));
        objects.or_default().push(&one.object);
    }
    for ((rule, exception, reason), objects) in excepted {
        // A reason may have several lines.
        let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        writeln!(
            out,
            "excepted [{rule}] for {} by {exception}: {reason}",
            titles(objects)
        )?;
    }
    let mut skipped: BTreeMap<(&str, &str), Vec<&ObjectRef>> = BTreeMap::new();
    for one in &report.skipped {
        let objects = skipped.entry((one.skip.rule, &one.skip.detail));
        objects.or_default().push(&one.object);
    }
    for ((rule, detail), objects) in skipped {
        writeln!(out, "skipped [{rule}] for {}: {detail}", titles(objects))?;
    }
    if !report.unknown_namespaces.is_empty() {
        writeln!(
            out,
            "not judged in {}: a policy selects namespaces by label, and theirs are unknown; give the Namespace objects with \
             --objects, or put them beside the manifests",
            listed(report.unknown_namespaces.iter().map(String::as_str), 10)
        )?;
    }
    let count = |action| report.count(action);
    let excepted = match report.excepted.len() {
        0 => String::new(),
        excepted => format!("{excepted} excepted, "),
    };
    writeln!(
        out,
        "{}, {}: {} deny, {} warn, {} audit; {excepted}{} skipped, {}",
        counted(report.objects, "object"),
        counted(report.findings.len(), "finding"),
        count(Action::Deny),
        count(Action::Warn),
        count(Action::Audit),
        report.skipped.len(),
        counted(report.errors.len(), "error"),
    )
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// The object, or how many there are.
fn titles(mut objects: Vec<&ObjectRef>) -> String {
    objects.dedup();
    match objects.as_slice() {
        [object] => title(object),
        objects => counted(objects.len(), "object"),
    }
}

/// `PersistentVolumeClaim shop/data`.
fn title(object: &ObjectRef) -> String {
    let ObjectRef {
        kind, namespace, name, ..
    } = object;
    match namespace {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(f, "{}:{}:{}", self.file.display(), position.line, position.column),
            None => write!(f, "{}", self.file.display()),
        }
    }
}
