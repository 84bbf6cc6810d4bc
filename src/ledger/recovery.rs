//! How a server would be brought back that a restart could take down, written before that restart.

use serde::{Deserialize, Serialize};

use crate::setting::SettingName;

/// How a target would be brought back that does not come back from a restart. Lies in the local journal
/// before the restart command is run: the server itself may not be there to tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// The run that restarts.
    pub run: String,
    /// The target.
    pub target: String,
    /// The earlier values, raw, of what keeps it from starting: options for a start.
    pub overrides: Vec<(SettingName, String)>,
    /// What `pg_ctl restart` would have started it with, where that can be seen.
    pub start_options: Option<String>,
    /// What a person would do, line by line.
    pub steps: Vec<String>,
}

/// A restart that happened in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restart {
    /// The target.
    pub target: String,
    /// Connections that were in use before it; `None` where that was not told.
    pub connections: Option<u32>,
    /// How many of them were in a transaction.
    pub in_transaction: Option<u32>,
    /// The version before it.
    pub version_before: String,
    /// The version after it: another one where a package was updated before.
    pub version_after: String,
}
