//! Label selectors as Kubernetes evaluates them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A label selector. An empty one selects everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LabelSelector {
    /// Labels that must be there with this value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: BTreeMap<String, String>,
    /// Requirements that must all hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<Requirement>,
}

/// One requirement of a label selector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Requirement {
    /// The label's key.
    pub key: String,
    /// How the label is compared.
    pub operator: Operator,
    /// The values of `In` and `NotIn`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// How a label is compared with a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Operator {
    /// The label is there with one of the values.
    In,
    /// The label is not there, or with none of the values.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is not there.
    DoesNotExist,
}

impl LabelSelector {
    /// Whether an object with these labels is selected.
    pub fn selects<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.match_labels
            .iter()
            .all(|(key, value)| label(key) == Some(value.as_str()))
            && self.match_expressions.iter().all(|requirement| {
                let found = label(&requirement.key);
                let listed = |value: &str| requirement.values.iter().any(|v| v == value);
                match requirement.operator {
                    Operator::In => found.is_some_and(listed),
                    Operator::NotIn => !found.is_some_and(listed),
                    Operator::Exists => found.is_some(),
                    Operator::DoesNotExist => found.is_none(),
                }
            })
    }

    /// Whether the selector selects everything.
    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }
}

/// A label or an annotation that is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mark {
    /// Its key; a `*` at the end stands for any rest.
    pub key: String,
    /// The values that count; any when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

impl Mark {
    /// The mark of this key, whatever its value.
    pub fn any(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            values: Vec::new(),
        }
    }

    /// Whether this is the key.
    pub fn has_key(&self, key: &str) -> bool {
        match self.key.strip_suffix('*') {
            Some(start) => key.starts_with(start),
            None => self.key == key,
        }
    }

    /// Whether a label or annotation is the mark.
    pub fn is(&self, key: &str, value: &str) -> bool {
        self.has_key(key) && (self.values.is_empty() || self.values.iter().any(|listed| listed == value))
    }
}

/// A label that is put on objects. What the API server would refuse is refused when it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "LabelText")]
pub struct Label {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// A label that is put on objects.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LabelText {
    /// Its key.
    key: String,
    /// Its value.
    value: String,
}

impl TryFrom<LabelText> for Label {
    type Error = String;

    fn try_from(LabelText { key, value }: LabelText) -> Result<Self, String> {
        let (prefix, name) = key.split_once('/').unwrap_or(("example.com", &key));
        let is_domain = prefix.len() <= 253
            && prefix.split('.').all(is_name)
            && !prefix.contains(|char: char| char.is_ascii_uppercase() || char == '_');
        if !is_name(name) || !is_domain {
            return Err(format!(
                "`{key}` is no key of a label, such as team or example.com/team"
            ));
        }
        if !value.is_empty() && !is_name(&value) {
            return Err(format!(
                "`{value}` is no value of a label: letters, digits, `-`, `_` and `.` only, 63 at most"
            ));
        }
        Ok(Self { key, value })
    }
}

/// Whether a text is a label's name: at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit first and last.
/// <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set>
fn is_name(text: &str) -> bool {
    let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    text.len() <= 63
        && is_word(bytes.first())
        && is_word(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

/// Whether the selector in `selector` (a `LabelSelector` as it stands in an object) selects the labels in `labels`.
/// A selector that is absent or cannot be read selects nothing, as in a topology spread constraint.
pub fn selects(selector: Option<&Value>, labels: Option<&Map<String, Value>>) -> bool {
    let label = |key: &str| labels?.get(key)?.as_str();
    let Some(selector) = selector else { return false };
    // A selector of labels alone, as most are, is compared where it stands: rules ask this of every object of a namespace.
    if let Some(wanted) = labels_alone(selector) {
        return wanted
            .iter()
            .all(|(key, value)| value.is_string() && label(key) == value.as_str());
    }
    LabelSelector::deserialize(selector).is_ok_and(|selector| selector.selects(label))
}

/// The `matchLabels` of a selector that has nothing else.
fn labels_alone(selector: &Value) -> Option<&Map<String, Value>> {
    let fields = selector.as_object().filter(|fields| fields.len() == 1)?;
    fields.get("matchLabels")?.as_object()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn selects_as_kubernetes_does() {
        let labels = json!({"app": "web", "tier": "front"});
        let labels = labels.as_object();
        let selector = |value| selects(Some(&value), labels);
        assert!(selector(json!({})));
        assert!(selector(json!({"matchLabels": {"app": "web"}})));
        assert!(!selector(json!({"matchLabels": {"app": "db"}})));
        assert!(selector(
            json!({"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["a"]}]})
        ));
        assert!(!selector(
            json!({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]})
        ));
        assert!(!selects(None, labels));
        for unreadable in [
            json!({"matchLabels": {"app": 1}}),
            json!({"matchLabels": []}),
            json!({"matchlabels": {}}),
        ] {
            assert!(!selector(unreadable.clone()), "{unreadable}");
        }
    }

    #[test]
    fn a_label_that_the_api_server_refuses_is_refused() {
        let label = |key: &str, value: &str| serde_json::from_value::<Label>(json!({"key": key, "value": value}));
        let long = "a".repeat(64);
        for (key, value) in [("team", "a"), ("example.com/Team_1", ""), ("a", "1.2-B")] {
            assert!(label(key, value).is_ok(), "{key}: {value}");
        }
        for (key, value) in [
            ("", "a"),
            ("/team", "a"),
            ("Example.com/team", "a"),
            ("example.com/", "a"),
            ("a/b/c", "a"),
            ("a..b/c", "a"),
            ("a_b/c", "a"),
            ("team-", "a"),
            ("team", "two words"),
            ("team", "-a"),
            (&long, "a"),
            ("team", &long),
        ] {
            assert!(label(key, value).is_err(), "{key}: {value}");
        }
    }
}
