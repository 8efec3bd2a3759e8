//! A policy resolved against the catalogue: which rules run, with which parameters, and what their findings lead to.

use super::types::{Match, Mode, RuleChange, StoragePolicySpec};
use crate::engine::{Action, Certainty, Finding, Fix, Parameters, Profile, Rule, Run, Status};
use crate::model::ObjectKind;
use crate::model::labels::{LabelSelector, Operator};
use crate::resources::Problem;
use crate::resources::schema::{self, did_you_mean, similar};
use serde_json::{Map, Value};

/// A policy, ready to be applied.
#[derive(Debug, Clone)]
pub struct CompiledPolicy {
    /// Its name.
    pub name: String,
    /// Whether actions are carried out or only recorded.
    pub mode: Mode,
    /// The profile that it starts from.
    pub profile: Profile,
    /// The rules that it runs, in the order of the catalogue; rules that are Off are not among them.
    pub rules: Vec<CompiledRule>,
    pub(super) matches: Match,
    /// Of each kind, in the order of [`ObjectKind::ALL`], the indices of the rules that read it.
    by_kind: Vec<Vec<usize>>,
}

/// A rule as a policy runs it.
#[derive(Debug, Clone)]
pub struct CompiledRule {
    /// The rule.
    pub rule: &'static Rule,
    /// Its parameters.
    pub parameters: Parameters,
    /// The action that the policy itself gives; None where the profile decides.
    pub action: Option<Action>,
    /// Whether its fix is applied at `/mutate`.
    pub mutate: bool,
    profile: Profile,
}

impl CompiledRule {
    /// What the policy does with a finding of this rule: what the policy says of the rule, else what the finding says for
    /// the profile, else what the rule says. A finding that is only likely is denied in profile Strict alone.
    pub fn action(&self, finding: &Finding) -> Action {
        let of_profile = || finding.profiles.unwrap_or(self.rule.profiles).of(self.profile).action;
        match self.action.unwrap_or_else(of_profile) {
            Action::Deny if finding.certainty == Certainty::Likely && self.profile != Profile::Strict => Action::Warn,
            action => action,
        }
    }

    /// What the engine runs.
    pub fn run(&self) -> Run<'_> {
        Run {
            rule: self.rule,
            parameters: &self.parameters,
        }
    }
}

