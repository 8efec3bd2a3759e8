//! What a rule is: metadata, documentation and a pure function.

use super::Operation;
use super::{Context, Door, Findings};
use crate::cluster::view::ViewKind;
use crate::model::{Claim, FieldPath, ObjectKind, StorageClass, Subject, Volume, Workload};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What a policy does with a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Action {
    /// The rule is not run.
    Off,
    /// The finding is recorded.
    Audit,
    /// The finding is shown to the user; the request goes on.
    Warn,
    /// The request is denied.
    Deny,
}

impl Action {
    /// The action's name in policies, reports and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "Off",
            Self::Audit => "Audit",
            Self::Warn => "Warn",
            Self::Deny => "Deny",
        }
    }
}

/// A named set of actions and parameter defaults for all rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub enum Profile {
    /// Only what can never work or loses data.
    Baseline,
    /// What most platform teams want.
    #[default]
    Recommended,
    /// No compromise.
    Strict,
}

impl Profile {
    /// Every profile, from lenient to strict.
    pub const ALL: [Self; 3] = [Self::Baseline, Self::Recommended, Self::Strict];

    /// The profile's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Baseline => "Baseline",
            Self::Recommended => "Recommended",
            Self::Strict => "Strict",
        }
    }
}

/// What a profile says of a rule: an action, and whether its fix is applied at `/mutate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// What is done with a finding.
    pub action: Action,
    /// Whether the fix is applied.
    pub mutate: bool,
}

impl Setting {
    /// Only an action.
    pub const fn new(action: Action) -> Self {
        Self { action, mutate: false }
    }

    /// An action and the fix.
    pub const fn fixing(action: Action) -> Self {
        Self { action, mutate: true }
    }
}

/// What each profile says of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profiles {
    /// In profile Baseline.
    pub baseline: Setting,
    /// In profile Recommended.
    pub recommended: Setting,
    /// In profile Strict.
    pub strict: Setting,
}

impl Profiles {
    /// The actions of a rule whose fix no profile applies.
    pub const fn actions(baseline: Action, recommended: Action, strict: Action) -> Self {
        Self {
            baseline: Setting::new(baseline),
            recommended: Setting::new(recommended),
            strict: Setting::new(strict),
        }
    }

    /// What this profile says.
    pub const fn of(&self, profile: Profile) -> Setting {
        match profile {
            Profile::Baseline => self.baseline,
            Profile::Recommended => self.recommended,
            Profile::Strict => self.strict,
        }
    }
}

/// The kind of object that a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// StorageClasses.
    Class,
    /// Claims, wherever they stand.
    Claim,
    /// PersistentVolumes.
    Volume,
    /// Whatever makes pods.
    Workload,
    /// Snapshots, their contents and classes.
    Snapshot,
    /// Namespaces and their quotas.
    Namespace,
}

impl Category {
    /// Every category, in the order of the catalogue.
    pub const ALL: [Self; 6] = [
        Self::Class,
        Self::Claim,
        Self::Volume,
        Self::Workload,
        Self::Snapshot,
        Self::Namespace,
    ];

    /// The category's name; its rules stand in the folder of this name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::Claim => "claim",
            Self::Volume => "volume",
            Self::Workload => "workload",
            Self::Snapshot => "snapshot",
            Self::Namespace => "namespace",
        }
    }
}

/// What a fault costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It can never work: safe to deny.
    NeverWorks,
    /// Data is lost.
    LosesData,
    /// Pods wait, or go down together.
    Availability,
    /// Tenants get in each other's way, or money is spent.
    Tenancy,
    /// Data can be read by the wrong people.
    Security,
    /// Untidy.
    Hygiene,
}

impl Class {
    /// The class in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeverWorks => "never works",
            Self::LosesData => "loses data",
            Self::Availability => "availability",
            Self::Tenancy => "tenancy or cost",
            Self::Security => "security",
            Self::Hygiene => "hygiene",
        }
    }
}

/// Whether a rule can mend what it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fix {
    /// A person must decide.
    None,
    /// Some findings carry edits.
    Sometimes,
}

