//! Which kind of server a target is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of server that dbtune can tune.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// PostgreSQL.
    Postgresql,
    /// Redis, or a server that speaks as Redis does (Valkey).
    Redis,
}

impl EngineKind {
    /// Every kind, in the order in which they are shown.
    pub const ALL: [Self; 2] = [Self::Postgresql, Self::Redis];

    /// The key in a profile, and the name of a target that was given without a targets file.
    pub fn key(self) -> &'static str {
        match self {
            Self::Postgresql => "postgresql",
            Self::Redis => "redis",
        }
    }

    /// The name as its makers write it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Postgresql => "PostgreSQL",
            Self::Redis => "Redis",
        }
    }

    /// The flag that names a target of this kind.
    pub fn flag(self) -> &'static str {
        match self {
            Self::Postgresql => "--postgres",
            Self::Redis => "--redis",
        }
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}
