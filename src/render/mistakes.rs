//! Mistakes in files, each with its line and a caret.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use unicode_width::UnicodeWidthChar as _;

use super::shown_line::{ShownLine, printable};
use crate::profile::{Mistake, Place};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const MARGIN: Style = AnsiColor::Blue.on_default().bold();
const STRONG: Style = Style::new().bold();

/// The mistakes as text for a person, a summary line at the end. Passwords and the values of secret
/// settings that stand on a line shown are replaced by `***`.
pub fn human(mistakes: &[Mistake], color: bool) -> String {
    let mut text = String::new();
    for mistake in mistakes {
        text += &one(mistake, &Pen { color });
        text.push('\n');
    }
    text += &summary(mistakes);
    text.push('\n');
    text
}

/// The mistakes as JSON objects: `file`, `line`, `column`, `message`, `help`.
pub fn json(mistakes: &[Mistake]) -> Vec<Value> {
    let object = |mistake: &Mistake| {
        let place = mistake.place.as_ref();
        json!({
            "file": place.map(|place| place.file.to_string()),
            "line": place.map(|place| place.line),
            "column": place.map(|place| place.column),
            "message": mistake.message,
            "help": mistake.help,
        })
    };
    mistakes.iter().map(object).collect()
}

/// `3 mistakes in FILE`
pub fn summary(mistakes: &[Mistake]) -> String {
    let places = mistakes.iter().filter_map(|mistake| mistake.place.as_ref());
    let mut files: Vec<&str> = Vec::new();
    for place in places {
        if !files.contains(&&*place.file) {
            files.push(&place.file);
        }
    }
    let number = match mistakes.len() {
        1 => "1 mistake".to_owned(),
        several => format!("{several} mistakes"),
    };
    match files.as_slice() {
        [] => number,
        [file] => format!("{number} in {}", printable(file)),
        several => format!("{number} in {} files", several.len()),
    }
}

/// Writes with colour or without.
struct Pen {
    color: bool,
}

impl Pen {
    fn write(&self, style: Style, text: &str) -> String {
        if self.color {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

fn one(mistake: &Mistake, pen: &Pen) -> String {
    let error = pen.write(ERROR, "error");
    let message = pen.write(STRONG, &format!(": {}", printable(&mistake.message)));
    let mut text = format!("{error}{message}\n");
    let mut margin = " ".to_owned();
    if let Some(place) = &mistake.place {
        margin = " ".repeat(place.line.to_string().len() + 1);
        text += &excerpt(place, &margin, pen);
    }
    if let Some(help) = &mistake.help {
        let sign = pen.write(MARGIN, "=");
        let word = pen.write(STRONG, "help");
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{margin}{sign} {word}: {}", printable(help));
    }
    text
}

/// The place, its line, and a caret below.
fn excerpt(place: &Place, margin: &str, pen: &Pen) -> String {
    let arrow = pen.write(MARGIN, "-->");
    let before = margin.strip_suffix(' ').unwrap_or_default();
    let at = format!("{}:{}:{}", printable(&place.file), place.line, place.column);
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
    format!(
        "{before}{arrow} {at}\n{margin}{bar}\n{number} {bar}{shown}\n{margin}{bar} {padding}{caret}\n"
    )
}

/// What takes as much room on a terminal as this character, and shows nothing.
fn blank(character: char) -> String {
    match character {
        '\t' => "\t".to_owned(),
        other => " ".repeat(other.width().unwrap_or(1)),
    }
}