/// A kind of object that a rule looks up.
pub type Needs = ViewKind;

/// Which endpoint reports a rule's findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportsAt {
    /// `/validate`, where the object is what will be stored.
    Validate,
    /// `/mutate`, because the API server drops or refuses it before `/validate`.
    Mutate,
}

/// Where a rule stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// May still change; Off in every profile.
    Preview,
    /// Here to stay.
    Stable,
    /// Still works.
    Deprecated {
        /// Why, and what to use.
        reason: &'static str,
    },
    /// Its name is remembered, so that a policy that has it is told why.
    Removed {
        /// Why, and what to use.
        reason: &'static str,
    },
}

/// The check of a rule, by what it reads.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// Reads a StorageClass.
    Class(fn(StorageClass<'_>, &Context<'_>, &mut Findings)),
    /// Reads a claim, wherever it stands.
    Claim(fn(&Claim<'_>, &Context<'_>, &mut Findings)),
    /// Reads a PersistentVolume.
    Volume(fn(Volume<'_>, &Context<'_>, &mut Findings)),
    /// Reads a workload of one of these kinds.
    Workload(&'static [ObjectKind], fn(&Workload<'_>, &Context<'_>, &mut Findings)),
    /// Reads an object of one of these kinds.
    Object(&'static [ObjectKind], fn(&Subject<'_>, &Context<'_>, &mut Findings)),
}

impl Check {
    /// Whether the check reads objects of the kind.
    pub fn reads(&self, kind: ObjectKind) -> bool {
        match self {
            Self::Class(_) => kind == ObjectKind::StorageClass,
            Self::Claim(_) => kind == ObjectKind::PersistentVolumeClaim || kind.is_workload(),
            Self::Volume(_) => kind == ObjectKind::PersistentVolume,
            Self::Workload(kinds, _) | Self::Object(kinds, _) => kinds.contains(&kind),
        }
    }
}

/// The parameters of a rule: a plain struct whose defaults may differ by profile.
pub trait RuleParameters: Serialize + DeserializeOwned + JsonSchema + Default + Send + Sync + 'static {
    /// The defaults in a profile.
    fn for_profile(_profile: Profile) -> Self {
        Self::default()
    }

    /// Whether the values go together; the error says which do not, and is shown where the policy gives them.
    fn agree(&self) -> Result<(), String> {
        Ok(())
    }
}

/// The parameters of a rule that has none.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

impl RuleParameters for NoParameters {}

/// Parsed parameters, as the engine hands them to the check.
pub type Parameters = Arc<dyn Any + Send + Sync>;

/// How the parameters of a rule are made. Built by [`ParameterSpec::of`].
#[derive(Debug, Clone, Copy)]
pub struct ParameterSpec {
    /// Parses what a policy gives over the defaults of its profile.
    pub parse: fn(Profile, &Value) -> Result<Parameters, String>,
    /// The JSON schema.
    pub schema: fn() -> Value,
    /// The defaults in a profile, as JSON.
    pub defaults: fn(Profile) -> Value,
}

impl ParameterSpec {
    /// The parameters of type `P`.
    pub const fn of<P: RuleParameters>() -> Self {
        Self {
            parse: parse::<P>,
            schema: || schemars::schema_for!(P).into(),
            defaults: defaults::<P>,
        }
    }
}

fn defaults<P: RuleParameters>(profile: Profile) -> Value {
    serde_json::to_value(P::for_profile(profile)).unwrap_or_default()
}

fn parse<P: RuleParameters>(profile: Profile, given: &Value) -> Result<Parameters, String> {
    let mut merged = defaults::<P>(profile);
    match (merged.as_object_mut(), given) {
        (Some(merged), Value::Object(given)) => merged.extend(given.clone()),
        (_, Value::Null) => {}
        (_, other) => return Err(format!("parameters must be a mapping, not {other}")),
    }
    let parameters: P = serde_json::from_value(merged).map_err(|e| e.to_string())?;
    parameters.agree()?;
    Ok(Arc::new(parameters))
}

