//! A unit that is wrong by one letter.

use super::manifests::{CLAIMS, CLASS, database};
use super::{Half, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "ten-milli",
    title: "The claim template of a database asks for 10m, where 10Gi was meant",
    without: Half {
        outcome: "a hundredth of a byte is accepted, the cloud rounds it up, and the database runs on 1 GiB until it is full",
        play: without,
    },
    with: Half {
        outcome: "volguard refuses the size and says how to write it",
        play: with,
    },
    sections: &["Dynamic Provisioning (Recommended)", "Cost Optimization"],
    rules: &["suspicious-size"],
    alone: false,
};

fn mistaken() -> String {
    database(1).replace("storage: 10Gi", "storage: 10m")
}

fn without(stage: &Stage<'_>) {
    stage.applied("class.yaml", CLASS);
    stage.applied("db.yaml", &mistaken());
    stage.must("kubectl rollout status statefulset db --timeout=60s");
    stage.say("Everything is green. The disk is a tenth of what was meant.");
    let claims = stage.must(CLAIMS);
    assert!(claims.contains("1Gi") && !claims.contains("10Gi"), "{claims}");
    let disk = stage.in_cloud(&stage.disk("data-db-0")).expect("the claim has a disk");
    assert_eq!(disk["sizeGi"], 1, "{disk}");

    stage.say("The template cannot be corrected any more.");
    stage.fails(
        "sed 's/storage: 10m/storage: 10Gi/' db.yaml | kubectl apply -f -",
        "Forbidden",
    );
}

fn with(stage: &Stage<'_>) {
    stage.applied("class.yaml", CLASS);
    stage.not_applied("db.yaml", &mistaken(), "suspicious-size");
    stage.must("sed -i 's/storage: 10m/storage: 10Gi/' db.yaml");
    stage.must("kubectl apply -f db.yaml");
    stage.must("kubectl rollout status statefulset db --timeout=60s");
    let claims = stage.must(CLAIMS);
    assert!(claims.contains("10Gi"), "{claims}");
}
