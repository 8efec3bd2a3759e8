//! Reviews from bytes to bytes, as the API server sends and reads them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "wire/exceptions.rs"]
mod exceptions;
mod odd;

use base64::Engine as _;
use odd::{changed, changes, pointers};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use volguard::admission::{Admission, Cluster};
use volguard::cluster::{files, view::View, view::ViewKind};
use volguard::drivers::Drivers;
use volguard::engine::{Action, Category, Check, Class, Operation, Profile, Profiles, Rule};
use volguard::model::{FieldPath, ObjectKind};
use volguard::own::Uses;
use volguard::policy::{CompiledPolicy, Criteria, InForce, Mode, PolicySet};
use volguard::protocol::{Answer, Endpoint, ReviewError, Reviewer};

const GP3: &str = "ebs.csi.aws.com";

fn view() -> View {
    let mut view = View::default();
    let class = json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "gp3"},
        "provisioner": GP3, "parameters": {"type": "gp3", "encrypted": "true"},
        "volumeBindingMode": "WaitForFirstConsumer", "reclaimPolicy": "Delete", "allowVolumeExpansion": true});
    files::insert(&mut view, class);
    view.set_complete(ViewKind::StorageClass, true);
    view
}

fn in_force(policies: PolicySet) -> InForce {
    let drivers = Drivers::builtin();
    InForce::new(Criteria { policies, drivers })
}

fn admission_of(policy: CompiledPolicy) -> Admission {
    Admission {
        in_force: in_force(PolicySet::new(vec![policy])),
        uses: Uses::default(),
        cluster: Cluster::Fixed(Arc::new(view())),
        own_namespace: "volguard-system".to_owned(),
    }
}

fn admission(profile: Profile, mode: Mode) -> Admission {
    admission_of(CompiledPolicy::from_profile(
        "default",
        profile,
        mode,
        &volguard::rules::ALL,
    ))
}

fn review(kind: ObjectKind, operation: &str, object: &Value) -> Value {
    let namespace = if kind.is_cluster_scoped() { "" } else { "shop" };
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u-1", "kind": {"group": kind.group(), "version": "v1", "kind": kind.as_str()},
        "name": "a", "namespace": namespace, "operation": operation,
        "userInfo": {"username": "jane"}, "object": object}})
}

fn ask_bytes(admission: &Admission, endpoint: Endpoint, body: &[u8]) -> Result<Answer, ReviewError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(admission.review(endpoint, body, Instant::now() + Duration::from_secs(10)))
}

fn ask(admission: &Admission, endpoint: Endpoint, review: &Value) -> (Value, Answer) {
    let answer = ask_bytes(admission, endpoint, review.to_string().as_bytes()).unwrap();
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["apiVersion"], "admission.k8s.io/v1");
    assert_eq!(body["kind"], "AdmissionReview");
    assert_eq!(body["response"]["uid"], "u-1");
    assert!(
        answer.record.skipped.iter().all(|(_, reason)| *reason != "panic"),
        "{:?}",
        answer.record.skipped
    );
    (body["response"].clone(), answer)
}

fn claim(change: &Value) -> Value {
    let mut claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": "a", "namespace": "shop"},
        "spec": {"accessModes": ["ReadWriteMany"], "storageClassName": "gp3", "volumeMode": "Filesystem",
            "resources": {"requests": {"storage": "20Gi"}}}});
    json_patch::merge(&mut claim, change);
    claim
}

fn class(author: &Value) -> Value {
    let applied = json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": GP3});
    let mut class = json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
        "metadata": {"name": "a", "annotations":
            {"kubectl.kubernetes.io/last-applied-configuration": applied.to_string()}},
        "provisioner": GP3, "parameters": {"type": "gp3", "encrypted": "true"}, "allowVolumeExpansion": true,
        "volumeBindingMode": "Immediate", "reclaimPolicy": "Delete", "fromTheFuture": {"kept": [1, null]}});
    json_patch::merge(&mut class, author);
    class
}

fn patched(response: &Value, object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(patch) = response["patch"].as_str() {
        assert_eq!(response["patchType"], "JSONPatch");
        let bytes = base64::engine::general_purpose::STANDARD.decode(patch).unwrap();
        json_patch::patch(
            &mut object,
            &serde_json::from_slice::<json_patch::Patch>(&bytes).unwrap(),
        )
        .unwrap();
    }
    object
}

const PVC: ObjectKind = ObjectKind::PersistentVolumeClaim;
const SC: ObjectKind = ObjectKind::StorageClass;

