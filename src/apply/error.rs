//! Why a run did not end as planned, and what was left behind.

use crate::engine::EngineError;
use crate::ledger::{LedgerError, Life, Outcome, RecordedChange, StoredRun};
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
    /// Another run is under way, although no lock is held: it restarts a server. Nothing was changed.
    #[error("run {run} by {who}, begun {started_at}, is under way")]
    UnderWay {
        /// The run.
        run: String,
        /// Who runs it, as `user@host`.
        who: String,
        /// When it began.
        started_at: String,
        /// Until when it may be busy, where it is known by the shared history alone.
        until: Option<String>,
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
    /// What a run before this one had changed was put back, and that could not be written down.
    #[error("run {run} was cut off; it has been put back, but that could not be recorded")]
    SettledUnrecorded {
        /// The run that was cut off.
        run: String,
        /// Why it could not be written down.
        #[source]
        source: LedgerError,
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
        /// Servers that run with earlier values on their command line, and would not start without.
        held: Vec<Held>,
    },
}

impl ApplyError {
    /// That a run is under way.
    pub fn under_way(stored: &StoredRun) -> Self {
        let run = &stored.intent;
        Self::UnderWay {
            run: run.run.clone(),
            who: run.who.clone(),
            started_at: run.started_at.clone(),
            until: match &stored.life {
                Life::BusyUntil(until) | Life::SettlingUntil(until) => Some(until.clone()),
                Life::Here | Life::Gone | Life::Unknown => None,
            },
        }
    }
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
    /// No order of restarts keeps every standby at least at what its primary has.
    #[error(
        "{} cannot be restarted in any order: a standby would have less than its primary",
        targets.join(", ")
    )]
    NoOrder {
        /// The targets that are left.
        targets: Vec<String>,
    },
    /// A standby does not come to the point at which its primary was restarted.
    #[error(
        "{target} has {behind} bytes to replay of what {primary} had written when it was restarted{}",
        if *is_paused { ", and its replay is paused" } else { "" }
    )]
    NotReplayed {
        /// The standby.
        target: String,
        /// Its primary.
        primary: String,
        /// How many bytes of the log are missing.
        behind: u64,
        /// Whether its replay is paused.
        is_paused: bool,
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
    /// A trial of the start failed, so that the target was not restarted.
    #[error("{target} was not restarted, because it would not start: {reason}")]
    WouldNotStart {
        /// The target.
        target: String,
        /// The server's own words.
        reason: String,
    },
    /// The server did not come back from its restart, and could not be brought back.
    #[error("{target} is down: {reason}")]
    Down {
        /// The target.
        target: String,
        /// What failed, and why it could not be mended.
        reason: String,
        /// What a person would do, line by line.
        steps: Vec<String>,
    },
}

/// A server that lives by options on its command line alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The target.
    pub target: String,
    /// The settings for which its files hold what was stored before this run.
    pub settings: Vec<SettingName>,
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
