//! When a changed setting takes effect.

use serde::{Deserialize, Serialize};

/// When a change of a setting takes effect, in the order in which a plan lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// As soon as the server has answered.
    Immediate,
    /// When the server has read its configuration files again.
    Reload,
    /// In sessions that begin after the change.
    NewSession,
    /// When the server has been restarted.
    Restart,
}

impl Effect {
    /// The word used in JSON and in tables.
    pub fn key(self) -> &'static str {
        match self {
            Self::Immediate => "immediate",
            Self::Reload => "reload",
            Self::NewSession => "new_session",
            Self::Restart => "restart",
        }
    }
}
