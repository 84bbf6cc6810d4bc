//! Why a run did not end as planned, and what was left behind.

use crate::engine::EngineError;
use crate::ledger::{LedgerError, Outcome, RecordedChange};
use crate::setting::SettingName;

/// Why a run did not end as planned.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Another run holds the lock. Nothing was changed.
    #[error("another dbtune run holds the lock on {target}: {holder}")]
    Locked {
        /// On which target.
        target: String,
        /// Who holds it.
        holder: String,
    },
    /// The user asked to stop before anything was written.
    #[error("interrupted before anything was changed")]
    InterruptedBefore,
    /// A server could not be asked before anything was written.
    #[error("nothing was changed")]
    NotBegun(#[source] EngineError),
    /// The intent could not be written, so nothing was begun.
    #[error("the run could not be recorded, so nothing was changed")]
    NotRecorded(#[source] LedgerError),
    /// A run before this one was cut off and cannot be settled.
    #[error("run {run} was cut off and could not be settled: {reason}")]
    NotSettled {
        /// The run that was cut off.
        run: String,
        /// Why it cannot be settled.
        reason: String,
        /// What it left behind.
        left: Vec<Left>,
    },
    /// A step failed. Everything that is not in `left` is as it was before.
    #[error("run {run} failed")]
    Failed {
        /// The run.
        run: String,
        /// What failed.
        #[source]
        cause: Cause,
        /// What became of each write that was begun.
        changes: Vec<(RecordedChange, Outcome)>,
        /// Names of the targets that were restarted.
        restarted: Vec<String>,
        /// What could not be put back.
        left: Vec<Left>,
        /// Targets that must be restarted before what was put back is in effect again.
        pending_restart: Vec<String>,
    },
}

/// What failed in a run.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// A server failed or refused.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The history could not be written.
    #[error("the history could not be written")]
    Ledger(#[from] LedgerError),
    /// The server took the write and shows another value.
    #[error("{target} took the write of {setting} but {what}")]
    NotAsWritten {
        /// The target.
        target: String,
        /// The setting.
        setting: SettingName,
        /// What it shows instead.
        what: String,
    },
    /// The restart command could not be run, failed, or took too long.
    #[error("the restart command of {target} failed: {reason}")]
    RestartCommand {
        /// The target.
        target: String,
        /// Why, with what the command printed.
        reason: String,
    },
    /// The restart command said it succeeded, and the server is not back or never went away.
    #[error("{target} after its restart command: {reason}")]
    NotRestarted {
        /// The target.
        target: String,
        /// What was seen.
        reason: String,
    },
}

/// Something that a failed run could not put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The target.
    pub target: String,
    /// The setting.
    pub setting: SettingName,
    /// Why it could not be put back.
    pub because: String,
    /// The statement that would put it back, without secrets.
    pub statement: String,
}

impl Cause {
    /// Whether the user asked to stop.
    pub fn is_interrupt(&self) -> bool {
        matches!(
            self,
            Self::Interrupted | Self::Engine(EngineError::Interrupted)
        )
    }
}
