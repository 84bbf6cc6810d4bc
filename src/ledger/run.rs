//! One run, as it is remembered.

use serde::{Deserialize, Serialize};

use super::Restart;
use crate::plan::{Change, Seen, TargetFacts};
use crate::setting::{Assignment, Effect, EngineKind, SettingName};
use crate::snapshot::Entry;

/// What a run was about to do, written before it did anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// A ULID: 26 characters that sort by time.
    pub run: String,
    /// The command that made it.
    pub command: RunCommand,
    /// The profile that it applied; for a rollback that of the run it undoes.
    pub profile: String,
    /// The phases, ascending.
    pub phases: Vec<u32>,
    /// When it began, RFC 3339 in UTC.
    pub started_at: String,
    /// Who ran it, as `user@host`.
    pub who: String,
    /// The servers that it was to change or restart, as they were before it.
    pub targets: Vec<TargetFacts>,
    /// Every write, in order.
    pub changes: Vec<RecordedChange>,
    /// For a rollback: the run that it undoes.
    pub undoes: Option<String>,
}

/// One write of a run, with what it takes to go back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedChange {
    /// The phase that asked for it.
    pub phase: u32,
    /// Name of the target.
    pub target: String,
    /// Its kind.
    pub engine: EngineKind,
    /// The setting.
    pub setting: SettingName,
    /// When the write takes effect.
    pub effect: Effect,
    /// What ran before, as shown to a person; `***` for a secret.
    pub before: Option<String>,
    /// What it was to become, as shown.
    pub after: String,
    /// Whether its values may not be kept.
    pub secret: bool,
    /// The raw values before; `None` for a secret, which is never stored.
    pub seen: Option<Seen>,
    /// What was to be sent; `None` for a secret.
    pub assignment: Option<Assignment>,
    /// What to send to go back; `None` where that would be a secret.
    pub undo: Option<Assignment>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// The run.
    pub run: String,
    /// When, RFC 3339 in UTC.
    pub finished_at: String,
    /// With what.
    pub outcome: Outcome,
    /// What became of each write.
    pub changes: Vec<RecordedOutcome>,
    /// Names of the targets that were restarted.
    pub restarted: Vec<String>,
    /// The restarts, each with what was seen of it.
    #[serde(default)]
    pub restarts: Vec<Restart>,
    /// Names of the targets that must be restarted before everything is in effect.
    pub pending_restart: Vec<String>,
    /// Why it failed, where it did.
    pub error: Option<String>,
    /// The run that ended it, where a later one settled it after it was cut off.
    pub settled_by: Option<String>,
}

/// What became of one write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedOutcome {
    /// Name of the target.
    pub target: String,
    /// The setting.
    pub setting: SettingName,
    /// What became of it.
    pub outcome: Outcome,
}

/// The commands that make runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunCommand {
    /// `dbtune apply`.
    Apply,
    /// `dbtune rollback`.
    Rollback,
}

/// How a run, or one write of it, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything is in effect.
    Applied,
    /// There was nothing to write.
    NothingToDo,
    /// Everything is stored, and something waits for a restart.
    PendingRestart,
    /// A rollback that went back, or an apply that failed and put everything back.
    RolledBack,
    /// It failed, and not everything could be put back.
    Failed,
    /// Nothing was written, because a check said no.
    Refused,
}

/// A run as the ledgers remember it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRun {
    /// What it was to do.
    pub intent: Run,
    /// How it ended; `None` while it runs, and for ever when it was cut off.
    pub ending: Option<Ending>,
    /// What is seen of the process that makes it.
    pub life: Life,
}

/// What is seen of the process that makes a run, locks on servers left aside: those go with a server
/// that the run restarts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Life {
    /// It holds its file in the local journal.
    Here,
    /// It is of this machine, and holds its file no more.
    Gone,
    /// It has written into the shared history that it may restart a server until then, which is in the
    /// future by the clock of the server.
    BusyUntil(String),
    /// It was cut off, and another machine that settles it may restart a server until then.
    SettlingUntil(String),
    /// Nothing says that it lives; only a lock on a server could.
    Unknown,
}