#[test]
fn a_claim_that_cannot_work_is_denied_with_one_cause_a_finding() {
    let admission = admission(Profile::Baseline, Mode::Enforce);
    let (response, answer) = ask(
        &admission,
        Endpoint::Validate,
        &review(PVC, "CREATE", &claim(&json!({}))),
    );
    assert_eq!(response["allowed"], false);
    let status = &response["status"];
    assert_eq!(
        (&status["status"], &status["code"], &status["reason"]),
        (&json!("Failure"), &json!(403), &json!("Forbidden"))
    );
    let causes = status["details"]["causes"].as_array().unwrap();
    assert_eq!(causes.len(), 1);
    assert_eq!(causes[0]["field"], "spec.accessModes[0]");
    assert_eq!(causes[0]["reason"], "unsupported-access-mode");
    assert_eq!(causes[0]["message"], status["message"]);
    assert!(
        status["message"]
            .as_str()
            .unwrap()
            .ends_with(" [unsupported-access-mode]")
    );
    assert_eq!(response["auditAnnotations"]["decision"], "deny");
    assert_eq!(response["auditAnnotations"]["rules"], "unsupported-access-mode");
    assert_eq!(response.get("patch"), None);
    assert_eq!(answer.record.decision, "deny");

    let mut dry = review(PVC, "CREATE", &claim(&json!({})));
    dry["request"]["dryRun"] = json!(true);
    assert_eq!(ask(&admission, Endpoint::Validate, &dry).0, response);
}

#[test]
fn several_findings_are_answered_together_and_in_the_order_of_fields() {
    let modes = json!({"spec": {"accessModes": ["ReadWriteMany", "ReadOnlyMany"]}});
    let admission = admission(Profile::Recommended, Mode::Enforce);
    let review = review(PVC, "CREATE", &claim(&modes));
    let (response, _) = ask(&admission, Endpoint::Validate, &review);
    let causes = response["status"]["details"]["causes"].as_array().unwrap();
    let fields: Vec<_> = causes.iter().map(|cause| cause["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["spec.accessModes[0]", "spec.accessModes[1]"]);
    assert_eq!(response["status"]["message"].as_str().unwrap().lines().count(), 2);
    assert_eq!(ask(&admission, Endpoint::Validate, &review).0, response);
}

#[test]
fn several_rules_are_answered_together_in_the_order_of_fields_and_rules() {
    let object = class(&json!({
        "parameters": {"type": "gp33", "encrypted": null, "fsType": "xfs", "csi.storage.k8s.io/fstype": "zfs"},
        "metadata": {"annotations": null},
        "allowVolumeExpansion": null,
        "allowedTopologies": [{"matchLabelExpressions": [
            {"key": "topology.kubernetes.io/zone", "values": ["eu-central-1a", "eu-central-1b"]}]}],
    }));
    let review = review(SC, "CREATE", &object);
    let mut rules = volguard::rules::ALL.clone();
    let forwards = CompiledPolicy::from_profile("p", Profile::Strict, Mode::Enforce, &rules);
    rules.reverse();
    let backwards = CompiledPolicy::from_profile("p", Profile::Strict, Mode::Enforce, &rules);
    let twice = PolicySet::new(vec![backwards.clone(), forwards.clone()]);
    let (response, _) = ask(&admission_of(forwards), Endpoint::Validate, &review);
    let causes = response["status"]["details"]["causes"].as_array().unwrap();
    let causes: Vec<_> = causes
        .iter()
        .map(|cause| (cause["field"].as_str().unwrap(), cause["reason"].as_str().unwrap()))
        .collect();
    let expected = [
        ("parameters[csi.storage.k8s.io/fstype]", "unsupported-fstype"),
        ("parameters.encrypted", "unencrypted-class"),
        ("parameters.fsType", "conflicting-fstype-keys"),
        ("parameters.type", "invalid-driver-parameter"),
        ("volumeBindingMode", "immediate-binding"),
    ];
    assert_eq!(causes, expected);
    let warnings: Vec<_> = response["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| w.as_str().unwrap())
        .collect();
    let of_rules: Vec<_> = warnings
        .iter()
        .map(|warning| &warning[warning.rfind('[').unwrap()..])
        .collect();
    // The gravest come first.
    assert_eq!(
        of_rules,
        ["[reclaim-delete]", "[expansion-disabled]", "[unbounded-class-topology]"]
    );
    for _ in 0..3 {
        assert_eq!(
            ask(&admission_of(backwards.clone()), Endpoint::Validate, &review).0,
            response
        );
    }
    let both = Admission {
        in_force: in_force(twice),
        ..admission_of(backwards)
    };
    assert_eq!(ask(&both, Endpoint::Validate, &review).0, response);
}

#[test]
fn a_class_is_patched_and_unknown_fields_survive() {
    let admission = admission(Profile::Recommended, Mode::Enforce);
    let before = class(&json!({}));
    let (response, _) = ask(&admission, Endpoint::Mutate, &review(SC, "CREATE", &before));
    assert_eq!(response["allowed"], true);
    assert_eq!(response["auditAnnotations"]["decision"], "mutate");
    let after = patched(&response, &before);
    let mut expected = before.clone();
    expected["volumeBindingMode"] = json!("WaitForFirstConsumer");
    assert_eq!(after, expected);
    let (again, _) = ask(&admission, Endpoint::Mutate, &review(SC, "CREATE", &after));
    assert_eq!(again.get("patch"), None);
}

#[test]
fn what_a_fix_set_is_carried_forward_when_the_class_is_replaced() {
    let admission = admission(Profile::Recommended, Mode::Enforce);
    let new = class(&json!({"metadata": {"annotations": null}, "allowVolumeExpansion": false}));
    let mut update = review(SC, "UPDATE", &new);
    update["request"]["oldObject"] = class(&json!({"volumeBindingMode": "WaitForFirstConsumer"}));
    let (response, _) = ask(&admission, Endpoint::Mutate, &update);
    assert_eq!(patched(&response, &new)["volumeBindingMode"], "WaitForFirstConsumer");
}

#[test]
fn what_is_out_of_scope_is_allowed_without_a_word() {
    let admission = admission(Profile::Strict, Mode::Enforce);
    let change = |change: Value| {
        let mut review = review(PVC, "CREATE", &claim(&json!({})));
        json_patch::merge(&mut review, &json!({ "request": change }));
        review
    };
    let deleting = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}});
    for (what, review) in [
        (
            "metadata only",
            change(json!({"operation": "UPDATE",
            "oldObject": claim(&json!({"metadata": {"labels": {"a": "b"}}}))})),
        ),
        ("being deleted", review(PVC, "CREATE", &claim(&deleting))),
        (
            "the cluster deletes",
            change(
                json!({"operation": "DELETE", "object": null, "oldObject": claim(&json!({})),
            "userInfo": {"username": "system:serviceaccount:kube-system:namespace-controller"}}),
            ),
        ),
        ("subresource", change(json!({"subResource": "status"}))),
        ("kube-system", change(json!({"namespace": "kube-system"}))),
        ("own namespace", change(json!({"namespace": "volguard-system"}))),
        ("other kind", change(json!({"kind": {"kind": "ConfigMap"}}))),
    ] {
        for endpoint in [Endpoint::Validate, Endpoint::Mutate] {
            let (response, _) = ask(&admission, endpoint, &review);
            assert_eq!(response, json!({"uid": "u-1", "allowed": true}), "{what}");
        }
    }
}

