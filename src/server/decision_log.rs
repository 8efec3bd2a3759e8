//! One line in the log for each decision.

use crate::protocol::Record;

/// Whatever a person may ask about later is logged at info; an object that nothing was found in at debug.
pub(super) fn log(record: &Record) {
    // The level of an event is part of its call site, hence two of them.
    macro_rules! decision {
        ($level:ident) => {
            tracing::$level!(
                uid = record.uid,
                endpoint = record.endpoint.as_str(),
                kind = record.kind,
                operation = record.operation,
                namespace = record.namespace,
                name = record.name,
                user = record.user,
                dry_run = record.dry_run,
                decision = record.decision,
                rules = names(record.findings.iter().map(|finding| finding.rule)),
                skipped = names(record.skipped.iter().map(|(rule, _)| *rule)),
                duration_us = u64::try_from(record.duration.as_micros()).unwrap_or(u64::MAX),
                "review"
            )
        };
    }
    if record.decision == "allow" && record.findings.is_empty() {
        decision!(debug);
    } else {
        decision!(info);
    }
}

/// Comma-separated, each name once, in the order of the findings.
fn names(rules: impl Iterator<Item = &'static str>) -> String {
    let mut names: Vec<&str> = Vec::new();
    for rule in rules {
        if !names.contains(&rule) {
            names.push(rule);
        }
    }
    names.join(",")
}
