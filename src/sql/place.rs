//! Places in a file of SQL.

use std::fmt;

/// A place in a file, as editors count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

impl Place {
    /// Where a file begins.
    pub(super) const START: Self = Self { line: 1, column: 1 };

    /// The place behind a text that begins here.
    pub(super) fn behind(self, text: &str) -> Self {
        let characters = |text: &str| text.chars().count();
        match text.rsplit_once('\n') {
            None => Self {
                column: self.column + characters(text),
                ..self
            },
            Some((before, last)) => Self {
                line: self.line + 1 + before.matches('\n').count(),
                column: 1 + characters(last),
            },
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The lines of a text, to find the place of an offset in it.
pub(super) struct Lines<'a> {
    text: &'a str,
    /// The offsets, in bytes, at which the lines begin; the first is 0.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Finds the lines of a text. A line ends with `\n`; the `\r` before it belongs to the line, and
    /// stands behind all that has a place.
    pub(super) fn of(text: &'a str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(ends).collect(),
        }
    }

    /// The text from an offset in bytes on.
    pub(super) fn from(&self, offset: usize) -> &'a str {
        self.text.get(offset..).unwrap_or_default()
    }

    /// The place of an offset in bytes; that of the end for one behind it.
    pub(super) fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.line_start(offset);
        let end = self.text.len().min(offset);
        let before = self.text.get(start..end).unwrap_or_default();
        Place {
            line,
            column: 1 + before.chars().count(),
        }
    }

    /// Where the line of an offset begins, in bytes.
    pub(super) fn line_start(&self, offset: usize) -> usize {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1));
        start.copied().unwrap_or_default()
    }

    /// Where the line of an offset ends, in bytes, before its `\n`.
    pub(super) fn line_end(&self, offset: usize) -> usize {
        let rest = self.text.get(offset..).unwrap_or_default();
        offset + rest.find('\n').unwrap_or(rest.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_end_as_editors_think() {
        let text = "é ü;\r\n\tx\n";
        let lines = Lines::of(text);
        let place = |part: &str| lines.place(text.find(part).unwrap()).to_string();
        assert_eq!(place("é"), "1:1");
        assert_eq!(place("ü"), "1:3");
        assert_eq!(place("x"), "2:2");
        assert_eq!(lines.place(text.len()).to_string(), "3:1");
        assert_eq!(lines.place(1000).to_string(), "3:1");
    }

    #[test]
    fn a_place_behind_a_text_is_where_the_text_ends() {
        let start = Place { line: 3, column: 5 };
        assert_eq!(start.behind("éé").to_string(), "3:7");
        assert_eq!(start.behind("a\nb\nüx").to_string(), "5:3");
    }
}