#[test]
fn mode_audit_records_and_changes_nothing() {
    let (response, _) = ask(
        &admission(Profile::Baseline, Mode::Audit),
        Endpoint::Validate,
        &review(PVC, "CREATE", &claim(&json!({}))),
    );
    assert_eq!(response["allowed"], true);
    assert_eq!(response["auditAnnotations"]["decision"], "would-deny");
    assert_eq!(response["auditAnnotations"]["rules"], "unsupported-access-mode");
    assert_eq!(response.get("warnings"), None);
    let admission = admission(Profile::Recommended, Mode::Audit);
    let (response, _) = ask(&admission, Endpoint::Mutate, &review(SC, "CREATE", &class(&json!({}))));
    assert_eq!(response["auditAnnotations"]["decision"], "would-mutate");
    assert_eq!(response.get("patch"), None);
}

fn volumes(count: usize) -> Value {
    let volume = |index| {
        json!({"name": format!("{}{index}", "v".repeat(80)), "ephemeral": {"volumeClaimTemplate":
        {"spec": {"accessModes": ["ReadWriteMany"], "storageClassName": "gp3", "resources": {"requests": {"storage": "1"}}}}}})
    };
    json!({"metadata": {"name": "a"}, "spec": {"volumes": (0..count).map(volume).collect::<Vec<_>>()}})
}

#[test]
fn warnings_stay_within_the_bounds_of_the_api_server() {
    static WARNS: Rule = Rule {
        name: "test-warns",
        category: Category::Claim,
        profiles: Profiles::actions(Action::Warn, Action::Warn, Action::Warn),
        check: Check::Claim(|claim, _, out| {
            let message = format!("{} {}", claim.name(), "is long ".repeat(40));
            out.push(volguard::engine::Finding::new(
                claim.spec_path(&["accessModes"]),
                "",
                message,
            ));
        }),
        ..Rule::USUAL
    };
    let admission = admission_of(CompiledPolicy::from_profile(
        "p",
        Profile::Baseline,
        Mode::Enforce,
        &[&WARNS],
    ));
    let (response, _) = ask(
        &admission,
        Endpoint::Validate,
        &review(ObjectKind::Pod, "CREATE", &volumes(3_000)),
    );
    let warnings: Vec<_> = response["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| w.as_str().unwrap())
        .collect();
    assert!(warnings.len() > 10);
    assert!(
        warnings
            .iter()
            .all(|w| w.chars().count() <= 120 && w.ends_with(" [test-warns]"))
    );
    assert!(warnings.iter().map(|w| w.len()).sum::<usize>() <= 4096);
}

#[test]
fn a_warning_says_what_comes_of_it_however_long_its_names_are() {
    let volume = json!({"metadata": {"name": "pvc-fb3b1c52-0d5e-4c1b-a1b2-0123456789ab"}, "spec": {
        "persistentVolumeReclaimPolicy": "Delete",
        "claimRef": {"namespace": "a", "name": "data-redis-0", "uid": "1"},
    }, "status": {"phase": "Bound"}});
    let mut deletion = review(ObjectKind::PersistentVolume, "DELETE", &Value::Null);
    deletion["request"]["oldObject"] = volume;
    let answer = |profile| ask(&admission(profile, Mode::Enforce), Endpoint::Validate, &deletion).0;
    let warning = "volume pvc-fb3b1c52… is bound to claim a/data-redis-0: its data is deleted when the claim goes \
                   [bound-volume-deleted]";
    assert_eq!(answer(Profile::Recommended)["warnings"], json!([warning]));
    let denial = answer(Profile::Strict)["status"]["message"].to_string();
    assert!(
        denial.contains("volume pvc-fb3b1c52-0d5e-4c1b-a1b2-0123456789ab is bound"),
        "{denial}"
    );
}

#[test]
fn a_denial_stays_readable_whatever_its_object_holds() {
    let admission = admission(Profile::Baseline, Mode::Enforce);
    let (response, _) = ask(
        &admission,
        Endpoint::Validate,
        &review(ObjectKind::Pod, "CREATE", &volumes(3_000)),
    );
    let message = response["status"]["message"].as_str().unwrap();
    assert_eq!(response["status"]["details"]["causes"].as_array().unwrap().len(), 100);
    assert_eq!(message.lines().count(), 101);
    assert!(message.ends_with(" more findings"), "{message}");

    let long = claim(
        &json!({"spec": {"resources": {"requests": {"storage": format!("{}m", "1".repeat(5))}},
        "accessModes": ["ReadWriteMany"], "storageClassName": "gp3"}, "metadata": {"name": "x".repeat(50_000)}}),
    );
    let (response, _) = ask(&admission, Endpoint::Validate, &review(PVC, "CREATE", &long));
    for cause in response["status"]["details"]["causes"].as_array().unwrap() {
        let message = cause["message"].as_str().unwrap();
        assert!(
            message.chars().count() <= 2000 && message.ends_with(']'),
            "{}",
            message.len()
        );
    }
}

#[test]
fn rules_that_have_not_begun_when_the_time_is_over_are_skipped() {
    let admission = admission(Profile::Baseline, Mode::Enforce);
    let body = review(PVC, "CREATE", &claim(&json!({}))).to_string();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let answer = runtime
        .block_on(admission.review(Endpoint::Validate, body.as_bytes(), Instant::now()))
        .unwrap();
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["response"]["allowed"], true);
    let skipped = body["response"]["auditAnnotations"]["skipped"].as_str().unwrap();
    assert!(skipped.contains("unsupported-access-mode"), "{skipped}");
    assert!(answer.record.skipped.contains(&("unsupported-access-mode", "deadline")));
}

