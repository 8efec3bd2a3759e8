//! Exceptions: what they set aside, and what they leave as it is.

use super::{PVC, SC, admission, admission_of, ask, claim, class, in_force, odd, patched, review, view};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;
use volguard::admission::{Admission, Cluster};
use volguard::cluster::files;
use volguard::engine::Profile;
use volguard::model::ObjectKind;
use volguard::policy::{CompiledException, Mode, compile, compile_exception};
use volguard::protocol::{Endpoint, UsedException};
use volguard::rules;

const MODE: &str = "unsupported-access-mode";

/// An exception for the namespace of the reviews, with changes.
fn exception(name: &str, rule: &str, change: &Value) -> CompiledException {
    let mut spec = json!({"rules": [rule], "match": {"namespaces": ["shop"]}, "reason": "agreed"});
    json_patch::merge(&mut spec, change);
    compiled(name, spec)
}

fn compiled(name: &str, spec: Value) -> CompiledException {
    compile_exception(name, &serde_json::from_value(spec).unwrap(), &rules::ALL).unwrap()
}

/// An exception for everything of a kind.
fn of_kind(kind: ObjectKind, rule: &str) -> CompiledException {
    let matches = json!({"match": {"kinds": [kind.as_str()], "namespaces": null}});
    exception("legacy", rule, &matches)
}

trait With {
    fn with(self, exceptions: impl IntoIterator<Item = CompiledException>) -> Self;
}

impl With for Admission {
    fn with(mut self, exceptions: impl IntoIterator<Item = CompiledException>) -> Self {
        let policies = self.in_force.now().policies.clone();
        self.in_force = in_force(policies.with_exceptions(exceptions.into_iter().collect()));
        self
    }
}

fn used(exception: &str, rule: &'static str, action: &'static str) -> UsedException {
    UsedException {
        exception: exception.to_owned(),
        rule,
        action,
    }
}

/// What is answered to whom nothing was found, but an exception was used.
fn excepted(name: &str) -> Value {
    json!({"uid": "u-1", "allowed": true, "auditAnnotations": {"decision": "allow", "exceptions": name}})
}

fn baseline() -> Admission {
    admission(Profile::Baseline, Mode::Enforce)
}

fn recommended() -> Admission {
    admission(Profile::Recommended, Mode::Enforce)
}

#[test]
fn a_denial_becomes_an_allow_that_names_the_exception() {
    let both = json!({"spec": {"accessModes": ["ReadWriteMany", "ReadOnlyMany"]}});
    let review = review(PVC, "CREATE", &claim(&both));
    assert_eq!(ask(&baseline(), Endpoint::Validate, &review).0["allowed"], false);
    let admission = baseline().with([exception("legacy", MODE, &json!({}))]);
    let (response, answer) = ask(&admission, Endpoint::Validate, &review);
    assert_eq!(response, excepted("legacy"));
    assert_eq!(answer.record.decision, "allow");
    assert!(answer.record.findings.is_empty());
    let each = used("legacy", MODE, "Deny");
    assert_eq!(answer.record.exceptions, [each.clone(), each], "one for each finding");
}

#[test]
fn findings_of_other_rules_stay() {
    let object = claim(&json!({"spec": {"resources": {"requests": {"storage": "100m"}}}}));
    let review = review(PVC, "CREATE", &object);
    let admission = recommended().with([exception("legacy", MODE, &json!({}))]);
    let (response, _) = ask(&admission, Endpoint::Validate, &review);
    assert_eq!(response["allowed"], false);
    let causes = response["status"]["details"]["causes"].as_array().unwrap();
    let rules: Vec<_> = causes.iter().map(|cause| cause["reason"].as_str().unwrap()).collect();
    assert_eq!(rules, ["suspicious-size"]);
    let annotations = &response["auditAnnotations"];
    assert_eq!(
        (
            &annotations["decision"],
            &annotations["rules"],
            &annotations["exceptions"]
        ),
        (&json!("deny"), &json!("suspicious-size"), &json!("legacy"))
    );
}

