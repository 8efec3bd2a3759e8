//! Judging the parameters of a class.

use super::lookup::Known;
use super::schema::{
    AtMost, Bounds, Check, Condition, Confidence, Consequence, Driver, Excludes, KeyCase, ListCheck, ListNeed,
    OnlyWith, Parameter, ParameterFacts, Range, RangesBy, UnknownKeys,
};
use crate::model::SecretKeys;
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// Keys under this prefix are for the sidecars and never reach a driver.
const RESERVED: &str = "csi.storage.k8s.io/";
/// The parameter for the filesystem to make, which the sidecar also reads from the old key `fstype`, in any letter case.
pub const FSTYPE: &str = "csi.storage.k8s.io/fstype";
const RESERVED_SOURCE: &str = "kubernetes-csi/external-provisioner pkg/controller/controller.go";

/// The parameters of a StorageClass. Values that are no strings are left out: the API server refuses them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Parameters<'a>(Option<&'a Map<String, Value>>);

impl<'a> Parameters<'a> {
    /// Reads `parameters` of a class.
    pub fn new(map: Option<&'a Map<String, Value>>) -> Self {
        Self(map)
    }

    /// The value of exactly this key.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.0?.get(key)?.as_str()
    }

    /// The first key that differs from this one in ASCII letter case at most, and its value.
    pub fn get_insensitive(&self, key: &str) -> Option<(&'a str, &'a str)> {
        self.iter().find(|(one, _)| one.eq_ignore_ascii_case(key))
    }

    /// Keys and values, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let entries = self.0.into_iter().flatten();
        entries.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
    }
}

/// What kind of fault a parameter has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// The driver does not know the key.
    UnknownKey {
        /// The key that was probably meant.
        suggestion: Option<String>,
    },
    /// The value, or the key together with others, is wrong.
    InvalidValue,
    /// The key is not there and must be.
    MissingKey,
}

/// One fault of a class's parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterFault {
    /// The key as written; for a missing key, as the driver spells it.
    pub key: String,
    /// What kind of fault.
    pub kind: FaultKind,
    /// What is wrong with which value, and why.
    pub message: String,
    /// What to do.
    pub remedy: String,
    /// What becomes of it.
    pub consequence: Consequence,
    /// How sure the fact behind it is.
    pub confidence: Confidence,
    /// Where the fact was read.
    pub source: String,
}

/// Keys under `csi.storage.k8s.io/` that external-provisioner does not know: it fails every claim of the class,
/// whatever CSI driver it is for. Only for CSI drivers; other provisioners ignore such keys.
pub fn unknown_reserved_keys(parameters: &Parameters<'_>) -> Vec<ParameterFault> {
    let names = || {
        let secrets = SecretKeys::ALL
            .iter()
            .flat_map(|secret| [secret.name, secret.namespace]);
        let keys = secrets.filter_map(|key| key.strip_prefix(RESERVED));
        keys.chain(["fstype"])
    };
    let reserved = parameters
        .iter()
        .filter_map(|(key, _)| Some((key, key.strip_prefix(RESERVED)?)));
    let unknown = reserved.filter(|(_, rest)| !names().any(|name| name == *rest));
    let fault = |(key, rest): (&str, &str)| {
        let suggestion = nearest(rest, names()).map(|name| format!("{RESERVED}{name}"));
        ParameterFault {
            key: key.to_owned(),
            remedy: remedy_for_unknown(suggestion.as_deref()),
            kind: FaultKind::UnknownKey { suggestion },
            message: format!("`{key}` is no reserved key: external-provisioner refuses to provision"),
            consequence: Consequence::RefusedByDriver,
            confidence: Confidence::Confirmed,
            source: RESERVED_SOURCE.to_owned(),
        }
    };
    unknown.map(fault).collect()
}

impl Known<'_> {
    /// Judges parameters as [`Driver::judge_parameters`] does, allowing for what the translation of an in-tree name
    /// consumes or drops. Prefer it where the class's provisioner is at hand.
    pub fn judge_parameters(&self, parameters: &Parameters<'_>) -> Vec<ParameterFault> {
        let mut faults = self.driver.judge_parameters(parameters);
        if let Some(in_tree) = self.in_tree {
            let takes = |key: &str| in_tree.also_takes.iter().any(|other| other.eq_ignore_ascii_case(key));
            faults.retain(|fault| match fault.kind {
                FaultKind::UnknownKey { .. } => !in_tree.drops_unknown && !takes(&fault.key),
                FaultKind::InvalidValue | FaultKind::MissingKey => true,
            });
        }
        faults
    }
}

