//! Step 7: what was found becomes a response, and the record of it.

use super::Judgement;
use crate::decision::{self, Judged};
use crate::engine::{Action, ReportsAt};
use crate::protocol::{Endpoint, Record, RecordedFinding, Response};
use serde_json::Value;

/// The response to what was found in an object, as the endpoint of the record reports it; the record takes it down.
pub(super) fn conclude(judgement: Judgement, object: &Value, record: &mut Record) -> Response {
    let Judgement {
        mut judged,
        mut excepted,
        skipped,
        ..
    } = judgement;
    let (mut patch, mut fixed, mut would_fix) = (Vec::new(), Vec::new(), false);
    let reports = |j: &Judged| record.endpoint == Endpoint::Validate || j.rule.reports_at == ReportsAt::Mutate;
    if record.endpoint == Endpoint::Mutate {
        would_fix = decision::has_fix(&judged, false);
        if decision::has_fix(&judged, true) {
            (patch, fixed) = decision::merge_fixes(&judged, &mut object.clone());
        }
        judged.retain(reports);
        excepted.retain(|e| reports(&e.judged) || e.judged.has_fix());
    }
    let judged = decision::strictest(judged);
    let exceptions = decision::used(&decision::strictest(excepted), reports);
    let decision = decision::decide(&judged, &skipped, &exceptions, patch, &fixed, would_fix);
    record.decision = decision.verdict;
    record.findings = judged
        .iter()
        .map(|j| RecordedFinding {
            rule: j.rule.name,
            action: if j.is_enforced() { j.action } else { Action::Audit }.as_str(),
        })
        .collect();
    record.fixed = fixed;
    record.exceptions = exceptions;
    record.skipped = decision::counted(&skipped);
    decision.response
}
