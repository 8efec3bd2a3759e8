//! Values that do not belong where they stand.

use proptest::prelude::*;
use serde_json::{Value, json};

/// Values of every type, and none that any field of an object should have; the first ones are of different types.
pub(crate) fn values() -> Vec<Value> {
    vec![
        json!(null),
        json!(-1),
        json!("1e400"),
        json!([null, "ReadWriteMany", ["a"]]),
        json!({"a": null, "name": 1}),
        json!(true),
        json!(0),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("3"),
        json!("-5Gi"),
        json!("ReadWriteMany"),
        json!("a/b/../c\u{0}é"),
        json!([]),
        json!([{"name": "a", "key": []}]),
        json!({}),
    ]
}

/// The JSON pointers of everything in a value but the value itself.
pub(crate) fn pointers(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, child)| (key.replace('~', "~0").replace('/', "~1"), child))
            .collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(index, child)| (index.to_string(), child))
            .collect(),
        _ => Vec::new(),
    };
    let with_descendants = |(key, child): (String, &Value)| {
        let below = pointers(child)
            .into_iter()
            .map(|below| format!("/{key}{below}"))
            .collect::<Vec<_>>();
        std::iter::once(format!("/{key}")).chain(below).collect::<Vec<_>>()
    };
    children.into_iter().flat_map(with_descendants).collect()
}

/// A change of an object: where, of its pointers, and to which odd value.
pub(crate) type Change = (prop::sample::Index, usize);

/// Changes of one object.
pub(crate) fn changes(most: usize) -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0..values().len()), 0..=most)
}

/// The object with these changes.
pub(crate) fn changed(object: &Value, changes: &[Change]) -> Value {
    let (mut object, values) = (object.clone(), values());
    for (place, value) in changes {
        let pointers = pointers(&object);
        if !pointers.is_empty() {
            *object.pointer_mut(&pointers[place.index(pointers.len())]).unwrap() = values[*value].clone();
        }
    }
    object
}

/// Tries some cases, and says what the least is that fails.
pub(crate) fn try_cases<S: Strategy>(cases: u32, what: &str, strategy: &S, test: impl Fn(S::Value)) {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let tried = proptest::test_runner::TestRunner::new(config).run(strategy, |case| {
        test(case);
        Ok(())
    });
    if let Err(error) = tried {
        panic!("{what}: {error}");
    }
}
