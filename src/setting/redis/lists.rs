//! Settings of Redis that hold several things in one text.

use std::collections::BTreeSet;

use crate::setting::error::{listed, nearest};
use crate::setting::{ParseValueError, Value};

/// The events that `A` stands for, in the order in which the server shows them.
const ALL_EVENTS: &str = "g$lshzxetd";
/// Every class of events that the server knows.
const EVENTS: &str = "g$lshzxetdKEmn";

/// The words of a text as the server takes them apart: at every single space.
pub(super) fn spaced(text: &str) -> Vec<&str> {
    if text.is_empty() {
        Vec::new()
    } else {
        text.split(' ').collect()
    }
}

/// A text with one space between its words.
pub(super) fn tidied(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Reads the classes of `notify-keyspace-events`.
pub(super) fn parse_events(text: &str) -> Result<Value, ParseValueError> {
    let known = |c: &char| *c == 'A' || EVENTS.contains(*c);
    if let Some(unknown) = text.chars().find(|c| !known(c)) {
        let cleaned: String = text.chars().filter(known).collect();
        let offered = text.trim() == cleaned && !cleaned.is_empty();
        let message = format!("{unknown} is not a class of events: A{EVENTS}");
        return Err(ParseValueError::new(message).suggesting(offered.then_some(cleaned)));
    }
    let mut events: BTreeSet<String> = text
        .chars()
        .filter(|c| *c != 'A')
        .map(String::from)
        .collect();
    if text.contains('A') {
        events.extend(ALL_EVENTS.chars().map(String::from));
    }
    Ok(Value::Set(events))
}

/// Writes classes of events as the server does, all of them together as `A`.
pub(super) fn write_events(events: &BTreeSet<String>) -> String {
    let has = |c: &char| events.contains(&c.to_string());
    if ALL_EVENTS.chars().all(|c| has(&c)) {
        let others = EVENTS
            .chars()
            .filter(|c| !ALL_EVENTS.contains(*c))
            .filter(has);
        return std::iter::once('A').chain(others).collect();
    }
    EVENTS.chars().filter(has).collect()
}

/// Reads several of some words, in any order.
pub(super) fn parse_words(text: &str, known: &[String]) -> Result<Value, ParseValueError> {
    let mut words = BTreeSet::new();
    let written = spaced(text);
    for word in &written {
        let Some(found) = known.iter().find(|known| known.eq_ignore_ascii_case(word)) else {
            return Err(unknown_word(text, word, known));
        };
        words.insert(found.clone());
    }
    // The first word stands for "none of the others".
    if words.len() > 1 {
        known.first().map(|none| words.remove(none));
    }
    if words.is_empty() {
        return Err(unknown_word(text, "an empty text", known));
    }
    Ok(Value::Set(words))
}

fn unknown_word(text: &str, word: &str, known: &[String]) -> ParseValueError {
    let choices = || known.iter().map(String::as_str);
    let shown = if word.is_empty() {
        "a second space"
    } else {
        word
    };
    let tidied = tidied(text);
    let is_known = |word: &str| known.iter().any(|known| known.eq_ignore_ascii_case(word));
    let offered = if !tidied.is_empty() && tidied.split(' ').all(is_known) {
        Some(tidied)
    } else {
        nearest(text, choices()).map(str::to_owned)
    };
    ParseValueError::new(format!("{shown} is not one of {}", listed(choices()))).suggesting(offered)
}

/// Reads percentiles.
pub(super) fn parse_percentiles(text: &str) -> Result<Value, ParseValueError> {
    let read = |word: &&str| -> Option<String> {
        let number: f64 = word.parse().ok()?;
        (0.0..=100.0)
            .contains(&number)
            .then(|| (number + 0.0).to_string())
    };
    numbers(text, ("percentiles from 0 to 100", None), read)
}

/// Reads the three numbers of `oom-score-adj-values`.
pub(super) fn parse_oom_scores(text: &str) -> Result<Value, ParseValueError> {
    let read = |word: &&str| -> Option<String> {
        let number: i64 = word.parse().ok()?;
        (-2000..=2000).contains(&number).then(|| number.to_string())
    };
    numbers(text, ("three numbers from -2000 to 2000", Some(3)), read)
}

/// Reads numbers: what they are, how many if that is fixed, and how one is read.
fn numbers(
    text: &str,
    (what, count): (&str, Option<usize>),
    read: impl Fn(&&str) -> Option<String>,
) -> Result<Value, ParseValueError> {
    let all = |text: &str| {
        let numbers: Option<Vec<String>> = spaced(text).iter().map(&read).collect();
        numbers.filter(|numbers| count.is_none_or(|count| numbers.len() == count))
    };
    all(text).map(Value::List).ok_or_else(|| {
        let tidied = tidied(&text.replace(',', " "));
        let offered = !tidied.is_empty() && all(&tidied).is_some();
        ParseValueError::new(format!("{text} is not {what}, with one space between them"))
            .suggesting(offered.then_some(tidied))
    })
}

/// Reads addresses.
pub(super) fn addresses(text: &str) -> Value {
    Value::List(text.split_whitespace().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_events_are_a_set_and_a_stands_for_many() {
        let all = parse_events("AKE").unwrap();
        assert_eq!(parse_events("KEA").unwrap(), all);
        assert_eq!(parse_events("Eg$lshzxetdK").unwrap(), all);
        assert_ne!(parse_events("KEg").unwrap(), all);
        let Value::Set(events) = &all else {
            panic!("{all:?}")
        };
        assert_eq!(write_events(events), "AKE");
        assert_eq!(parse_events("Kq").unwrap_err().suggestion, None);
    }

    #[test]
    fn the_word_for_nothing_goes_when_there_is_another() {
        let known = ["default", "save", "now"].map(str::to_owned);
        let parse = |text: &str| parse_words(text, &known);
        assert_eq!(parse("default NOW").unwrap(), parse("now").unwrap());
        assert_eq!(parse("now save").unwrap(), parse("save now").unwrap());
        assert_eq!(
            parse("save  now").unwrap_err().suggestion.as_deref(),
            Some("save now")
        );
        assert!(parse("").is_err());
    }

    #[test]
    fn percentiles_are_compared_as_numbers() {
        assert_eq!(
            parse_percentiles("50 99.0").unwrap(),
            parse_percentiles("5e1 99").unwrap()
        );
        assert!(parse_percentiles("101").is_err());
        assert_eq!(
            parse_percentiles("50, 99")
                .unwrap_err()
                .suggestion
                .as_deref(),
            Some("50 99")
        );
        assert!(parse_oom_scores("0 200").is_err());
    }
}
