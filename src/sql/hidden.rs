//! Secrets in SQL: where they stand, and a text without them.
//!
//! A secret is the literal behind a word that names one (`PASSWORD 'x'`, `sslpassword 'x'`, `password =
//! 'x'`), and a password in a literal that is a connection string or a URL. They are found at any depth: in
//! the body of a function, in a statement that is a literal itself, in a comment. Where it cannot be told,
//! more is hidden rather than less.

use std::ops::Range;

use super::lexemes::{Escapes, Lexeme, Lexemes, plain};
use crate::setting::{EngineKind, SettingName, in_url, passwords_in};

/// What is shown for a secret.
const HIDDEN: &str = "***";

/// How deep literals are looked into; what lies deeper is hidden as a whole.
const DEEPEST: usize = 8;

/// The text with `***` for every secret in it. Made for any text: a file, a statement, a part of one, what
/// a server says of one.
///
/// ```
/// let shown = dbtune::sql::hidden("ALTER ROLE app PASSWORD 'tiger'");
/// assert_eq!(shown, "ALTER ROLE app PASSWORD '***'");
/// ```
pub fn hidden(text: &str) -> String {
    masked(text, &secrets(text))
}

/// The bytes of a text that are secrets, by their beginning; none lies in another.
pub fn secrets(text: &str) -> Vec<Range<usize>> {
    merged(in_text(text, false, 0))
}

/// A text with `***` for each of these ranges.
pub(super) fn masked(text: &str, ranges: &[Range<usize>]) -> String {
    let mut shown = String::new();
    let mut done = 0;
    for range in ranges {
        shown.push_str(text.get(done..range.start).unwrap_or_default());
        shown.push_str(HIDDEN);
        done = range.end;
    }
    shown.push_str(text.get(done..).unwrap_or_default());
    shown
}

/// Whether what stands behind a word is a secret.
pub(super) fn is_secret(word: &str) -> bool {
    crate::setting::is_secret(EngineKind::Postgresql, &SettingName::new(word))
}

fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| range.start);
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// What a literal is that comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Nothing that is known to be one.
    Shown,
    /// The secret that a word has named.
    Secret,
    /// Any of this statement can be the secret of a statement that is put together from literals.
    All,
}

fn in_text(text: &str, is_prose: bool, depth: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut next = Next::Shown;
    for lexeme in Lexemes::of(text, is_prose) {
        let part = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default();
        let inside = match &lexeme {
            Lexeme::Literal { content, .. } if next != Next::Shown => vec![content.clone()],
            Lexeme::Literal { content, escapes } => moved(
                in_literal(part(content), '\'', *escapes, depth + 1),
                content,
            ),
            Lexeme::Quoted(content) if part(content).contains(char::is_whitespace) => moved(
                in_literal(part(content), '"', Escapes::Twice, depth + 1),
                content,
            ),
            Lexeme::Comment(content) => moved(in_comment(part(content), depth + 1), content),
            Lexeme::Word(_) | Lexeme::Quoted(_) | Lexeme::Sign(_) => Vec::new(),
        };
        found.extend(inside);
        next = match &lexeme {
            Lexeme::Word(word) | Lexeme::Quoted(word) => after_word(next, part(word)),
            Lexeme::Literal { content, .. } => after_literal(next, part(content)),
            Lexeme::Comment(_) => next,
            Lexeme::Sign(sign) => after_sign(next, *sign),
        };
    }
    found
}

fn moved(ranges: Vec<Range<usize>>, to: &Range<usize>) -> Vec<Range<usize>> {
    let ranges = ranges.into_iter();
    ranges
        .map(|range| range.start + to.start..range.end + to.start)
        .collect()
}

fn after_word(next: Next, word: &str) -> Next {
    match next {
        Next::All => next,
        Next::Secret if word.eq_ignore_ascii_case("to") => next,
        Next::Secret | Next::Shown if is_secret(word) => Next::Secret,
        Next::Secret | Next::Shown => Next::Shown,
    }
}

/// A literal goes on in the next one (`'a'`, a new line, `'b'`).
fn after_literal(next: Next, content: &str) -> Next {
    if next == Next::Shown && leaves_open(content) {
        return Next::All;
    }
    next
}

fn after_sign(next: Next, sign: char) -> Next {
    match (next, sign) {
        (Next::Secret, '=' | ':' | '>') => next,
        (Next::All, sign) if sign != ';' => next,
        _ => Next::Shown,
    }
}

/// Whether it is a statement whose secret is put in later: `'ALTER ROLE a PASSWORD ' ||`, `%L`.
fn leaves_open(content: &str) -> bool {
    let lower = content.to_ascii_lowercase();
    let is_about_roles = ["role", "user", "connection", "server"]
        .iter()
        .any(|word| lower.contains(word));
    let is_open = |(before, _): (&str, &str)| ends_in_secret(before);
    let mut places = lower
        .match_indices(['%', '$'])
        .filter_map(|(at, _)| lower.split_at_checked(at));
    is_about_roles && (ends_in_secret(&lower) || places.any(is_open))
}

fn ends_in_secret(text: &str) -> bool {
    let text = text.trim_end_matches(|last: char| last.is_whitespace() || "='".contains(last));
    let word = text
        .rsplit(|c: char| !c.is_alphanumeric() && c != '_')
        .next();
    word.is_some_and(is_secret)
}

/// The secrets in the content of a literal: it can be SQL, a connection string, a URL.
fn in_literal(content: &str, quote: char, escapes: Escapes, depth: usize) -> Vec<Range<usize>> {
    if depth > DEEPEST {
        return std::iter::once(0..content.len()).collect();
    }
    let (text, origin) = plain(content, quote, escapes);
    let mut found = in_text(&text, false, depth);
    // Between dollars there is code, not a connection string.
    if escapes != Escapes::None {
        found.extend(in_connection(&text));
    }
    let at = |offset: usize| origin.get(offset).copied().unwrap_or(content.len());
    let found = found.into_iter();
    found.map(|range| at(range.start)..at(range.end)).collect()
}

fn in_connection(text: &str) -> Vec<Range<usize>> {
    let mut found = passwords_in(text);
    if text.contains("://") || text.contains('=') {
        found.extend(in_url(text));
    }
    found
}

/// A comment can be a statement that was put out of use.
fn in_comment(content: &str, depth: usize) -> Vec<Range<usize>> {
    if depth > DEEPEST {
        return std::iter::once(0..content.len()).collect();
    }
    let mut found = in_text(content, true, depth);
    let mut start = 0;
    for line in content.split_inclusive('\n') {
        found.extend(moved(passwords_in(line), &(start..start + line.len())));
        start += line.len();
    }
    found
}
