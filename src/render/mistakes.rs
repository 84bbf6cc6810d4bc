//! Mistakes in files, each with its line and a caret.

use serde_json::{Value, json};

use super::excerpt::{self, ERROR, MARGIN, Pen, STRONG};
use super::shown_line::printable;
use crate::profile::{Mistake, Place};

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

fn one(mistake: &Mistake, pen: &Pen) -> String {
    let error = pen.write(ERROR, "error");
    let message = pen.write(STRONG, &format!(": {}", printable(&mistake.message)));
    let mut text = format!("{error}{message}\n");
    let mut margin = " ".to_owned();
    if let Some(place) = &mistake.place {
        margin = excerpt::margin(place);
        text += &located(place, &margin, pen);
    }
    if let Some(help) = &mistake.help {
        text += &excerpt::help(help, &margin, pen);
    }
    text
}

/// The place, and its line.
fn located(place: &Place, margin: &str, pen: &Pen) -> String {
    let arrow = pen.write(MARGIN, "-->");
    let before = margin.strip_suffix(' ').unwrap_or_default();
    let at = format!("{}:{}:{}", printable(&place.file), place.line, place.column);
    format!(
        "{before}{arrow} {at}\n{}",
        excerpt::line(place, margin, pen)
    )
}
