//! Manifests as kubectl reads them, with the place of every node.
//!
//! kubectl cuts a stream at lines that begin with `---`, reads each part as YAML 1.1 (sigs.k8s.io/yaml, goyaml.v2) and
//! sends what it read as JSON. So does [`parse`]: `yes` is `true`, `0777` is 511, `1e3` is 1000, a key `8080` becomes
//! `"8080"`. `tests/yaml_vectors.rs` holds it to the Go library's answers and lists the differences. Of a key that
//! is written twice in one mapping the last one counts. It is stricter where kubectl would lose part of a manifest without
//! a word: text behind the end of a document that no `---` sets apart is an error here. It is more lenient with syntax that YAML 1.2 allows and kubectl
//! refuses, such as tabs on empty lines; kubectl says so itself.
//!
//! ```text
//! stream::split -> text of one document -> tree::build (YAML syntax) -> decode::decode (YAML's meaning) -> Document
//! ```

mod decode;
mod scalar;
mod spans;
mod stream;
mod tree;

use std::fmt;

pub use spans::Spans;

/// How deep mappings and sequences may be nested; serde_json draws the line at the same depth.
const MAX_DEPTH: usize = 128;

/// One document of a stream: the JSON that kubectl would send, with the place of every node.
#[derive(Debug, Clone)]
pub struct Document {
    /// The value, never null: a document that is empty or null is no document for kubectl.
    pub value: serde_json::Value,
    /// Where each node of the value stands in the text.
    pub spans: Spans,
    /// The line where the document's text begins, counted from 1; behind a `---`, the line after it.
    pub line: usize,
}

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why a document could not be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {message}")]
pub struct YamlError {
    /// The place of the fault.
    pub position: Position,
    /// What is wrong, for people.
    pub message: String,
}

impl YamlError {
    fn new(position: Position, message: impl Into<String>) -> Self {
        Self {
            position,
            message: message.into(),
        }
    }
}

/// Reads every document of a stream of YAML or JSON.
///
/// A document that cannot be read yields an error and does not touch the others: reading goes on after the next line
/// `---`. Documents without content, such as comments alone, are left out. JSON objects may follow each other without
/// `---`, as kubectl allows.
pub fn parse(text: &str) -> Vec<Result<Document, YamlError>> {
    let mut documents = Vec::new();
    for part in stream::split(text) {
        let document = part.and_then(|part| {
            let nodes = tree::build(&part)?;
            Ok(nodes.map(|nodes| (part.start.line, nodes)))
        });
        match document {
            Ok(None) => {}
            Ok(Some((line, nodes))) => match decode::decode(&nodes) {
                Ok((serde_json::Value::Null, _)) => {}
                Ok((value, spans)) => documents.push(Ok(Document { value, spans, line })),
                Err(error) => documents.push(Err(error)),
            },
            Err(error) => documents.push(Err(error)),
        }
    }
    documents
}

/// Reads the documents of a stream as [`parse`] does, one at a time and without the places of their nodes, which take many
/// times the memory of the text. JSON is read as JSON.
pub fn values(text: &str) -> impl Iterator<Item = Result<serde_json::Value, YamlError>> {
    stream::split(text)
        .into_iter()
        .map(|part| {
            let part = part?;
            if part.text.trim_start().starts_with('{')
                && let Ok(value) = serde_json::from_str(part.text)
            {
                return Ok(value);
            }
            let nodes = tree::build(&part)?;
            nodes.map_or(Ok(serde_json::Value::Null), |nodes| decode::value(&nodes))
        })
        .filter(|value| *value != Ok(serde_json::Value::Null))
}

#[cfg(test)]
mod tests;
