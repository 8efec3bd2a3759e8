//! Claims that nobody uses and everybody pays for.

use super::manifests::{CLAIMS, CLASS, database};
use super::{Half, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "orphaned-claims",
    title: "A StatefulSet is scaled down from three replicas to one",
    without: Half {
        outcome: "its claims stay Bound, their disks are paid for month after month, and nothing in the cluster says so",
        play: without,
    },
    with: Half {
        outcome: "volguard warns at the scale, and a scan names the claims, what they cost and how to delete them",
        play: with,
    },
    sections: &["Deployment Behavior", "Cost Optimization", "Troubleshooting"],
    rules: &["claims-left-by-scale-down", "orphaned-claim"],
    alone: false,
};

/// For a scan only. By default a claim counts as orphaned after 30 days.
const POLICY: &str = "
apiVersion: volguard.dev/v1alpha1
kind: StoragePolicy
metadata: {name: clean-up}
spec:
  rules:
    - {name: orphaned-claim, action: Warn, parameters: {unusedFor: 0s}}
";

fn start(stage: &Stage<'_>) -> Vec<String> {
    stage.applied("class.yaml", CLASS);
    stage.applied("db.yaml", &database(3));
    stage.must("kubectl rollout status statefulset db --timeout=60s");
    let claims = ["data-db-0", "data-db-1", "data-db-2"];
    claims.map(|claim| stage.disk(claim)).to_vec()
}

fn without(stage: &Stage<'_>) {
    let disks = start(stage);
    let said = stage.must("kubectl scale statefulset db --replicas=1");
    assert!(!said.contains("Warning"), "{said}");
    stage.until_so("kubectl get pods", "only db-0", |pods| {
        !pods.contains("db-1") && !pods.contains("db-2")
    });
    stage.say("Two claims have no pod. The usual search for orphans finds neither.");
    let found = stage.must("kubectl get pvc | grep -v Bound");
    assert_eq!(found.lines().count(), 1, "only the headline: {found}");
    let claims = stage.must(CLAIMS);
    assert_eq!(claims.matches("Bound").count(), 3, "{claims}");
    assert!(disks.iter().all(|disk| stage.in_cloud(disk).is_some()));
    stage.say(&format!("The cloud has {} still, and bills them.", disks.join(", ")));
}

fn with(stage: &Stage<'_>) {
    let disks = start(stage);
    let said = stage.must("kubectl scale statefulset db --replicas=1");
    assert!(said.contains("[claims-left-by-scale-down]"), "{said}");
    stage.until_so("kubectl get pods", "only db-0", |pods| {
        !pods.contains("db-1") && !pods.contains("db-2")
    });
    stage.say("Whoever missed the warning finds the claims in a scan.");
    let report = stage.must("volguard scan -n $NS");
    let command = stage.fill("kubectl delete pvc data-db-1 data-db-2 -n $NS");
    assert!(
        report.contains(&command) && report.contains("1.60 USD a month"),
        "{report}"
    );
    stage.must(&command);
    stage.gone_from_cloud(&disks[1..]);

    stage.say("When the set is deleted, its last claim is nobody's. This scan does not wait 30 days to say so.");
    stage.must("kubectl delete statefulset db");
    stage.until("kubectl get pods", &["No resources found"]);
    stage.file("clean-up.yaml", POLICY);
    let report = stage.must("volguard scan -n $NS --policy clean-up.yaml");
    assert!(report.contains("[orphaned-claim]"), "{report}");
    assert!(report.contains("data-db-0 (10Gi, 0.80 USD a month)"), "{report}");
}