/// What is known of a run that is looked at later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// It ended so.
    Ended(Outcome),
    /// It never ended, and nothing says that it lives: it was cut off.
    Interrupted,
    /// It never ended, and its process lives or somebody holds the lock.
    Running,
}

impl RunCommand {
    /// The word that is typed.
    pub fn key(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Rollback => "rollback",
        }
    }
}

impl Outcome {
    /// The word used in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::NothingToDo => "nothing_to_do",
            Self::PendingRestart => "pending_restart",
            Self::RolledBack => "rolled_back",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }
}

impl RunState {
    /// The word used in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::Ended(outcome) => outcome.key(),
            Self::Interrupted => "interrupted",
            Self::Running => "running",
        }
    }
}

impl StoredRun {
    /// Whether it is under way for certain: nobody else may settle it, whatever locks are free.
    pub fn is_alive(&self) -> bool {
        let lives = match self.life {
            Life::Here | Life::BusyUntil(_) | Life::SettlingUntil(_) => true,
            Life::Gone | Life::Unknown => false,
        };
        lives && self.ending.is_none()
    }

    /// Whether it is unsettled, and only the locks on the servers can tell whether it is under way.
    pub fn may_be_cut_off(&self) -> bool {
        self.is_unsettled() && !self.is_alive()
    }

    /// Whether something may have been left behind: it never ended, or it failed halfway.
    pub fn is_unsettled(&self) -> bool {
        match &self.ending {
            None => true,
            Some(ending) => ending.outcome == Outcome::Failed,
        }
    }

    /// Whether its writes are in force, so that it can be undone. Of a rollback, [`Outcome::RolledBack`]
    /// is the good end unless it failed or was cut off, and was put back itself.
    pub fn stands(&self) -> bool {
        let Some(ending) = &self.ending else {
            return false;
        };
        let went_back = self.intent.command == RunCommand::Rollback && !self.was_put_back();
        let is_in_force = match ending.outcome {
            Outcome::Applied | Outcome::PendingRestart => true,
            Outcome::RolledBack => went_back,
            Outcome::NothingToDo | Outcome::Failed | Outcome::Refused => false,
        };
        is_in_force && !self.intent.changes.is_empty()
    }

    /// Whether it failed or was cut off, and everything that it had written was put back.
    pub fn was_put_back(&self) -> bool {
        self.ending
            .as_ref()
            .is_some_and(|ending| ending.outcome == Outcome::RolledBack && ending.error.is_some())
    }
}

impl From<&Change> for RecordedChange {
    /// The write with all of its values, secrets included: for the executor's memory. What goes
    /// into a ledger is [`RecordedChange::without_secrets`].
    fn from(change: &Change) -> Self {
        Self {
            phase: change.phase,
            target: change.target.clone(),
            engine: change.engine,
            setting: change.setting.clone(),
            effect: change.effect,
            before: change.current.clone(),
            after: change.desired.clone(),
            secret: change.secret,
            seen: Some(change.seen.clone()),
            assignment: Some(change.assignment.clone()),
            undo: Some(change.undo.clone()),
        }
    }
}

impl RecordedChange {
    /// The raw text that was stored before; `None` where there was none, or it is secret.
    pub fn before_raw(&self) -> Option<String> {
        let seen = self.seen.as_ref()?;
        match (self.engine, &seen.entry) {
            (EngineKind::Redis, _) => Some(seen.running.clone()),
            (EngineKind::Postgresql, Entry::Present(raw)) => Some(raw.clone()),
            (EngineKind::Postgresql, Entry::Absent | Entry::Unknown) => None,
        }
    }

    /// The write as a ledger may keep it. Of a secret nothing is kept but how to take it away.
    #[must_use]
    pub fn without_secrets(&self) -> Self {
        if !self.secret {
            return self.clone();
        }
        Self {
            seen: None,
            assignment: self.assignment.clone().filter(tells_nothing),
            undo: self.undo.clone().filter(tells_nothing),
            ..self.clone()
        }
    }
}

/// Whether an assignment to a secret setting may be kept: it takes the secret away.
fn tells_nothing(assignment: &Assignment) -> bool {
    match assignment {
        Assignment::Reset => true,
        Assignment::Set(literals) => literals.iter().all(String::is_empty),
    }
}