#[test]
fn an_expired_exception_counts_nowhere() {
    let review = review(PVC, "CREATE", &claim(&json!({})));
    let (expected, _) = ask(&baseline(), Endpoint::Validate, &review);
    let expired = exception("legacy", MODE, &json!({"expires": "2026-01-01T00:00:00Z"}));
    let (response, answer) = ask(&baseline().with([expired]), Endpoint::Validate, &review);
    assert_eq!(response, expected);
    assert!(answer.record.exceptions.is_empty());
    let lasting = exception("legacy", MODE, &json!({"expires": "9999-01-01T00:00:00Z"}));
    let (response, _) = ask(&baseline().with([lasting]), Endpoint::Validate, &review);
    assert_eq!(response["allowed"], true);
}

#[test]
fn mode_audit_records_the_exception_and_not_the_finding() {
    let review = review(PVC, "CREATE", &claim(&json!({})));
    let admission = admission(Profile::Baseline, Mode::Audit).with([exception("legacy", MODE, &json!({}))]);
    let (response, answer) = ask(&admission, Endpoint::Validate, &review);
    assert_eq!(response, excepted("legacy"));
    assert_eq!(answer.record.exceptions, [used("legacy", MODE, "Audit")]);
}

#[test]
fn a_value_is_kept_that_a_fix_would_change() {
    let rule = "immediate-binding";
    let recommended = || admission(Profile::Recommended, Mode::Enforce).with([of_kind(SC, rule)]);
    let object = class(&json!({"reclaimPolicy": "Retain"}));
    let create = review(SC, "CREATE", &object);
    let (response, answer) = ask(&recommended(), Endpoint::Mutate, &create);
    assert_eq!(response, excepted("legacy"));
    assert_eq!(answer.record.exceptions, [used("legacy", "immediate-binding", "Fix")]);
    let (response, answer) = ask(&recommended(), Endpoint::Validate, &create);
    assert_eq!(response, excepted("legacy"));
    assert_eq!(answer.record.exceptions, [used("legacy", "immediate-binding", "Warn")]);

    // What a fix set before there was the exception is immutable, and goes on being carried forward.
    let new = class(&json!({"metadata": {"annotations": null}, "allowVolumeExpansion": false}));
    let mut update = review(SC, "UPDATE", &new);
    update["request"]["oldObject"] = class(&json!({"volumeBindingMode": "WaitForFirstConsumer"}));
    let (response, _) = ask(&recommended(), Endpoint::Mutate, &update);
    assert_eq!(patched(&response, &new)["volumeBindingMode"], "WaitForFirstConsumer");
}

#[test]
fn a_fix_that_is_kept_back_settles_nothing() {
    let spec = json!({"profile": "Baseline", "rules": [{"name": "default-class-cannot-serve", "action": "Warn", "mutate": true,
        "parameters": {"defaultClasses": [{"class": "efs"}]}}]});
    let policy = || compile("p", &serde_json::from_value(spec.clone()).unwrap(), &rules::ALL).unwrap();
    let with_default = || {
        let mut view = view();
        let annotations = json!({"storageclass.kubernetes.io/is-default-class": "true"});
        let mut class = class(&json!({"metadata": {"name": "standard"}}));
        class["metadata"]["annotations"] = annotations;
        files::insert(&mut view, class);
        let efs = json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "efs"},
            "provisioner": "efs.csi.aws.com"});
        files::insert(&mut view, efs);
        let mut admission = admission_of(policy());
        admission.cluster = Cluster::Fixed(Arc::new(view));
        admission
    };
    let mut template = claim(&json!({"spec": {"storageClassName": null}}));
    template["metadata"] = json!({"name": "data"});
    let set = json!({"metadata": {"name": "a"}, "spec": {"volumeClaimTemplates": [template]}});
    let review = review(ObjectKind::StatefulSet, "CREATE", &set);
    let (response, _) = ask(&with_default(), Endpoint::Validate, &review);
    assert_eq!(response["auditAnnotations"]["rules"], "default-class-cannot-serve");
    let exception = exception("legacy", "default-class-cannot-serve", &json!({}));
    let (response, _) = ask(&with_default().with([exception]), Endpoint::Validate, &review);
    assert_eq!(response["auditAnnotations"]["rules"], MODE);
    assert_eq!(response["auditAnnotations"]["exceptions"], "legacy");
}

