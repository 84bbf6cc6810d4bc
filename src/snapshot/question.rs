//! What the planner wants to know of a server or its host before it can judge a change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::setting::SettingName;

/// Something that a snapshot does not hold, because it depends on what is planned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Whether the server finds a library of this name, as `shared_preload_libraries` gives it.
    Library(String),
    /// Whether this file is there; a relative path begins at the data directory.
    File(String),
    /// Whether this folder is there; a relative path begins at the data directory.
    Folder(String),
    /// Whether the server would start with these settings besides those in its files: raw values,
    /// by name. Asked by trying it, aside, where programs and files are on this host.
    Start(BTreeMap<SettingName, String>),
}

/// What came of a [`Question`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Yes.
    Yes,
    /// No: why, in the server's own words where it has said something.
    No(String),
    /// Nobody can tell from here: why not, and what right or place would be needed.
    Unknown(String),
}

impl Question {
    /// Whether it is answered by trying a start, which takes longer than a look.
    pub fn is_trial(&self) -> bool {
        matches!(self, Self::Start(_))
    }
}