/// Whose parameters are judged: a VolumeAttributesClass has no sidecar keys, and a fault can meet a volume that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    /// A StorageClass.
    StorageClass,
    /// A VolumeAttributesClass.
    AttributesClass,
}

/// Parameters as a driver reads them: by the names in its list, with its letter case and its defaults.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    holder: Holder,
    facts: Option<&'a ParameterFacts>,
    parameters: &'a Parameters<'a>,
}

impl Driver {
    /// The faults of a class's parameters, by key. Keys under `csi.storage.k8s.io/` are not for the driver and not
    /// judged here; see [`unknown_reserved_keys`].
    pub fn judge_parameters(&self, parameters: &Parameters<'_>) -> Vec<ParameterFault> {
        self.reading(parameters).judge(self.product())
    }

    /// The faults of the parameters of a VolumeAttributesClass, by key. None where nothing is known of them; see also
    /// [`Driver::attributes_class`].
    pub fn judge_attributes(&self, parameters: &Parameters<'_>) -> Vec<ParameterFault> {
        let facts = self
            .attributes_class
            .as_ref()
            .and_then(|facts| facts.parameters.as_ref());
        let reading = Reading {
            holder: Holder::AttributesClass,
            facts,
            parameters,
        };
        reading.judge(&format!("a VolumeAttributesClass of {}", self.product()))
    }

    /// The parameters of a StorageClass as this driver reads them.
    pub(super) fn reading<'a>(&'a self, parameters: &'a Parameters<'a>) -> Reading<'a> {
        Reading {
            holder: Holder::StorageClass,
            facts: self.parameters.as_ref(),
            parameters,
        }
    }
}

impl<'a> Reading<'a> {
    /// The faults, by key. `owner` has the parameters, for messages.
    fn judge(self, owner: &str) -> Vec<ParameterFault> {
        let Some(facts) = self.facts else {
            return Vec::new();
        };
        let mut faults = Vec::new();
        for (key, value) in self.parameters.iter().filter(|(key, _)| !key.starts_with(RESERVED)) {
            match facts.find(key) {
                Some(parameter) => {
                    let judge = Judge {
                        reading: self,
                        facts,
                        parameter,
                        key,
                        value,
                    };
                    judge.value(&mut faults);
                    if !parameter.is_unset(value) {
                        judge.ranges(&mut faults);
                        judge.at_most(&mut faults);
                        judge.only_with(&mut faults);
                        judge.excludes(&mut faults);
                    }
                }
                None => faults.extend(unknown_key(self.holder, facts, owner, key)),
            }
        }
        for parameter in &facts.list {
            faults.extend(self.missing(facts, parameter));
        }
        faults
    }

    /// The key as written and the value of a parameter, by its name in the list.
    pub(super) fn written(self, name: &str) -> Option<(&'a str, &'a str)> {
        let facts = self.facts?;
        let parameter = self.parameter(name)?;
        let is_it = |key: &str| facts.is_written_as(parameter, key) && facts.find(key).is_some_and(|p| p.name == name);
        self.parameters.iter().find(|(key, _)| is_it(key))
    }

    /// As [`Self::written`], but not with one of the parameter's `unset` values.
    fn set(self, name: &str) -> Option<(&'a str, &'a str)> {
        let written = self.written(name)?;
        let unset = self
            .parameter(name)
            .is_some_and(|parameter| parameter.unset.iter().any(|none| none == written.1));
        (!unset).then_some(written)
    }

