//! Typed edits on raw JSON, and the RFC 6902 operations that they become.

use crate::model::{FieldPath, Step};
use json_patch::{AddOperation, PatchOperation, ReplaceOperation, jsonptr::PointerBuf};
use serde_json::{Map, Value};

/// One edit.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// The field gets this value; parents that are missing become mappings.
    Set(FieldPath, Value),
    /// The value is put at the end of a list; a list that is missing is made.
    Append(FieldPath, Value),
}

/// Applies edits to an object in order and returns the operations that do the same.
///
/// An edit that changes nothing makes no operation, and an edit that does not fit the object (a list where a mapping is
/// needed) is left out: a patch that fails to apply would fail the whole request, whatever the failurePolicy.
pub fn apply<'e>(object: &mut Value, edits: impl IntoIterator<Item = &'e Edit>) -> Vec<PatchOperation> {
    let mut operations = Vec::new();
    for edit in edits {
        match edit {
            Edit::Set(path, value) => set(object, path, value.clone(), &mut operations),
            Edit::Append(path, value) => append(object, path, value.clone(), &mut operations),
        };
    }
    operations
}

/// The operations that edits make on an object, which stays as it is.
pub fn operations(object: &Value, edits: &[Edit]) -> Vec<PatchOperation> {
    if edits.is_empty() {
        return Vec::new();
    }
    apply(&mut object.clone(), edits)
}

fn append(object: &mut Value, path: &FieldPath, value: Value, operations: &mut Vec<PatchOperation>) -> Option<()> {
    match object.pointer_mut(&path.pointer()) {
        Some(Value::Array(list)) => {
            let pointer = pointer(&format!("{}/-", path.pointer()))?;
            list.push(value.clone());
            operations.push(PatchOperation::Add(AddOperation { path: pointer, value }));
            Some(())
        }
        Some(Value::Null) | None => set(object, path, Value::Array(vec![value]), operations),
        Some(_) => None,
    }
}

fn set(object: &mut Value, path: &FieldPath, value: Value, operations: &mut Vec<PatchOperation>) -> Option<()> {
    let steps = path.steps();
    if object.pointer(&path.pointer()) == Some(&value) {
        return None;
    }
    // The deepest parent that is there; what is missing below it is added in one operation.
    let present = (0..steps.len())
        .rev()
        .find(|&length| is_mapping(object, &steps[..length]))?;
    if !steps[present..].iter().all(|step| matches!(step, Step::Key(_))) {
        return None;
    }
    let parent = object.pointer_mut(&prefix(&steps[..present]))?.as_object_mut()?;
    let Step::Key(key) = &steps[present] else { return None };
    if steps.len() > present + 1 && parent.get(&**key).is_some_and(|value| !value.is_null()) {
        return None;
    }
    let value = steps[present + 1..].iter().rev().fold(value, |value, step| {
        let mut map = Map::new();
        if let Step::Key(key) = step {
            map.insert(key.to_string(), value);
        }
        Value::Object(map)
    });
    let pointer = pointer(&prefix(&steps[..=present]))?;
    operations.push(match parent.insert(key.to_string(), value.clone()) {
        Some(_) => PatchOperation::Replace(ReplaceOperation { path: pointer, value }),
        None => PatchOperation::Add(AddOperation { path: pointer, value }),
    });
    Some(())
}

fn is_mapping(object: &Value, steps: &[Step]) -> bool {
    object.pointer(&prefix(steps)).is_some_and(Value::is_object)
}

fn prefix(steps: &[Step]) -> String {
    steps
        .iter()
        .fold(FieldPath::default(), |path, step| match step {
            Step::Key(key) => path.entry(key),
            Step::Index(index) => path.index(*index),
        })
        .pointer()
}

fn pointer(text: &str) -> Option<PointerBuf> {
    PointerBuf::parse(text).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn operations_do_what_the_edits_did() {
        let before = json!({"kept": {"unknown": 1}, "list": [{"a": 1}], "null": null});
        let edits = [
            Edit::Set(FieldPath::of(&["kept", "b"]), json!(true)),
            Edit::Set(FieldPath::of(&["new", "deep", "er"]), json!("x")),
            Edit::Set(FieldPath::of(&["null"]), json!("set")),
            Edit::Set(FieldPath::of(&["list"]).index(0).key("a"), json!(2)),
            Edit::Append(FieldPath::of(&["list"]), json!("end")),
            Edit::Append(FieldPath::of(&["made"]), json!("first")),
            Edit::Append(FieldPath::of(&["kept"]), json!("not a list")),
        ];
        let mut after = before.clone();
        let operations = apply(&mut after, &edits);
        let mut patched = before;
        json_patch::patch(&mut patched, &operations).unwrap();
        assert_eq!(patched, after);
        assert_eq!(
            after,
            json!({"kept": {"unknown": 1, "b": true}, "list": [{"a": 2}, "end"], "null": "set",
                   "new": {"deep": {"er": "x"}}, "made": ["first"]})
        );
    }

    #[test]
    fn an_edit_that_changes_nothing_makes_no_operation() {
        let mut object = json!({"a": 1});
        assert!(apply(&mut object, &[Edit::Set(FieldPath::of(&["a"]), json!(1))]).is_empty());
    }
}
