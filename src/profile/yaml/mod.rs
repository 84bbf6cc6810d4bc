//! YAML as text with positions: what stands in the file, and exactly where.
//!
//! Every scalar is kept as the text that stands in the file, so that `on`, `0640` and `1e3` meet the
//! rules of a server and not those of YAML. Keys keep their order and their repetitions. Knows
//! nothing of profiles; the targets file is read by it as well.

mod fields;
mod reader;
mod source;

pub use fields::Fields;
pub(crate) use fields::{duplicate_key, key_text};
pub use source::Source;

use super::Place;

/// One value of a YAML document, and where it stands.
#[derive(Debug, Clone)]
pub struct Node {
    /// Where it begins. For a mapping or a sequence: where the first text within it begins.
    pub at: Place,
    /// What it is.
    pub content: Content,
}

/// What a [`Node`] is.
#[derive(Debug, Clone)]
pub enum Content {
    /// Nothing: a key without a value, or an empty document.
    Empty,
    /// One text, its quotes and escapes undone.
    Text(String),
    /// Values in a row.
    Sequence(Vec<Node>),
    /// Keys and values in the order of the file; a key may stand there twice.
    Mapping(Vec<(Node, Node)>),
}

impl Node {
    /// The text, where it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::Empty | Content::Sequence(_) | Content::Mapping(_) => None,
        }
    }

    /// What it is, for a message: `a sequence`.
    pub fn kind(&self) -> &'static str {
        match &self.content {
            Content::Empty => "empty",
            Content::Text(_) => "a text",
            Content::Sequence(_) => "a sequence",
            Content::Mapping(_) => "a mapping",
        }
    }
}
