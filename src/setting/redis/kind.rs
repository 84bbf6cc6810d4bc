//! The kinds of settings that Redis has.

use serde::{Deserialize, Serialize};

use super::{Memory, limits, lists, memory};
use crate::setting::postgresql::read_bool;
use crate::setting::words::{Words, friendly_switch};
use crate::setting::{Assignment, Input, ParseValueError, Value};

/// A kind of setting, with what is particular to one setting of it. A plain text is
/// [`crate::setting::Domain::Text`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Yes or no.
    YesNo,
    /// A whole number.
    Integer {
        /// Its smallest value.
        min: i64,
        /// Its largest value.
        max: i64,
        /// Whether a value outside of the range is moved into it, instead of being refused.
        #[serde(default)]
        clamped: bool,
    },
    /// An amount of memory.
    Memory(Memory),
    /// An amount of memory, or a share of `maxmemory`.
    MemoryOrPercent,
    /// One of some words.
    Word(Words),
    /// Some of some words; the first stands for none of the others.
    Words(Vec<String>),
    /// A file mode.
    Octal,
    /// `notify-keyspace-events`.
    KeyspaceEvents,
    /// `save`.
    SavePoints,
    /// `client-output-buffer-limit`.
    BufferLimits,
    /// `latency-tracking-info-percentiles`.
    Percentiles,
    /// `oom-score-adj-values`.
    OomScores,
    /// `bind`.
    Addresses,
}

impl Kind {
    /// Reads a text by the server's rules.
    pub(crate) fn parse(&self, text: &str) -> Result<Value, ParseValueError> {
        match self {
            Self::YesNo => parse_yes_no(text),
            Self::Integer { min, max, clamped } => parse_integer(text, *min, *max, *clamped),
            Self::Memory(memory) => memory.parse(text),
            Self::MemoryOrPercent => parse_memory_or_percent(text),
            Self::Word(words) => words.parse(text),
            Self::Words(words) => lists::parse_words(text, words),
            Self::Octal => parse_octal(text),
            Self::KeyspaceEvents => lists::parse_events(text),
            Self::SavePoints => limits::parse_save_points(text),
            Self::BufferLimits => limits::parse_buffer_limits(text),
            Self::Percentiles => lists::parse_percentiles(text),
            Self::OomScores => lists::parse_oom_scores(text),
            Self::Addresses => Ok(lists::addresses(text)),
        }
    }

    /// Reads what a profile asks for; `None` when it asks for the default.
    pub(crate) fn parse_input(&self, input: &Input) -> Result<Option<Value>, ParseValueError> {
        match (input, self.separator()) {
            (Input::Default, _) => Ok(None),
            (Input::Text(text), _) => self.parse(text).map(Some),
            (Input::List(items), Some(separator)) => self.parse(&items.join(separator)).map(Some),
            (Input::List(_), None) => Err(ParseValueError::new("it takes one value, not a list")),
        }
    }

    /// What stands between the items of a sequence; `None` when it takes no sequence.
    fn separator(&self) -> Option<&'static str> {
        match self {
            Self::KeyspaceEvents => Some(""),
            Self::Words(_)
            | Self::SavePoints
            | Self::BufferLimits
            | Self::Percentiles
            | Self::OomScores
            | Self::Addresses => Some(" "),
            Self::YesNo
            | Self::Integer { .. }
            | Self::Memory(_)
            | Self::MemoryOrPercent
            | Self::Word(_)
            | Self::Octal => None,
        }
    }

    /// Writes a value; `None` when it is not one of this kind.
    pub(crate) fn format(&self, value: &Value) -> Option<String> {
        match (self, value) {
            (Self::YesNo, Value::Bool(yes)) => Some(if *yes { "yes" } else { "no" }.to_owned()),
            (Self::Octal, Value::Integer(mode)) => Some(format!("{mode:o}")),
            (Self::KeyspaceEvents, Value::Set(events)) => Some(lists::write_events(events)),
            (_, Value::Bytes(bytes)) => Some(memory::write(*bytes)),
            (_, Value::BufferLimits(limits)) => Some(limits::write_buffer_limits(limits)),
            (_, Value::List(items)) => Some(items.join(" ")),
            (_, Value::Set(items)) => Some(items.iter().cloned().collect::<Vec<_>>().join(" ")),
            _ => None,
        }
    }

    /// What to send so that the server takes this input.
    pub(crate) fn assignment(&self, input: &Input) -> Assignment {
        match input {
            Input::Default => Assignment::Reset,
            Input::Text(text) => Assignment::Set(vec![text.clone()]),
            Input::List(items) => {
                Assignment::Set(vec![items.join(self.separator().unwrap_or(" "))])
            }
        }
    }

    /// What to know about a spelling.
    pub(crate) fn note(&self, text: &str) -> Option<String> {
        match self {
            Self::Memory(memory) => memory::note(text).or_else(|| raised(memory, text)),
            Self::MemoryOrPercent => memory::note(text),
            Self::BufferLimits => {
                let is_amount = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
                text.split(' ').filter(is_amount).find_map(memory::note)
            }
            Self::Integer { clamped: true, .. } => {
                let stored = self.parse(text).ok()?.to_string();
                (stored != text).then(|| format!("{text} is stored as {stored}"))
            }
            Self::Integer { .. }
            | Self::YesNo
            | Self::Word(_)
            | Self::Words(_)
            | Self::Octal
            | Self::KeyspaceEvents
            | Self::SavePoints
            | Self::Percentiles
            | Self::OomScores
            | Self::Addresses => None,
        }
    }
}

