//! Cuts a stream into the texts of its documents.

use serde::de::IgnoredAny;

use super::{Position, YamlError};

const SEPARATOR: &str = "---";

/// The text of one document and where it begins in the stream.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub(super) text: &'a str,
    pub(super) start: Position,
}

/// The documents of a stream, in their order. A line that begins with `---` and goes on with more than a comment is an
/// error, as it is for kubectl; nothing is read from there to the next separator.
pub(super) fn split(text: &str) -> Vec<Result<Part<'_>, YamlError>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parts = Vec::new();
    // Where the current document began: its first byte and line; None while skipping behind a bad separator.
    let mut begin = Some((0, 1));
    let mut offset = 0;
    let mut line_number = 0;
    for line in text.split_inclusive('\n') {
        line_number += 1;
        if let Some(rest) = line.strip_prefix(SEPARATOR) {
            if let Some((from, line)) = begin {
                push(&mut parts, &text[from..offset], line);
            }
            let rest = rest.trim();
            begin =
                if rest.is_empty() || rest.starts_with('#') {
                    Some((offset + line.len(), line_number + 1))
                } else {
                    parts.push(Err(YamlError::new(
                    Position { line: line_number, column: 1 },
                    format!(
                        "`{SEPARATOR}{}` separates no documents: kubectl accepts only a comment behind `---`; start \
                         the document on the next line",
                        rest.chars().take(40).collect::<String>(),
                    ),
                )));
                    None
                };
        }
        offset += line.len();
    }
    if let Some((from, line)) = begin {
        push(&mut parts, &text[from..], line);
    }
    parts
}

/// Adds the text between two separators: one document, or JSON objects in a row.
fn push<'a>(parts: &mut Vec<Result<Part<'a>, YamlError>>, text: &'a str, line: usize) {
    let mut rest = text;
    let mut start = Position { line, column: 1 };
    if text.trim_start().starts_with('{') {
        let mut objects = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
        let mut from = 0;
        while let Some(Ok(_)) = objects.next() {
            let to = objects.byte_offset();
            parts.push(Ok(Part {
                text: &text[from..to],
                start,
            }));
            start = advance(start, &text[from..to]);
            from = to;
        }
        rest = &text[from..];
        let same_line = rest.lines().next().map_or("", str::trim);
        if from > 0 && !same_line.is_empty() && !same_line.starts_with('#') {
            let message = "a JSON object has ended before this place; what follows must begin on a new line";
            parts.push(Err(YamlError::new(start, message)));
            return;
        }
    }
    if !rest.trim().is_empty() {
        parts.push(Ok(Part { text: rest, start }));
    }
}

/// The position behind `text`, which begins at `start`.
fn advance(start: Position, text: &str) -> Position {
    match text.rsplit_once('\n') {
        Some((before, last)) => Position {
            line: start.line + before.matches('\n').count() + 1,
            column: last.chars().count() + 1,
        },
        None => Position {
            line: start.line,
            column: start.column + text.chars().count(),
        },
    }
}
