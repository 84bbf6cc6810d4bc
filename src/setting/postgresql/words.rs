//! Booleans, and the words of enums that `pg_settings` does not tell.

use std::collections::BTreeMap;

use crate::setting::error::nearest;
use crate::setting::words::{Words, friendly_switch};
use crate::setting::{ParseValueError, Value};

const TRUE_WORDS: [&str; 3] = ["true", "yes", "1"];
const FALSE_WORDS: [&str; 3] = ["false", "no", "0"];

/// The words of the enum `name`, its hidden ones included.
pub(super) fn words(name: &str, words: Vec<String>, server_version_num: u32) -> Words {
    let mut same_as = debug_words(&words);
    if !name.contains('.') {
        same_as.extend(switch_words(&words));
        same_as.extend(words_of(name, server_version_num));
    }
    Words { words, same_as }
}

/// An enum that grew out of a boolean still takes every whole word for it.
fn switch_words(words: &[String]) -> BTreeMap<String, String> {
    let has = |word: &str| words.iter().any(|known| known == word);
    if !(has("on") && has("off")) {
        return BTreeMap::new();
    }
    // `wal_compression`: `on` is among the words, and shown as what it means.
    let on = if has("pglz") { "pglz" } else { "on" };
    let aliases = |words: &[&str], meaning: &str| -> Vec<(String, String)> {
        words
            .iter()
            .map(|word| ((*word).to_owned(), meaning.to_owned()))
            .collect()
    };
    let mut same_as = aliases(&TRUE_WORDS, on);
    same_as.extend(aliases(&FALSE_WORDS, "off"));
    if on != "on" {
        same_as.extend(aliases(&["on"], on));
    }
    same_as.into_iter().collect()
}

/// Words of earlier versions that one setting still takes.
fn words_of(name: &str, version: u32) -> BTreeMap<String, String> {
    let (aliases, word): (&[&str], &str) = match name {
        "wal_level" => (&["archive", "hot_standby"], "replica"),
        "password_encryption" if version < 140_000 => (&["on", "true", "yes", "1"], "md5"),
        _ => (&[], ""),
    };
    aliases
        .iter()
        .map(|alias| ((*alias).to_owned(), word.to_owned()))
        .collect()
}

/// Settings that take a level of messages have `debug` for `debug2`, and hide `info` where it makes
/// little sense.
fn debug_words(words: &[String]) -> BTreeMap<String, String> {
    if !words.iter().any(|word| word == "debug2") {
        return BTreeMap::new();
    }
    let hidden = [("debug", "debug2"), ("info", "info")];
    hidden
        .map(|(alias, word)| (alias.to_owned(), word.to_owned()))
        .into()
}

/// Reads a boolean: any unambiguous beginning of a word for yes or no, in any case.
pub(super) fn parse_bool(text: &str) -> Result<Value, ParseValueError> {
    read_bool(text).map(Value::Bool).ok_or_else(|| {
        let shown = if text.is_empty() {
            "an empty text"
        } else {
            text
        };
        ParseValueError::new(format!("{shown} is neither on nor off"))
            .suggesting(suggest_bool(text))
    })
}

/// What a boolean setting reads a word as.
pub(crate) fn read_bool(text: &str) -> Option<bool> {
    let folded = text.to_ascii_lowercase();
    let begins =
        |word: &str, shortest: usize| folded.len() >= shortest && word.starts_with(&folded);
    if begins("true", 1) || begins("yes", 1) || begins("on", 2) || folded == "1" {
        Some(true)
    } else if begins("false", 1) || begins("no", 1) || begins("off", 2) || folded == "0" {
        Some(false)
    } else {
        None
    }
}

fn suggest_bool(text: &str) -> Option<String> {
    let trimmed = text.trim();
    let word = read_bool(trimmed)
        .map(|_| trimmed)
        .or_else(|| friendly_switch(trimmed))
        .or_else(|| nearest(trimmed, ["on", "off", "true", "false", "yes", "no"]))?;
    Some(word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enumerated(name: &str, known: &[&str]) -> Words {
        words(
            name,
            known.iter().map(|word| (*word).to_owned()).collect(),
            150_000,
        )
    }

    #[test]
    fn a_boolean_takes_any_unambiguous_beginning() {
        for text in ["t", "tru", "ye", "of", "ON", "1", "N"] {
            assert!(read_bool(text).is_some(), "{text}");
        }
        for text in ["o", "2", "", " on", "onn"] {
            assert!(read_bool(text).is_none(), "{text}");
        }
        assert_eq!(
            parse_bool("enabled").unwrap_err().suggestion.as_deref(),
            Some("on")
        );
    }

    #[test]
    fn hidden_words_are_equal_to_the_words_they_stand_for() {
        let compression = enumerated("wal_compression", &["pglz", "lz4", "on", "off"]);
        assert_eq!(
            compression.parse("ON").unwrap(),
            compression.parse("pglz").unwrap()
        );
        let level = enumerated("log_min_messages", &["debug2", "info", "warning"]);
        assert_eq!(
            level.parse("debug").unwrap(),
            level.parse("DEBUG2").unwrap()
        );
        assert!(
            enumerated("auto_explain.odd", &["on", "off"])
                .parse("1")
                .is_err()
        );
    }
}
