//! What a cluster is judged by.

use super::view;
use crate::cluster::view::ViewKind;
use crate::drivers::Drivers;
use crate::own::{Assembler, Effect, Verdict};
use crate::policy::{CompiledPolicy, Criteria, PolicyFiles, PolicySet};
use crate::report::{Report, ReportedError};
use jiff::Timestamp;
use kube::Client;
use std::sync::Arc;

/// The policies that are given, else those of the cluster, else the `default`; in any case the exceptions and drivers of the
/// cluster too. An object of the cluster that is invalid is an error of `report`. Fails when the API server cannot be asked.
pub async fn criteria(
    client: &Client,
    given: PolicyFiles,
    default: CompiledPolicy,
    drivers: Arc<Drivers>,
    report: &mut Report,
) -> Result<Criteria, kube::Error> {
    let has_policies = !given.policies.is_empty();
    let kinds = ViewKind::OWN.into_iter();
    let kinds = kinds.filter(|kind| *kind != ViewKind::StoragePolicy || !has_policies);
    let view = view(client, kinds, report).await?;
    let mut assembler = Assembler::new(&crate::rules::ALL, given, drivers, false);
    let assembly = assembler.assemble(&view, Timestamp::now());
    for Verdict { kind, name, effect, .. } in &assembly.verdicts {
        if let Effect::Invalid(problem) = effect {
            let message = format!("{} {name} is invalid: {problem}", kind.as_str());
            report.errors.push(ReportedError { place: None, message });
        }
    }
    let mut criteria = assembly.criteria;
    if assembly.is_default {
        let exceptions = criteria.policies.exceptions().all().to_vec();
        criteria.policies = PolicySet::new(vec![default]).with_exceptions(exceptions);
    }
    Ok(criteria)
}