    /// The value of a parameter, or its default. An empty value counts as not written, and so do values in `unset`.
    pub(super) fn effective(self, name: &str) -> Option<&'a str> {
        let written = self
            .written(name)
            .map(|(_, value)| value)
            .filter(|value| !self.parameter(name).is_some_and(|parameter| parameter.is_unset(value)));
        written.or_else(|| self.parameter(name)?.default.as_deref())
    }

    /// Whether two values of a parameter are one to the driver.
    pub(super) fn same(self, name: &str, left: &str, right: &str) -> bool {
        let check = self.parameter(name).and_then(|parameter| parameter.check.as_ref());
        let ignore_case = matches!(check, Some(Check::OneOf(values)) if values.ignore_case);
        left == right || ignore_case && left.eq_ignore_ascii_case(right)
    }

    fn parameter(self, name: &str) -> Option<&'a Parameter> {
        self.facts?.list.iter().find(|parameter| parameter.name == name)
    }

    fn missing(self, facts: &ParameterFacts, parameter: &Parameter) -> Option<ParameterFault> {
        let required = parameter.required.as_ref()?;
        let there = |name: &str| self.set(name).is_some();
        if there(&parameter.name)
            || required.unless.iter().any(|other| there(other))
            || !self.holds(&required.when, None)
        {
            return None;
        }
        let confidence = required.confidence.or(parameter.confidence).unwrap_or(facts.confidence);
        let name = &parameter.name;
        let mut message = format!("`{name}` is missing");
        for condition in &required.when {
            if let Condition {
                parameter: Some(other), ..
            } = condition
                && let Some(value) = self.effective(other)
            {
                let _ = write!(message, ", which `{other}: {value}` needs");
            }
        }
        let because = required
            .because
            .as_deref()
            .unwrap_or(outcome(self.holder, required.consequence, confidence));
        let _ = write!(message, ": {because}");
        let mut remedy = format!("Set `{name}`");
        for other in &required.unless {
            let _ = write!(remedy, " or `{other}`");
        }
        remedy.push('.');
        Some(ParameterFault {
            key: name.clone(),
            kind: FaultKind::MissingKey,
            message,
            remedy,
            consequence: settled(required.consequence, confidence),
            confidence,
            source: parameter.source.as_ref().unwrap_or(&facts.source).clone(),
        })
    }

    /// Whether all conditions hold. `restores` is `None` where the question is about a class only: a condition on the
    /// claim's data source never holds then.
    pub(super) fn holds(self, conditions: &[Condition], restores: Option<bool>) -> bool {
        conditions
            .iter()
            .all(|condition| self.condition_holds(condition, restores))
    }

    fn condition_holds(self, condition: &Condition, restores: Option<bool>) -> bool {
        if condition.restores.is_some() && condition.restores != restores {
            return false;
        }
        let Some(name) = &condition.parameter else { return true };
        let value = self.effective(name);
        let number = || value.and_then(|value| value.trim().parse::<i64>().ok());
        let listed =
            |values: &[String]| value.is_some_and(|value| values.iter().any(|one| self.same(name, one, value)));
        condition.one_of.as_deref().is_none_or(listed)
            && condition.not_in.as_deref().is_none_or(|values| !listed(values))
            && condition
                .at_least
                .is_none_or(|least| number().is_some_and(|number| number >= least))
            && condition
                .below
                .is_none_or(|bound| number().is_none_or(|number| number < bound))
            && condition
                .written
                .is_none_or(|wanted| self.written(name).is_some() == wanted)
    }
}

impl Parameter {
    /// Whether a value counts as not written.
    fn is_unset(&self, value: &str) -> bool {
        value.is_empty() || self.unset.iter().any(|one| one == value)
    }
}

impl ParameterFacts {
    /// The parameter that a key as written is.
    fn find(&self, key: &str) -> Option<&Parameter> {
        self.list.iter().find(|parameter| self.is_written_as(parameter, key))
    }

    /// Whether a key as written can be the parameter; it is the first of the list that it can be.
    fn is_written_as(&self, parameter: &Parameter, key: &str) -> bool {
        if parameter.prefix {
            return key.starts_with(parameter.name.as_str());
        }
        let insensitive = self.key_case == KeyCase::Insensitive;
        let plain = self.without_namespace(key);
        let same = |name: &str| name == plain || insensitive && name.eq_ignore_ascii_case(plain);
        same(&parameter.name)
            || parameter.aliases.iter().any(|alias| same(alias))
            || parameter.name == FSTYPE && key.eq_ignore_ascii_case("fstype")
    }

