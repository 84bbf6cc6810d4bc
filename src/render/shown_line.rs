//! A line of a file as it may be shown: without secrets, without control characters, not too long.

use std::ops::Range;
use std::path::Path;

use unicode_width::UnicodeWidthChar as _;

use crate::profile::{Place, resembles_secret};
use crate::setting::{EngineKind, SettingName};
use crate::setting::{is_secret, passwords_in};
use crate::sql;

/// How many columns of a line are shown.
const WIDTH: usize = 72;
/// How many columns are shown before the caret where a line is cut.
const BEFORE_CARET: usize = 40;

/// A line, and the character in it that a caret points at.
pub(super) struct ShownLine {
    characters: Vec<char>,
    caret: usize,
}

impl ShownLine {
    /// The line of a place.
    pub(super) fn new(place: &Place) -> Self {
        let line = place.line_text();
        let mut hidden = passwords_in(line);
        hidden.extend(secret_value(place));
        hidden.extend(secrets_of_sql(place));
        hidden.sort_by_key(|range| range.start);
        let mut shown = Self::masked(line, place.column.saturating_sub(1), &hidden);
        shown.cut();
        shown
    }

    pub(super) fn text(&self) -> String {
        self.characters.iter().collect()
    }

    /// The characters that the caret stands behind; blanks where it stands behind the line's end.
    pub(super) fn before_caret(&self) -> impl Iterator<Item = char> {
        let line = self.characters.iter().copied();
        line.chain(std::iter::repeat(' ')).take(self.caret)
    }

    /// `column` counts characters from 0; `hidden` are ranges of bytes, by their beginning.
    fn masked(line: &str, column: usize, hidden: &[Range<usize>]) -> Self {
        let mut characters = Vec::new();
        let mut caret = None;
        let mut opened = None;
        for (index, (offset, character)) in line.char_indices().enumerate() {
            if index == column {
                caret = Some(characters.len());
            }
            let range = hidden.iter().position(|range| range.contains(&offset));
            if range.is_none() {
                characters.push(tame(character));
            } else if range != opened {
                characters.extend("***".chars());
            } else if caret == Some(characters.len()) {
                // Within what is hidden, the caret points at the first star.
                caret = Some(characters.len().saturating_sub(3));
            }
            opened = range;
        }
        let behind = column.saturating_sub(line.chars().count());
        let caret = caret.unwrap_or(characters.len() + behind);
        Self { characters, caret }
    }

    /// Keeps what lies around the caret.
    fn cut(&mut self) {
        if width(&self.characters) <= WIDTH {
            return;
        }
        let caret = self.caret.min(self.characters.len());
        let (before, behind) = self.characters.split_at(caret);
        let kept = before.len() - fitting(before.iter().rev().copied(), BEFORE_CARET);
        let (lost, before) = before.split_at(kept);
        let mut characters: Vec<char> = Vec::new();
        // Where next to nothing would be lost, nothing is.
        if lost.len() > 1 {
            characters.push('…');
        } else {
            characters.extend(lost);
        }
        characters.extend(before);
        let kept_caret = characters.len();
        let room = WIDTH.saturating_sub(width(&characters));
        let fits = fitting(behind.iter().copied(), room);
        characters.extend(behind.iter().take(fits));
        if fits < behind.len() {
            characters.push('…');
        }
        self.caret = kept_caret + self.caret.saturating_sub(caret).min(1);
        self.characters = characters;
    }
}

/// How many of these characters fit into this many columns.
fn fitting(characters: impl Iterator<Item = char>, columns: usize) -> usize {
    let mut used = 0;
    characters
        .take_while(|character| {
            used += character.width().unwrap_or(1);
            used <= columns
        })
        .count()
}

fn width(characters: &[char]) -> usize {
    let widths = characters.iter().map(|character| character.width());
    widths.map(|width| width.unwrap_or(1)).sum()
}

/// A control character could move the cursor or change colours.
fn tame(character: char) -> char {
    if character.is_control() && character != '\t' {
        return char::REPLACEMENT_CHARACTER;
    }
    character
}