#[test]
fn an_update_is_not_compared_with_what_was_before_when_the_time_is_over() {
    static DEADLINE: OnceLock<Instant> = OnceLock::new();
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    static SLOW: Rule = Rule {
        name: "test-slow",
        category: Category::Claim,
        operations: &[Operation::Update],
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Claim(|claim, _, out| {
            RUNS.fetch_add(1, Ordering::Relaxed);
            while DEADLINE.get().is_some_and(|deadline| Instant::now() < *deadline) {
                std::thread::yield_now();
            }
            out.push(volguard::engine::Finding::new(claim.spec_path(&[]), "", "is slow"));
        }),
        ..Rule::USUAL
    };
    let mut update = review(PVC, "UPDATE", &claim(&json!({"spec": {"storageClassName": "b"}})));
    update["request"]["oldObject"] = claim(&json!({}));
    let body = update.to_string();
    let admission = only(&SLOW, &[]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let deadline = *DEADLINE.get_or_init(|| Instant::now() + Duration::from_millis(500));
    let answer = runtime
        .block_on(admission.review(Endpoint::Validate, body.as_bytes(), deadline))
        .unwrap();
    // None where the machine did not get to it in time.
    assert!(RUNS.load(Ordering::Relaxed) <= 1);
    assert_eq!(answer.record.skipped, [("test-slow", "deadline")]);
    assert!(answer.record.findings.is_empty());
}

#[test]
fn claims_that_controllers_make_are_denied_only_when_they_can_never_work() {
    static UNTIDY: Rule = Rule {
        name: "test-untidy",
        category: Category::Claim,
        class: Class::Hygiene,
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Claim(|claim, _, out| {
            out.push(volguard::engine::Finding::new(claim.spec_path(&[]), "", "is untidy"));
        }),
        ..Rule::USUAL
    };
    let mut review = review(PVC, "CREATE", &claim(&json!({})));
    let untidy = admission_of(CompiledPolicy::from_profile(
        "p",
        Profile::Baseline,
        Mode::Enforce,
        &[&UNTIDY],
    ));
    assert_eq!(ask(&untidy, Endpoint::Validate, &review).0["allowed"], false);
    review["request"]["userInfo"]["username"] = json!("system:serviceaccount:kube-system:statefulset-controller");
    let (response, _) = ask(&untidy, Endpoint::Validate, &review);
    assert_eq!(response["allowed"], true);
    assert_eq!(response["warnings"], json!(["is untidy [test-untidy]"]));
    let all = admission(Profile::Recommended, Mode::Enforce);
    assert_eq!(ask(&all, Endpoint::Validate, &review).0["allowed"], false);
}

/// A policy of one rule, beside these objects.
fn only(rule: &'static Rule, objects: &[Value]) -> Admission {
    let mut view = view();
    for object in objects {
        files::insert(&mut view, object.clone());
    }
    let policy = CompiledPolicy::from_profile("p", Profile::Baseline, Mode::Enforce, &[rule]);
    Admission {
        cluster: Cluster::Fixed(Arc::new(view)),
        ..admission_of(policy)
    }
}

#[test]
fn policies_that_give_a_rule_the_same_parameters_have_it_run_once() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    static COUNTS: Rule = Rule {
        name: "test-counts",
        category: Category::Class,
        operations: &[Operation::Create],
        profiles: Profiles::actions(Action::Warn, Action::Deny, Action::Deny),
        check: Check::Class(|class, _, out| {
            RUNS.fetch_add(1, Ordering::Relaxed);
            let path = volguard::model::FieldPath::of(&["provisioner"]);
            out.push(volguard::engine::Finding::new(path, class.provisioner(), "is counted"));
        }),
        ..Rule::USUAL
    };
    let policy = |name, profile| CompiledPolicy::from_profile(name, profile, Mode::Enforce, &[&COUNTS]);
    let policies = ["a", "b", "c"].map(|name| policy(name, Profile::Strict));
    let all = policies.into_iter().chain([policy("d", Profile::Baseline)]);
    let admission = Admission {
        in_force: in_force(PolicySet::new(all.collect())),
        ..only(&COUNTS, &[])
    };
    let (response, _) = ask(
        &admission,
        Endpoint::Validate,
        &review(SC, "CREATE", &class(&json!({}))),
    );
    assert_eq!(response["status"]["details"]["causes"][0]["reason"], "test-counts");
    // Once for each profile, whose parameters may differ.
    assert_eq!(RUNS.load(Ordering::Relaxed), 2);
}

