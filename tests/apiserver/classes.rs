//! StorageClasses, as users apply them.

use crate::manifests::{CLASS_WITHOUT_MODE, ENFORCE};
use crate::support::{Cx, nodes};

const MODE: &str = "volumeBindingMode";

pub(crate) fn a_class_without_a_mode_waits_and_does_not_drift(cx: &Cx<'_>) {
    nodes::three_zones(cx.api());
    let _volguard = cx.connected().policy(ENFORCE).guard();
    let stored = || cx.get_json(&["storageclass", "$NS-gp3"])[MODE].clone();
    let manifest = cx.fill(CLASS_WITHOUT_MODE);
    let run = |arguments: &[&str]| {
        let outcome = cx.kubectl().run_with(arguments, &manifest);
        assert!(
            outcome.success,
            "kubectl {arguments:?}: {}{}",
            outcome.stdout, outcome.stderr
        );
        outcome.stdout
    };

    cx.accepts(&manifest);
    assert_eq!(stored(), "WaitForFirstConsumer");
    assert!(run(&["apply", "-f", "-"]).contains("unchanged"));
    assert_eq!(run(&["diff", "-f", "-"]), "");
    // The API server fills in Immediate again, and the field is immutable.
    run(&["replace", "-f", "-"]);
    assert_eq!(stored(), "WaitForFirstConsumer");
}

pub(crate) fn a_class_under_server_side_apply_waits_and_does_not_drift(cx: &Cx<'_>) {
    nodes::three_zones(cx.api());
    let _volguard = cx.connected().policy(ENFORCE).guard();
    let manifest = cx.fill(CLASS_WITHOUT_MODE);
    for _ in 0..2 {
        let outcome = cx.kubectl().run_with(&["apply", "--server-side", "-f", "-"], &manifest);
        assert!(outcome.success, "{}", outcome.stderr);
        let class = cx.get_json(&["storageclass", "$NS-gp3", "--show-managed-fields"]);
        assert_eq!(class[MODE], "WaitForFirstConsumer");
        let owned = class["metadata"]["managedFields"]
            .as_array()
            .unwrap()
            .iter()
            .find(|entry| entry["operation"] == "Apply")
            .map(|entry| entry["fieldsV1"].get("f:volumeBindingMode"));
        assert_eq!(owned, Some(None), "the writer did not write the field: {class}");
    }
    let diff = cx.kubectl().run_with(&["diff", "--server-side", "-f", "-"], &manifest);
    assert_eq!((diff.code, diff.stdout.as_str()), (0, ""), "{}", diff.stderr);
}

pub(crate) fn a_mode_that_was_written_is_warned_of_and_kept(cx: &Cx<'_>) {
    nodes::three_zones(cx.api());
    let _volguard = cx.connected().policy(ENFORCE).guard();
    let manifest = cx.fill(&format!("{CLASS_WITHOUT_MODE}{MODE}: Immediate\n"));
    let is_warned = |stderr: &str| stderr.contains("Warning: ") && stderr.contains("[immediate-binding]");

    let dry = cx
        .kubectl()
        .run_with(&["apply", "--dry-run=server", "-f", "-"], &manifest);
    assert!(dry.success && is_warned(&dry.stderr), "{}", dry.stderr);
    let path = cx.fill("/apis/storage.k8s.io/v1/storageclasses/$NS-gp3");
    assert_eq!(cx.api().get(&path), None);

    let warnings = cx.accepts(&manifest);
    assert!(is_warned(&warnings), "{warnings}");
    assert_eq!(cx.api().get(&path).unwrap()[MODE], "Immediate");
}
