#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
//! Holds `volguard::yaml` to the answers of kubectl's own libraries.
//!
//! `tests/vectors/yaml.json` (documents) and `tests/vectors/stream.json` (streams) were written by the Go program in
//! `tests/vectors/generate`, which runs sigs.k8s.io/yaml and k8s.io/apimachinery over texts made for this purpose. Of
//! errors they say that there is one: the words are ours.

use serde::Deserialize;
use serde_json::Value;
use volguard::yaml;

#[derive(Deserialize)]
struct Vector {
    yaml: String,
    /// Absent where Go reports an error.
    #[serde(default, deserialize_with = "present")]
    json: Option<Value>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct StreamVector {
    stream: String,
    documents: Vec<Value>,
    error: Option<String>,
}

/// Keeps `null` apart from an absent field.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Here volguard reports an error and kubectl reads the first part of the text and leaves out the rest without a word.
const STRICTER: &[&str] = &["{v: }}\n", " a: 1\nb: 2\n", "\"a\":1\n", "'a':1\n", " - a\n- b\n"];

/// What only YAML 1.1 allows: the escape `\'` and a lone `-` in a flow sequence.
const ONLY_GO: &[&str] = &[
    "v: \"\\'\"\n",
    "- \"\\'\"\n",
    "{v: \"\\'\"}\n",
    "v: [-]\n",
    "- [-]\n",
    "{v: [-]}\n",
];

/// What YAML 1.2 allows or libyaml has never read; kubectl says so itself when it meets one of these.
const ONLY_OURS: &[&str] = &[
    // Plain scalars in flow collections.
    "{v: ?a}\n",
    "{v: :a}\n",
    "{v: http://example.com:80/x?y=z#w}\n",
    "v: [?]\n",
    "- [?]\n",
    "{v: [?]}\n",
    "v: [a?]\n",
    "- [a?]\n",
    "{v: [a?]}\n",
    "v: [::a]\n",
    "- [::a]\n",
    "{v: [::a]}\n",
    "v: {a?: 1}\n",
    "- {a?: 1}\n",
    "{v: {a?: 1}}\n",
    // A tag right before a bracket.
    "{v: !}\n",
    "{v: !!str}\n",
    "{v: !!null}\n",
    "{v: !custom}\n",
    // JSON's escapes.
    "v: \"\\/\"\n",
    "- \"\\/\"\n",
    "{v: \"\\/\"}\n",
    "v: \"\\ud83d\\ude80\"\n",
    "- \"\\ud83d\\ude80\"\n",
    "{v: \"\\ud83d\\ude80\"}\n",
    // Names of anchors.
    "v: &a: 1\n",
    "- &a: 1\n",
    "{v: &a: 1}\n",
    "a: &x-y_1.z 1\nb: *x-y_1.z\n",
    "a: &é 1\nb: *é\n",
    // Tabs on empty lines and in block scalars.
    "\t\n",
    "a:\n  b: 1\n\t\n  c: 2\n",
    "a: |\n  \tb\n",
    // A block scalar in column 1 that is the whole document.
    "|\nx\n",
];

#[test]
fn documents_are_read_as_kubectl_reads_them() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("vectors/yaml.json")).unwrap();
    assert!(vectors.len() > 1000);
    let mut wrong = Vec::new();
    for Vector {
        yaml: text,
        json,
        error,
    } in vectors
    {
        assert_eq!(json.is_some(), error.is_none());
        let read = yaml::parse(&text);
        let ours = match read.as_slice() {
            [] => Ok(Value::Null),
            [Ok(document)] => Ok(document.value.clone()),
            [.., Err(error)] | [Err(error), ..] => Err(error.to_string()),
            several => panic!("{text:?} is {} documents", several.len()),
        };
        let text = text.as_str();
        // The vectors were made by the strict reader; kubectl reads with the lenient one, to which the last of several
        // equal keys counts.
        if error
            .as_deref()
            .is_some_and(|error| error.contains("already set in map"))
        {
            assert!(ours.is_ok(), "{text:?}: {ours:?}");
            continue;
        }
        let as_expected = match (&ours, &json) {
            (Err(_), Some(_)) => STRICTER.contains(&text) || ONLY_GO.contains(&text),
            (Ok(ours), Some(go)) if ours == go => !ONLY_OURS.contains(&text),
            (Ok(_), _) => ONLY_OURS.contains(&text),
            (Err(_), None) => true,
        };
        if !as_expected {
            let go = json.map_or_else(|| error.unwrap_or_default(), |json| json.to_string());
            wrong.push(format!("{text:?}\n    Go: {go}\n    we: {ours:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} documents:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn streams_are_cut_as_kubectl_cuts_them() {
    let vectors: Vec<StreamVector> = serde_json::from_str(include_str!("vectors/stream.json")).unwrap();
    assert!(vectors.len() > 40);
    for StreamVector {
        stream,
        documents,
        error,
    } in vectors
    {
        let read = yaml::parse(&stream);
        let ours: Vec<Value> = read
            .iter()
            .map_while(|document| document.as_ref().ok())
            .map(|d| d.value.clone())
            .collect();
        if let Some(error) = error {
            // Go stops at the error and may drop the document before it; we keep that one and go on.
            assert!(read.iter().any(Result::is_err), "{stream:?} should fail: {error}");
            assert!(ours.starts_with(&documents), "{stream:?}: {ours:?}");
        } else {
            assert!(read.iter().all(Result::is_ok), "{stream:?}: {read:?}");
            assert_eq!(ours, documents, "{stream:?}");
        }
    }
}
