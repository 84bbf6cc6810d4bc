//! What a statement sets in its session, and nothing else.

use std::collections::BTreeSet;

use squawk_syntax::{SyntaxKind, SyntaxToken};

/// Whether a statement does nothing but set something in the session, to the same each time that it is run: `SET`,
/// `RESET`, and `SELECT set_config(…)` with literals alone, as `pg_dump` writes it.
pub(super) fn is_set(tokens: &[SyntaxToken]) -> bool {
    let words: Vec<String> = tokens
        .iter()
        .take(2)
        .map(|token| token.text().to_ascii_lowercase())
        .collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["set", what] => what != "constraints",
        ["reset", ..] => true,
        ["select", ..] => is_set_config(tokens.get(1..).unwrap_or_default()),
        _ => false,
    }
}

fn is_set_config(tokens: &[SyntaxToken]) -> bool {
    const LITERALS: [SyntaxKind; 3] = [
        SyntaxKind::STRING,
        SyntaxKind::ESC_STRING,
        SyntaxKind::DOLLAR_QUOTED_STRING,
    ];
    let is_literal = |token: &SyntaxToken| LITERALS.contains(&token.kind());
    let written: String = tokens
        .iter()
        .map(|token| match token {
            token if is_literal(token) => "'".to_owned(),
            token => token.text().to_ascii_lowercase(),
        })
        .collect();
    let mut calls = written.as_str();
    let mut number = 0;
    while let Some(behind) = after_a_call(calls) {
        number += 1;
        calls = behind;
    }
    number > 0 && calls.is_empty()
}

/// What stands behind a call with literals alone, and the comma after it.
fn after_a_call(written: &str) -> Option<&str> {
    let call = written.trim_start_matches("pg_catalog.");
    let behind = call.strip_prefix("set_config(',',")?;
    let behind = behind
        .strip_prefix("true)")
        .or_else(|| behind.strip_prefix("false)"))?;
    match behind.strip_prefix(',') {
        Some("") => None,
        Some(more) => Some(more),
        None => behind.is_empty().then_some(behind),
    }
}

/// Names of settings that a text has in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedSettings {
    /// Those of applications (`app.tenant`), in literals and behind `SET`; and what else looks like one. The server lists
    /// none of them.
    pub custom: BTreeSet<String>,
    /// What is set for a transaction alone, by `SET LOCAL` and by `set_config(…, true)`.
    pub local: BTreeSet<String>,
}

/// The settings that a text names.
pub fn named_settings(text: &str) -> NamedSettings {
    let is_part = |one: char| one.is_ascii_alphanumeric() || one == '_' || one == '.';
    let mut named = NamedSettings::default();
    let mut before = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let (between, from) = rest.split_at(start);
        let end = from.find(|one| !is_part(one)).unwrap_or(from.len());
        let (word, behind) = from.split_at(end);
        let is_quoted = between.ends_with('\'') && behind.starts_with('\'');
        let is_set =
            between.trim().is_empty() && ["set", "local", "session"].contains(&before.as_str());
        if (is_quoted || is_set) && is_custom(word) {
            named.custom.insert(word.to_owned());
        }
        let is_local_call = is_quoted && before == "set_config" && ends_locally(behind);
        if is_local_call || is_set && before == "local" {
            named.local.insert(word.to_owned());
        }
        before = word.to_ascii_lowercase();
        rest = behind;
    }
    named
}

/// Whether the last argument of a call is `true`.
fn ends_locally(arguments: &str) -> bool {
    let call = arguments.split(';').next().unwrap_or_default();
    let call = call.to_ascii_lowercase();
    let call: String = call.chars().filter(|one| !one.is_whitespace()).collect();
    call.contains(",true)")
}

fn is_custom(word: &str) -> bool {
    let begins = |part: &str| part.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_');
    word.contains('.') && word.split('.').all(begins)
}