#[test]
fn updates_and_deletions_are_excepted_too() {
    let rule = "protected-claim-deleted";
    let protected = claim(&json!({"metadata": {"labels": {"volguard.dev/protect": "true"}}}));
    let mut delete = review(PVC, "DELETE", &Value::Null);
    delete["request"]["oldObject"] = protected;
    assert_eq!(ask(&baseline(), Endpoint::Validate, &delete).0["allowed"], false);
    let admission = baseline().with([exception("moving", rule, &json!({}))]);
    assert_eq!(ask(&admission, Endpoint::Validate, &delete).0, excepted("moving"));

    let sized = |size: &str| claim(&json!({"spec": {"resources": {"requests": {"storage": size}}}}));
    let mut update = review(PVC, "UPDATE", &sized("100m"));
    update["request"]["oldObject"] = sized("20Gi");
    assert_eq!(ask(&recommended(), Endpoint::Validate, &update).0["allowed"], false);
    let admission = recommended().with([exception("legacy", "suspicious-size", &json!({}))]);
    assert_eq!(ask(&admission, Endpoint::Validate, &update).0, excepted("legacy"));
}

#[test]
fn a_claim_template_is_part_of_its_set_and_the_claims_made_of_it_are_not() {
    let mut template = claim(&json!({}));
    template["metadata"] = json!({"name": "data"});
    let set = json!({"metadata": {"name": "a"}, "spec": {"volumeClaimTemplates": [template]}});
    let set = review(ObjectKind::StatefulSet, "CREATE", &set);
    let mut made = review(PVC, "CREATE", &claim(&json!({"metadata": {"name": "data-a-0"}})));
    made["request"]["userInfo"]["username"] = json!("system:serviceaccount:kube-system:statefulset-controller");
    for (kind, excepts_set) in [(ObjectKind::StatefulSet, true), (PVC, false)] {
        let admission = baseline().with([of_kind(kind, MODE)]);
        let allowed = |review| ask(&admission, Endpoint::Validate, review).0["allowed"] == true;
        assert_eq!((allowed(&set), allowed(&made)), (excepts_set, !excepts_set));
    }
}

#[test]
fn a_namespace_is_no_object_of_itself() {
    let rule = "namespace-with-data-deleted";
    let namespace = json!({"metadata": {"name": "shop", "labels": {"volguard.dev/protect": "true"}}});
    let mut delete = review(ObjectKind::Namespace, "DELETE", &Value::Null);
    delete["request"]["oldObject"] = namespace;
    delete["request"]["name"] = json!("shop");
    delete["request"]["namespace"] = json!("shop");
    let allowed = |exceptions: Vec<CompiledException>| {
        ask(&baseline().with(exceptions), Endpoint::Validate, &delete).0["allowed"] == true
    };
    assert!(!allowed(Vec::new()));
    assert!(!allowed(vec![exception("legacy", rule, &json!({}))]));
    let by_name = json!({"match": {"kinds": ["Namespace"], "namespaces": null, "names": ["shop"]}});
    assert!(allowed(vec![exception("legacy", rule, &by_name)]));
}

