#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::format_collect,
    clippy::format_push_string
)]

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn at(line: usize, column: usize) -> Position {
    Position { line, column }
}

fn one(text: &str) -> Document {
    let mut documents = parse(text);
    assert_eq!(documents.len(), 1, "{documents:?}");
    documents.pop().unwrap().unwrap()
}

fn error(text: &str) -> YamlError {
    let mut documents = parse(text);
    assert_eq!(documents.len(), 1, "{documents:?}");
    documents.pop().unwrap().unwrap_err()
}

#[test]
fn every_node_has_its_place() {
    let document =
        one("# a claim\nspec:\n  accessModes:\n  - ReadWriteOnce\n  - über: x\n  size: {max: 'é', min: 2}\n");
    let spans = &document.spans;
    assert_eq!(document.line, 1);
    assert_eq!(spans.find(""), Some(at(2, 1)));
    assert_eq!(spans.find("/spec"), Some(at(3, 3)));
    assert_eq!(spans.find_key("/spec"), Some(at(2, 1)));
    assert_eq!(spans.find("/spec/accessModes/0"), Some(at(4, 5)));
    assert_eq!(spans.find("/spec/accessModes/1/über"), Some(at(5, 11)));
    assert_eq!(spans.find_key("/spec/accessModes/1/über"), Some(at(5, 5)));
    assert_eq!(spans.find("/spec/size/min"), Some(at(6, 25)));
    assert_eq!(spans.find_key("/spec/size/min"), Some(at(6, 20)));
    assert_eq!(spans.find_key("/spec/accessModes/0"), None);
    assert_eq!(spans.find_key(""), None);
    for missing in [
        "/spec/accessModes/2",
        "/spec/accessModes/00",
        "/spec/accessModes/+0",
        "/spec/accessModes/-",
        "/x",
        "spec",
        "/",
    ] {
        assert_eq!(spans.find(missing), None, "{missing}");
    }
    assert_eq!(
        spans.nearest("/spec/accessModes/7/x"),
        spans.find("/spec/accessModes").unwrap()
    );
    assert_eq!(spans.nearest("/status"), at(2, 1));
    assert_eq!(spans.nearest("/spec/size/max"), at(6, 15));
}

#[test]
fn keys_are_escaped_in_pointers() {
    let document = one("metadata:\n  annotations:\n    a/b: 1\n    c~d: 2\n    8080: 3\n    '': 4\n");
    assert_eq!(document.spans.find("/metadata/annotations/a~1b"), Some(at(3, 10)));
    assert_eq!(document.spans.find("/metadata/annotations/c~0d"), Some(at(4, 10)));
    assert_eq!(document.spans.find("/metadata/annotations/8080"), Some(at(5, 11)));
    assert_eq!(document.spans.find("/metadata/annotations/"), Some(at(6, 9)));
}

#[test]
fn places_count_from_the_start_of_the_stream() {
    let documents = parse("# head\n---\na: 1\n---   # next\n\n  b: 2\n---\n{\"c\": 3} {\"d\":\n 4}\n");
    let places: Vec<_> = documents
        .iter()
        .map(|document| document.as_ref().unwrap())
        .map(|document| (document.line, document.spans.find(""), document.value.clone()))
        .collect();
    assert_eq!(places[0], (3, Some(at(3, 1)), json!({"a": 1})));
    assert_eq!(places[1], (5, Some(at(6, 3)), json!({"b": 2})));
    assert_eq!(places[2], (8, Some(at(8, 1)), json!({"c": 3})));
    assert_eq!(places[3], (8, Some(at(8, 10)), json!({"d": 4})));
    assert_eq!(documents[3].as_ref().unwrap().spans.find("/d"), Some(at(9, 2)));
    assert_eq!(documents[3].as_ref().unwrap().spans.find_key("/d"), Some(at(8, 11)));
}

#[test]
fn windows_files_have_the_same_places() {
    let documents = parse("\u{feff}a: 1\r\n---\r\nb:\r\n  c: |\r\n    x\r\n    y\r\n  d: e\r\n");
    let second = documents[1].as_ref().unwrap();
    assert_eq!(documents[0].as_ref().unwrap().spans.find("/a"), Some(at(1, 4)));
    assert_eq!(second.value, json!({"b": {"c": "x\ny\n", "d": "e"}}));
    assert_eq!(second.spans.find("/b/d"), Some(at(7, 6)));
}

#[test]
fn aliases_stand_where_they_are_written() {
    let document = one("a: &x\n  k: [1]\nb: *x\nc:\n  <<: *x\n  l: 2\n");
    assert_eq!(
        document.value,
        json!({"a": {"k": [1]}, "b": {"k": [1]}, "c": {"k": [1], "l": 2}})
    );
    assert_eq!(document.spans.find("/b"), Some(at(3, 4)));
    assert_eq!(document.spans.find("/b/k/0"), Some(at(2, 7)));
    assert_eq!(document.spans.find("/c/k"), Some(at(2, 6)));
    assert_eq!(document.spans.find_key("/c/k"), Some(at(2, 3)));
}

#[test]
fn a_broken_document_loses_no_other() {
    let documents = parse("a: 1\n---\nb: [\n---\nc: 3\n--- d: 4\ne: 5\n---\nf: 6\n---\ng: {}}\n---\nh: 8\n");
    let values: Vec<_> = documents
        .iter()
        .map(|document| document.as_ref().ok().map(|d| d.value.clone()))
        .collect();
    assert_eq!(
        values,
        [
            Some(json!({"a": 1})),
            None,
            Some(json!({"c": 3})),
            None,
            Some(json!({"f": 6})),
            None,
            Some(json!({"h": 8}))
        ]
    );
    assert_eq!(documents[3].as_ref().unwrap_err().position, at(6, 1));
    assert_eq!(documents[5].as_ref().unwrap_err().position.line, 11);
    assert_eq!(documents[6].as_ref().unwrap().spans.find("/h"), Some(at(13, 4)));
}