fn raised(memory: &Memory, text: &str) -> Option<String> {
    let (asked, least) = (memory::read(text).ok()?, memory.at_least?);
    (asked < least).then(|| format!("{text} is stored as {}", memory::write(least)))
}

fn parse_yes_no(text: &str) -> Result<Value, ParseValueError> {
    if text.eq_ignore_ascii_case("yes") {
        return Ok(Value::Bool(true));
    }
    if text.eq_ignore_ascii_case("no") {
        return Ok(Value::Bool(false));
    }
    let trimmed = text.trim();
    let meant = read_bool(trimmed).or_else(|| friendly_switch(trimmed).and_then(read_bool));
    let shown = if text.is_empty() {
        "an empty text"
    } else {
        text
    };
    Err(
        ParseValueError::new(format!("{shown} is neither yes nor no"))
            .suggesting(meant.map(|yes| if yes { "yes" } else { "no" }.to_owned())),
    )
}

fn parse_integer(text: &str, min: i64, max: i64, clamped: bool) -> Result<Value, ParseValueError> {
    let read = |text: &str| integer_in(text, min, max, clamped);
    read(text).map(Value::Integer).map_err(|message| {
        let meant = meant_integer(text).map(|number| number.to_string());
        ParseValueError::new(message)
            .suggesting(meant.filter(|meant| meant != text && read(meant).is_ok()))
    })
}

/// Reads a number within a range, or moves it into the range.
fn integer_in(text: &str, min: i64, max: i64, clamped: bool) -> Result<i64, String> {
    let shown = if text.is_empty() {
        "an empty text"
    } else {
        text
    };
    let number = read_integer(text).ok_or_else(|| format!("{shown} is not a plain number"))?;
    if clamped && (0..=i64::from(i32::MAX)).contains(&number) {
        return Ok(number.clamp(min, max));
    }
    if (min..=max).contains(&number) {
        return Ok(number);
    }
    let range = if max == i64::MAX {
        format!("{min} or more")
    } else {
        format!("{min} to {max}")
    };
    Err(format!("{text} is out of range: it takes {range}"))
}

/// A number as Redis takes it: no sign but `-`, no leading zero, nothing around it.
fn read_integer(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// The whole number that a text means which Redis does not take.
fn meant_integer(text: &str) -> Option<i64> {
    let plain: String = text.trim().chars().filter(|c| !matches!(c, '_')).collect();
    if let Ok(number) = plain.parse() {
        return Some(number);
    }
    let number: f64 = plain.parse().ok()?;
    let whole = number.abs() < 1e15 && number.fract().abs() <= 0.0;
    whole.then(|| format!("{number:.0}").parse().ok()).flatten()
}

fn parse_memory_or_percent(text: &str) -> Result<Value, ParseValueError> {
    let Some(percent) = text.strip_suffix('%') else {
        return Memory::default().parse(text);
    };
    match read_integer(percent) {
        // No share is no limit: the server shows it as an amount.
        Some(0) => Ok(Value::Bytes(0)),
        Some(percent @ 1..=100) => Ok(Value::Percent(percent.unsigned_abs())),
        _ => {
            let meant = meant_integer(percent).filter(|percent| (1..=100).contains(percent));
            Err(
                ParseValueError::new(format!("{text} is not a percentage from 0% to 100%"))
                    .suggesting(meant.map(|percent| format!("{percent}%"))),
            )
        }
    }
}

fn parse_octal(text: &str) -> Result<Value, ParseValueError> {
    match i64::from_str_radix(text, 8) {
        Ok(mode @ 0..=0o777) => Ok(Value::Integer(mode)),
        _ => Err(ParseValueError::new(format!(
            "{text} is not a file mode from 0 to 777"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(kind: &Kind, text: &str) -> Option<String> {
        kind.parse(text).unwrap_err().suggestion
    }

    #[test]
    fn only_yes_and_no_are_taken_and_the_right_one_is_offered() {
        assert_eq!(Kind::YesNo.parse("YES").unwrap(), Value::Bool(true));
        for (text, meant) in [
            ("true", "yes"),
            ("1", "yes"),
            ("on", "yes"),
            ("disabled", "no"),
        ] {
            assert_eq!(
                offered(&Kind::YesNo, text).as_deref(),
                Some(meant),
                "{text}"
            );
        }
    }

    #[test]
    fn numbers_are_plain() {
        let number = Kind::Integer {
            min: 0,
            max: 1_000_000,
            clamped: false,
        };
        assert_eq!(number.parse("300").unwrap(), Value::Integer(300));
        for (text, meant) in [
            ("1e2", "100"),
            ("+5", "5"),
            ("010", "10"),
            ("1_000", "1000"),
        ] {
            assert_eq!(offered(&number, text).as_deref(), Some(meant), "{text}");
        }
        assert_eq!(offered(&number, "300s"), None);
        assert_eq!(offered(&number, "-1"), None);
    }

    #[test]
    fn a_number_outside_of_the_range_of_hz_is_moved_into_it() {
        let hz = Kind::Integer {
            min: 1,
            max: 500,
            clamped: true,
        };
        assert_eq!(hz.parse("1000").unwrap(), hz.parse("500").unwrap());
        assert!(hz.note("1000").is_some());
        assert!(hz.parse("-1").is_err());
    }

    #[test]
    fn a_share_of_memory_is_not_an_amount() {
        let clients = Kind::MemoryOrPercent;
        assert_eq!(clients.parse("5%").unwrap(), Value::Percent(5));
        assert_eq!(clients.parse("0%").unwrap(), clients.parse("0").unwrap());
        assert!(clients.parse("101%").is_err());
        assert_eq!(offered(&clients, "05%").as_deref(), Some("5%"));
    }
}
