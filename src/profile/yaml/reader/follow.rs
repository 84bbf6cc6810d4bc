//! The second pass: the text of every scalar, and its place.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::Error as YamlError;

use super::Shape;
use super::broken::yaml_mistake;
use crate::profile::yaml::source::{Ruler, Source};
use crate::profile::{Mistake, Place};

/// How many scalars are looked up by reading the document again; further ones get the place of the
/// scalar before them.
const MOST_REPLAYS: usize = 100;

/// Fills in the texts, and returns the place of every scalar in order.
pub(super) fn follow(source: &Source, shape: &mut Shape) -> Result<Vec<Place>, Mistake> {
    if matches!(shape, Shape::Nothing) {
        return Ok(Vec::new());
    }
    let mut pass = Pass {
        text: source.text(),
        offsets: Vec::new(),
        fail_at: None,
    };
    run(source, shape, &mut pass).map_err(|error| yaml_mistake(source, &error))?;
    let offsets = pass.offsets;
    let mut ruler = Ruler::default();
    let mut places: Vec<Place> = Vec::with_capacity(offsets.len());
    let mut replays = 0;
    for (leaf, offset) in offsets.into_iter().enumerate() {
        let place = match offset {
            Some(offset) => {
                let (line, column) = ruler.measure(source.text(), offset);
                source.place(line, column)
            }
            None if replays < MOST_REPLAYS => {
                replays += 1;
                replay(source, shape, leaf)
            }
            None => places.last().cloned().unwrap_or_else(|| source.start()),
        };
        places.push(place);
    }
    Ok(places)
}

/// Where a scalar begins whose text was lent from here: at its opening quote where it has one.
///
/// The parser lends the end of a quoted scalar wherever that reads like the whole of it, so a text
/// that could have been escaped tells nothing.
fn opening(text: &str, offset: usize, lent: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    match bytes.get(offset + lent.len()) {
        Some(quote @ (b'"' | b'\'')) => {
            let before = offset.checked_sub(1)?;
            let plain = !lent.contains(['"', '\'', '\\']);
            (plain && bytes.get(before) == Some(quote)).then_some(before)
        }
        _ => Some(offset),
    }
}

/// Reads the document once more, to fail at this scalar.
fn replay(source: &Source, shape: &mut Shape, leaf: usize) -> Place {
    let mut pass = Pass {
        text: source.text(),
        offsets: Vec::new(),
        fail_at: Some(leaf),
    };
    let location = run(source, shape, &mut pass)
        .err()
        .and_then(|error| error.location());
    location.map_or_else(|| source.start(), |found| source.place_at(found.index()))
}

fn run(source: &Source, shape: &mut Shape, pass: &mut Pass<'_>) -> Result<(), YamlError> {
    let document = serde_yaml::Deserializer::from_str(source.text());
    Follow { shape, pass }.deserialize(document)
}

struct Pass<'a> {
    text: &'a str,
    /// For every scalar so far, the byte it begins at, where that is known.
    offsets: Vec<Option<usize>>,
    /// The scalar to fail at.
    fail_at: Option<usize>,
}

struct Follow<'a, 't> {
    shape: &'a mut Shape,
    pass: &'a mut Pass<'t>,
}

impl<'de> DeserializeSeed<'de> for Follow<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.shape {
            Shape::Nothing | Shape::Leaf { .. } => deserializer.deserialize_str(self),
            Shape::Sequence(_) => deserializer.deserialize_seq(self),
            Shape::Mapping(_) => deserializer.deserialize_map(self),
        }
    }
}

impl Follow<'_, '_> {
    fn leaf<E: serde::de::Error>(self, found: &str, offset: Option<usize>) -> Result<(), E> {
        if self.pass.fail_at == Some(self.pass.offsets.len()) {
            return Err(E::custom("here"));
        }
        self.pass.offsets.push(offset);
        if let Shape::Leaf { text, .. } = self.shape {
            found.clone_into(text);
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Follow<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the same document as before")
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, found: &'de str) -> Result<(), E> {
        let offset = found
            .as_ptr()
            .addr()
            .checked_sub(self.pass.text.as_ptr().addr());
        let offset = offset.and_then(|offset| opening(self.pass.text, offset, found));
        self.leaf(found, offset)
    }

    fn visit_str<E: serde::de::Error>(self, found: &str) -> Result<(), E> {
        self.leaf(found, None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { shape, pass } = self;
        let Shape::Sequence(shapes) = shape else {
            return Ok(());
        };
        for shape in shapes {
            items.next_element_seed(Follow { shape, pass })?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let Self { shape, pass } = self;
        let Shape::Mapping(shapes) = shape else {
            return Ok(());
        };
        for (key, value) in shapes {
            entries.next_key_seed(Follow { shape: key, pass })?;
            entries.next_value_seed(Follow { shape: value, pass })?;
        }
        Ok(())
    }
}
