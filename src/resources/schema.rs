//! Finds out where a value departs from a JSON schema as schemars writes it, and says what would be right.
//!
//! serde stops at the first fault and does not know where it stands; here every fault is found, with its place. It is asked
//! only about values that serde refused, so that what a schema cannot express is no fault.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A fault in a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, as an RFC 6901 pointer into the value.
    pub pointer: String,
    /// The key is at fault and not its value.
    pub key: bool,
    /// What is wrong and what would be right, for people.
    pub message: String,
}

impl Problem {
    /// A fault of the value at `pointer`.
    pub(crate) fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            key: false,
            message: message.into(),
        }
    }
}

impl Problem {
    /// Where, in Kubernetes' style: `spec.rules[0].name`.
    pub fn field(&self) -> String {
        let steps = self.pointer.split('/').skip(1);
        let field: Vec<_> = steps
            .map(|step| {
                let key = step.replace("~1", "/").replace("~0", "~");
                let is_index = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
                if is_index || key.contains(['.', '/']) {
                    format!("[{key}]")
                } else {
                    format!(".{key}")
                }
            })
            .collect();
        field.concat().trim_start_matches('.').to_owned()
    }
}

/// The value at `pointer`, or everything that is wrong with it.
pub(crate) fn decode<T: DeserializeOwned + JsonSchema>(value: &Value, pointer: &str) -> Result<T, Vec<Problem>> {
    T::deserialize(value).map_err(|error| {
        let schema: Value = schemars::schema_for!(T).into();
        let mut problems = check(&schema, value, pointer);
        if problems.is_empty() {
            problems.push(Problem::new(pointer, error.to_string()));
        }
        problems
    })
}

/// Every place below `pointer` where `value` departs from `schema`.
pub(crate) fn check(schema: &Value, value: &Value, pointer: &str) -> Vec<Problem> {
    let mut checker = Checker {
        root: schema,
        problems: Vec::new(),
    };
    checker.value(schema, value, pointer);
    checker.problems
}

/// The pointer of the entry `key` of the mapping at `pointer`.
pub(crate) fn child(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// The candidate that was probably meant.
pub(crate) fn similar<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = written.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&candidate.to_lowercase(), &lower),
                candidate,
            )
        })
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= written.chars().count() / 3 + 1)
        .map(|(_, candidate)| candidate)
}

/// `; did you mean X?`, or nothing.
pub(crate) fn did_you_mean(similar: Option<&str>) -> String {
    similar.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// A value as it is shown in a message, cut to a bearable length.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Object(_) => "a mapping".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::String(text) if text.chars().count() > 60 => {
            format!("`{}…`", text.chars().take(60).collect::<String>())
        }
        Value::String(text) => format!("`{text}`"),
        Value::Null => "empty".to_owned(),
        scalar => format!("`{scalar}`"),
    }
}

struct Checker<'s> {
    root: &'s Value,
    problems: Vec<Problem>,
}

impl<'s> Checker<'s> {
    fn value(&mut self, schema: &'s Value, value: &Value, pointer: &str) {
        let schema = self.resolve(schema);
        if let Some(variants) = schema.get("anyOf").and_then(Value::as_array) {
            // `Option<T>`; of other unions nobody can say which variant was meant.
            let is_null = |variant: &&Value| variant.get("type").and_then(Value::as_str) == Some("null");
            let mut others = variants.iter().filter(|variant| !is_null(variant));
            if let (Some(variant), None) = (others.next(), others.next())
                && !value.is_null()
            {
                self.value(variant, value, pointer);
            }
            return;
        }
        let allowed = constants(schema);
        if !allowed.is_empty() {
            if !allowed.contains(&value) {
                self.problems.push(Problem::new(pointer, wrong_word(value, &allowed)));
            }
            return;
        }
        if let Some(variants) = variants(schema) {
            self.variant(&variants, value, pointer);
            return;
        }
        let types = types(schema);
        if !types.is_empty() && !types.iter().any(|name| is_of(name, value)) {
            let wanted: Vec<_> = types
                .iter()
                .filter(|name| **name != "null")
                .map(|n| in_words(n))
                .collect();
            let message = format!("must be {}, but is {}", wanted.join(" or "), shown(value));
            self.problems.push(Problem::new(pointer, message));
            return;
        }
        match value {
            Value::Object(fields) => self.fields(schema, fields, pointer),
            Value::Array(items) => {
                if let Some(schema) = schema.get("items") {
                    for (index, item) in items.iter().enumerate() {
                        self.value(schema, item, &format!("{pointer}/{index}"));
                    }
                }
            }
            _ => {}
        }
    }

