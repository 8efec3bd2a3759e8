//! Audit first: what volguard would do is shown, and nothing changes. Then one command, and it is done.

use std::collections::BTreeSet;

use volguard::engine::{Operation, Rule};
use volguard::rules::ALL;

use crate::installation::{self, LOGS};
use crate::stage::Stage;

/// The namespace of the play.
pub(crate) const NAMESPACE: &str = "audit";

/// What volguard would mend, warn of and deny.
const SHOP: &str = include_str!("../../deploy/sample/shop.yaml");

/// Applies what is wrong in several ways, shows where that is seen, has the policy enforced, and applies it again.
pub(crate) fn play(stage: &Stage<'_>) {
    nothing_changes(stage);
    everything_is_shown(stage);
    installation::enforce(stage);
    what_stands_goes_on_and_what_comes_is_refused(stage);
}

fn nothing_changes(stage: &Stage<'_>) {
    stage.say("In mode Audit everything is stored as it is written, without a word from volguard.");
    let printed = stage.applied("shop.yaml", SHOP);
    let is_named = |rule: &&Rule| printed.contains(&format!("[{}]", rule.name));
    assert!(!ALL.iter().any(is_named), "{printed}");
    let mode = stage.must("kubectl get storageclass fast --output jsonpath={.volumeBindingMode}");
    assert_eq!(mode, "Immediate");
    let spread = "kubectl get statefulset db --output jsonpath={.spec.template.spec.topologySpreadConstraints}";
    assert_eq!(stage.must(spread), "");
}

fn everything_is_shown(stage: &Stage<'_>) {
    stage.say("volguard's log has a line for each review; here two parts of each.");
    let parts = r#"'"kind":"[^,]*,"operation":"[^,]*\|"decision":"would[^,]*,"rules":"[^"]*"'"#;
    stage.until(
        &format!("{LOGS} | grep would- | grep -o {parts}"),
        &[
            "would-mutate",
            "would-deny",
            "unsupported-access-mode",
            "suspicious-size",
        ],
    );
    stage.say("Its metrics count them, on the replica that was asked.");
    let metrics = "/api/v1/namespaces/volguard-system/services/volguard:metrics/proxy/metrics";
    stage.until(
        &format!("kubectl get --raw {metrics} | grep would-"),
        &["decision=\"would-deny\""],
    );
    stage.say("The API server's own audit log has volguard's annotations.");
    stage.until(
        r#"grep '"namespace":"audit"' "$AUDIT_LOG" | grep -o '"[a-z]*.volguard.dev/[a-z]*":"[^"]*"'"#,
        &["unsupported-access-mode", "suspicious-size"],
    );
    stage.say("A scan finds what stands in the cluster, with the policies of the cluster.");
    let found = stage.must("volguard scan --namespace audit");
    for rule in ["unsupported-access-mode", "suspicious-size", "missing-zone-spread"] {
        assert!(found.contains(&format!("Audit [{rule}]")), "{found}");
    }
}

fn what_stands_goes_on_and_what_comes_is_refused(stage: &Stage<'_>) {
    stage.say(
        "What was stored before goes on. A new replica gets its claim, although nobody may write such a template now.",
    );
    stage.must("kubectl scale statefulset db --replicas 4");
    stage.must("kubectl rollout status statefulset/db --timeout 60s");
    stage.say("The same file in a new namespace is refused.");
    stage.must("kubectl create namespace audit-again");
    let refusal = stage.refused(
        "kubectl apply --namespace audit-again --filename shop.yaml",
        "unsupported-access-mode",
    );
    assert!(refusal.contains("[suspicious-size]"), "{refusal}");
}

/// Waits until volguard's log or a scan names each of these rules for what the stage's play did. What only a scan finds, it
/// finds of what has been so for days.
pub(crate) fn names(stage: &Stage<'_>, rules: &[&str]) {
    let is_of_reviews = |rule: &Rule| rule.operations.iter().any(|operation| *operation != Operation::Scan);
    let due = ALL.iter().filter(|rule| is_of_reviews(rule)).map(|rule| rule.name);
    let due: BTreeSet<&str> = due.filter(|name| rules.contains(name)).collect();
    stage.until_so(
        &format!(
            r#"{LOGS} | grep '"$NS["-]' | grep -o '"rules":"[^"]*"'
               volguard scan --namespace $NS | grep -o '\[[a-z-]*\]'
               true"#
        ),
        &format!("{due:?}"),
        |output| due.is_subset(&output.split(['"', ',', '[', ']']).collect()),
    );
}
