//! YAML's meaning: scalars get their types, keys become strings, aliases and merge keys are followed.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};

use super::scalar::{self, Scalar, Schema};
use super::spans::{Children, Span, Spans};
use super::tree::{Kind, NodeId, Tree, too_deep};
use super::{MAX_DEPTH, Position, YamlError};

/// Text that aliases may copy in one document, in bytes.
const MAX_ALIAS_TEXT: usize = 8 << 20;

/// The JSON value of a document and the places of its nodes.
pub(super) fn decode(tree: &Tree<'_>) -> Result<(Value, Spans), YamlError> {
    let (value, span) = Decoder::new(tree, true).node(tree.root)?;
    Ok((value, Spans::new(span)))
}

/// The JSON value of a document.
pub(super) fn value(tree: &Tree<'_>) -> Result<Value, YamlError> {
    let (value, _) = Decoder::new(tree, false).node(tree.root)?;
    Ok(value)
}

struct Decoder<'t, 'a> {
    tree: &'t Tree<'a>,
    /// Whether the places of nodes are kept.
    places: bool,
    /// Targets of the aliases that are being followed.
    following: HashSet<NodeId>,
    depth: usize,
    decoded: usize,
    decoded_by_alias: usize,
    alias_text: usize,
}

/// A mapping in the making.
#[derive(Default)]
struct Entries {
    values: Map<String, Value>,
    spans: BTreeMap<String, Span>,
}

impl<'t, 'a> Decoder<'t, 'a> {
    fn new(tree: &'t Tree<'a>, places: bool) -> Self {
        Self {
            tree,
            places,
            following: HashSet::new(),
            depth: 0,
            decoded: 0,
            decoded_by_alias: 0,
            alias_text: 0,
        }
    }

    fn node(&mut self, id: NodeId) -> Result<(Value, Span), YamlError> {
        let tree = self.tree;
        let node = &tree.nodes[id];
        self.count(node.position)?;
        match &node.kind {
            Kind::Scalar(text, schema) => {
                self.count_text(text, node.position)?;
                let value = scalar::resolve(*schema, text).and_then(Scalar::into_json);
                let value = value.map_err(|message| YamlError::new(node.position, message))?;
                Ok((value, Span::new(node.position, Children::None)))
            }
            Kind::Sequence(items) => {
                self.enter(node.position)?;
                let mut values = Vec::with_capacity(items.len());
                let mut spans = Vec::new();
                for &item in items {
                    let (value, span) = self.node(item)?;
                    values.push(value);
                    if self.places {
                        spans.push(span);
                    }
                }
                self.depth -= 1;
                Ok((Value::Array(values), Span::new(node.position, Children::Items(spans))))
            }
            Kind::Mapping(children) => {
                self.enter(node.position)?;
                let entries = self.mapping(children)?;
                self.depth -= 1;
                Ok((
                    Value::Object(entries.values),
                    Span::new(node.position, Children::Entries(entries.spans)),
                ))
            }
            Kind::Alias(target) => {
                let (value, mut span) = self.follow(node.position, *target, |decoder| decoder.node(*target))?;
                span.value = node.position;
                Ok((value, span))
            }
        }
    }

    fn mapping(&mut self, children: &[NodeId]) -> Result<Entries, YamlError> {
        let mut entries = Entries::default();
        for pair in children.chunks_exact(2) {
            let (key, value) = (pair[0], pair[1]);
            if self.is_merge(key) {
                self.merge(value, &mut entries)?;
                continue;
            }
            let name = self.key(key)?;
            let position = self.tree.nodes[key].position;
            let (value, mut span) = self.node(value)?;
            // As with kubectl, the last of several equal keys counts.
            span.key = Some(position);
            if self.places {
                entries.spans.insert(name.clone(), span);
            }
            entries.values.insert(name, value);
        }
        Ok(entries)
    }

    fn is_merge(&self, key: NodeId) -> bool {
        matches!(&self.tree.nodes[key].kind,
            Kind::Scalar(text, schema) if text == "<<" && matches!(schema, Schema::Implicit | Schema::Merge))
    }

