//! Settings that hold a list with commas.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::setting::error::nearest;
use crate::setting::{Assignment, Input, ParseValueError, Value};

/// How the server takes a list apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Splitting {
    /// As identifiers: lower-cased unless quoted, no spaces.
    Identifiers,
    /// As names: case kept, no spaces unless quoted.
    Names,
    /// As paths: case and inner spaces kept.
    Paths,
}

/// A list that the server keeps with every element quoted as an identifier. Its elements must be
/// sent as literals of their own: `'a, b'` would be one element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotedList {
    /// How the server takes it apart.
    pub splitting: Splitting,
    /// Whether it works when it is empty. `ALTER SYSTEM` writes an empty list as one nameless element,
    /// and with that in a list of libraries or sockets the server does not start any more.
    pub may_be_empty: bool,
}

/// A list that is one text for the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommaList {
    /// How the server takes it apart.
    pub splitting: Splitting,
    /// Whether order and case count.
    pub ordered: bool,
}

/// Takes a list apart as the server does; `None` when its syntax is wrong.
pub(crate) fn split(text: &str, splitting: Splitting) -> Option<Vec<String>> {
    let mut elements = Vec::new();
    let mut rest = text.trim_matches(is_list_space);
    if rest.is_empty() {
        return Some(elements);
    }
    loop {
        let (element, after) = match rest.strip_prefix('"') {
            Some(quoted) => take_quoted(quoted)?,
            None => take_bare(rest, splitting)?,
        };
        elements.push(element);
        let after = after.trim_start_matches(is_list_space);
        if after.is_empty() {
            return Some(elements);
        }
        rest = after.strip_prefix(',')?.trim_start_matches(is_list_space);
    }
}

/// An element up to its closing quote, which is doubled within.
fn take_quoted(text: &str) -> Option<(String, &str)> {
    let mut element = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"')?;
        element.push_str(part);
        let Some(more) = after.strip_prefix('"') else {
            return Some((element, after));
        };
        element.push('"');
        rest = more;
    }
}

/// An element without quotes.
fn take_bare(text: &str, splitting: Splitting) -> Option<(String, &str)> {
    let ends = |c: char| c == ',' || (splitting != Splitting::Paths && is_list_space(c));
    let (element, rest) = text.split_at_checked(text.find(ends).unwrap_or(text.len()))?;
    let element = element.trim_end_matches(is_list_space);
    if element.is_empty() {
        return None;
    }
    let element = match splitting {
        Splitting::Identifiers => element.to_ascii_lowercase(),
        Splitting::Names | Splitting::Paths => element.to_owned(),
    };
    Some((element, rest))
}

/// What PostgreSQL's scanner counts as white space.
fn is_list_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}' | '\u{b}')
}

/// Writes elements so that they can be taken apart again, with as few quotes as possible.
pub(crate) fn join(
    elements: impl IntoIterator<Item = impl AsRef<str>>,
    splitting: Splitting,
) -> String {
    let write = |element: &str| match split(element, splitting).as_deref() {
        Some([only]) if only == element => element.to_owned(),
        _ => format!("\"{}\"", element.replace('"', "\"\"")),
    };
    let written: Vec<String> = elements
        .into_iter()
        .map(|element| write(element.as_ref()))
        .collect();
    written.join(", ")
}

/// What a wrong list is told.
fn wrong_syntax(text: &str, splitting: Splitting) -> ParseValueError {
    let tidied = without_gaps(text);
    let offered = !tidied.is_empty() && tidied != text && split(&tidied, splitting).is_some();
    ParseValueError::new(wrong_list(text)).suggesting(offered.then_some(tidied))
}

fn wrong_list(text: &str) -> String {
    format!("{text} is not a list of names with commas between them")
}

/// A list without empty elements.
fn without_gaps(text: &str) -> String {
    let items: Vec<&str> = text
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .collect();
    items.join(", ")
}

/// The literal element that an item of a sequence stands for: with quotes around it, what is between.
fn element_of(item: &str, splitting: Splitting) -> String {
    let quoted = item
        .trim()
        .starts_with('"')
        .then(|| split(item, splitting))
        .flatten();
    match quoted.as_deref() {
        Some([only]) => only.clone(),
        _ => item.to_owned(),
    }
}

impl QuotedList {
    /// Reads a list as the server shows it or as it stands in a file.
    pub(super) fn parse(&self, text: &str) -> Result<Value, ParseValueError> {
        split(text, self.splitting)
            .map(|elements| self.value(elements))
            .ok_or_else(|| wrong_syntax(text, self.splitting))
    }

    /// The value of these elements. An empty list is stored as one nameless element, because there is
    /// no other way, and means the same where the list may be empty.
    pub(super) fn value(&self, mut elements: Vec<String>) -> Value {
        if self.may_be_empty && matches!(elements.as_slice(), [only] if only.is_empty()) {
            elements.clear();
        }
        Value::List(elements)
    }

    /// Reads what a profile asks for. Unlike what a server shows, it must not be empty where that
    /// would keep the server from starting.
    pub(super) fn parse_input(&self, elements: &[String]) -> Result<(), ParseValueError> {
        if self.may_be_empty || !(elements.is_empty() || elements.iter().any(String::is_empty)) {
            return Ok(());
        }
        let message = "an empty list would be stored as one library or path without a name, and the \
                       server would not start any more";
        Err(ParseValueError::new(message).suggesting(Some("default".to_owned())))
    }

