//! Rules of the category `claim`.

pub mod attributes_class_mismatch;
pub mod claim_in_use_deleted;
pub mod claim_shrunk;
pub mod claim_with_snapshots_deleted;
pub mod class_not_allowed;
pub mod clone_mismatch;
pub mod controller_annotation_set;
pub mod default_class_cannot_serve;
pub mod disposable_production_claim;
pub mod dropped_data_source;
pub mod exclusive_mode_advised;
pub mod expansion_not_allowed;
pub mod foreign_volume_takeover;
pub mod lost_claim;
pub mod missing_populator;
pub mod missing_required_labels;
pub mod no_storage_class;
pub mod offline_expansion;
pub mod orphaned_claim;
pub mod over_budget;
pub mod oversized_claim;
pub mod pending_claim;
pub mod prebound_claim_mismatch;
pub mod protected_claim_deleted;
pub mod restore_mismatch;
pub mod runaway_expansion;
pub mod selector_on_dynamic_class;
pub mod size_outside_driver_range;
pub mod size_over_limit;
pub mod source_not_ready;
pub mod stuck_resize;
pub mod suspicious_size;
pub mod unbindable_empty_class;
pub mod unknown_storage_class;
pub mod unprotected_claim;
pub mod unsupported_access_mode;
pub mod unsupported_volume_mode;

use crate::cluster::view::ViewKind;
use crate::drivers::{Ask, Confidence, Driver, Fact, Parameters, Support};
use crate::engine::{Certainty, Context, Findings, Rule};
use crate::model::words::with_reason;
use crate::model::{AccessMode, Claim, StorageClass, VolumeMode};

/// The rules of this category, by name.
pub const RULES: &[&Rule] = &[
    &attributes_class_mismatch::RULE,
    &claim_in_use_deleted::RULE,
    &claim_shrunk::RULE,
    &claim_with_snapshots_deleted::RULE,
    &class_not_allowed::RULE,
    &clone_mismatch::RULE,
    &controller_annotation_set::RULE,
    &default_class_cannot_serve::RULE,
    &disposable_production_claim::RULE,
    &dropped_data_source::RULE,
    &exclusive_mode_advised::RULE,
    &expansion_not_allowed::RULE,
    &foreign_volume_takeover::RULE,
    &lost_claim::RULE,
    &missing_populator::RULE,
    &missing_required_labels::RULE,
    &no_storage_class::RULE,
    &offline_expansion::RULE,
    &orphaned_claim::RULE,
    &over_budget::RULE,
    &oversized_claim::RULE,
    &pending_claim::RULE,
    &prebound_claim_mismatch::RULE,
    &protected_claim_deleted::RULE,
    &restore_mismatch::RULE,
    &runaway_expansion::RULE,
    &selector_on_dynamic_class::RULE,
    &size_outside_driver_range::RULE,
    &size_over_limit::RULE,
    &source_not_ready::RULE,
    &stuck_resize::RULE,
    &suspicious_size::RULE,
    &unbindable_empty_class::RULE,
    &unknown_storage_class::RULE,
    &unprotected_claim::RULE,
    &unsupported_access_mode::RULE,
    &unsupported_volume_mode::RULE,
];

/// How many classes a remedy names.
const NAMED_CLASSES: usize = 3;

/// A driver as a class uses it.
struct Served<'a> {
    class: StorageClass<'a>,
    driver: &'a Driver,
    parameters: Parameters<'a>,
}

impl<'a> Served<'a> {
    /// The driver that would provision for a claim; `None` when the claim names its volume, and when nothing is known.
    fn for_claim(claim: &Claim<'a>, cx: &Context<'a>, out: &mut Findings) -> Option<Self> {
        if claim.volume_name().is_some() {
            return None;
        }
        Self::new(cx.class_or_skip(claim, out)?, cx)
    }