/// A text without control characters, for a message.
pub(super) fn printable(text: &str) -> String {
    let escape = |character: char| {
        let control = character.is_control();
        let escaped = control.then(|| character.escape_default().to_string());
        escaped.unwrap_or_else(|| character.to_string())
    };
    text.chars().map(escape).collect()
}

/// The secrets of SQL on a place's line. A file of SQL is read as a whole, because a literal can begin on an
/// earlier line.
fn secrets_of_sql(place: &Place) -> Vec<Range<usize>> {
    let line = place.line_text();
    let is_sql = Path::new(&*place.file)
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("sql"));
    if !is_sql {
        return sql::secrets(line);
    }
    let before = place.text.split_inclusive('\n');
    let start: usize = before
        .take(place.line.saturating_sub(1))
        .map(str::len)
        .sum();
    let end = start + line.len();
    sql::secrets(&place.text)
        .into_iter()
        .filter(|secret| secret.start < end && secret.end > start)
        .map(|secret| secret.start.max(start) - start..secret.end.min(end) - start)
        .collect()
}

/// The part of a place's line that is the value of a secret setting. Works on the text alone, so
/// that it holds for a file that is no YAML at all.
fn secret_value(place: &Place) -> Option<Range<usize>> {
    let line = place.line_text();
    if let Some(start) = value_of_secret(line) {
        let value = line.get(start..).unwrap_or_default().trim();
        return (!value.is_empty() && !is_variable(value)).then_some(start..line.len());
    }
    let indent = indentation(line);
    let lines: Vec<&str> = place
        .text
        .split('\n')
        .take(place.line.saturating_sub(1))
        .collect();
    let mut outer = indent;
    for above in lines.iter().rev().filter(|above| !above.trim().is_empty()) {
        let pending = above
            .trim_end()
            .ends_with([':', '|', '>', '-', '{', '[', ',']);
        let encloses = indentation(above) < outer;
        if (encloses || pending) && value_of_secret(above).is_some() {
            return Some(indent..line.len());
        }
        if !encloses && !pending {
            continue;
        }
        outer = outer.min(indentation(above));
    }
    None
}

/// Where the value begins on a line with the key of a secret setting.
fn value_of_secret(line: &str) -> Option<usize> {
    line.match_indices(':').find_map(|(colon, _)| {
        let key = line.get(..colon)?.trim_end().trim_end_matches(['"', '\'']);
        let word = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
        let name = key.rsplit(|character| !word(character)).next()?;
        let dotted = |character: char| word(character) || character == '.';
        let whole = key.rsplit(|character| !dotted(character)).next()?;
        let name = SettingName::new(name);
        let secret = EngineKind::ALL
            .iter()
            .any(|engine| is_secret(*engine, &name))
            || resembles_secret(whole);
        let rest = line.get(colon + 1..)?;
        secret.then(|| line.len() - rest.trim_start().len())
    })
}

/// A reference to a variable names a secret, and holds none.
fn is_variable(value: &str) -> bool {
    let bare = value.trim_matches(['"', '\'']);
    let name = bare
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'));
    let word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    name.is_some_and(|name| name.chars().all(word))
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_password_in_a_statement_is_not_shown() {
        let line = "alter role a PASSWORD 'hush'; create role b password E'x'; -- password";
        let place = Place {
            file: Arc::from("V1__a.sql"),
            text: Arc::from(line),
            line: 1,
            column: 1,
        };
        assert_eq!(
            ShownLine::new(&place).text(),
            "alter role a PASSWORD '***'; create role b password E'***'; -- password"
        );
    }
    #[test]
    fn a_secret_that_begins_on_an_earlier_line_is_not_shown() {
        let text = "alter role a password\n'hush\nhush' login\n";
        let shown = |line| {
            let place = Place {
                file: Arc::from("V1__a.sql"),
                text: Arc::from(text),
                line,
                column: 1,
            };
            ShownLine::new(&place).text()
        };
        assert_eq!([shown(2), shown(3)], ["'***", "***' login"]);
    }
}
