//! What a cluster is judged by.

use super::view;
use crate::cluster::view::ViewKind;
use crate::drivers::Drivers;
use crate::own::{Assembler, Assembly, Effect, Verdict};
use crate::policy::PolicyFiles;
use crate::report::{Report, ReportedError};
use jiff::Timestamp;
use kube::Client;
use std::sync::Arc;

/// The policies that are given, else those of the cluster, in any case with the exceptions and drivers of the cluster. An
/// object of the cluster that is invalid is an error of `report`. Fails when the API server cannot be asked.
pub async fn criteria(
    client: &Client,
    given: PolicyFiles,
    drivers: Arc<Drivers>,
    report: &mut Report,
) -> Result<Assembly, kube::Error> {
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
    Ok(assembly)
}