    /// A key as written, without the driver's own namespace.
    fn without_namespace<'k>(&self, key: &'k str) -> &'k str {
        let namespace = self.namespace.as_deref();
        let plain = namespace.and_then(|namespace| key.strip_prefix(namespace)?.strip_prefix('/'));
        plain.unwrap_or(key)
    }
}

/// One parameter of a class that the driver knows.
struct Judge<'a> {
    reading: Reading<'a>,
    facts: &'a ParameterFacts,
    parameter: &'a Parameter,
    key: &'a str,
    value: &'a str,
}

impl Judge<'_> {
    /// The confidence of a rule, else of the parameter, else of all parameters.
    fn confidence(&self, own: Option<Confidence>) -> Confidence {
        own.or(self.parameter.confidence).unwrap_or(self.facts.confidence)
    }

    fn outcome(&self, consequence: Consequence, own: Option<Confidence>) -> &'static str {
        outcome(self.reading.holder, consequence, self.confidence(own))
    }

    fn fault(
        &self,
        message: String,
        remedy: String,
        consequence: Consequence,
        confidence: Option<Confidence>,
    ) -> ParameterFault {
        ParameterFault {
            key: self.key.to_owned(),
            kind: FaultKind::InvalidValue,
            message,
            remedy,
            consequence: settled(consequence, self.confidence(confidence)),
            confidence: self.confidence(confidence),
            source: self.parameter.source.as_ref().unwrap_or(&self.facts.source).clone(),
        }
    }

    fn value(&self, faults: &mut Vec<ParameterFault>) {
        let consequence = self.parameter.consequence.unwrap_or(Consequence::RefusedByDriver);
        let (key, value) = (self.key, self.value);
        if value.is_empty() {
            if self.parameter.not_empty {
                let message = format!("`{key}` is empty: {}", self.outcome(consequence, None));
                faults.push(self.fault(
                    message,
                    format!("Give `{key}` a value, or remove it."),
                    consequence,
                    None,
                ));
            }
            return;
        }
        let Some(check) = &self.parameter.check else { return };
        let (wrong, remedy) = match check {
            Check::OneOf(one_of) => {
                let same = |one: &String| one == value || one_of.ignore_case && one.eq_ignore_ascii_case(value);
                if one_of.values.iter().any(same) {
                    return;
                }
                let meant = nearest(value, one_of.values.iter().map(String::as_str));
                let list = one_of.values.join(", ");
                let remedy = meant.map_or(format!("Use one of {list}."), |meant| {
                    format!("Did you mean `{meant}`?")
                });
                (format!("not one of {}", briefly(&one_of.values)), remedy)
            }
            Check::Integer(bounds) => match value.parse::<i64>() {
                Err(_) => (
                    String::from("not a whole number"),
                    String::from("Write a whole number without a unit."),
                ),
                Ok(number) if bounds.contain(number) => return,
                Ok(_) => (format!("not {}", bounds.text()), format!("Use {}.", bounds.text())),
            },
            Check::Quantity(_) if is_quantity(value) => return,
            Check::Quantity(_) => (
                String::from("not a quantity"),
                String::from("Write a quantity such as `250Mi`."),
            ),
            Check::Boolean(_) if is_boolean(value) => return,
            Check::Boolean(_) => (String::from("not a boolean"), String::from("Write `true` or `false`.")),
            Check::List(list) => match list.wrong(value) {
                Some(wrong) => wrong,
                None => return,
            },
            Check::PowerOfTwo(bounds) => match value.parse::<i64>() {
                Ok(number) if bounds.contain(number) && number.count_ones() == 1 && number > 0 => return,
                _ => (
                    String::from("not a power of two in range"),
                    format!("Use a power of two, {}.", bounds.text()),
                ),
            },
            Check::Octal(_) if u32::from_str_radix(value, 8).is_ok() => return,
            Check::Octal(_) => (
                String::from("not an octal number"),
                String::from("Write permissions such as `0755`."),
            ),
            Check::Json(_) if serde_json::from_str::<serde::de::IgnoredAny>(value).is_ok() => return,
            Check::Json(_) => (String::from("not JSON"), String::from("Write a JSON document.")),
            Check::Alphanumeric(_) if value.bytes().all(|byte| byte.is_ascii_alphanumeric()) => return,
            Check::Alphanumeric(_) => (
                String::from("not letters and digits only"),
                String::from("Use letters and digits only."),
            ),
            Check::Length(length) if value.len() <= length.max => return,
            Check::Length(length) => (
                format!("longer than {} characters", length.max),
                format!("Use at most {} characters.", length.max),
            ),
            Check::StartsWith(prefixes) => {
                if prefixes.values.iter().any(|prefix| value.starts_with(prefix.as_str())) {
                    return;
                }
                let list = prefixes.values.join("` or `");
                (
                    format!("without `{list}` at its beginning"),
                    format!("Begin the value with `{list}`."),
                )
            }
        };
        let message = format!(
            "`{key}` is {}, {wrong}: {}",
            shown(value),
            self.outcome(consequence, None)
        );
        faults.push(self.fault(message, remedy, consequence, None));
    }

    fn ranges(&self, faults: &mut Vec<ParameterFault>) {
        let Some(by) = &self.parameter.ranges else { return };
        let RangesBy {
            parameter: other,
            above,
            below,
            confidence,
            ..
        } = by;
        let Ok(number) = self.value.parse::<i64>() else { return };
        let Some(other_value) = self.reading.effective(other) else {
            return;
        };
        let Some(range) = by
            .ranges
            .iter()
            .find(|range| self.reading.same(other, &range.value, other_value))
        else {
            return;
        };
        let Range { min, max, .. } = *range;
        let bounds = Bounds { min, max };
        if bounds.contain(number) {
            return;
        }
        let too_large = max.is_some_and(|max| number > max);
        let (word, bound, consequence) = if too_large {
            ("above the maximum", max, *above)
        } else {
            ("below the minimum", min, *below)
        };
        let bound = bound.unwrap_or_default();
        let message = format!(
            "`{key}` is {number}, {word} of {bound} for `{other}: {other_value}`: {}",
            self.outcome(consequence, *confidence),
            key = self.key
        );
        faults.push(self.fault(message, format!("Use {}.", bounds.text()), consequence, *confidence));
    }

    fn at_most(&self, faults: &mut Vec<ParameterFault>) {
        let Some(bound) = &self.parameter.at_most else { return };
        let AtMost {
            when,
            parameter: other,
            otherwise,
            divisor,
            consequence,
            because,
            confidence,
        } = bound;
        if !self.reading.holds(when, None) {
            return;
        }
        let of = match self.reading.effective(other) {
            Some(text) => text.parse::<i64>().ok(),
            None => *otherwise,
        };
        let (Ok(number), Some(of)) = (self.value.parse::<i64>(), of) else {
            return;
        };
        // In 128 bits, so that no written number overflows.
        if i128::from(number) * i128::from(*divisor) <= i128::from(of) {
            return;
        }
        let key = self.key;
        let fraction = if *divisor == 1 {
            String::new()
        } else {
            format!("1/{divisor} of ")
        };
        let because = because.as_deref().unwrap_or(self.outcome(*consequence, *confidence));
        let message = format!("`{key}` is {number}, above {fraction}`{other}`, which is {of}: {because}");
        let remedy = format!("Lower `{key}`, or raise `{other}`.");
        faults.push(self.fault(message, remedy, *consequence, *confidence));
    }

    fn only_with(&self, faults: &mut Vec<ParameterFault>) {
        for only in &self.parameter.only_with {
            let OnlyWith {
                parameter: other,
                values,
                if_value,
                consequence,
                because,
                confidence,
            } = only;
            if !self.applies(if_value) {
                continue;
            }
            let effective = self.reading.effective(other);
            let fits = |value: &str| values.is_empty() || values.iter().any(|one| self.reading.same(other, one, value));
            if effective.is_some_and(fits) {
                continue;
            }
            let subject = self.subject(if_value);
            let needs = if values.is_empty() {
                format!("`{other}`")
            } else {
                format!("`{other}: {}`", values.join("` or `"))
            };
            let mut message = match effective {
                Some(value) => format!("{subject} goes with {needs} only, and `{other}` is {}", shown(value)),
                None => format!("{subject} goes with {needs} only, and `{other}` is not set"),
            };
            let _ = write!(
                message,
                ": {}",
                because.as_deref().unwrap_or(self.outcome(*consequence, *confidence))
            );
            let remedy = format!("Remove `{}`, or set {needs}.", self.key);
            faults.push(self.fault(message, remedy, *consequence, *confidence));
        }
    }

    fn excludes(&self, faults: &mut Vec<ParameterFault>) {
        for excludes in &self.parameter.excludes {
            let Excludes {
                parameter: other,
                values,
                if_value,
                consequence,
                because,
                confidence,
            } = excludes;
            if !self.applies(if_value) {
                continue;
            }
            let with = if values.is_empty() {
                let set = self.reading.set(other);
                set.map(|(key, _)| format!("`{key}`"))
            } else {
                let value = self.reading.effective(other);
                let value = value.filter(|value| values.iter().any(|one| self.reading.same(other, one, value)));
                value.map(|value| format!("`{other}: {value}`"))
            };
            let Some(with) = with else { continue };
            let subject = self.subject(if_value);
            let because = because.as_deref().unwrap_or(self.outcome(*consequence, *confidence));
            let message = format!("{subject} and {with} do not go together: {because}");
            let remedy = format!("Change or remove {subject} or {with}.");
            faults.push(self.fault(message, remedy, *consequence, *confidence));
        }
    }

    /// Whether a rule for some values of this parameter is for the value at hand.
    fn applies(&self, if_value: &[String]) -> bool {
        if_value.is_empty()
            || if_value
                .iter()
                .any(|one| self.reading.same(&self.parameter.name, one, self.value))
    }

    /// The key, with its value where the rule is for some values only.
    fn subject(&self, if_value: &[String]) -> String {
        if if_value.is_empty() {
            format!("`{}`", self.key)
        } else {
            format!("`{}: {}`", self.key, self.value)
        }
    }
}

