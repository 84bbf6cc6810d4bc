//! A line of a file with a caret, as messages about files show it.

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthChar as _;

use super::shown_line::{ShownLine, printable};
use crate::profile::Place;

pub(super) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(super) const MARGIN: Style = AnsiColor::Blue.on_default().bold();
pub(super) const STRONG: Style = Style::new().bold();

/// Writes with colour or without.
pub(super) struct Pen {
    pub(super) color: bool,
}

impl Pen {
    pub(super) fn write(&self, style: Style, text: &str) -> String {
        if self.color {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

/// What stands before the bar beside the line: as wide as its number, and a blank.
pub(super) fn margin(place: &Place) -> String {
    " ".repeat(place.line.to_string().len() + 1)
}

/// The line of a place, and a caret below.
pub(super) fn line(place: &Place, margin: &str, pen: &Pen) -> String {
    let bar = pen.write(MARGIN, "|");
    let number = pen.write(MARGIN, &place.line.to_string());
    let line = ShownLine::new(place);
    let caret = pen.write(ERROR, "^");
    let padding: String = line.before_caret().map(blank).collect();
    let shown = line.text();
    let shown = if shown.is_empty() {
        String::new()
    } else {
        format!(" {shown}")
    };
    format!("{margin}{bar}\n{number} {bar}{shown}\n{margin}{bar} {padding}{caret}\n")
}

/// What to do, beneath the line.
pub(super) fn help(help: &str, margin: &str, pen: &Pen) -> String {
    let sign = pen.write(MARGIN, "=");
    let word = pen.write(STRONG, "help");
    format!("{margin}{sign} {word}: {}\n", printable(help))
}

/// What takes as much room on a terminal as this character, and shows nothing.
fn blank(character: char) -> String {
    match character {
        '\t' => "\t".to_owned(),
        other => " ".repeat(other.width().unwrap_or(1)),
    }
}