#[test]
fn errors_name_their_place() {
    assert_eq!(error("a: 1\nb: .inf\n").position, at(2, 4));
    assert_eq!(
        error("a: !!int x\n").to_string(),
        "line 1, column 10: `x` is not an integer (!!int)"
    );
    assert_eq!(error("a: 1\n? [b]\n: 2\n").position, at(2, 3));
    assert_eq!(error("a:\n  b: 1\n  c: *d\n").position.line, 3);
    assert!(error("a: 1\n...\nb: 2\n").message.contains("---"));
    assert_eq!(
        error("a:\n- \tb: 1\n").to_string(),
        "line 2, column 4: a tab stands in the indentation; YAML indents by spaces"
    );
}

#[test]
fn of_equal_keys_the_last_counts() {
    let document = one("# c\nspec:\n  a: 1\n  b: 2\n  a: 3\n");
    assert_eq!(document.value, json!({"spec": {"a": 3, "b": 2}}));
    assert_eq!(document.spans.find("/spec/a"), Some(at(5, 6)));
    assert_eq!(one("{x: &x {a: 1}, z: {<<: *x, a: 2}}").value["z"], json!({"a": 2}));
    // JSON's keys are strings: these two are one.
    assert_eq!(one("1: a\n'1': b\n").value, json!({"1": "b"}));
}

#[test]
fn nesting_is_bounded() {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")] {
        for depth in [MAX_DEPTH + 1, 100_000] {
            let message = error(&format!("{}{}", open.repeat(depth), close.repeat(depth))).message;
            assert!(
                message.contains("nested") || message.contains("recursion"),
                "{open}: {message}"
            );
        }
    }
    assert!(parse(&format!("{}1{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH)))[0].is_ok());
    // Aliases add to the depth.
    let chain: String = (1..MAX_DEPTH + 2).map(|n| format!("- &a{n} [*a{}]\n", n - 1)).collect();
    assert!(error(&format!("- &a0 x\n{chain}")).message.contains("nested"));
}

#[test]
fn aliases_are_bounded() {
    let mut bomb = "a0: &a0 x\n".to_owned();
    for level in 1..30 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 900].join(", "));
    for text in [bomb, long] {
        let started = Instant::now();
        assert!(error(&text).message.contains("many times its size"));
        assert!(started.elapsed() < Duration::from_secs(5));
    }
    assert!(
        error("a: &a {b: [*a]}\n")
            .message
            .contains("inside the value of its own anchor")
    );
    assert!(
        error("a: &a\n  <<: *a\n")
            .message
            .contains("inside the value of its own anchor")
    );
}

#[test]
fn large_manifests_are_read_quickly() {
    let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nspec:\n  accessModes: [ReadWriteOnce]\n";
    for text in [
        format!("---\n{claim}").repeat(8_000),
        (0..80_000).map(|n| format!("key{n}: v\n")).collect(),
        format!("{{\"items\": [{}0]}}", "{\"a\": [1, \"b\"]},".repeat(60_000)),
        format!("a: |\n{}", "  some text\n".repeat(80_000)),
        format!("a: \"{}\"\n", "x\\n".repeat(1 << 18)),
        "a\n".repeat(1 << 19),
        "[".repeat(1 << 20),
        "? ".repeat(1 << 19),
        "---\n".repeat(1 << 18),
        "{}\n".repeat(1 << 16),
        format!("{{\"{}", "k".repeat(1 << 20)),
    ] {
        let started = Instant::now();
        parse(&text);
        // A tenth of a second or two when optimised; what is not linear takes minutes.
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "{:?} {:?}",
            &text[..20],
            started.elapsed()
        );
    }
}

#[test]
fn values_without_places_are_the_same() {
    let text = r#"
base: &base {kind: ConfigMap, list: [a, {b: [1]}]}
copy: {<<: *base, kind: Secret}
---
# nothing
---
{"kind": "A", "text": "\u00e9\ud83d\ude00"}
{"kind": "B"}
--- here is none
kind: C
---
{kind: D, "e": 0777}
---
kind: [
"#;
    let parsed = parse(text)
        .into_iter()
        .map(|document| document.map(|document| document.value));
    assert_eq!(values(text).collect::<Vec<_>>(), parsed.collect::<Vec<_>>());
    assert_eq!(values(text).count(), 6);
}

/// A regular expression for texts full of YAML's syntax.
const YAML_LIKE: &str = concat!(
    "([-?:,\\[\\]{}#&*!|>'\"%@`~<=.\\t\\n\\r 0-9abxy\u{feff}\u{2028}é]",
    "|---\n|<<: |&a |\\*a|!!int |: |\n  ){0,60}",
);

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        parse(&text);
    }

    #[test]
    fn no_yaml_like_text_panics(text in YAML_LIKE) {
        for document in parse(&text).into_iter().flatten() {
            prop_assert!(document.spans.find("").is_some());
        }
    }

    #[test]
    fn json_is_read_as_json(value in json_value(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        prop_assert_eq!(&one(&text).value, &value);
    }
}

/// JSON whose strings YAML can hold without escapes that it does not know.
fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        "[ -~é\\n\\t]{0,12}".prop_map(serde_json::Value::from),
    ];
    let tree = leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[ -~]{0,8}", inner, 0..5).prop_map(|map| map.into_iter().collect()),
        ]
    });
    prop::collection::btree_map("[ -~]{0,8}", tree, 1..5).prop_map(|map| map.into_iter().collect())
}