impl ListCheck {
    /// What is wrong with a list and what to do, if anything.
    fn wrong(&self, value: &str) -> Option<(String, String)> {
        let words: Vec<_> = value.split(',').map(str::trim).collect();
        if let Some(word) = words.iter().find(|word| !self.values.iter().any(|one| one == *word)) {
            let list = self.values.join(", ");
            let meant = nearest(word, self.values.iter().map(String::as_str));
            let remedy = meant.map_or(format!("Use words of {list}."), |meant| {
                format!("Did you mean `{meant}`?")
            });
            let wrong = format!("and {} is not one of {}", shown(word), briefly(&self.values));
            return Some((wrong, remedy));
        }
        let lacking = self
            .needs
            .iter()
            .find(|need| words.contains(&need.value.as_str()) && !words.contains(&need.needs.as_str()))?;
        let ListNeed { value, needs } = lacking;
        Some((
            format!("and `{value}` needs `{needs}`"),
            format!("Add `{needs}`, or remove `{value}`."),
        ))
    }
}

impl Bounds {
    fn contain(self, number: i64) -> bool {
        self.min.is_none_or(|min| number >= min) && self.max.is_none_or(|max| number <= max)
    }

    fn text(self) -> String {
        match (self.min, self.max) {
            (Some(min), Some(max)) => format!("a number from {min} to {max}"),
            (Some(min), None) => format!("{min} or more"),
            (None, Some(max)) => format!("{max} or less"),
            (None, None) => String::from("a whole number"),
        }
    }
}

