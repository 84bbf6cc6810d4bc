//! What cannot be read, in plain words and with its place.

use serde::Deserialize as _;
use serde::de::IgnoredAny;
use serde_yaml::Error as YamlError;

use crate::profile::yaml::source::Source;
use crate::profile::{Mistake, Place};

/// How our own messages begin; the parser puts the path of the value before them.
pub(super) const TOO_DEEP: &str = "this is nested too deeply";
pub(super) const TOO_MANY: &str = "there are too many values in this file";
pub(super) const TAG: &str = "the tag `";

/// Refuses, before the parser sees it, what it would report without a place or not survive in time.
pub(super) fn refuse_unreadable(source: &Source) -> Result<(), Mistake> {
    let mut open = 0_usize;
    for (offset, character) in source.text().char_indices() {
        match character {
            '\t' | '\n' | '\r' | '\u{85}' => {}
            '[' | '{' => open += 1,
            ']' | '}' => open = open.saturating_sub(1),
            '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                return Err(forbidden(source, offset, character));
            }
            other if other.is_control() => return Err(forbidden(source, offset, other)),
            _ => {}
        }
        // Brackets in quotes and comments count as well: a thousand of them, never closed, stand in
        // no honest file.
        if open > 1000 {
            return Err(Mistake {
                place: Some(source.place_at(offset)),
                message: TOO_DEEP.to_owned(),
                help: None,
            });
        }
    }
    Ok(())
}

fn forbidden(source: &Source, offset: usize, character: char) -> Mistake {
    let code = u32::from(character);
    Mistake {
        place: Some(source.place_at(offset)),
        message: format!("the character U+{code:04X} may not stand in a YAML file"),
        help: Some("remove it; most editors show it in another colour".to_owned()),
    }
}

pub(super) fn second_document(source: &Source, second: serde_yaml::Deserializer<'_>) -> Mistake {
    if let Err(error) = IgnoredAny::deserialize(second) {
        return yaml_mistake(source, &error);
    }
    let mut lines = source.text().lines().enumerate();
    // The first `---` may open the first document.
    let before = |line: &str| line.trim().is_empty() || line.starts_with(['#', '%']);
    let opening = lines.find(|(_, line)| !before(line));
    let separator = lines.find(|(_, line)| line.starts_with("---") || line.starts_with("..."));
    let line = separator.or(opening).map_or(1, |(index, _)| index + 1);
    Mistake {
        place: Some(source.place(line, 1)),
        message: "a second YAML document begins here".to_owned(),
        help: Some("keep one document in a file".to_owned()),
    }
}

/// Turns an error of the parser into a mistake with its place.
pub(super) fn yaml_mistake(source: &Source, error: &YamlError) -> Mistake {
    let place = error
        .location()
        .map_or_else(|| source.start(), |found| source.place_at(found.index()));
    let full = error.to_string();
    let (message, rest) = full.split_once(" at line ").unwrap_or((&full, ""));
    // What the parser was about where that began elsewhere: an open bracket, say.
    let context = rest.split_once(", ").map(|(_, context)| context);
    let context = context.filter(|context| context.contains(" at line "));
    let context = context.map(|context| format!(", {context}"));
    Mistake {
        message: plain_words(message) + &context.unwrap_or_default(),
        help: yaml_help(&place, message),
        place: Some(place),
    }
}

/// The parser puts the path of the value before its own messages; the place says that better.
fn plain_words(message: &str) -> String {
    const REPEATED: &str = "repetition limit exceeded";
    if message.contains("invalid value: ") || message.contains("invalid type: ") {
        // The parser's own words would repeat the value, which may be a secret.
        return "this text does not fit its YAML tag".to_owned();
    }
    let ours = [TOO_DEEP, TOO_MANY, TAG, REPEATED];
    let found = ours.iter().find_map(|ours| message.find(ours));
    match found.and_then(|start| message.get(start..)) {
        Some(REPEATED) => TOO_MANY.to_owned(),
        Some(ours) => ours.to_owned(),
        None => format!("this is not YAML: {message}"),
    }
}

fn yaml_help(place: &Place, message: &str) -> Option<String> {
    let line = place.line_text();
    let value = line.split_once(": ").map(|(_, value)| value.trim());
    if value.is_some_and(|value| value.starts_with('>') && value.len() > 1) {
        return Some(format!("quote it: `\"{}\"`", value.unwrap_or_default()));
    }
    let stray_tab = message.contains("cannot start any token") && line.contains('\t');
    if stray_tab || message.contains("tab character") {
        return Some("indent with spaces; YAML takes no tabs there".to_owned());
    }
    if message.contains("cannot start any token") {
        return Some("quote the text".to_owned());
    }
    if message.contains(TAG) {
        return Some("quote the text if the `!` belongs to it".to_owned());
    }
    None
}
