//! What values a setting takes, when two spellings are the same value, and how a value is written.

use serde::{Deserialize, Serialize};

use super::{Assignment, Input, ParseValueError, Value, postgresql, redis};

/// What values a setting takes. Built from what the server says of it (PostgreSQL) or from the
/// table of what Redis does not say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// Any text; two texts are equal when they are the same.
    Text,
    /// A kind of setting of PostgreSQL.
    Postgresql(postgresql::Kind),
    /// A kind of setting of Redis.
    Redis(redis::Kind),
}

impl Domain {
    /// Reads a text by the server's own rules: what it takes, and what it shows.
    pub fn parse(&self, text: &str) -> Result<Value, ParseValueError> {
        match self {
            Self::Text => Ok(Value::Text(text.to_owned())),
            Self::Postgresql(kind) => kind.parse(text),
            Self::Redis(kind) => kind.parse(text),
        }
    }

    /// Reads what a profile asks for. [`Input::Default`] has no value of its own: `None`.
    ///
    /// Stricter than [`Domain::parse`], which also reads what stands in a file: what cannot be
    /// written without harm is refused (a line break; an empty list of libraries, with which
    /// PostgreSQL does not start; a list where one value is wanted).
    pub fn parse_input(&self, input: &Input) -> Result<Option<Value>, ParseValueError> {
        refuse_line_breaks(input)?;
        match (self, input) {
            (Self::Postgresql(kind), _) => kind.parse_input(input),
            (Self::Redis(kind), _) => kind.parse_input(input),
            (Self::Text, Input::Default) => Ok(None),
            (Self::Text, Input::Text(text)) => self.parse(text).map(Some),
            (Self::Text, Input::List(items)) => {
                let only = if let [only] = items.as_slice() {
                    Some(only.clone())
                } else {
                    None
                };
                Err(ParseValueError::new("it takes one value, not a list").suggesting(only))
            }
        }
    }

    /// Writes a value so that a person reads it easily: in the largest unit that is exact. What comes
    /// out is read as the same value.
    pub fn format(&self, value: &Value) -> String {
        let written = match self {
            Self::Text => None,
            Self::Postgresql(kind) => kind.format(value),
            Self::Redis(kind) => kind.format(value),
        };
        written.unwrap_or_else(|| value.to_string())
    }

    /// What to send so that the server takes this input.
    pub fn assignment(&self, input: &Input) -> Assignment {
        match (self, input) {
            (Self::Postgresql(kind), _) => kind.assignment(input),
            (Self::Redis(kind), _) => kind.assignment(input),
            (Self::Text, Input::Default) => Assignment::Reset,
            (Self::Text, Input::Text(text)) => Assignment::Set(vec![text.clone()]),
            (Self::Text, Input::List(items)) => Assignment::Set(vec![items.join(", ")]),
        }
    }

    /// The value that an assignment leaves behind; `None` for one that takes the override away.
    pub fn assigned(&self, assignment: &Assignment) -> Result<Option<Value>, ParseValueError> {
        let Assignment::Set(literals) = assignment else {
            return Ok(None);
        };
        match self {
            Self::Postgresql(kind) => kind.assigned(literals),
            Self::Text | Self::Redis(_) => self.parse(&literals.join(" ")),
        }
        .map(Some)
    }

    /// What to send so that the server stores this raw text again, as a file or a server gave it.
    pub fn restore(&self, raw: &str) -> Assignment {
        self.assignment(&Input::Text(raw.to_owned()))
    }

    /// Whether the running value tells nothing about whether `value` is configured: the server works
    /// out another one in its place (`wal_buffers = -1`), or shows something else altogether (`archive_command`).
    /// Then only the files tell.
    pub fn is_automatic(&self, value: &Value) -> bool {
        match self {
            Self::Postgresql(kind) => kind.is_automatic(value),
            Self::Text | Self::Redis(_) => false,
        }
    }

    /// How many bytes a value of this setting is; `None` when it is no amount of memory, or one that the
    /// server works out itself (below 0).
    pub fn bytes(&self, value: &Value) -> Option<u64> {
        match (self, value) {
            (_, Value::Bytes(bytes)) => Some(*bytes),
            (Self::Postgresql(kind), Value::Integer(number)) => kind.bytes(*number),
            (Self::Text | Self::Postgresql(_) | Self::Redis(_), _) => None,
        }
    }

    /// What a person should know about a spelling that the server takes, as a fragment without a full
    /// stop: it is rounded (to 0, even), read as octal, or counts in thousands.
    pub fn note(&self, text: &str) -> Option<String> {
        match self {
            Self::Text => None,
            Self::Postgresql(kind) => kind.note(text),
            Self::Redis(kind) => kind.note(text),
        }
    }
}

/// Neither server stores a line break in a value.
fn refuse_line_breaks(input: &Input) -> Result<(), ParseValueError> {
    let texts = match input {
        Input::Default => [].as_slice(),
        Input::Text(text) => std::slice::from_ref(text),
        Input::List(items) => items.as_slice(),
    };
    if texts.iter().any(|text| text.contains(['\n', '\r', '\0'])) {
        return Err(ParseValueError::new(
            "a value must not have a line break or a NUL in it",
        ));
    }
    Ok(())
}
