//! A value that was understood.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

/// A value that was understood. Two spellings of one value are equal as `Value`.
///
/// Whether a server *has* what a profile asks for is answered by [`Value::is_met_by`], because some
/// settings can be asked for in part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A text; every character counts.
    Text(String),
    /// A text in which case does not count.
    Name(Caseless),
    /// One of a fixed set of words, as the server shows it.
    Word(String),
    /// On or off, yes or no.
    Bool(bool),
    /// A whole number, in the unit of its setting.
    Integer(i64),
    /// A number, in the unit of its setting, at the six significant digits that PostgreSQL shows.
    Real(f64),
    /// An amount of memory in bytes (Redis).
    Bytes(u64),
    /// A share of `maxmemory`, in percent (Redis).
    Percent(u64),
    /// Elements whose order counts.
    List(Vec<String>),
    /// Elements whose order does not count.
    Set(BTreeSet<String>),
    /// `DateStyle`: how dates are written and how they are read. What is not said stays as it is.
    DateStyle {
        /// `ISO`, `SQL`, `Postgres` or `German`.
        style: Option<String>,
        /// `MDY`, `DMY` or `YMD`.
        order: Option<String>,
    },
    /// Points at which Redis saves: after so many seconds, if so many keys were changed.
    SavePoints(BTreeSet<(u64, u64)>),
    /// Limits of output buffers by class of client (Redis). A class that is not named stays as it is.
    BufferLimits(BTreeMap<String, BufferLimit>),
}

/// When Redis disconnects a client that does not read fast enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BufferLimit {
    /// At once above so many bytes; 0: never.
    pub hard: u64,
    /// Above so many bytes for `seconds` on end; 0: never.
    pub soft: u64,
    /// How long the soft limit may be exceeded.
    pub seconds: u64,
}

/// A text that keeps its spelling and is compared without regard to case.
#[derive(Debug, Clone, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Caseless(String);

impl Caseless {
    /// A text as it was written.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Caseless {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Value {
    /// The number of a whole number, in the unit of its setting; `None` for any other kind.
    pub fn as_integer(&self) -> Option<i64> {
        if let Self::Integer(number) = self {
            return Some(*number);
        }
        None
    }

    /// Whether a server whose value is `live` has what `self` asks for. The same as equality, but for
    /// `DateStyle` and `client-output-buffer-limit`: there, only what is asked for is compared.
    pub fn is_met_by(&self, live: &Self) -> bool {
        match (self, live) {
            (
                Self::DateStyle { style, order },
                Self::DateStyle {
                    style: live_style,
                    order: live_order,
                },
            ) => {
                is_met(style.as_ref(), live_style.as_ref())
                    && is_met(order.as_ref(), live_order.as_ref())
            }
            (Self::BufferLimits(asked), Self::BufferLimits(has)) => asked
                .iter()
                .all(|(class, limit)| has.get(class) == Some(limit)),
            _ => self == live,
        }
    }
}

/// Whether what was asked for, if anything, is there.
fn is_met<T: PartialEq>(asked: Option<&T>, has: Option<&T>) -> bool {
    asked.is_none() || asked == has
}

impl fmt::Display for Value {
    /// The value without its unit. [`super::Domain::format`] knows the unit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Word(text) => f.write_str(text),
            Self::Name(name) => f.write_str(name.as_str()),
            Self::Bool(on) => f.write_str(if *on { "on" } else { "off" }),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Real(number) => f.write_str(&super::postgresql::shown(*number)),
            Self::Bytes(bytes) => write!(f, "{bytes}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::List(items) => f.write_str(&items.join(", ")),
            Self::Set(items) => f.write_str(&joined(items, ", ")),
            Self::DateStyle { style, order } => {
                f.write_str(&joined(style.iter().chain(order), ", "))
            }
            Self::SavePoints(points) => {
                let points = points
                    .iter()
                    .map(|(seconds, changes)| format!("{seconds} {changes}"));
                f.write_str(&joined(points, " "))
            }
            Self::BufferLimits(limits) => {
                let limits = limits
                    .iter()
                    .map(|(class, limit)| format!("{class} {limit}"));
                f.write_str(&joined(limits, " "))
            }
        }
    }
}

impl fmt::Display for BufferLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.hard, self.soft, self.seconds)
    }
}

/// The texts, with a separator between them.
fn joined(items: impl IntoIterator<Item = impl AsRef<str>>, separator: &str) -> String {
    let mut text = String::new();
    for item in items {
        if !text.is_empty() {
            text.push_str(separator);
        }
        text.push_str(item.as_ref());
    }
    text
}
