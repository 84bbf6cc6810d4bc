//! The text of a file, and places in it.

use std::sync::Arc;

use super::{Node, reader};
use crate::profile::{Mistake, Place};

/// The most bytes that a file may have.
const LARGEST: usize = 1024 * 1024;

/// The text of one file.
#[derive(Debug, Clone)]
pub struct Source {
    file: Arc<str>,
    text: Arc<str>,
}

impl Source {
    /// The text of a file; `file` is its path as the user wrote it.
    pub fn new(file: &str, text: &str) -> Self {
        Self {
            file: Arc::from(file),
            text: Arc::from(text.strip_prefix('\u{feff}').unwrap_or(text)),
        }
    }

    /// The text of a file that was read as bytes.
    ///
    /// # Errors
    /// The file is larger than 1 MiB, or not UTF-8.
    pub fn from_bytes(file: &str, bytes: &[u8]) -> Result<Self, Mistake> {
        if bytes.len() > LARGEST {
            return Err(Mistake {
                place: None,
                message: format!("{file} is larger than the 1 MiB that a file may have"),
                help: None,
            });
        }
        std::str::from_utf8(bytes)
            .map(|text| Self::new(file, text))
            .map_err(|error| {
                let lossy = Self::new(file, &String::from_utf8_lossy(bytes));
                Mistake {
                    place: Some(lossy.place_at(error.valid_up_to())),
                    message: "this is not UTF-8".to_owned(),
                    help: Some("save the file as UTF-8".to_owned()),
                }
            })
    }

    /// Reads the text as one YAML document.
    ///
    /// # Errors
    /// The YAML is broken, or uses what is not understood here: tags, several documents.
    pub fn parse(&self) -> Result<Node, Mistake> {
        reader::read(self)
    }

    /// The path, as the user wrote it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The text, without a byte order mark.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The beginning of the file.
    pub fn start(&self) -> Place {
        self.place(1, 1)
    }

    pub(super) fn place(&self, line: usize, column: usize) -> Place {
        Place {
            file: Arc::clone(&self.file),
            text: Arc::clone(&self.text),
            line,
            column,
        }
    }

    /// The place of a byte.
    pub(super) fn place_at(&self, offset: usize) -> Place {
        let mut ruler = Ruler::default();
        let (line, column) = ruler.measure(&self.text, offset);
        self.place(line, column)
    }
}

/// Turns byte offsets into lines and columns. Goes on from the last offset asked for, so that many
/// offsets in ascending order cost one walk through the text.
#[derive(Debug)]
pub(super) struct Ruler {
    offset: usize,
    line: usize,
    column: usize,
}

impl Default for Ruler {
    fn default() -> Self {
        Self {
            offset: 0,
            line: 1,
            column: 1,
        }
    }
}

impl Ruler {
    /// Line and column, counted from 1, of the character at or before this byte.
    pub(super) fn measure(&mut self, text: &str, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        if offset < self.offset {
            *self = Self::default();
        }
        let passed = text.get(self.offset..offset).unwrap_or_default();
        match passed.rfind('\n') {
            Some(last) => {
                self.line += passed.bytes().filter(|byte| *byte == b'\n').count();
                self.column = passed.chars().count() - passed.get(..=last).map_or(0, count) + 1;
            }
            None => self.column += count(passed),
        }
        self.offset = offset;
        (self.line, self.column)
    }
}

fn count(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_becomes_a_line_and_a_column_in_characters() {
        let text = "ab\nçd: é x\n\nz";
        let mut ruler = Ruler::default();
        let mut at = |needle: &str| ruler.measure(text, text.find(needle).unwrap());
        assert_eq!(at("b"), (1, 2));
        assert_eq!(at("d"), (2, 2));
        assert_eq!(at("x"), (2, 7));
        assert_eq!(at("z"), (4, 1));
        assert_eq!(at("a"), (1, 1));
    }

    #[test]
    fn a_file_that_is_not_utf_8_is_refused_at_the_byte() {
        let mistake = Source::from_bytes("p.yaml", b"a: 1\nb: \xff\n").unwrap_err();
        let place = mistake.place.unwrap();
        assert_eq!((place.line, place.column), (2, 4));
    }

    #[test]
    fn a_file_larger_than_a_mebibyte_is_refused() {
        let mistake = Source::from_bytes("p.yaml", &vec![b'#'; LARGEST + 1]).unwrap_err();
        assert!(mistake.message.contains("1 MiB"), "{}", mistake.message);
        assert!(Source::from_bytes("p.yaml", &vec![b'#'; LARGEST]).is_ok());
    }
}