#[test]
fn a_deletion_is_judged_by_what_is_deleted_unless_the_cluster_itself_deletes() {
    static KEEPS: Rule = Rule {
        name: "test-keeps",
        category: Category::Claim,
        operations: &[Operation::Delete],
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Claim(|claim, _, out| {
            out.push(volguard::engine::Finding::new(claim.spec_path(&[]), "", "is kept"));
        }),
        ..Rule::USUAL
    };
    let namespace = |metadata: Value| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
    let stays = only(&KEEPS, &[namespace(json!({"name": "shop"}))]);
    let ends = only(
        &KEEPS,
        &[namespace(
            json!({"name": "shop", "deletionTimestamp": "2026-01-01T00:00:00Z"}),
        )],
    );
    let with = |change: Value| {
        let mut review = review(PVC, "DELETE", &Value::Null);
        review["request"]["oldObject"] = claim(&json!({}));
        json_patch::merge(&mut review, &json!({"request": change}));
        review
    };
    let allowed =
        |admission: &Admission, review: &Value| ask(admission, Endpoint::Validate, review).0["allowed"] == true;
    assert!(!allowed(&stays, &with(json!({}))));
    assert!(allowed(&ends, &with(json!({}))));
    let leaving = json!({"oldObject": {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}});
    assert!(allowed(&stays, &with(leaving)));
    for user in [
        "system:serviceaccount:kube-system:generic-garbage-collector",
        "system:kube-controller-manager",
        "system:node:a",
    ] {
        assert!(
            allowed(&stays, &with(json!({"userInfo": {"username": user}}))),
            "{user}"
        );
    }
    let (response, _) = ask(&stays, Endpoint::Mutate, &with(json!({})));
    assert_eq!((&response["allowed"], response.get("patch")), (&json!(true), None));
}

#[test]
fn the_default_mark_is_judged_although_it_is_metadata() {
    let annotated = |name: &str, key: &str| class(&json!({"metadata": {"name": name, "annotations": {key: "true"}}}));
    let rule = volguard::rules::find("second-default-class").unwrap();
    let admission = only(rule, &[annotated("gp2", "storageclass.kubernetes.io/is-default-class")]);
    let warnings = |key: &str| {
        let mut review = review(ObjectKind::StorageClass, "UPDATE", &annotated("a", key));
        review["request"]["oldObject"] = class(&json!({}));
        ask(&admission, Endpoint::Validate, &review).0["warnings"].clone()
    };
    let warning =
        "StorageClass gp2 is the default already; claims without a class get the newest [second-default-class]";
    for key in volguard::model::StorageClass::DEFAULT_MARKS {
        assert_eq!(warnings(key), json!([warning]), "{key}");
    }
    assert_eq!(warnings("example.com/owner"), Value::Null);
}

