//! volguard into the three-zone cluster, as everybody installs it.

use std::collections::BTreeSet;
use std::env;

use crate::stage::Stage;
use crate::support::helm::chart;

/// Where volguard is installed.
pub(crate) const NAMESPACE: &str = "volguard-system";

/// Prints the logs of both replicas. A line is there a moment after it was written.
pub(crate) const LOGS: &str =
    "kubectl logs --namespace volguard-system --selector app.kubernetes.io/name=volguard --tail -1";

/// The policy of the guide, in mode Audit.
const GUARDRAILS: &str = include_str!("../../deploy/sample/guardrails.yaml");

/// Installs the chart, waits for its replicas, and applies the policy; returns once the policy is in force.
pub(crate) fn install(stage: &Stage<'_>) {
    if is_left_out() {
        return;
    }
    stage.must(&format!(
        "helm install volguard {} --namespace {NAMESPACE} --set image.repository=registry.example.com/volguard --wait --timeout 90s",
        chart().display()
    ));
    stage.must("kubectl get pods");
    stage.applied("guardrails.yaml", GUARDRAILS);
    in_force(stage, "Audit");
}

/// Has the policy enforced; returns once it is.
pub(crate) fn enforce(stage: &Stage<'_>) {
    if is_left_out() {
        return;
    }
    let enforce = r#"'{"spec": {"mode": "Enforce"}}'"#;
    stage.must(&format!(
        "kubectl patch storagepolicy guardrails --type merge --patch {enforce}"
    ));
    in_force(stage, "Enforce");
}

/// Waits until both replicas have said that the policy is in force in this mode: each of them judges by itself.
fn in_force(stage: &Stage<'_>, mode: &str) {
    let said = format!("guardrails (Recommended, {mode})");
    stage.until_so(
        &format!("{LOGS} --prefix | sed -n 's|^.pod/\\([^/]*\\)/.*\\(in force: [^\"]*{said}\\).*|\\1 \\2|p'"),
        "the word of both replicas",
        |output| {
            let replicas: BTreeSet<&str> = output.lines().filter_map(|line| line.split(' ').next()).collect();
            replicas.len() == 2
        },
    );
    stage.must("kubectl get storagepolicies");
}

/// To see that a scenario really needs volguard: with this in the environment every second half fails.
fn is_left_out() -> bool {
    env::var_os("VOLGUARD_ABSENT").is_some()
}