    /// A value of an enum of mappings: its only key tells the variant.
    fn variant(&mut self, variants: &[(&'s str, &'s Value)], value: &Value, pointer: &str) {
        let Value::Object(fields) = value else {
            self.problems.push(Problem::new(
                pointer,
                format!("must be a mapping, but is {}", shown(value)),
            ));
            return;
        };
        let names = || variants.iter().map(|(name, _)| *name);
        for (key, inner) in fields {
            let pointer = child(pointer, key);
            match variants.iter().find(|(name, _)| name == key) {
                Some((_, schema)) => self.value(schema, inner, &pointer),
                None => self.problems.push(Problem {
                    message: unknown_field(key, names),
                    key: true,
                    pointer,
                }),
            }
        }
        if fields.len() != 1 {
            let names: Vec<_> = names().collect();
            let message = format!(
                "must have exactly one of {}, but has {}",
                names.join(", "),
                fields.len()
            );
            self.problems.push(Problem::new(pointer, message));
        }
    }

    fn fields(&mut self, schema: &'s Value, fields: &Map<String, Value>, pointer: &str) {
        let known = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        for (key, value) in fields {
            let pointer = child(pointer, key);
            if let Some(schema) = known.and_then(|known| known.get(key)) {
                self.value(schema, value, &pointer);
            } else if others == Some(&Value::Bool(false)) {
                let known = || known.into_iter().flat_map(Map::keys).map(String::as_str);
                let mut problem = Problem::new(pointer, unknown_field(key, known));
                problem.key = true;
                self.problems.push(problem);
            } else if let Some(schema) = others {
                self.value(schema, value, &pointer);
            }
        }
        let required = schema.get("required").and_then(Value::as_array);
        for key in required.into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(key) {
                self.problems
                    .push(Problem::new(pointer, format!("field `{key}` is missing")));
            }
        }
    }

    /// The schema that a `$ref` names, which schemars keeps in `$defs` of the root.
    fn resolve(&self, schema: &'s Value) -> &'s Value {
        schema
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|reference| self.root.pointer(reference.strip_prefix('#')?))
            .unwrap_or(schema)
    }
}

/// `unknown field X`, with the field that was probably meant or all that there are.
pub(crate) fn unknown_field<'a, I: Iterator<Item = &'a str>>(key: &str, known: impl Fn() -> I) -> String {
    match similar(key, known()) {
        Some(name) => format!("unknown field `{key}`; did you mean `{name}`?"),
        None if known().next().is_none() => format!("unknown field `{key}`: there are none here"),
        None => format!(
            "unknown field `{key}`; allowed: {}",
            known().collect::<Vec<_>>().join(", ")
        ),
    }
}

/// The values of an enum: schemars writes `enum`, or `oneOf` constants where the variants are documented. None where a
/// variant is more than a word.
fn constants(schema: &Value) -> Vec<&Value> {
    let mut constants = listed(schema);
    for variant in schema.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
        let words = listed(variant);
        if words.is_empty() {
            return Vec::new();
        }
        constants.extend(words);
    }
    constants
}

/// The variants of an enum whose values are mappings of one key: that key and the schema of what stands under it.
fn variants(schema: &Value) -> Option<Vec<(&str, &Value)>> {
    let variants = schema.get("oneOf")?.as_array()?.iter();
    variants
        .map(|variant| {
            let mut properties = variant.get("properties")?.as_object()?.iter();
            let (name, schema) = properties.next()?;
            properties.next().is_none().then_some((name.as_str(), schema))
        })
        .collect()
}

fn listed(schema: &Value) -> Vec<&Value> {
    let words = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    words.chain(schema.get("const")).collect()
}

fn wrong_word(value: &Value, allowed: &[&Value]) -> String {
    let words: Vec<_> = allowed.iter().filter_map(|word| word.as_str()).collect();
    let similar = value
        .as_str()
        .and_then(|written| similar(written, words.iter().copied()));
    format!(
        "must be one of {}, but is {}{}",
        words.join(", "),
        shown(value),
        did_you_mean(similar)
    )
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        _ => true,
    }
}

fn in_words(name: &str) -> &str {
    match name {
        "object" => "a mapping",
        "array" => "a list",
        "string" => "a string",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        other => other,
    }
}