    /// Sets the entries of the mappings that a merge key names. As with goyaml.v2 they also replace what stands before
    /// the merge key; what stands behind it replaces them. Of several mappings the first wins.
    fn merge(&mut self, id: NodeId, into: &mut Entries) -> Result<(), YamlError> {
        let node = &self.tree.nodes[id];
        let wrong_kind = || {
            YamlError::new(
                node.position,
                "the merge key `<<` takes a mapping or a sequence of mappings, as aliases or in place",
            )
        };
        let is_mapping = |id: NodeId| match self.tree.nodes[id].kind {
            Kind::Mapping(_) => true,
            Kind::Alias(target) => matches!(self.tree.nodes[target].kind, Kind::Mapping(_)),
            _ => false,
        };
        let sources = match &node.kind {
            Kind::Sequence(items) if items.iter().all(|&item| is_mapping(item)) => items.as_slice(),
            _ if is_mapping(id) => &[id],
            _ => return Err(wrong_kind()),
        };
        for &source in sources.iter().rev() {
            let (value, span) = self.node(source)?;
            let (Value::Object(values), Children::Entries(mut spans)) = (value, span.children) else {
                return Err(wrong_kind());
            };
            for (name, value) in values {
                if let Some(span) = spans.remove(&name) {
                    into.spans.insert(name.clone(), span);
                }
                into.values.insert(name, value);
            }
        }
        Ok(())
    }

    /// A mapping's key as the string that it becomes in JSON.
    fn key(&mut self, id: NodeId) -> Result<String, YamlError> {
        let tree = self.tree;
        let node = &tree.nodes[id];
        self.count(node.position)?;
        match &node.kind {
            Kind::Scalar(text, schema) => {
                self.count_text(text, node.position)?;
                let key = scalar::resolve(*schema, text).and_then(Scalar::into_key);
                key.map_err(|message| YamlError::new(node.position, message))
            }
            Kind::Alias(target) => self.follow(node.position, *target, |decoder| decoder.key(*target)),
            Kind::Sequence(_) | Kind::Mapping(_) => Err(YamlError::new(
                node.position,
                "a mapping or sequence cannot be a key, because JSON's keys are strings",
            )),
        }
    }

    /// Decodes the target of an alias, which must not be inside itself.
    fn follow<T>(
        &mut self,
        position: Position,
        target: NodeId,
        decode: impl FnOnce(&mut Self) -> Result<T, YamlError>,
    ) -> Result<T, YamlError> {
        if !self.following.insert(target) {
            return Err(YamlError::new(
                position,
                "the alias stands inside the value of its own anchor",
            ));
        }
        let decoded = decode(self);
        self.following.remove(&target);
        decoded
    }

    fn enter(&mut self, position: Position) -> Result<(), YamlError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            Err(too_deep(position))
        } else {
            Ok(())
        }
    }

    /// Counts a decoded node and stops where aliases make too much out of little, at goyaml.v2's bounds.
    fn count(&mut self, position: Position) -> Result<(), YamlError> {
        self.decoded += 1;
        if !self.following.is_empty() {
            self.decoded_by_alias += 1;
        }
        let excessive = self.decoded_by_alias > 100
            && self.decoded > 1000
            && self.decoded_by_alias * 1000 > self.decoded * allowed_per_mille(self.decoded);
        if excessive {
            Err(excessive_aliases(position))
        } else {
            Ok(())
        }
    }

    /// Go's strings share their bytes and ours do not, so that the text which aliases copy needs a bound of its own.
    fn count_text(&mut self, text: &str, position: Position) -> Result<(), YamlError> {
        if !self.following.is_empty() {
            self.alias_text += text.len();
        }
        if self.alias_text > MAX_ALIAS_TEXT {
            Err(excessive_aliases(position))
        } else {
            Ok(())
        }
    }
}

fn excessive_aliases(position: Position) -> YamlError {
    YamlError::new(
        position,
        "the aliases of this document make it many times its size; write the values out",
    )
}

/// The part of `decoded` nodes that may come from aliases, in thousandths: 99% of a small document, 10% of a huge one.
fn allowed_per_mille(decoded: usize) -> usize {
    const LOW: usize = 400_000;
    const HIGH: usize = 4_000_000;
    990 - 890 * (decoded.clamp(LOW, HIGH) - LOW) / (HIGH - LOW)
}
