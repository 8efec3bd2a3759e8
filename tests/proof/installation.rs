//! volguard into the three-zone cluster, as everybody installs it.

use std::env;

use crate::stage::{Audience, Stage};
use crate::support::helm::chart;
use crate::zones::ThreeZones;

/// Where volguard is installed.
pub(crate) const NAMESPACE: &str = "volguard-system";

/// The policy that the guide ends with.
const GUARDRAILS: &str = include_str!("../../deploy/sample/guardrails.yaml");

/// Installs the chart, waits for its replicas, and applies the policy; returns once the policy is in force.
pub(crate) fn install(zones: &ThreeZones, audience: Audience) -> Result<(), String> {
    // To see that a scenario really needs volguard: every second half fails then.
    if env::var_os("VOLGUARD_ABSENT").is_some() {
        return Ok(());
    }
    let stage = Stage::new(zones, NAMESPACE, audience)?;
    let chart = chart();
    stage.must(&format!(
        "helm install volguard {} --namespace {NAMESPACE} --set image.repository=registry.example.com/volguard --wait --timeout 90s",
        chart.display()
    ));
    stage.must("kubectl get pods");
    stage.applied("guardrails.yaml", GUARDRAILS);
    stage.until("kubectl get storagepolicies", &["guardrails", "True"]);
    Ok(())
}
