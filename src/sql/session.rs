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
    let is_literal =
        |token: &SyntaxToken| [SyntaxKind::STRING, SyntaxKind::ESC_STRING].contains(&token.kind());
    let written: String = tokens
        .iter()
        .map(|token| match token {
            token if is_literal(token) => "'".to_owned(),
            token => token.text().to_ascii_lowercase(),
        })
        .collect();
    let call = written.trim_start_matches("pg_catalog.");
    ["set_config(',',true)", "set_config(',',false)"].contains(&call)
}

/// The settings of applications (`app.tenant`) that a text names, in literals and behind `SET`; and what else looks
/// like one. The server lists none of them.
pub fn custom_settings(text: &str) -> BTreeSet<String> {
    let is_part = |one: char| one.is_ascii_alphanumeric() || one == '_' || one == '.';
    let mut names = BTreeSet::new();
    let mut before = "";
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let (between, from) = rest.split_at(start);
        let end = from.find(|one| !is_part(one)).unwrap_or(from.len());
        let (word, behind) = from.split_at(end);
        let is_quoted = between.ends_with('\'') && behind.starts_with('\'');
        let is_set = between.trim().is_empty()
            && ["set", "local", "session"].contains(&&*before.to_ascii_lowercase());
        if (is_quoted || is_set) && is_custom(word) {
            names.insert(word.to_owned());
        }
        (before, rest) = (word, behind);
    }
    names
}

fn is_custom(word: &str) -> bool {
    let begins = |part: &str| part.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_');
    word.contains('.') && word.split('.').all(begins)
}