#[test]
fn marks_on_a_namespace_opt_out_only_where_a_policy_says_which() {
    let allowed = |matches: &Value, labels: &Value| {
        let mut view = view();
        let annotations = json!({"volguard.dev/exempt": "true", "volguard.dev/ignore": "true"});
        let metadata = json!({"name": "shop", "labels": labels, "annotations": annotations});
        files::insert(
            &mut view,
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}),
        );
        let spec = serde_json::from_value(json!({"profile": "Baseline", "match": matches})).unwrap();
        let mut admission = admission_of(compile("p", &spec, &rules::ALL).unwrap());
        admission.cluster = Cluster::Fixed(Arc::new(view));
        ask(
            &admission,
            Endpoint::Validate,
            &review(PVC, "CREATE", &claim(&json!({}))),
        )
        .0["allowed"]
            == true
    };
    let marks = json!({"volguard.dev/exempt": "true", "volguard.dev/ignore": "true", "team": "storage"});
    assert!(!allowed(&json!({}), &marks));
    let key = json!({"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["storage"]}]}});
    assert!(allowed(&key, &marks));
    assert!(!allowed(&key, &json!({"volguard.dev/exempt": "true"})));
}

#[test]
fn an_exception_for_something_else_changes_nothing() {
    let mut objects: Vec<(ObjectKind, Value)> = super::full_objects()
        .into_iter()
        .filter_map(|object| {
            let kind = ObjectKind::ALL
                .into_iter()
                .find(|kind| object["kind"] == kind.as_str())?;
            Some((kind, object))
        })
        .collect();
    objects.push((PVC, claim(&json!({"metadata": {"labels": {"tier": "db"}}}))));
    objects.push((SC, class(&json!({}))));
    let around: Vec<Value> = objects.iter().map(|(_, object)| object.clone()).collect();
    let plain = super::everything(&around);
    let reviews: Vec<(Value, [Value; 2])> = objects
        .iter()
        .flat_map(|(kind, object)| super::reviews(*kind, &class(&json!({})), object))
        .map(|review| {
            let answers = [Endpoint::Validate, Endpoint::Mutate].map(|endpoint| ask(&plain, endpoint, &review).0);
            (review, answers)
        })
        .collect();
    let conditions = [
        json!({"namespaces": ["elsewhere", "a-*"]}),
        json!({"names": ["another", "*-another"]}),
        json!({"objectSelector": {"matchLabels": {"nobody": "has"}}}),
        json!({"objectSelector": {"matchExpressions": [{"key": "nobody", "operator": "Exists"}]}}),
    ];
    let all: Vec<&str> = rules::ALL.iter().map(|rule| rule.name).collect();
    let holding = [
        ("kinds", json!(ObjectKind::ALL.map(ObjectKind::as_str))),
        ("namespaces", json!(["*"])),
        ("names", json!(["*"])),
    ];
    // One condition that does not hold is enough, whatever the others are.
    let others = prop::sample::subsequence(holding.to_vec(), 0..=holding.len());
    let some_rules = prop::sample::subsequence(all.clone(), 1..all.len());
    let strategy = (0..conditions.len(), others, some_rules, any::<prop::sample::Index>());
    odd::try_cases(24, "exceptions", &strategy, |(fails, others, rules, index)| {
        let mut matches: serde_json::Map<_, _> =
            others.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        matches.extend(conditions[fails].as_object().unwrap().clone());
        let spec = json!({"rules": rules, "match": &matches, "reason": "agreed"});
        let admission = super::everything(&around).with([compiled("other", spec)]);
        let (review, expected) = &reviews[index.index(reviews.len())];
        let answers = [Endpoint::Validate, Endpoint::Mutate].map(|endpoint| ask(&admission, endpoint, review).0);
        assert_eq!(&answers, expected, "{matches:?} {review}");
    });

    // An exception for every object, of every rule but one that finds something.
    let review = review(PVC, "CREATE", &claim(&json!({})));
    let (expected, _) = ask(&baseline(), Endpoint::Validate, &review);
    for rule in all.into_iter().filter(|rule| *rule != MODE) {
        let admission = baseline().with([exception("other", rule, &json!({}))]);
        assert_eq!(ask(&admission, Endpoint::Validate, &review).0, expected, "{rule}");
    }
}
