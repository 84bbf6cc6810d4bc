//! Puts back what a run changed, in reverse order, whatever state the servers are in.

use std::time::Duration;

use super::batch::Batch;
use super::execute::Executor;
use super::{Event, Left, Undoing, verify};
use crate::engine::postgresql::literal;
use crate::engine::{EngineError, Lock};
use crate::ledger::RecordedChange;
use crate::setting::{Assignment, EngineKind};
use crate::snapshot::Snapshot;

/// How long a server that went away may take to come back before it is given up.
const RECONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// How long the lock may take to be had again after the connection that held it was lost.
const RELOCK_TRIES: u32 = 200;

/// What came of putting back.
#[derive(Debug, Default)]
pub(super) struct Back {
    /// What could not be put back.
    pub(super) left: Vec<Left>,
    /// Targets whose files are as before and that must be restarted to run as before.
    pub(super) pending_restart: Vec<String>,
}

impl Executor<'_> {
    /// Puts back every batch that may have reached a server, the last one first.
    pub(super) fn put_back(&mut self, begun: &[Batch], restarted: &[String]) -> Back {
        let mut back = Back::default();
        for batch in begun.iter().rev() {
            match self.put_back_batch(batch) {
                Ok(left) => back.left.extend(left),
                Err(error) => back.left.extend(self.leave(batch, &error)),
            }
        }
        self.restart_again(begun, restarted);
        back.pending_restart = self.still_pending(begun);
        back
    }

    /// Puts one batch back and returns what would not go. Nothing is written where the server shows
    /// that the write never arrived.
    pub(super) fn put_back_batch(&mut self, batch: &Batch) -> Result<Vec<Left>, EngineError> {
        let before = self.revive(&batch.target)?;
        let to_undo: Vec<&RecordedChange> = batch
            .changes
            .iter()
            .rev()
            .filter(|change| !is_back_in(change, &before))
            .collect();
        self.undo(&batch.target, &to_undo);
        self.act(&batch.target, |engine| engine.activate())?;
        let after = self.snapshot(&batch.target)?;
        let mut left = Vec::new();
        for change in batch.changes.iter().rev() {
            if is_back_in(change, &after) {
                (self.report)(Event::Undoing(Undoing::PutBack {
                    target: batch.target.clone(),
                    setting: change.setting.clone(),
                }));
            } else {
                left.push(self.leave_one(change, "the server still shows another value"));
            }
        }
        if !to_undo.is_empty() && self.is_persisted(&batch.target) {
            self.persist_what_is_back(&batch.target)?;
        }
        Ok(left)
    }

    /// Writes into the file of a Redis what runs again. A server that refuses that, and that has not
    /// rewritten its file in this run, has the earlier values there already.
    fn persist_what_is_back(&mut self, target: &str) -> Result<(), EngineError> {
        let is_untouched = self
            .rewritten
            .as_ref()
            .is_some_and(|rewritten| !rewritten.contains(target));
        match self.act(target, |engine| engine.persist()) {
            Err(EngineError::Refused { .. }) if is_untouched => Ok(()),
            outcome => outcome,
        }
    }

    /// Sends what goes back, together where that works, else one by one so that one refusal does
    /// not keep the others from going back. What came of it is asked of the server afterwards.
    fn undo(&mut self, target: &str, changes: &[&RecordedChange]) {
        let writes: Vec<_> = changes
            .iter()
            .filter_map(|change| Some((change.setting.clone(), change.undo.clone()?)))
            .collect();
        if writes.is_empty() || self.act(target, |engine| engine.write(&writes)).is_ok() {
            return;
        }
        for write in &writes {
            drop(self.act(target, |engine| engine.write(std::slice::from_ref(write))));
        }
    }

    /// Reads a server, connecting anew where the connection is gone, and makes sure of the lock.
    fn revive(&mut self, target: &str) -> Result<Snapshot, EngineError> {
        if let Ok(snapshot) = self.snapshot(target) {
            return Ok(snapshot);
        }
        self.act(target, |engine| engine.reconnect(RECONNECT_PATIENCE))?;
        self.relock(target)?;
        self.snapshot(target)
    }

    /// Takes the lock again on a server whose connection was lost. The old connection's lock may
    /// live on for a moment, until the server notices; or another run holds it while it finds out that
    /// this one is under way, and gives it back.
    pub(super) fn relock(&mut self, target: &str) -> Result<(), EngineError> {
        for _ in 0..RELOCK_TRIES {
            if self.act(target, |engine| engine.try_lock())? == Lock::Taken {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(EngineError::Unexpected {
            target: target.to_owned(),
            statement: "taking the lock again".to_owned(),
            reason: "another dbtune run holds it".to_owned(),
        })
    }

    fn leave(&mut self, batch: &Batch, error: &EngineError) -> Vec<Left> {
        let because = error.to_string();
        batch
            .changes
            .iter()
            .rev()
            .map(|change| self.leave_one(change, &because))
            .collect()
    }

    pub(super) fn leave_one(&mut self, change: &RecordedChange, because: &str) -> Left {
        (self.report)(Event::Undoing(Undoing::NotPutBack {
            target: change.target.clone(),
            setting: change.setting.clone(),
            because: because.to_owned(),
        }));
        Left {
            target: change.target.clone(),
            setting: change.setting.clone(),
            because: because.to_owned(),
            statement: statement(change),
        }
    }

    /// Targets on which something that was put back waits for a restart.
    pub(super) fn still_pending(&mut self, begun: &[Batch]) -> Vec<String> {
        let mut pending: Vec<String> = Vec::new();
        for batch in begun {
            let Ok(snapshot) = self.snapshot(&batch.target) else {
                continue;
            };
            let waits = batch.changes.iter().any(|change| {
                snapshot
                    .setting(&change.setting)
                    .is_some_and(|observed| observed.pending_restart)
            });
            if waits && !pending.contains(&batch.target) {
                pending.push(batch.target.clone());
            }
        }
        for target in self.fleet.rescued() {
            if !pending.contains(&target) {
                pending.push(target);
            }
        }
        pending
    }
}

pub(super) fn is_back_in(change: &RecordedChange, snapshot: &Snapshot) -> bool {
    snapshot.setting(&change.setting).map_or_else(
        || verify::is_gone_again(change, snapshot),
        |observed| verify::is_back(change, observed),
    )
}

/// The statement that a person would type to put a setting back.
pub(super) fn statement(change: &RecordedChange) -> String {
    let setting = &change.setting;
    match (change.engine, &change.undo) {
        (_, None) => format!("{setting} = *** (dbtune keeps no secret)"),
        (EngineKind::Postgresql, Some(Assignment::Reset)) => {
            format!("ALTER SYSTEM RESET {setting}")
        }
        (EngineKind::Postgresql, Some(Assignment::Set(literals))) => {
            let literals: Vec<String> = literals
                .iter()
                .map(|text| if change.secret { "***" } else { text.as_str() })
                .map(literal)
                .collect();
            format!("ALTER SYSTEM SET {setting} = {}", literals.join(", "))
        }
        (EngineKind::Redis, Some(Assignment::Reset)) => format!("CONFIG SET {setting} <default>"),
        (EngineKind::Redis, Some(Assignment::Set(literals))) => {
            let value = if change.secret {
                "***".to_owned()
            } else {
                literals.join(" ")
            };
            format!("CONFIG SET {setting} \"{value}\"")
        }
    }
}