#[test]
fn a_scale_is_judged_as_the_workload_with_its_new_replicas() {
    static FEW: Rule = Rule {
        name: "test-few",
        category: Category::Workload,
        operations: &[Operation::Scale],
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Workload(&[ObjectKind::StatefulSet], |set, _, out| {
            if set.replicas() > 3 && !set.claims().is_empty() {
                let path = FieldPath::of(&["spec", "replicas"]);
                out.push(volguard::engine::Finding::new(path, "", "has many replicas"));
            }
        }),
        ..Rule::USUAL
    };
    let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "a", "namespace": "shop"},
        "spec": {"replicas": 1, "volumeClaimTemplates": [{"metadata": {"name": "data"}}]}});
    let admission = only(&FEW, &[set]);
    let scale = |name: &str, from: u32, to: u32| {
        let scale = |replicas| {
            json!({"apiVersion": "autoscaling/v1", "kind": "Scale",
            "metadata": {"name": name, "namespace": "shop"}, "spec": {"replicas": replicas}})
        };
        json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "u-1", "kind": {"group": "autoscaling", "version": "v1", "kind": "Scale"},
            "resource": {"group": "apps", "version": "v1", "resource": "statefulsets"}, "subResource": "scale",
            "name": name, "namespace": "shop", "operation": "UPDATE", "userInfo": {"username": "jane"},
            "object": scale(to), "oldObject": scale(from)}})
    };
    let ask = |review| ask(&admission, Endpoint::Validate, &review);
    assert_eq!(ask(scale("a", 1, 5)).0["allowed"], false);
    assert_eq!(ask(scale("a", 5, 2)).0["allowed"], true);
    // It was so before.
    assert_eq!(ask(scale("a", 4, 5)).0["allowed"], true);
    let (response, answer) = ask(scale("unknown", 1, 5));
    assert_eq!(response["allowed"], true);
    assert_eq!(response["auditAnnotations"]["skipped"], "test-few");
    assert_eq!(answer.record.skipped, [("test-few", "unknown")]);
}

#[test]
fn a_pod_is_judged_where_its_template_stands() {
    let admission = admission(Profile::Baseline, Mode::Enforce);
    let owned = |api_version: &str, kind: &str| {
        let mut pod = volumes(1);
        pod["metadata"]["ownerReferences"] =
            json!([{"apiVersion": api_version, "kind": kind, "name": "a", "uid": "1", "controller": true}]);
        let review = review(ObjectKind::Pod, "CREATE", &pod);
        ask(&admission, Endpoint::Validate, &review).0["allowed"] == true
    };
    assert!(owned("apps/v1", "StatefulSet"));
    assert!(owned("batch/v1", "Job"));
    assert!(!owned("postgresql.cnpg.io/v1", "Cluster"));
    assert!(!owned("example.com/v1", "StatefulSet"));
}

#[test]
fn a_rule_that_panics_is_skipped_and_the_others_decide() {
    static PANICS: Rule = Rule {
        name: "test-panics",
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        check: Check::Claim(|_, _, _| panic!("a bug")),
        ..Rule::USUAL
    };
    let mut rules = vec![&PANICS];
    rules.extend(volguard::rules::ALL.iter().copied());
    let admission = admission_of(CompiledPolicy::from_profile(
        "p",
        Profile::Baseline,
        Mode::Enforce,
        &rules,
    ));
    let body = review(PVC, "CREATE", &claim(&json!({}))).to_string();
    let answer = ask_bytes(&admission, Endpoint::Validate, body.as_bytes()).unwrap();
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["response"]["allowed"], false);
    assert_eq!(body["response"]["auditAnnotations"]["rules"], "unsupported-access-mode");
    assert_eq!(body["response"]["auditAnnotations"]["skipped"], "test-panics");
    assert_eq!(answer.record.skipped, [("test-panics", "panic")]);
}