    /// `None` when nothing is known of the provisioner.
    fn new(class: StorageClass<'a>, cx: &Context<'a>) -> Option<Self> {
        let driver = cx.driver(class.provisioner())?.driver;
        let parameters = Parameters::new(class.parameters());
        Some(Self {
            class,
            driver,
            parameters,
        })
    }

    /// `ebs.csi.aws.com (class gp3)`.
    fn title(&self) -> String {
        format!("{} (class {})", self.class.provisioner(), self.class.name())
    }

    fn access_mode(&self, mode: AccessMode, volume_mode: VolumeMode, restores: bool) -> Fact<'_, Support> {
        self.driver.access_mode(&Ask {
            mode,
            volume_mode,
            parameters: &self.parameters,
            restores,
        })
    }

    fn volume_mode(&self, mode: VolumeMode) -> Fact<'_, Support> {
        self.driver.volume_mode(mode, &self.parameters)
    }

    /// Whether the driver is known to serve all of a wish.
    fn serves(&self, wish: &Wish) -> bool {
        let served =
            |mode: &AccessMode| self.access_mode(*mode, wish.volume_mode, wish.restores).value == Support::Served;
        self.volume_mode(wish.volume_mode).value == Support::Served && wish.modes.iter().all(served)
    }
}

/// What a claim asks of a driver: read once, for there may be many classes to ask.
struct Wish {
    modes: Vec<AccessMode>,
    volume_mode: VolumeMode,
    restores: bool,
}

impl Wish {
    fn of(claim: &Claim<'_>) -> Self {
        Self::with_volume_mode(claim, claim.volume_mode())
    }

    fn with_volume_mode(claim: &Claim<'_>, volume_mode: VolumeMode) -> Self {
        Self {
            modes: claim.access_modes().map(|(_, mode)| mode).collect(),
            volume_mode,
            restores: claim.data_source().is_some(),
        }
    }
}

/// A refusal that is more than a guess, and how sure it is.
fn refusal(fact: &Fact<'_, Support>) -> Option<Certainty> {
    match (fact.value, fact.confidence) {
        (Support::Refused, Confidence::Confirmed) => Some(Certainty::Certain),
        (Support::Refused, Confidence::Likely) => Some(Certainty::Likely),
        _ => None,
    }
}

/// What would help a claim that its class cannot serve: the driver's reason, then the classes of this cluster that are
/// known to serve it, or else `otherwise`.
fn remedy(claim: &Claim<'_>, cx: &Context<'_>, because: Option<&str>, otherwise: &str) -> String {
    let wish = Wish::of(claim);
    // The rows are in the order of their names.
    let classes: Vec<&str> = cx
        .view()
        .rows(ViewKind::StorageClass)
        .filter_map(|row| Served::new(StorageClass::new(row), cx))
        .filter(|served| served.serves(&wish))
        .map(|served| served.class.name())
        .take(NAMED_CLASSES)
        .collect();
    let advice = match classes.as_slice() {
        [] => otherwise.to_owned(),
        [class] => format!("Use class {class}, which serves it."),
        classes => format!("Use a class that serves it: {}.", classes.join(", ")),
    };
    with_reason(because, &advice)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::cluster::view::{Lookup, View};
    use crate::drivers::Drivers;
    use crate::engine::{Author, Operation, Outcome, Profile, Request, Run, apply, evaluate};
    use crate::model::{Meta, ObjectKind, Subject, object};
    use serde_json::{Value, json};
    use std::sync::Arc;

    /// gp3 (default, EBS), efs, and a class of an unknown driver.
    const CLASSES: &str = r#"
{apiVersion: storage.k8s.io/v1, kind: StorageClass, provisioner: ebs.csi.aws.com, parameters: {type: gp3},
  metadata: {name: gp3, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: efs}, provisioner: efs.csi.aws.com}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: own}, provisioner: storage.example.com}
