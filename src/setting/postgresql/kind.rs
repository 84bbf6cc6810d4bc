//! The kinds of settings that PostgreSQL has.

use serde::{Deserialize, Serialize};

use super::integer::Integer;
use super::list::{self, CommaList, QuotedList};
use super::real::Real;
use super::text;
use super::words::parse_bool;
use crate::setting::words::Words;
use crate::setting::{Assignment, Input, ParseValueError, Value};

/// A kind of setting, with what is particular to one setting of it. A plain text is
/// [`crate::setting::Domain::Text`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// On or off.
    Bool,
    /// A whole number.
    Integer(Integer),
    /// A number with a fraction.
    Real(Real),
    /// One of some words.
    Enum(Words),
    /// A list whose elements the server quotes each.
    QuotedList(QuotedList),
    /// A list that is one text for the server.
    CommaList(CommaList),
    /// `synchronous_standby_names`.
    StandbyNames,
    /// `log_connections`, since PostgreSQL 18.
    LogConnections,
    /// `DateStyle`.
    DateStyle,
    /// A time zone.
    TimeZone,
    /// An encoding.
    Encoding,
    /// `archive_command`: shown as `(disabled)` while archiving is off.
    ArchiveCommand,
    /// A name that the server keeps in ASCII.
    AsciiName {
        /// Whether other bytes become `\xNN`; before PostgreSQL 16 they become `?`.
        escapes: bool,
    },
    /// A path.
    Path,
    /// A path that the server shows with the data directory before it.
    PathInDataDirectory,
}

impl Kind {
    /// Reads a text by the server's rules.
    pub(crate) fn parse(&self, text: &str) -> Result<Value, ParseValueError> {
        match self {
            Self::Bool => parse_bool(text),
            Self::Integer(integer) => integer.parse(text),
            Self::Real(real) => real.parse(text),
            Self::Enum(words) => words.parse(text),
            Self::QuotedList(list) => list.parse(text),
            Self::CommaList(list) => list.parse(text),
            Self::StandbyNames => Ok(text::standby_names(text)),
            Self::LogConnections => list::parse_log_connections(text),
            Self::DateStyle => text::parse_date_style(text),
            Self::TimeZone => Ok(text::time_zone(text)),
            Self::Encoding => text::parse_encoding(text),
            Self::ArchiveCommand => Ok(Value::Text(text.to_owned())),
            Self::AsciiName { escapes } => Ok(text::ascii_name(text, *escapes)),
            Self::Path | Self::PathInDataDirectory => Ok(text::path(text)),
        }
    }

    /// Reads what a profile asks for; `None` when it asks for the default.
    pub(crate) fn parse_input(&self, input: &Input) -> Result<Option<Value>, ParseValueError> {
        match (self, input) {
            (_, Input::Default) => Ok(None),
            (Self::QuotedList(list), Input::Text(text)) => {
                let value = list.parse(text)?;
                list.parse_input(&list.elements(input).unwrap_or_default())?;
                Ok(Some(value))
            }
            (Self::QuotedList(list), Input::List(_)) => {
                let elements = list.elements(input).unwrap_or_default();
                list.parse_input(&elements)?;
                Ok(Some(list.value(elements)))
            }
            (_, Input::Text(text)) => self.parse(text).map(Some),
            (_, Input::List(items)) if self.is_list() => self.parse(&items.join(", ")).map(Some),
            (_, Input::List(items)) => {
                let only = match items.as_slice() {
                    [only] if self.parse(only).is_ok() => Some(only.clone()),
                    _ => None,
                };
                Err(ParseValueError::new("it takes one value, not a list").suggesting(only))
            }
        }
    }

    /// The value that these literals leave behind when they are sent.
    pub(crate) fn assigned(&self, literals: &[String]) -> Result<Value, ParseValueError> {
        match (self, literals) {
            // As the server writes them into its file: each with quotes where it needs them.
            (Self::QuotedList(list), _) => list.parse(&list::join(
                literals.iter().map(String::as_str),
                list.splitting,
            )),
            (_, [one]) => self.parse(one),
            (_, many) => self.parse(&many.join(", ")),
        }
    }

    /// Whether a sequence can be given for it.
    fn is_list(&self) -> bool {
        matches!(
            self,
            Self::QuotedList(_)
                | Self::CommaList(_)
                | Self::StandbyNames
                | Self::LogConnections
                | Self::DateStyle
        )
    }

    /// Writes a value; `None` when it is not one of this kind.
    pub(crate) fn format(&self, value: &Value) -> Option<String> {
        match (self, value) {
            (Self::Integer(integer), Value::Integer(number)) => Some(integer.format(*number)),
            (Self::Real(real), Value::Real(number)) => Some(real.format(*number)),
            (Self::QuotedList(list), Value::List(items)) => {
                Some(list::join(items.iter().map(String::as_str), list.splitting))
            }
            (Self::CommaList(list), value) => list.format(value),
            (Self::LogConnections, Value::Set(aspects)) if aspects.is_empty() => {
                Some("off".to_owned())
            }
            _ => None,
        }
    }

    /// What to send so that the server takes this input.
    pub(crate) fn assignment(&self, input: &Input) -> Assignment {
        match (self, input) {
            (_, Input::Default) => Assignment::Reset,
            (Self::QuotedList(list), Input::Text(text)) => list
                .elements(input)
                .map_or_else(|| literal(text), |items| list.assignment(items)),
            (Self::QuotedList(list), Input::List(_)) => {
                list.assignment(list.elements(input).unwrap_or_default())
            }
            (_, Input::Text(text)) => literal(text),
            (_, Input::List(items)) => literal(&items.join(", ")),
        }
    }

    /// Whether what runs tells nothing about whether this value is configured.
    pub(crate) fn is_automatic(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Integer(integer), Value::Integer(number)) => integer.is_automatic(*number),
            (Self::PathInDataDirectory, Value::Text(path)) => !path.starts_with('/'),
            (Self::ArchiveCommand, _) => true,
            _ => false,
        }
    }

    /// How many bytes so many of its unit are.
    pub(crate) fn bytes(&self, number: i64) -> Option<u64> {
        let Self::Integer(integer) = self else {
            return None;
        };
        let unit = integer.unit.as_ref()?.bytes()?;
        u64::try_from(number).ok()?.checked_mul(unit)
    }

    /// What to know about a spelling.
    pub(crate) fn note(&self, text: &str) -> Option<String> {
        match self {
            Self::Integer(integer) => integer.note(text),
            Self::Real(real) => real.note(text),
            Self::Bool
            | Self::Enum(_)
            | Self::QuotedList(_)
            | Self::CommaList(_)
            | Self::StandbyNames
            | Self::LogConnections
            | Self::DateStyle
            | Self::TimeZone
            | Self::Encoding
            | Self::ArchiveCommand
            | Self::AsciiName { .. }
            | Self::Path
            | Self::PathInDataDirectory => None,
        }
    }
}

fn literal(text: &str) -> Assignment {
    Assignment::Set(vec![text.to_owned()])
}