#[test]
fn bad_input_is_refused_in_a_sentence() {
    let admission = admission(Profile::Recommended, Mode::Enforce);
    let good = review(PVC, "CREATE", &claim(&json!({})));
    let with = |change: Value| {
        let mut review = good.clone();
        json_patch::merge(&mut review, &change);
        review.to_string()
    };
    for (body, expected) in [
        ("hello".to_owned(), "the body is not an AdmissionReview: "),
        (
            good.to_string()[..200].to_owned(),
            "the body is not an AdmissionReview: ",
        ),
        (with(json!({"kind": "Pod"})), "kind is \"Pod\""),
        (
            with(json!({"apiVersion": "admission.k8s.io/v1beta1"})),
            "apiVersion is \"admission.k8s.io/v1beta1\"",
        ),
        (with(json!({"request": null})), "the AdmissionReview has no request"),
        (with(json!({"request": {"uid": ""}})), "request.uid is empty"),
        (
            with(json!({"request": {"object": "text"}})),
            "request.object is \"text\", not an object",
        ),
        (
            with(json!({"request": {"object": [1]}})),
            "request.object is [1], not an object",
        ),
    ] {
        match ask_bytes(&admission, Endpoint::Validate, body.as_bytes()) {
            Err(ReviewError::BadRequest(message)) => assert!(message.starts_with(expected), "{message}"),
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn objects_without_anything_or_with_very_much_are_answered() {
    let admission = admission(Profile::Strict, Mode::Enforce);
    let pod = (ObjectKind::Pod, volumes(3_000));
    let empty = |kind| [(kind, json!({})), (kind, json!({"metadata": null, "spec": null}))];
    for (kind, object) in ObjectKind::ALL.into_iter().flat_map(empty).chain([pod]) {
        for endpoint in [Endpoint::Validate, Endpoint::Mutate] {
            ask(&admission, endpoint, &review(kind, "CREATE", &object));
        }
    }
}

#[test]
fn an_object_that_takes_too_much_memory_is_allowed_and_not_judged() {
    let admission = admission(Profile::Strict, Mode::Enforce);
    let set = |count| {
        json!({"metadata": {"name": "a", "namespace": "shop"}, "spec": {"template": {"spec": {"containers": [
            {"name": "a", "env": vec![json!({"name": ""}); count], "volumeMounts": [{"name": "absent"}]}]}}}})
    };
    let (usual, large) = (set(1000), set(262_144));
    let of = |operation, new: &Value, old: &Value| {
        let mut review = review(ObjectKind::StatefulSet, operation, new);
        review["request"]["oldObject"] = old.clone();
        review
    };
    for review in [
        of("CREATE", &large, &Value::Null),
        of("UPDATE", &large, &usual),
        of("UPDATE", &usual, &large),
        of("DELETE", &Value::Null, &large),
    ] {
        for endpoint in [Endpoint::Validate, Endpoint::Mutate] {
            let (response, answer) = ask(&admission, endpoint, &review);
            assert_eq!(response["allowed"], true);
            assert_eq!(response.get("patch"), None);
            let warning = response["warnings"][0].as_str().unwrap();
            assert!(warning.contains("bject takes more than 16 MiB of memory"), "{warning}");
            assert!(warning.chars().count() <= 120, "{warning}");
            assert!(!answer.record.skipped.is_empty());
            assert!(answer.record.skipped.iter().all(|(_, reason)| *reason == "size"));
        }
    }
    let (response, _) = ask(&admission, Endpoint::Validate, &of("CREATE", &usual, &Value::Null));
    assert_eq!(response["allowed"], false);
}

#[test]
fn an_update_takes_time_in_proportion_to_what_is_wrong_with_it() {
    let rules = [
        "unresolved-volume-mount",
        "volume-mode-mount-mismatch",
        "exclusive-claim-shared",
    ];
    let rules = rules.map(|name| volguard::rules::find(name).unwrap());
    let policy = CompiledPolicy::from_profile("p", Profile::Baseline, Mode::Enforce, &rules);
    let admission = admission_of(policy);
    let update = |count: usize| {
        let mounts = |of: &str| -> Vec<Value> {
            let name = |index| json!({"name": format!("{of}{index}"), "mountPath": "/a"});
            (0..count).map(name).collect()
        };
        let claim = |index| json!({"name": format!("there{index}"), "persistentVolumeClaim": {"claimName": format!("c{index}")}});
        let volumes: Vec<Value> = (0..count / 4).map(claim).collect();
        let set = |image: &str| {
            json!({"metadata": {"name": "a", "namespace": "shop"}, "spec": {"replicas": 2, "template": {"spec": {
                "volumes": volumes, "containers": [{"name": "a", "image": image, "volumeMounts": mounts("absent")}]}}}})
        };
        let mut review = review(ObjectKind::StatefulSet, "UPDATE", &set("b"));
        review["request"]["oldObject"] = set("a");
        review
    };
    let took = |review: &Value| {
        let started = Instant::now();
        let (response, answer) = ask(&admission, Endpoint::Validate, review);
        assert_eq!(
            response["allowed"], true,
            "what was there before is no fault of the update"
        );
        assert!(answer.record.findings.is_empty());
        started.elapsed()
    };
    // Four times as much takes sixteen times as long where all is compared with all. Another process may take the
    // machine away from any round, not from all of them.
    let (some, many) = (update(3_000), update(12_000));
    let is_in_proportion = |_| took(&many) < took(&some) * 6;
    assert!((0..10).any(is_in_proportion));
}

/// Objects that have everything that rules read, and fields that nobody knows.
fn full_objects() -> Vec<Value> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/full.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let mut objects: Vec<Value> = volguard::yaml::values(&text).map(Result::unwrap).collect();
    let pod = objects.iter().find(|object| object["kind"] == "Pod").unwrap()["spec"].clone();
    for object in &mut objects {
        for template in ["/spec/template", "/spec/jobTemplate/spec/template"] {
            if let Some(template) = object.pointer_mut(template) {
                template["spec"] = pod.clone();
            }
        }
        json_patch::merge(
            object,
            &json!({"fromTheFuture": {"kept": [1, {}]}, "metadata": {"fromTheFuture": "kept"}}),
        );
    }
    objects
}

/// Profile Strict with every parameter set to something, in a cluster that has these objects and no others.
fn everything(objects: &[Value]) -> Admission {
    static POLICIES: std::sync::LazyLock<PolicySet> = std::sync::LazyLock::new(|| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/policy.yaml");
        PolicySet::from(volguard::policy::read(&[path], &volguard::rules::ALL).unwrap())
    });
    let mut view = View::default();
    for object in objects {
        files::insert(&mut view, object.clone());
    }
    for kind in ViewKind::ALL {
        view.set_complete(kind, true);
    }
    Admission {
        in_force: in_force(POLICIES.clone()),
        uses: Uses::default(),
        cluster: Cluster::Fixed(Arc::new(view)),
        own_namespace: "volguard-system".to_owned(),
    }
}

/// The reviews of every operation that turn the one object into the other.
fn reviews(kind: ObjectKind, old: &Value, new: &Value) -> Vec<Value> {
    let with = |operation: &str, change: Value| {
        let mut review = review(kind, operation, new);
        review["request"]
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        review
    };
    let mut reviews = vec![
        with("CREATE", json!({"namespace": "a"})),
        with("UPDATE", json!({"namespace": "a", "oldObject": old})),
        with(
            "DELETE",
            json!({"namespace": "a", "object": null, "oldObject": old, "options": {"gracePeriodSeconds": 0}}),
        ),
    ];
    if matches!(kind, ObjectKind::StatefulSet | ObjectKind::Deployment) {
        let scale = |object: &Value| {
            json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "a", "namespace": "a"},
                "spec": {"replicas": object.pointer("/spec/replicas")}})
        };
        let resource = format!("{}s", kind.as_str().to_lowercase());
        reviews.push(with(
            "UPDATE",
            json!({"namespace": "a", "subResource": "scale", "object": scale(new), "oldObject": scale(old),
                "kind": {"group": "autoscaling", "version": "v1", "kind": "Scale"},
                "resource": {"group": "apps", "version": "v1", "resource": resource}}),
        ));
    }
    reviews
}