fn unknown_key(holder: Holder, facts: &ParameterFacts, owner: &str, key: &str) -> Option<ParameterFault> {
    // The provisioner sidecar still reads old keys of a StorageClass, so a driver that ignores them does no harm.
    let class = holder == Holder::StorageClass;
    let fstype = class && key.eq_ignore_ascii_case("fstype");
    let old = fstype || class && SecretKeys::ALL.iter().any(|secret| secret.has(key));
    let plain = facts.without_namespace(key);
    let foreign = plain == key && key.contains('/');
    let consequence = match facts.unknown_keys {
        UnknownKeys::Refused => Consequence::RefusedByDriver,
        UnknownKeys::RefusedInNamespace if !foreign => Consequence::RefusedByDriver,
        UnknownKeys::Ignored if !old => Consequence::Ignored,
        UnknownKeys::RefusedInNamespace | UnknownKeys::Ignored | UnknownKeys::Unknown => return None,
    };
    let names = facts
        .list
        .iter()
        .flat_map(|parameter| std::iter::once(&parameter.name).chain(&parameter.aliases));
    let suggestion = if fstype {
        Some(FSTYPE.to_owned())
    } else {
        nearest(plain, names.map(String::as_str)).map(str::to_owned)
    };
    Some(ParameterFault {
        key: key.to_owned(),
        message: format!(
            "`{key}` is not a parameter of {owner}: {}",
            outcome(holder, consequence, facts.confidence)
        ),
        remedy: remedy_for_unknown(suggestion.as_deref()),
        kind: FaultKind::UnknownKey { suggestion },
        consequence: settled(consequence, facts.confidence),
        confidence: facts.confidence,
        source: facts.source.clone(),
    })
}

