//! The places of a document's nodes, found by RFC 6901 pointers.

use std::collections::BTreeMap;

use super::Position;

/// Where each node of a document stands in the text.
///
/// Nodes are named by RFC 6901 pointers (`/spec/accessModes/0`; the empty pointer is the whole document). What an alias
/// brings in stands where the alias is written; the nodes inside it stand at the anchor.
#[derive(Debug, Clone)]
pub struct Spans {
    root: Span,
}

#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) value: Position,
    /// Of the key, if the node is the value of a mapping's entry.
    pub(super) key: Option<Position>,
    pub(super) children: Children,
}

#[derive(Debug, Clone)]
pub(super) enum Children {
    None,
    Items(Vec<Span>),
    Entries(BTreeMap<String, Span>),
}

impl Span {
    pub(super) fn new(value: Position, children: Children) -> Self {
        Self {
            value,
            key: None,
            children,
        }
    }

    /// The child that one reference token of a pointer names.
    fn child(&self, token: &str) -> Option<&Self> {
        match &self.children {
            Children::None => None,
            Children::Items(items) => {
                let canonical = token == "0" || !token.starts_with(['0', '+']);
                token
                    .parse::<usize>()
                    .ok()
                    .filter(|_| canonical)
                    .and_then(|index| items.get(index))
            }
            Children::Entries(entries) => {
                if token.contains('~') {
                    entries.get(&token.replace("~1", "/").replace("~0", "~"))
                } else {
                    entries.get(token)
                }
            }
        }
    }
}

impl Spans {
    pub(super) fn new(root: Span) -> Self {
        Self { root }
    }

    /// The place of the value that `pointer` names; None if the document has no such node or it is no pointer.
    pub fn find(&self, pointer: &str) -> Option<Position> {
        self.walk(pointer).ok().map(|span| span.value)
    }

    /// The place of the key of the mapping's entry that `pointer` names; None for the whole document, for an item of a
    /// sequence, and for a node that does not exist.
    pub fn find_key(&self, pointer: &str) -> Option<Position> {
        self.walk(pointer).ok().and_then(|span| span.key)
    }

    /// The place of the value that `pointer` names, or of its closest ancestor that exists.
    pub fn nearest(&self, pointer: &str) -> Position {
        self.walk(pointer).unwrap_or_else(|ancestor| ancestor).value
    }

    /// The node, or as an error the last one on the way to it.
    fn walk(&self, pointer: &str) -> Result<&Span, &Span> {
        if pointer.is_empty() {
            return Ok(&self.root);
        }
        let path = pointer.strip_prefix('/').ok_or(&self.root)?;
        path.split('/')
            .try_fold(&self.root, |span, token| span.child(token).ok_or(span))
    }
}