/// Asks both endpoints; what they patch stays as it is when it comes again, and what nobody knows is kept.
fn ask_both(admission: &Admission, review: &Value) {
    ask(admission, Endpoint::Validate, review);
    let (response, _) = ask(admission, Endpoint::Mutate, review);
    if response.get("patch").is_none() {
        return;
    }
    let before = &review["request"]["object"];
    let after = patched(&response, before);
    for unknown in ["/fromTheFuture", "/metadata/fromTheFuture"] {
        assert_eq!(after.pointer(unknown), before.pointer(unknown));
    }
    let mut again = review.clone();
    again["request"]["object"] = after;
    assert_eq!(ask(admission, Endpoint::Mutate, &again).0.get("patch"), None, "{again}");
}

#[test]
fn whatever_stands_in_the_fields_nothing_panics_and_patches_converge() {
    let objects = full_objects();
    let around = prop::collection::vec(changes(2), objects.len());
    let strategy = (changes(3), changes(3), around);
    for kind in ObjectKind::ALL {
        let full = objects.iter().find(|object| object["kind"] == kind.as_str()).unwrap();
        odd::try_cases(12, kind.as_str(), &strategy, |(new, old, around)| {
            let odd: Vec<Value> = objects
                .iter()
                .zip(&around)
                .map(|(o, changes)| changed(o, changes))
                .collect();
            let admission = everything(&odd);
            for review in reviews(kind, &changed(full, &old), &changed(full, &new)) {
                ask_both(&admission, &review);
            }
        });
    }
}

#[test]
fn every_field_may_be_of_another_type() {
    let objects = full_objects();
    let admission = everything(&objects);
    for full in &objects {
        let Some(kind) = ObjectKind::ALL.into_iter().find(|kind| full["kind"] == kind.as_str()) else {
            continue;
        };
        // The pods of all workloads are read alike.
        let own = pointers(full)
            .into_iter()
            .filter(|pointer| !pointer.contains("/template/spec/"));
        for (index, pointer) in own.enumerate() {
            // Three types for each, and another three for the next: all five would take long.
            for value in odd::values().into_iter().take(5).cycle().skip(index % 5).take(3) {
                let mut object = full.clone();
                *object.pointer_mut(&pointer).unwrap() = value;
                ask(&admission, Endpoint::Validate, &reviews(kind, full, &object)[0]);
            }
        }
    }
}

#[test]
fn the_full_objects_have_every_field_that_rules_read() {
    /// Words of the code that look like fields.
    const OTHERS: [&str; 1] = ["eEinumkKMGTP"];
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("tests/wire/full.yaml")).unwrap();
    let mut missing = std::collections::BTreeSet::new();
    for folder in ["src/model", "src/rules"] {
        for entry in walkdir::WalkDir::new(root.join(folder)) {
            let path = entry.unwrap().into_path();
            let Ok(code) = std::fs::read_to_string(&path) else {
                continue;
            };
            let code = code.split("#[cfg(test)]").next().unwrap();
            let lines = code.lines().filter(|line| {
                let line = line.trim_start();
                !line.starts_with("//") && !line.starts_with("#[")
            });
            let words = lines.flat_map(|line| line.split('"').skip(1).step_by(2));
            let is_field = |word: &&str| {
                word.starts_with(|c: char| c.is_ascii_lowercase())
                    && word.contains(|c: char| c.is_ascii_uppercase())
                    && word.chars().all(|c| c.is_ascii_alphabetic())
            };
            let known = |word: &&str| OTHERS.contains(word) || text.contains(&format!("{word}:"));
            missing.extend(words.filter(is_field).filter(|word| !known(word)).map(str::to_owned));
        }
    }
    assert_eq!(missing, std::collections::BTreeSet::new());
}

#[test]
fn the_policy_sets_every_parameter() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/policy.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let policy = volguard::yaml::values(&text).next().unwrap().unwrap();
    let set = policy["spec"]["rules"].as_array().unwrap();
    for rule in volguard::rules::ALL.iter() {
        let defaults = (rule.parameters.defaults)(Profile::Strict);
        let given = set.iter().find(|given| given["name"] == rule.name);
        for key in defaults.as_object().unwrap().keys() {
            assert!(
                given.is_some_and(|given| given["parameters"].get(key).is_some()),
                "{}: {key}",
                rule.name
            );
        }
    }
}