"#;

    fn documents(text: &str) -> Vec<Value> {
        text.split("\n---\n")
            .map(|text| serde_saphyr::from_str(text).unwrap())
            .collect()
    }

    fn group_and_kind(object: &Value) -> (&str, &str) {
        (object::group(object), object::text(object, &["kind"]).unwrap())
    }

    /// A view of these objects; kinds of which one is given are complete.
    fn view(objects: &[Value]) -> View {
        let mut view = View::default();
        for object in objects {
            let (group, kind) = group_and_kind(object);
            let Some(kind) = ViewKind::find(group, kind) else {
                continue;
            };
            let meta = Meta::of(object);
            view.insert(kind, meta.namespace(), meta.name(), Arc::new(object.clone()));
            view.set_complete(kind, true);
        }
        view
    }

    /// Runs a rule over `claim`, created in namespace `shop` of a cluster that has these objects.
    fn run(rule: &str, parameters: &Value, objects: &str, claim: &Value) -> Outcome {
        let documents = if objects.is_empty() {
            Vec::new()
        } else {
            documents(objects)
        };
        evaluate_in(
            rule,
            parameters,
            &view(&documents),
            claim,
            Author::of_live(Meta::of(claim), None),
        )
    }

    fn evaluate_in(rule: &str, parameters: &Value, view: &View, object: &Value, author: Author) -> Outcome {
        let rule = RULES.iter().find(|known| known.name == rule).unwrap();
        let run = Run {
            rule,
            parameters: (rule.parameters.parse)(Profile::Strict, parameters).unwrap(),
        };
        let request = Request {
            operation: Operation::Create,
            old: None,
            namespace: "shop",
            namespace_labels: Lookup::Unknown,
            view,
            drivers: &Drivers::builtin(),
            author,
            door: crate::engine::Door::Webhook,
            live: true,
            user: "",
            grace_period: None,
            now: jiff::Timestamp::UNIX_EPOCH,
        };
        let (group, kind) = group_and_kind(object);
        let Some(kind) = ObjectKind::find(group, kind) else {
            return Outcome::default();
        };
        evaluate(&run, &Subject::new(kind, object), None, &request)
    }

    fn claim(spec: &Value) -> Value {
        let mut claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "shared"},
            "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "10Gi"}}}});
        let fields = spec.as_object().unwrap().clone();
        claim["spec"].as_object_mut().unwrap().extend(fields);
        claim
    }

    fn messages(outcome: &Outcome) -> Vec<&str> {
        assert_eq!(outcome.skipped, [], "nothing is unknown");
        outcome
            .findings
            .iter()
            .map(|finding| finding.message.as_str())
            .collect()
    }

    #[test]
    fn a_short_message_names_claim_mode_driver_and_class() {
        let outcome = run(
            "unsupported-access-mode",
            &Value::Null,
            CLASSES,
            &claim(&json!({"storageClassName": "gp3"})),
        );
        let [message] = messages(&outcome)[..] else {
            panic!("one finding")
        };
        assert_eq!(
            message,
            "claim shared asks for ReadWriteMany, which ebs.csi.aws.com (class gp3) cannot serve"
        );
        assert!(message.len() + " [unsupported-access-mode]".len() <= 120);
        let finding = &outcome.findings[0];
        assert_eq!(finding.path.to_string(), "spec.accessModes[0]");
        assert!(
            finding.remedy.ends_with("Use class efs, which serves it."),
            "{}",
            finding.remedy
        );
    }

    #[test]
    fn what_is_not_known_is_not_judged() {
        for spec in [
            json!({"storageClassName": "own"}),
            json!({"storageClassName": ""}),
            json!({"storageClassName": "absent"}),
            json!({"storageClassName": "gp3", "volumeName": "pv-1"}),
            json!({"storageClassName": "gp3", "accessModes": ["readwritemany", 7]}),
        ] {
            for rule in ["unsupported-access-mode", "unsupported-volume-mode"] {
                assert_eq!(
                    messages(&run(rule, &Value::Null, CLASSES, &claim(&spec))).len(),
                    0,
                    "{rule} {spec}"
                );
            }
        }
    }

    #[test]
    fn a_class_that_nobody_knows_skips_the_check() {
        for rule in [
            "unsupported-access-mode",
            "unsupported-volume-mode",
            "unknown-storage-class",
        ] {
            let outcome = run(rule, &Value::Null, "", &claim(&json!({"storageClassName": "fast"})));
            assert_eq!(outcome.findings.len(), 0);
            assert_eq!(outcome.skipped[0].detail, "StorageClass fast is unknown");
        }
        let outcome = run("unsupported-access-mode", &Value::Null, "", &claim(&json!({})));
        assert_eq!(outcome.skipped[0].detail, "the default StorageClass is unknown");
    }

    #[test]
    fn an_available_volume_comes_before_the_driver() {
        let volume = |phase: &str, claim_ref: &str| {
            format!(
                "{CLASSES}\n---\n{{apiVersion: v1, kind: PersistentVolume, metadata: {{name: pv-1}}, spec: \
                 {{storageClassName: gp3, accessModes: [ReadWriteMany], capacity: {{storage: 20Gi}}{claim_ref}}}, status: {{phase: {phase}}}}}"
            )
        };
        let found = |objects: &str| {
            let claim = claim(&json!({"storageClassName": "gp3"}));
            messages(&run("unsupported-access-mode", &Value::Null, objects, &claim)).len()
        };
        assert_eq!(found(&volume("Available", "")), 0);
        assert_eq!(
            found(&volume("Available", ", claimRef: {namespace: shop, name: shared}")),
            0
        );
        assert_eq!(
            found(&volume("Available", ", claimRef: {namespace: other, name: shared}")),
            1
        );
        assert_eq!(found(&volume("Released", "")), 1);
    }

    #[test]
    fn fractions_of_bytes_are_suspicious_and_a_fractional_gibibyte_is_not() {
        let found = |size: Value| {
            let claim = claim(&json!({"storageClassName": "gp3", "resources": {"requests": {"storage": size}}}));
            messages(&run("suspicious-size", &Value::Null, CLASSES, &claim)).len()
        };
        for size in [json!("10m"), json!("10"), json!(10), json!("500u"), json!("1048575")] {
            assert_eq!(found(size.clone()), 1, "{size}");
        }
        // 1.2Gi as the API server writes it, sizes with a unit, and what the API server refuses.
        for size in ["1288490188800m", "1048576", "10Ki", "1e6", "0", "-5", "ten", ""] {
            assert_eq!(found(json!(size)), 0, "{size}");
        }
    }

    #[test]
    fn a_size_that_decides_nothing_is_never_denied() {
        for (spec, capped) in [
            (json!({"storageClassName": "gp3"}), false),
            (json!({"storageClassName": "fast"}), false),
            (json!({"storageClassName": "efs"}), true),
            (json!({"storageClassName": "gp3", "volumeName": "pv-1"}), true),
            (json!({"storageClassName": ""}), true),
        ] {
            let mut claim = claim(&spec);
            claim["spec"]["resources"]["requests"]["storage"] = json!("10m");
            let outcome = run("suspicious-size", &Value::Null, CLASSES, &claim);
            assert_eq!(outcome.findings[0].profiles.is_some(), capped, "{spec}");
        }
    }

    #[test]
    fn a_name_that_a_volume_carries_is_known() {
        let claim = claim(&json!({"storageClassName": "manual"}));
        let found = |objects: &str| messages(&run("unknown-storage-class", &Value::Null, objects, &claim)).len();
        assert_eq!(found(CLASSES), 1);
        let volume =
            "{apiVersion: v1, kind: PersistentVolume, metadata: {name: pv-1}, spec: {storageClassName: manual}}";
        assert_eq!(found(&format!("{CLASSES}\n---\n{volume}")), 0);
    }

    fn shared_by_default() -> Value {
        json!({"defaultClasses": [{"accessModes": ["ReadWriteMany"], "class": "efs"}]})
    }

    /// As the API server sends a claim whose class it may have filled in.
    fn filled(last_applied: Option<&str>) -> Value {
        let mut claim = claim(&json!({"storageClassName": "gp3"}));
        if let Some(text) = last_applied {
            claim["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/last-applied-configuration": text});
        }
        claim
    }

    #[test]
    fn only_a_class_that_nobody_wrote_is_replaced_and_the_fix_converges() {
        let rule = "default-class-cannot-serve";
        let mut claim = filled(Some(r#"{"spec":{}}"#));
        let outcome = run(rule, &shared_by_default(), CLASSES, &claim);
        apply(&mut claim, &outcome.findings[0].fix);
        assert_eq!(claim["spec"]["storageClassName"], "efs");
        assert_eq!(run(rule, &shared_by_default(), CLASSES, &claim).findings.len(), 0);

        let written = filled(Some(r#"{"spec":{"storageClassName":"gp3"}}"#));
        assert_eq!(run(rule, &shared_by_default(), CLASSES, &written).findings.len(), 0);
        let unknown = run(rule, &shared_by_default(), CLASSES, &filled(None));
        assert_eq!((unknown.findings.len(), unknown.findings[0].fix.len()), (1, 0));
        let mut parameters = shared_by_default();
        parameters["whenUnknown"] = json!("Fix");
        assert_eq!(run(rule, &parameters, CLASSES, &filled(None)).findings[0].fix.len(), 1);
        assert_eq!(run(rule, &Value::Null, CLASSES, &filled(None)).findings.len(), 0);
    }

    #[test]
    fn the_template_of_the_set_tells_who_wrote_the_class() {
        let set = |class: &str| {
            format!(
                "{CLASSES}\n---\n{{apiVersion: apps/v1, kind: StatefulSet, metadata: {{name: web, namespace: shop}}, \
                 spec: {{volumeClaimTemplates: [{{metadata: {{name: data}}, spec: {{{class}}}}}]}}}}"
            )
        };
        let mut claim = filled(None);
        claim["metadata"]["name"] = json!("data-web-0");
        let fixes = |objects: &str, claim: &Value| {
            let outcome = run("default-class-cannot-serve", &shared_by_default(), objects, claim);
            outcome
                .findings
                .iter()
                .map(|finding| finding.fix.len())
                .collect::<Vec<_>>()
        };
        assert_eq!(fixes(&set(""), &claim), [1]);
        assert_eq!(fixes(&set("storageClassName: gp3"), &claim), [0; 0]);
        claim["metadata"]["name"] = json!("data-web-x");
        assert_eq!(fixes(&set(""), &claim), [0]);
    }

    #[test]
    fn an_entry_that_cannot_be_judged_or_does_not_help_changes_nothing() {
        let rule = "default-class-cannot-serve";
        let claim = filled(Some(r#"{"spec":{}}"#));
        let by_namespace = json!({"defaultClasses": [
            {"class": "own", "namespaceSelector": {"matchLabels": {"team": "a"}}}, {"class": "efs"}]});
        let outcome = run(rule, &by_namespace, CLASSES, &claim);
        assert_eq!(outcome.findings.len(), 0);
        assert_eq!(outcome.skipped[0].detail, "the labels of namespace shop are unknown");
        let useless = json!({"defaultClasses": [{"class": "gp3"}, {"class": "absent"},
            {"class": "own", "volumeMode": "Block"}]});
        assert_eq!(messages(&run(rule, &useless, CLASSES, &claim)).len(), 0);
        assert!(
            (default_class_cannot_serve::RULE.parameters.parse)(Profile::Strict, &json!({"defaults": []})).is_err()
        );
    }
}
