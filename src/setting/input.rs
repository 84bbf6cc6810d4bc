//! What a profile asks for, and what is sent to a server for it.

use serde::{Deserialize, Serialize};

/// The value of a setting as it stands in a profile, its variables already filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// `default`: the override is to be taken away.
    Default,
    /// One text, exactly as it stands in the file.
    Text(String),
    /// A sequence of texts, for a setting that holds a list.
    List(Vec<String>),
}

/// One write to one setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignment {
    /// Set it to these literals: one, or for a PostgreSQL list one for each element.
    Set(Vec<String>),
    /// Take the override away (`ALTER SYSTEM RESET`). Redis has no such thing.
    Reset,
}