fn remedy_for_unknown(suggestion: Option<&str>) -> String {
    suggestion.map_or(String::from("Remove it."), |meant| format!("Did you mean `{meant}`?"))
}

/// What follows, as the end of a sentence.
fn outcome(holder: Holder, consequence: Consequence, confidence: Confidence) -> &'static str {
    let confirmed = confidence == Confidence::Confirmed;
    match (consequence, holder) {
        (Consequence::Capped, _) => "the driver lowers it silently",
        (Consequence::Ignored, _) => "it has no effect",
        (_, Holder::StorageClass) if !confirmed => "the volume is probably refused",
        (_, Holder::AttributesClass) if !confirmed => "it is probably refused",
        (Consequence::RefusedByDriver, Holder::StorageClass) => "the driver refuses to provision",
        (Consequence::RefusedByDriver, Holder::AttributesClass) => "the driver refuses it",
        (Consequence::RefusedByCloud, Holder::StorageClass) => "the storage backend refuses the volume",
        (Consequence::RefusedByCloud, Holder::AttributesClass) => "the storage backend refuses it",
    }
}

/// That the driver refuses is said only of what is confirmed; otherwise the refusal is left to the backend.
fn settled(consequence: Consequence, confidence: Confidence) -> Consequence {
    if consequence == Consequence::RefusedByDriver && confidence != Confidence::Confirmed {
        Consequence::RefusedByCloud
    } else {
        consequence
    }
}

/// A value in quotes, cut to a length that a message can bear.
fn shown(value: &str) -> String {
    const LONGEST: usize = 60;
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}...", &value[..end]),
        None => format!("{value:?}"),
    }
}

/// The values there are, or how many: a remedy has room for a long list, a warning has not.
fn briefly(values: &[String]) -> String {
    let list = values.join(", ");
    if list.len() > 40 {
        format!("the {} values it can have", values.len())
    } else {
        list
    }
}

/// The name that a misspelt one was probably meant to be.
fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 100;
    if wrong.len() > LONGEST {
        return None;
    }
    let wrong = wrong.to_ascii_lowercase();
    let distances = names.map(|name| (strsim::osa_distance(&wrong, &name.to_ascii_lowercase()), name));
    let (distance, name) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= (name.len() / 4).clamp(1, 3)).then_some(name)
}

/// What Go's `strconv.ParseBool` reads.
fn is_boolean(value: &str) -> bool {
    matches!(
        value,
        "1" | "t" | "T" | "TRUE" | "true" | "True" | "0" | "f" | "F" | "FALSE" | "false" | "False"
    )
}

/// Whether a text is a quantity that is not negative: digits, perhaps with a point, and a suffix or an exponent.
fn is_quantity(value: &str) -> bool {
    let unsigned = value.strip_prefix('+').unwrap_or(value);
    let end = unsigned
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    let digits = number.bytes().any(|byte| byte.is_ascii_digit()) && number.matches('.').count() <= 1;
    let exponent = || {
        let rest = suffix.strip_prefix(['e', 'E'])?;
        rest.parse::<i32>().ok()
    };
    let suffixes = [
        "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei",
    ];
    digits && (suffixes.contains(&suffix) || exponent().is_some())
}