/// One storage fault that can be recognised.
#[derive(Debug)]
pub struct Rule {
    /// Its name: the fault, in kebab case. Never reused.
    pub name: &'static str,
    /// Former names.
    pub aliases: &'static [&'static str],
    /// One line that continues "a claim …", "a class …".
    pub summary: &'static str,
    /// The documentation, Markdown with fixed sections; its examples are run as tests.
    pub documentation: &'static str,
    /// What it is about.
    pub category: Category,
    /// What the fault costs.
    pub class: Class,
    /// Whether it can mend what it finds.
    pub fix: Fix,
    /// What it looks up.
    pub needs: &'static [Needs],
    /// What it judges.
    pub operations: &'static [Operation],
    /// A rule for CREATE also judges the objects of a live cluster in `scan`. False where an object that has lived no longer
    /// shows what the rule reads: a restored claim whose snapshot is gone is no fault.
    pub in_scan: bool,
    /// Where it reports.
    pub reports_at: ReportsAt,
    /// The version that brought it.
    pub since: &'static str,
    /// Where it stands in its life.
    pub status: Status,
    /// What the profiles say of it.
    pub profiles: Profiles,
    /// Findings may carry actions of their own, so that it runs although its profile says Off.
    pub graded: bool,
    /// Its parameters.
    pub parameters: ParameterSpec,
    /// Immutable fields that its fix may have set, to be carried forward on UPDATE.
    pub carries: fn(StorageClass<'_>, &Context<'_>) -> Vec<FieldPath>,
    /// The check.
    pub check: Check,
}

/// Declares a rule: its documentation as doc comments, then the fields of [`Rule`] that differ from the usual.
#[macro_export]
macro_rules! rule {
    ($(#[doc = $doc:literal])* pub static $name:ident = { $($key:ident: $value:expr),* $(,)? }) => {
        $(#[doc = $doc])*
        pub static $name: $crate::engine::Rule = $crate::engine::Rule {
            documentation: concat!($($doc, "\n"),*),
            $($key: $value,)*
            ..$crate::engine::Rule::USUAL
        };
    };
}

impl Rule {
    /// Whether the rule judges this operation behind this door.
    pub fn judges(&self, operation: Operation, door: Door) -> bool {
        let on = |operation| self.operations.contains(&operation);
        match (door, operation) {
            // What only a listing shows can also be seen in manifests that stand side by side.
            (Door::Manifests, Operation::Create) => on(Operation::Create) || on(Operation::Scan),
            (Door::Cluster, Operation::Scan) => on(Operation::Scan) || (self.in_scan && on(Operation::Create)),
            (_, operation) => on(operation),
        }
    }

    /// The parameters where a policy gives none. All policies of a profile share them. `None` if the rule refuses its own
    /// defaults, which a test of the catalogue would show.
    pub fn default_parameters(&'static self, profile: Profile) -> Option<Parameters> {
        static KNOWN: Mutex<BTreeMap<(usize, Profile), Parameters>> = Mutex::new(BTreeMap::new());
        let key = (std::ptr::from_ref(self).addr(), profile);
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(parameters) = known.get(&key) {
            return Some(Arc::clone(parameters));
        }
        let parameters = (self.parameters.parse)(profile, &Value::Null).ok()?;
        known.insert(key, Arc::clone(&parameters));
        Some(parameters)
    }

    /// What most rules have in common; every rule replaces name, summary, category, class, profiles and check.
    pub const USUAL: Self = Self {
        name: "",
        aliases: &[],
        summary: "",
        documentation: "",
        category: Category::Class,
        class: Class::Hygiene,
        fix: Fix::None,
        needs: &[],
        operations: &[Operation::Create],
        in_scan: true,
        reports_at: ReportsAt::Validate,
        since: "0.1.0",
        status: Status::Stable,
        profiles: Profiles::actions(Action::Off, Action::Off, Action::Off),
        graded: false,
        parameters: ParameterSpec::of::<NoParameters>(),
        carries: |_, _| Vec::new(),
        check: Check::Class(|_, _, _| {}),
    };
}
