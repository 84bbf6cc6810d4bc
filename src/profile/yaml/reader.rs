//! From text to [`Node`]s in two passes over the same events.
//!
//! The first pass asks the parser for whatever comes and learns the shape. The second follows the
//! shape and asks for every scalar as a string, which hands out its text untouched by YAML's ideas
//! of numbers and booleans. A string that is lent straight from the input tells its place by its
//! address; for the few that are not (escapes, blocks) the document is read again with a visitor
//! that fails on purpose there, because an error carries the parser's mark.

mod broken;
mod follow;
mod learn;

use super::source::Source;
use super::{Content, Node};
use crate::profile::{Mistake, Place};
use broken::{refuse_unreadable, second_document, yaml_mistake};
use follow::follow;
use learn::learn;

/// Reads the only document of a text.
pub(super) fn read(source: &Source) -> Result<Node, Mistake> {
    refuse_unreadable(source)?;
    let mut documents = serde_yaml::Deserializer::from_str(source.text());
    let Some(document) = documents.next() else {
        return Ok(Node {
            at: source.start(),
            content: Content::Empty,
        });
    };
    let mut shape = learn(document).map_err(|error| yaml_mistake(source, &error))?;
    if let Some(second) = documents.next() {
        return Err(second_document(source, second));
    }
    let leaves = follow(source, &mut shape)?;
    let mut leaves = leaves.into_iter();
    Ok(shape.into_node(&source.start(), &mut leaves))
}

/// What a value is, and its text once the second pass was there.
enum Shape {
    /// The document has no value at all, not even an empty one.
    Nothing,
    Leaf {
        null: bool,
        text: String,
    },
    Sequence(Vec<Self>),
    Mapping(Vec<(Self, Self)>),
}

impl Shape {
    /// `fallback` is the place of a container that holds nothing.
    fn into_node(self, fallback: &Place, places: &mut std::vec::IntoIter<Place>) -> Node {
        match self {
            Self::Nothing => Node {
                at: fallback.clone(),
                content: Content::Empty,
            },
            Self::Leaf { null, text } => Node {
                at: places.next().unwrap_or_else(|| fallback.clone()),
                content: if null && text.is_empty() {
                    Content::Empty
                } else {
                    Content::Text(text)
                },
            },
            Self::Sequence(items) => {
                let at = places.as_slice().first().filter(|_| !items.is_empty());
                let at = at.unwrap_or(fallback).clone();
                let items = items.into_iter().map(|item| item.into_node(&at, places));
                let content = Content::Sequence(items.collect());
                Node { at, content }
            }
            Self::Mapping(entries) => {
                let at = places.as_slice().first().filter(|_| !entries.is_empty());
                let at = at.unwrap_or(fallback).clone();
                let entries = entries.into_iter().map(|(key, value)| {
                    let key = key.into_node(&at, places);
                    let value = value.into_node(&key.at, places);
                    (key, value)
                });
                let content = Content::Mapping(entries.collect());
                Node { at, content }
            }
        }
    }
}
