//! What an update changes in the claim templates of a StatefulSet. The API server lets none of it through.

use super::object::{at, map};
use super::quantity::Quantity;
use super::{Claim, ClassName, Workload};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Where a template says how much storage it asks for.
const STORAGE: &[&str] = &["spec", "resources", "requests", "storage"];
/// The fields of a template that are compared as they are; size, class and volume mode are compared by meaning. What the
/// API server fills in is left aside.
const FIELDS: &[&[&str]] = &[
    &["spec", "accessModes"],
    &["spec", "selector"],
    &["spec", "volumeName"],
    &["spec", "dataSource"],
    &["spec", "dataSourceRef"],
    &["spec", "volumeAttributesClassName"],
];
/// The mappings that are compared key by key.
const MAPPINGS: [&[&str]; 2] = [&["metadata", "labels"], &["metadata", "annotations"]];

/// One change of the claim templates.
#[derive(Debug, Clone)]
pub enum TemplateChange<'a> {
    /// A template is new.
    Added {
        /// Its place in the list.
        index: usize,
        /// The template.
        template: &'a Claim<'a>,
    },
    /// A template is gone.
    Removed {
        /// The template.
        template: &'a Claim<'a>,
    },
    /// The same templates stand in another order.
    Reordered {
        /// The names in their former order.
        before: Vec<&'a str>,
        /// The names in their new order.
        after: Vec<&'a str>,
    },
    /// A field of a template is another.
    Field(FieldChange<'a>),
}

/// A field of a template that is another.
#[derive(Debug, Clone)]
pub struct FieldChange<'a> {
    /// The template's place in the list.
    pub index: usize,
    /// The template as it was.
    pub old: &'a Claim<'a>,
    /// The template as it is to be.
    pub new: &'a Claim<'a>,
    /// The field, from the template on.
    pub keys: Vec<&'a str>,
    /// The value as it was, for people.
    pub before: String,
    /// The value as it is to be, for people.
    pub after: String,
}

impl FieldChange<'_> {
    /// Whether the field is the size of the claims.
    pub fn is_size(&self) -> bool {
        self.keys == STORAGE
    }
}

/// What changes in the claim templates from one set to another.
pub fn template_changes<'a>(old: &'a Workload<'a>, new: &'a Workload<'a>) -> Vec<TemplateChange<'a>> {
    let (old, new): (Vec<_>, Vec<_>) = (old.set_templates().collect(), new.set_templates().collect());
    let by_name = |list: &[&'a Claim<'a>]| -> BTreeMap<_, _> {
        // Of several templates of one name the first counts.
        let named = list.iter().rev().map(|template| (template.name(), *template));
        named.collect()
    };
    let (before, after) = (by_name(&old), by_name(&new));
    let mut changes = Vec::new();
    for (index, template) in new.iter().enumerate() {
        match before.get(template.name()) {
            Some(before) => field_changes(index, before, template, &mut changes),
            None => changes.push(TemplateChange::Added { index, template }),
        }
    }
    let gone = old.iter().filter(|template| !after.contains_key(template.name()));
    changes.extend(gone.map(|template| TemplateChange::Removed { template }));
    let names = |list: &[&'a Claim<'a>]| list.iter().map(|template| template.name()).collect::<Vec<_>>();
    let (was, is) = (names(&old), names(&new));
    if was != is && was.len() == is.len() && is.iter().all(|name| before.contains_key(name)) {
        changes.push(TemplateChange::Reordered { before: was, after: is });
    }
    changes
}

fn field_changes<'a>(index: usize, old: &'a Claim<'a>, new: &'a Claim<'a>, changes: &mut Vec<TemplateChange<'a>>) {
    let mut push = |differs: bool, keys: Vec<&'a str>, before: String, after: String| {
        if differs {
            changes.push(TemplateChange::Field(FieldChange {
                index,
                old,
                new,
                keys,
                before,
                after,
            }));
        }
    };
    let differs = size(old) != size(new);
    push(differs, STORAGE.to_vec(), request(old), request(new));
    let differs = old.class_name() != new.class_name();
    push(differs, vec!["spec", "storageClassName"], class(old), class(new));
    let (before, after) = (old.volume_mode(), new.volume_mode());
    push(
        before != after,
        vec!["spec", "volumeMode"],
        before.to_string(),
        after.to_string(),
    );
    for keys in FIELDS {
        let (before, after) = (field(old.value(), keys), field(new.value(), keys));
        push(before != after, keys.to_vec(), shown(before), shown(after));
    }
    for keys in MAPPINGS {
        let (before, after) = (map(old.value(), keys), map(new.value(), keys));
        let names: BTreeSet<&'a String> = before.into_iter().chain(after).flat_map(Map::keys).collect();
        for name in names {
            let value = |map: Option<&Map<String, Value>>| shown(map.and_then(|map| map.get(name)));
            let (before, after) = (value(before), value(after));
            push(before != after, [keys, &[name.as_str()]].concat(), before, after);
        }
    }
}

/// The size as it is written.
fn request(claim: &Claim<'_>) -> String {
    let text = claim.request_text();
    if text.is_empty() { "none".to_owned() } else { text }
}

/// The size by value; what is no quantity is compared as it is written.
fn size(claim: &Claim<'_>) -> Result<Option<Quantity>, String> {
    claim.request().transpose().map_err(|_| claim.request_text())
}

/// A field, with everything that means "nothing" the same.
fn field<'a>(template: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    at(template, keys).filter(|value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    })
}

/// A value for people: lists of words in full, of mappings only that they are there.
fn shown(value: Option<&Value>) -> String {
    match value {
        None => "none".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("+"),
        Some(Value::Object(_)) => "{...}".to_owned(),
        Some(value) => value.to_string(),
    }
}

fn class(claim: &Claim<'_>) -> String {
    match claim.class_name() {
        ClassName::Named(name) => name.to_owned(),
        ClassName::Empty => "\"\"".to_owned(),
        ClassName::Default => "none".to_owned(),
    }
}
