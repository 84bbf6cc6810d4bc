//! The first pass: what the values are.

use std::cell::Cell;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IgnoredAny, MapAccess, SeqAccess,
    VariantAccess as _, Visitor,
};
use serde_yaml::Error as YamlError;

use super::Shape;
use super::broken::{TAG, TOO_DEEP, TOO_MANY};

/// The most values that a document may have, those repeated through aliases counted each time.
const MOST_NODES: usize = 50_000;
/// How deep mappings and sequences may lie within each other.
const DEEPEST: usize = 64;

/// Learns the shape of a document.
pub(super) fn learn(document: serde_yaml::Deserializer<'_>) -> Result<Shape, YamlError> {
    let left = Cell::new(MOST_NODES);
    let pass = Learn {
        left: &left,
        depth: 0,
    };
    pass.deserialize(document)
}

#[derive(Clone, Copy)]
struct Learn<'a> {
    left: &'a Cell<usize>,
    depth: usize,
}

impl Learn<'_> {
    fn leaf(null: bool) -> Shape {
        let text = String::new();
        Shape::Leaf { null, text }
    }

    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == DEEPEST {
            return Err(E::custom(TOO_DEEP));
        }
        let depth = self.depth + 1;
        Ok(Self { depth, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Learn<'_> {
    type Value = Shape;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Shape, D::Error> {
        let Some(left) = self.left.get().checked_sub(1) else {
            return Err(D::Error::custom(TOO_MANY));
        };
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Learn<'_> {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Shape, E> {
        Ok(Self::leaf(false))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
        Ok(Self::leaf(false))
    }

    fn visit_i128<E>(self, _: i128) -> Result<Shape, E> {
        Ok(Self::leaf(false))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Shape, E> {
        Ok(Self::leaf(false))
    }

    fn visit_u128<E>(self, _: u128) -> Result<Shape, E> {
        Ok(Self::leaf(false))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
        Ok(Self::leaf(false))
    }

    fn visit_str<E>(self, _: &str) -> Result<Shape, E> {
        Ok(Self::leaf(false))
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Self::leaf(true))
    }

    fn visit_none<E>(self) -> Result<Shape, E> {
        Ok(Shape::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Shape, A::Error> {
        let deeper = self.deeper()?;
        let mut shapes = Vec::new();
        while let Some(item) = items.next_element_seed(deeper)? {
            shapes.push(item);
        }
        Ok(Shape::Sequence(shapes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Shape, A::Error> {
        let deeper = self.deeper()?;
        let mut shapes = Vec::new();
        while let Some(key) = entries.next_key_seed(deeper)? {
            shapes.push((key, entries.next_value_seed(deeper)?));
        }
        Ok(Shape::Mapping(shapes))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Shape, A::Error> {
        let (tag, rest) = tagged.variant::<String>()?;
        let IgnoredAny = rest.newtype_variant()?;
        Err(A::Error::custom(format!(
            "{TAG}!{tag}` is not understood here"
        )))
    }
}