    /// The elements that an input stands for.
    pub(super) fn elements(&self, input: &Input) -> Option<Vec<String>> {
        match input {
            Input::Default => None,
            Input::Text(text) => split(text, self.splitting),
            Input::List(items) => Some(
                items
                    .iter()
                    .map(|item| element_of(item, self.splitting))
                    .collect(),
            ),
        }
    }

    /// What to send so that the server stores these elements.
    pub(super) fn assignment(&self, elements: Vec<String>) -> Assignment {
        if !elements.is_empty() {
            return Assignment::Set(elements);
        }
        // There is no way to store an empty list. One nameless element does the same for some, and
        // for the others to take the entry away is the nearest that the server survives.
        if self.may_be_empty {
            Assignment::Set(vec![String::new()])
        } else {
            Assignment::Reset
        }
    }
}

impl CommaList {
    /// Reads a list.
    pub(super) fn parse(&self, text: &str) -> Result<Value, ParseValueError> {
        let elements =
            split(text, self.splitting).ok_or_else(|| wrong_syntax(text, self.splitting))?;
        Ok(if self.ordered {
            Value::List(elements)
        } else {
            Value::Set(
                elements
                    .iter()
                    .map(|element| element.to_ascii_lowercase())
                    .collect(),
            )
        })
    }

    /// Writes elements as the server takes them apart again.
    pub(super) fn format(&self, value: &Value) -> Option<String> {
        if let Value::List(items) = value {
            Some(join(items, self.splitting))
        } else if let Value::Set(items) = value {
            Some(join(items, self.splitting))
        } else {
            None
        }
    }
}

/// `log_connections` since PostgreSQL 18: a word for yes or no, or aspects of a connection.
pub(super) fn parse_log_connections(text: &str) -> Result<Value, ParseValueError> {
    read_log_connections(text)
        .map(Value::Set)
        .map_err(|message| {
            let known = ASPECTS.into_iter().chain(["all", "on", "off"]);
            let tidied = without_gaps(text);
            let near = nearest(text, known).map(str::to_owned);
            let is_taken =
                |offered: &String| offered != text && read_log_connections(offered).is_ok();
            let offered = [Some(tidied).filter(|tidied| !tidied.is_empty()), near];
            ParseValueError::new(message).suggesting(offered.into_iter().flatten().find(is_taken))
        })
}

/// The aspects of a connection that can be logged.
const ASPECTS: [&str; 4] = [
    "authentication",
    "authorization",
    "receipt",
    "setup_durations",
];

/// The aspects that a text asks for. What was a boolean before still is one, when it stands alone.
fn read_log_connections(text: &str) -> Result<BTreeSet<String>, String> {
    let elements = split(text, Splitting::Identifiers).ok_or_else(|| wrong_list(text))?;
    let folded: Vec<String> = elements
        .iter()
        .map(|element| element.to_ascii_lowercase())
        .collect();
    let alone = if let [only] = folded.as_slice() {
        only.as_str()
    } else {
        ""
    };
    if matches!(alone, "off" | "false" | "no" | "0") {
        return Ok(BTreeSet::new());
    }
    if matches!(alone, "on" | "true" | "yes" | "1") {
        return Ok(["authentication", "authorization", "receipt"]
            .map(str::to_owned)
            .into());
    }
    let mut aspects = BTreeSet::new();
    for element in folded {
        if element == "all" {
            aspects.extend(ASPECTS.map(str::to_owned));
        } else if ASPECTS.contains(&element.as_str()) {
            aspects.insert(element);
        } else {
            return Err(format!(
                "{element} is not one of on, off, all, {}",
                ASPECTS.join(", ")
            ));
        }
    }
    Ok(aspects)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Option<Vec<String>> {
        split(text, Splitting::Paths)
    }

    #[test]
    fn quotes_keep_commas_case_and_quotes_in_an_element() {
        assert_eq!(paths(r#""a, b""#).unwrap(), ["a, b"]);
        assert_eq!(paths(r#" a b ,"c""d" "#).unwrap(), ["a b", "c\"d"]);
        assert_eq!(
            split("\"$user\", Public", Splitting::Identifiers).unwrap(),
            ["$user", "public"]
        );
        assert_eq!(paths("").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_list_with_a_gap_or_an_open_quote_is_wrong() {
        for text in ["a,,b", "a,", "\"a", "\"a\"b", ","] {
            assert_eq!(paths(text), None, "{text}");
        }
        assert_eq!(split("a b", Splitting::Names), None);
        assert_eq!(
            wrong_syntax("a,,b", Splitting::Names).suggestion.as_deref(),
            Some("a, b")
        );
    }

    #[test]
    fn an_empty_list_of_libraries_is_never_sent() {
        let libraries = QuotedList {
            splitting: Splitting::Paths,
            may_be_empty: false,
        };
        assert!(libraries.parse_input(&[]).is_err());
        assert!(libraries.parse_input(&[String::new()]).is_err());
        assert_eq!(libraries.assignment(Vec::new()), Assignment::Reset);
    }
}
