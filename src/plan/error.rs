//! Why no plan could be made.

use crate::setting::{EngineKind, SettingName};

/// Why no plan could be made. Nothing was changed. Every text is free of secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A phase was asked for that the profile does not have.
    #[error("the profile {profile} has no phase {number}")]
    UnknownPhase {
        /// Name of the profile.
        profile: String,
        /// The number asked for.
        number: u32,
        /// The numbers it has.
        known: Vec<u32>,
    },
    /// A target was asked for, or is named in a run, that is not among those read.
    #[error("there is no target {name}")]
    UnknownTarget {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// The profile has settings for a kind of server of which no target was given.
    #[error("phase {phase} has settings for {engine}, and no {engine} target is given")]
    NoTarget {
        /// The phase.
        phase: u32,
        /// The kind of server.
        engine: EngineKind,
    },
    /// The server does not know a setting.
    #[error("{target} has no setting {setting}")]
    UnknownSetting {
        /// Name of the target.
        target: String,
        /// The setting.
        setting: SettingName,
    },
    /// A value is none that the setting takes.
    #[error("{setting} on {target} cannot be {value}: {reason}")]
    Value {
        /// Name of the target.
        target: String,
        /// The setting.
        setting: SettingName,
        /// The value, `***` where it is secret.
        value: String,
        /// What is wrong with it, as a fragment without a full stop.
        reason: String,
        /// What is probably meant.
        suggestion: Option<String>,
    },
}