impl CompiledPolicy {
    /// A policy that changes nothing of its profile and is for every object.
    pub fn from_profile(name: &str, profile: Profile, mode: Mode, rules: &[&'static Rule]) -> Self {
        let matches = Match::default();
        Self::new(name, mode, profile, matches, &[], rules)
    }

    fn new(
        name: &str,
        mode: Mode,
        profile: Profile,
        matches: Match,
        changes: &[Change],
        rules: &[&'static Rule],
    ) -> Self {
        let compiled = |rule: &&'static Rule| {
            let change = changes.iter().find(|change| change.rule.name == rule.name);
            compile_rule(rule, change, profile)
        };
        let rules: Vec<_> = rules.iter().filter_map(compiled).collect();
        let reading = |kind: ObjectKind| {
            let rules = rules.iter().enumerate();
            let rules = rules.filter(|(_, compiled)| compiled.rule.check.reads(kind));
            rules.map(|(index, _)| index).collect()
        };
        Self {
            name: name.to_owned(),
            mode,
            profile,
            by_kind: ObjectKind::ALL.into_iter().map(reading).collect(),
            rules,
            matches,
        }
    }

    /// The rules that read objects of the kind, in the order of the catalogue.
    pub fn rules_for(&self, kind: ObjectKind) -> impl Iterator<Item = &CompiledRule> {
        let reading = self.by_kind.get(kind as usize).into_iter().flatten();
        reading.filter_map(|&index| self.rules.get(index))
    }
}

/// Resolves a policy against the catalogue `rules`. What is wrong is said with pointers into the whole object
/// (`/spec/rules/0/name`), all of it at once.
pub fn compile(name: &str, spec: &StoragePolicySpec, rules: &[&'static Rule]) -> Result<CompiledPolicy, Vec<Problem>> {
    let entries = spec.rules.iter().enumerate();
    let (changes, mut problems) = resolve(entries, spec.profile, rules);
    let selectors = [
        ("namespaceSelector", &spec.matches.namespace_selector),
        ("objectSelector", &spec.matches.object_selector),
    ];
    for (field, selector) in selectors {
        if let Some(selector) = selector {
            judge_selector(selector, &format!("/spec/match/{field}"), &mut problems);
        }
    }
    if problems.is_empty() {
        let matches = spec.matches.clone();
        Ok(CompiledPolicy::new(
            name,
            spec.mode,
            spec.profile,
            matches,
            &changes,
            rules,
        ))
    } else {
        Err(problems)
    }
}

/// What a policy changes of a rule, resolved.
pub(super) struct Change {
    rule: &'static Rule,
    action: Option<Action>,
    mutate: Option<bool>,
    parameters: Option<Parameters>,
}

/// Resolves entries of `spec.rules`, each with its index there.
pub(super) fn resolve<'a>(
    entries: impl Iterator<Item = (usize, &'a RuleChange)>,
    profile: Profile,
    rules: &[&'static Rule],
) -> (Vec<Change>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut changes: Vec<Change> = Vec::new();
    for (index, entry) in entries {
        let pointer = format!("/spec/rules/{index}");
        let rule = match find(&entry.name, rules) {
            Ok(rule) => rule,
            Err(message) => {
                problems.push(Problem::new(format!("{pointer}/name"), message));
                continue;
            }
        };
        if changes.iter().any(|change| change.rule.name == rule.name) {
            let message = format!("rule `{}` is listed twice; make one entry of them", rule.name);
            problems.push(Problem::new(format!("{pointer}/name"), message));
        }
        if entry.mutate == Some(true) && rule.fix == Fix::None {
            let message = format!("rule `{}` has no fix to apply; remove `mutate`", rule.name);
            problems.push(Problem::new(format!("{pointer}/mutate"), message));
        }
        let parameters = entry.parameters.as_ref().map(|given| {
            (rule.parameters.parse)(profile, given)
                .map_err(|error| problems.extend(judge_parameters(rule, profile, given, &error, &pointer)))
        });
        changes.push(Change {
            rule,
            action: entry.action,
            mutate: entry.mutate,
            parameters: parameters.and_then(Result::ok),
        });
    }
    (changes, problems)
}

/// The rule of this name or former name, or why there is none.
pub(super) fn find(name: &str, rules: &[&'static Rule]) -> Result<&'static Rule, String> {
    let found = rules
        .iter()
        .find(|rule| rule.name == name || rule.aliases.contains(&name));
    if let Some(rule) = found {
        return match rule.status {
            Status::Removed { reason } => Err(format!("rule `{name}` was removed: {reason}")),
            _ => Ok(rule),
        };
    }
    let known = rules.iter().filter(|rule| !is_removed(rule)).map(|rule| rule.name);
    let hint = match similar(name, known) {
        Some(similar) => did_you_mean(Some(similar)),
        None => "; `volguard rules list` shows all".to_owned(),
    };
    Err(format!("unknown rule `{name}`{hint}"))
}

fn is_removed(rule: &Rule) -> bool {
    matches!(rule.status, Status::Removed { .. })
}

/// Where the parameters that the rule refused are wrong. If the schema does not tell, the parameters that are refused
/// alone are at fault, and if there are none, all of them together.
fn judge_parameters(rule: &Rule, profile: Profile, given: &Value, error: &str, entry: &str) -> Vec<Problem> {
    let pointer = format!("{entry}/parameters");
    let mut problems = schema::check(&(rule.parameters.schema)(), given, &pointer);
    if let (true, Value::Object(fields)) = (problems.is_empty(), given) {
        problems.extend(fields.iter().filter_map(|(key, value)| {
            let alone = Value::Object(Map::from_iter([(key.clone(), value.clone())]));
            let error = (rule.parameters.parse)(profile, &alone).err()?;
            Some(Problem::new(schema::child(&pointer, key), error))
        }));
    }
    if problems.is_empty() {
        problems.push(Problem::new(pointer, error));
    }
    for problem in &mut problems {
        problem.message = format!("parameters of rule `{}`: {}", rule.name, problem.message);
    }
    problems
}

/// The API server refuses the same in its own selectors.
pub(super) fn judge_selector(selector: &LabelSelector, pointer: &str, problems: &mut Vec<Problem>) {
    for (index, requirement) in selector.match_expressions.iter().enumerate() {
        let message = match (requirement.operator, requirement.values.is_empty()) {
            (Operator::In | Operator::NotIn, true) => "operators In and NotIn need `values`",
            (Operator::Exists | Operator::DoesNotExist, false) => {
                "operators Exists and DoesNotExist take no `values`; remove them"
            }
            _ => continue,
        };
        problems.push(Problem::new(format!("{pointer}/matchExpressions/{index}"), message));
    }
}

/// The rule as it runs, or None if nothing could come of it.
fn compile_rule(rule: &'static Rule, change: Option<&Change>, profile: Profile) -> Option<CompiledRule> {
    let setting = rule.profiles.of(profile);
    let action = change.and_then(|change| change.action);
    let mutate = match (change.and_then(|change| change.mutate), action) {
        (Some(mutate), _) => mutate,
        // Whoever turns a rule off does not expect changes from it.
        (None, Some(Action::Off)) => false,
        (None, _) => setting.mutate,
    };
    let reports = action.map_or(setting.action != Action::Off || rule.graded, |action| {
        action != Action::Off
    });
    if !(reports || mutate) || is_removed(rule) {
        return None;
    }
    let given = change.and_then(|change| change.parameters.clone());
    let parameters = given.or_else(|| rule.default_parameters(profile))?;
    Some(CompiledRule {
        rule,
        parameters,
        action,
        mutate,
        profile,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
pub(super) mod tests {
    use super::*;
    use crate::cluster::view::ViewKind;
    use crate::engine::{ParameterSpec, Profiles, RuleParameters, Setting};
    use crate::model::FieldPath;
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    #[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase", default, deny_unknown_fields)]
    pub(in crate::policy) struct Limits {
        pub(in crate::policy) max_count: u32,
        #[schemars(with = "String")]
        zone: Zone,
        mode: Mode,
    }

    /// A type whose words the schema does not know.
    #[derive(Debug, Clone, Default, Serialize, Deserialize)]
    #[serde(try_from = "String", into = "String")]
    struct Zone(String);

    impl From<Zone> for String {
        fn from(zone: Zone) -> Self {
            zone.0
        }
    }

    impl TryFrom<String> for Zone {
        type Error = String;

        fn try_from(text: String) -> Result<Self, String> {
            if text.contains(' ') {
                Err(format!("`{text}` is no zone"))
            } else {
                Ok(Self(text))
            }
        }
    }

    impl RuleParameters for Limits {
        fn for_profile(profile: Profile) -> Self {
            Self {
                max_count: if profile == Profile::Strict { 1 } else { 5 },
                ..Self::default()
            }
        }
    }

    static WARNS: Rule = Rule {
        name: "open-window",
        aliases: &["draught"],
        needs: &[ViewKind::StorageClass],
        fix: Fix::Sometimes,
        profiles: Profiles {
            baseline: Setting::new(Action::Off),
            recommended: Setting::fixing(Action::Warn),
            strict: Setting::fixing(Action::Deny),
        },
        ..Rule::USUAL
    };
    static DENIES: Rule = Rule {
        name: "open-door",
        needs: &[ViewKind::Node],
        profiles: Profiles::actions(Action::Deny, Action::Deny, Action::Deny),
        ..Rule::USUAL
    };
    static OFF: Rule = Rule {
        name: "too-many-guests",
        needs: &[ViewKind::Service],
        fix: Fix::Sometimes,
        parameters: ParameterSpec::of::<Limits>(),
        ..Rule::USUAL
    };
    static GRADED: Rule = Rule {
        name: "loud-music",
        graded: true,
        ..Rule::USUAL
    };
    static REMOVED: Rule = Rule {
        name: "wet-paint",
        status: Status::Removed {
            reason: "paint dries; use open-window",
        },
        ..Rule::USUAL
    };

    pub(in crate::policy) static RULES: &[&Rule] = &[&WARNS, &DENIES, &OFF, &GRADED, &REMOVED];

    fn compiled(spec: Value) -> CompiledPolicy {
        compile("p", &serde_json::from_value(spec).unwrap(), RULES).unwrap()
    }

    fn names(policy: &CompiledPolicy) -> Vec<&str> {
        policy.rules.iter().map(|rule| rule.rule.name).collect()
    }

    fn rule<'p>(policy: &'p CompiledPolicy, name: &str) -> &'p CompiledRule {
        policy.rules.iter().find(|rule| rule.rule.name == name).unwrap()
    }

    fn finding() -> Finding {
        Finding::new(FieldPath::default(), "", "")
    }

    #[test]
    fn only_rules_that_matter_run() {
        for (spec, expected) in [
            (json!({}), vec!["open-window", "open-door", "loud-music"]),
            (json!({"profile": "Baseline"}), vec!["open-door", "loud-music"]),
            (
                json!({"rules": [{"name": "open-window", "action": "Off"}, {"name": "loud-music", "action": "Off"}]}),
                vec!["open-door"],
            ),
            (
                json!({"rules": [{"name": "open-window", "action": "Off", "mutate": true}]}),
                vec!["open-window", "open-door", "loud-music"],
            ),
            (
                json!({"rules": [{"name": "too-many-guests", "mutate": true, "parameters": {"maxCount": 2}}]}),
                vec!["open-window", "open-door", "too-many-guests", "loud-music"],
            ),
            (
                json!({"rules": [{"name": "too-many-guests", "parameters": {"maxCount": 2}}]}),
                vec!["open-window", "open-door", "loud-music"],
            ),
        ] {
            assert_eq!(names(&compiled(spec.clone())), expected, "{spec}");
        }
    }

    #[test]
    fn fixes_follow_the_profile_unless_the_policy_speaks() {
        for (change, expected) in [
            (json!({"action": "Deny"}), true),
            (json!({"mutate": false}), false),
            (json!({"action": "Off", "mutate": true}), true),
        ] {
            let mut change = change;
            change["name"] = json!("draught");
            let policy = compiled(json!({"rules": [change]}));
            assert_eq!(rule(&policy, "open-window").mutate, expected, "{change}");
        }
        let policy = CompiledPolicy::from_profile("p", Profile::Strict, Mode::Audit, RULES);
        assert!(rule(&policy, "open-window").mutate);
        assert!(!rule(&policy, "open-door").mutate);
        assert_eq!((policy.mode, policy.profile), (Mode::Audit, Profile::Strict));
    }

    #[test]
    fn the_policy_goes_before_the_finding_and_the_finding_before_the_rule() {
        let louder = finding().profiles(Profiles::actions(Action::Warn, Action::Warn, Action::Deny));
        let policy = compiled(json!({"profile": "Baseline"}));
        assert_eq!(rule(&policy, "loud-music").action(&finding()), Action::Off);
        assert_eq!(rule(&policy, "loud-music").action(&louder), Action::Warn);
        assert_eq!(rule(&policy, "open-door").action(&finding()), Action::Deny);
        let policy = compiled(json!({"rules": [{"name": "loud-music", "action": "Audit"}]}));
        assert_eq!(rule(&policy, "loud-music").action(&louder), Action::Audit);
        let policy = compiled(json!({"rules": [{"name": "open-window", "action": "Off", "mutate": true}]}));
        assert_eq!(rule(&policy, "open-window").action(&finding()), Action::Off);
    }

    #[test]
    fn only_strict_denies_what_is_likely() {
        let likely = finding().certainty(Certainty::Likely);
        for (profile, expected) in [
            ("Baseline", Action::Warn),
            ("Recommended", Action::Warn),
            ("Strict", Action::Deny),
        ] {
            let by_profile = compiled(json!({"profile": profile}));
            assert_eq!(rule(&by_profile, "open-door").action(&likely), expected, "{profile}");
            let rules = json!([{"name": "open-window", "action": "Deny"}]);
            let by_policy = compiled(json!({"profile": profile, "rules": rules}));
            assert_eq!(rule(&by_policy, "open-window").action(&likely), expected, "{profile}");
        }
    }

    #[test]
    fn parameters_stand_over_the_defaults_of_the_profile() {
        let max = |spec: Value| {
            let policy = compiled(spec);
            let run = rule(&policy, "too-many-guests").run();
            run.parameters.downcast_ref::<Limits>().unwrap().max_count
        };
        let rules =
            |parameters: Value| json!([{"name": "too-many-guests", "action": "Warn", "parameters": parameters}]);
        assert_eq!(max(json!({"rules": rules(json!({}))})), 5);
        assert_eq!(
            max(json!({"profile": "Strict", "rules": rules(json!({"zone": "a"}))})),
            1
        );
        assert_eq!(
            max(json!({"profile": "Strict", "rules": rules(json!({"maxCount": 9}))})),
            9
        );
    }

    #[test]
    fn says_all_that_is_wrong_with_pointers() {
        let spec = json!({
            "match": {"objectSelector": {"matchExpressions": [
                {"key": "a", "operator": "In"},
                {"key": "a", "operator": "Exists", "values": ["b"]},
            ]}},
            "rules": [
                {"name": "open-windows"},
                {"name": "wet-paint"},
                {"name": "open-door", "mutate": true},
                {"name": "draught"},
                {"name": "open-window"},
                {"name": "too-many-guests", "parameters": {"maxCuont": 1, "zone": "a"}},
            ],
        });
        let problems = compile("p", &serde_json::from_value(spec).unwrap(), RULES).unwrap_err();
        let said: Vec<_> = problems
            .iter()
            .map(|p| (p.pointer.as_str(), p.message.as_str()))
            .collect();
        assert_eq!(
            said,
            [
                (
                    "/spec/rules/0/name",
                    "unknown rule `open-windows`; did you mean `open-window`?"
                ),
                (
                    "/spec/rules/1/name",
                    "rule `wet-paint` was removed: paint dries; use open-window"
                ),
                (
                    "/spec/rules/2/mutate",
                    "rule `open-door` has no fix to apply; remove `mutate`"
                ),
                (
                    "/spec/rules/4/name",
                    "rule `open-window` is listed twice; make one entry of them"
                ),
                (
                    "/spec/rules/5/parameters/maxCuont",
                    "parameters of rule `too-many-guests`: unknown field `maxCuont`; did you mean `maxCount`?"
                ),
                (
                    "/spec/match/objectSelector/matchExpressions/0",
                    "operators In and NotIn need `values`"
                ),
                (
                    "/spec/match/objectSelector/matchExpressions/1",
                    "operators Exists and DoesNotExist take no `values`; remove them"
                ),
            ]
        );
    }
}
