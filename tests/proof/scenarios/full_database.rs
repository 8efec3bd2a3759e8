//! A class that says nothing of growth, and a database that is full.

use super::manifests::{CANNOT_GROW, CLAIMS, CLASS, claim, grow, pod};
use super::{Half, Scenario};
use crate::stage::Stage;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "full-database",
    title: "A class leaves allowVolumeExpansion out, and the database on it is full",
    without: Half {
        outcome: "the API server refuses to let the claim grow, at the worst moment, and does not say that the class is to be changed",
        play: without,
    },
    with: Half {
        outcome: "volguard sets allowVolumeExpansion: true, and the disk grows under the running database",
        play: with,
    },
    sections: &["Volume Expansion"],
    rules: &["expansion-disabled"],
    alone: false,
};

/// A class whose author wrote nothing of growth.
fn class() -> String {
    CLASS.replace("allowVolumeExpansion: true\n", "")
}

fn database(stage: &Stage<'_>) {
    stage.applied("class.yaml", &class());
    stage.applied("claim.yaml", &claim("ledger", "10Gi"));
    stage.applied("pod.yaml", &pod("ledger"));
    stage.pod_runs("ledger");
    stage.say("Months later the database is full.");
}

fn without(stage: &Stage<'_>) {
    database(stage);
    stage.fails(&grow("ledger"), CANNOT_GROW);
    stage.say("Only an administrator can change the class.");
    stage.must("kubectl patch storageclass $NS-fast -p '{\"allowVolumeExpansion\": true}'");
    stage.until_so(&grow("ledger"), "the growth", |output| output.contains("patched"));
}

fn with(stage: &Stage<'_>) {
    database(stage);
    let allowed = stage.must("kubectl get storageclass $NS-fast -o 'jsonpath={.allowVolumeExpansion}'");
    assert_eq!(allowed, "true");
    stage.must(&grow("ledger"));
    stage.until(CLAIMS, &["20Gi"]);
    assert_eq!(stage.field("pod ledger", "{.status.phase}"), "Running");
    let disk = stage.in_cloud(&stage.disk("ledger")).expect("the claim has a disk");
    assert_eq!(disk["sizeGi"], 20, "{disk}");
    stage.say(&format!("The disk in the cloud has {} GiB now.", disk["sizeGi"]));

    stage.say("An author who writes false is told what that means.");
    let class = class().replace("$NS-fast", "$NS-fixed") + "allowVolumeExpansion: false\n";
    let told = stage.applied("fixed.yaml", &class);
    assert!(told.contains("[expansion-disabled]"), "{told}");
}
