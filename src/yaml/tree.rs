//! YAML syntax: events of the parser become a tree that keeps aliases as they are written.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StructureStyle, Tag, options};

use super::scalar::Schema;
use super::stream::Part;
use super::{MAX_DEPTH, Position, YamlError};

/// Index of a node in [`Tree::nodes`].
pub(super) type NodeId = usize;

/// The nodes of one document.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) root: NodeId,
}

/// One node as it is written.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) position: Position,
    pub(super) kind: Kind<'a>,
}

#[derive(Debug)]
pub(super) enum Kind<'a> {
    Scalar(Cow<'a, str>, Schema),
    Sequence(Vec<NodeId>),
    /// Keys and values by turns.
    Mapping(Vec<NodeId>),
    Alias(NodeId),
}

/// Reads the one document of a part; None where there is none (nothing, or comments alone).
pub(super) fn build<'a>(part: &Part<'a>) -> Result<Option<Tree<'a>>, YamlError> {
    let text = part.text.strip_prefix('\u{feff}').unwrap_or(part.text);
    let options = options! {
        emit_comments: false,
        // As libyaml does.
        bom_inside_document_as_content: true,
        // One more than we allow, so that it is this module that says what is wrong.
        flow_nesting_limit: MAX_DEPTH + 1,
        block_nesting_limit: MAX_DEPTH + 1,
    };
    let mut builder = Builder {
        text,
        start: part.start,
        nodes: Vec::new(),
        anchors: HashMap::new(),
        open: Vec::new(),
        root: None,
    };
    let mut ended = false;
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| builder.syntax_error(&error))?;
        match event {
            Event::StreamEnd => break,
            Event::DocumentEnd => ended = true,
            _ if ended => {
                return Err(YamlError::new(
                    builder.position(span.start),
                    "the document has ended before this place and kubectl would leave out what follows; separate documents \
                     by a line `---`",
                ));
            }
            event => builder.add(event, span)?,
        }
    }
    let Builder { nodes, root, .. } = builder;
    Ok(root.map(|root| Tree { nodes, root }))
}

struct Builder<'a> {
    text: &'a str,
    start: Position,
    nodes: Vec<Node<'a>>,
    /// The node of each of the parser's anchor ids.
    anchors: HashMap<usize, NodeId>,
    /// Collections that have begun and not ended.
    open: Vec<Open>,
    root: Option<NodeId>,
}

#[derive(Clone, Copy)]
struct Open {
    id: NodeId,
    style: StructureStyle,
}

impl<'a> Builder<'a> {
    fn add(&mut self, event: Event<'a>, span: Span) -> Result<(), YamlError> {
        if event.is_node() {
            self.refuse_tab(span.start)?;
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let schema = schema(tag.as_deref(), style);
                self.push(span, anchor, Kind::Scalar(text, schema));
            }
            Event::SequenceStart(style, anchor, _) => self.open(span, style, anchor, Kind::Sequence(Vec::new()))?,
            Event::MappingStart(style, anchor, _) => self.open(span, style, anchor, Kind::Mapping(Vec::new()))?,
            Event::SequenceEnd | Event::MappingEnd => {
                self.open.pop();
            }
            Event::Alias(anchor) => {
                let Some(&target) = self.anchors.get(&anchor) else {
                    return Err(YamlError::new(
                        self.position(span.start),
                        "the alias names an anchor that is not set before it",
                    ));
                };
                self.push(span, 0, Kind::Alias(target));
            }
            _ => {}
        }
        Ok(())
    }

    /// YAML 1.2 takes a tab between indentation and the first node of a line, which kubectl's YAML 1.1 refuses.
    fn refuse_tab(&self, marker: Marker) -> Result<(), YamlError> {
        let in_flow = self.open.last().is_some_and(|open| open.style == StructureStyle::Flow);
        let before = marker.byte_offset().and_then(|offset| self.text.get(..offset));
        let Some(before) = before.filter(|_| !in_flow) else {
            return Ok(());
        };
        let indentation = &before[before.rfind(['\n', '\r']).map_or(0, |end| end + 1)..];
        if indentation.contains('\t') && indentation.chars().all(|c| matches!(c, ' ' | '\t' | '-' | '?')) {
            return Err(YamlError::new(
                self.position(marker),
                "a tab stands in the indentation; YAML indents by spaces",
            ));
        }
        Ok(())
    }

    fn open(&mut self, span: Span, style: StructureStyle, anchor: usize, kind: Kind<'a>) -> Result<(), YamlError> {
        if self.open.len() == MAX_DEPTH {
            return Err(too_deep(self.position(span.start)));
        }
        let id = self.push(span, anchor, kind);
        self.open.push(Open { id, style });
        Ok(())
    }

    fn push(&mut self, span: Span, anchor: usize, kind: Kind<'a>) -> NodeId {
        let id = self.nodes.len();
        self.nodes.push(Node {
            position: self.position(span.start),
            kind,
        });
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        match self.open.last().map(|open| &mut self.nodes[open.id].kind) {
            Some(Kind::Sequence(children) | Kind::Mapping(children)) => children.push(id),
            _ => self.root = Some(id),
        }
        id
    }

    /// The place in the stream of a place in the document's text.
    fn position(&self, marker: Marker) -> Position {
        let column = if marker.line() == 1 { self.start.column } else { 1 };
        Position {
            line: self.start.line + marker.line() - 1,
            column: column + marker.col(),
        }
    }

    fn syntax_error(&self, error: &ScanError) -> YamlError {
        YamlError::new(self.position(*error.marker()), error.info())
    }
}

pub(super) fn too_deep(position: Position) -> YamlError {
    YamlError::new(
        position,
        format!("mappings and sequences are nested more than {MAX_DEPTH} levels deep"),
    )
}

/// How a scalar's text is to be read.
fn schema(tag: Option<&Tag>, style: ScalarStyle) -> Schema {
    let Some(tag) = tag else {
        return if style == ScalarStyle::Plain {
            Schema::Implicit
        } else {
            Schema::Str
        };
    };
    match tag.suffix_in_namespace("tag:yaml.org,2002:").as_deref() {
        Some("str") => Schema::Str,
        Some("bool") => Schema::Bool,
        Some("int") => Schema::Int,
        Some("float") => Schema::Float,
        Some("null") => Schema::Null,
        Some("timestamp") => Schema::Timestamp,
        Some("binary") => Schema::Binary,
        Some("merge") => Schema::Merge,
        Some(_) | None => Schema::Other,
    }
}
