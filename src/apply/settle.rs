//! Settles runs that were cut off: what they changed is put back, unless somebody changed it since.

use super::batch::{Batch, batches_of};
use super::execute::Executor;
use super::put_back::is_back_in;
use super::{ApplyError, Event, Left, Undoing, verify};
use crate::engine::EngineError;
use crate::ledger::{Ending, Outcome, RecordedOutcome, Run, RunCommand, StoredRun};
use crate::snapshot::Snapshot;

/// A run that was cut off and is settled now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The run.
    pub run: String,
    /// The command that had made it.
    pub command: RunCommand,
    /// Names of the targets that were restarted to run as before.
    pub restarted: Vec<String>,
    /// Names of the targets that must be restarted before what was put back is in effect again.
    pub pending_restart: Vec<String>,
}

impl Executor<'_> {
    /// Settles every run that was cut off, the newest first. `by` is the run that does so. Where a run
    /// was cut off after a restart, what is put back needs another one: it is done where `restart`
    /// allows it, else told.
    pub fn settle(
        &mut self,
        runs: &[StoredRun],
        by: &str,
        restart: bool,
    ) -> Result<Vec<Settled>, ApplyError> {
        let mut settled = Vec::new();
        for stored in runs.iter().rev().filter(|stored| stored.is_unsettled()) {
            if self.interrupt.is_raised() {
                return Err(ApplyError::InterruptedBefore);
            }
            let run = &stored.intent.run;
            let claimed = self
                .ledger
                .claim(run)
                .map_err(|error| ApplyError::NotSettled {
                    run: run.clone(),
                    reason: format!("{error}; nothing was put back yet"),
                    left: Vec::new(),
                })?;
            if !claimed {
                return Err(ApplyError::under_way(stored));
            }
            settled.push(self.settle_one(&stored.intent, by, restart)?);
        }
        Ok(settled)
    }

    fn settle_one(&mut self, run: &Run, by: &str, restart: bool) -> Result<Settled, ApplyError> {
        let batches = batches_of(run);
        self.check_targets(run, &batches)?;
        (self.report)(Event::Undoing(Undoing::Settling {
            run: run.run.clone(),
            who: run.who.clone(),
            started_at: run.started_at.clone(),
        }));
        let shield = self.interrupt.shield();
        self.under_way = Some(run.clone());
        self.recognise_rescues(run);
        let mut left = Vec::new();
        for batch in batches.iter().rev() {
            left.extend(self.settle_batch(run, batch)?);
        }
        if !left.is_empty() {
            return Err(ApplyError::NotSettled {
                run: run.run.clone(),
                reason: "not everything could be put back".to_owned(),
                left,
            });
        }
        let mut settled = Settled {
            run: run.run.clone(),
            command: run.command,
            restarted: Vec::new(),
            pending_restart: self.still_pending(&batches),
        };
        if restart {
            settled.restarted = std::mem::take(&mut settled.pending_restart);
            self.restart_again(&batches, &settled.restarted);
            settled.pending_restart = self.still_pending(&batches);
        }
        let ending = self.settled_ending(run, by, &settled);
        let ended = self.ledger.end(&ending);
        drop(shield);
        match ended {
            Ok(()) => Ok(settled),
            Err(source) => Err(ApplyError::SettledUnrecorded {
                run: run.run.clone(),
                source,
            }),
        }
    }

    /// Before anything is put back: is every server there that the run changed?
    fn check_targets(&mut self, run: &Run, batches: &[Batch]) -> Result<(), ApplyError> {
        for batch in batches {
            if self.fleet.member(&batch.target).is_none() {
                return Err(ApplyError::NotSettled {
                    run: run.run.clone(),
                    reason: format!(
                        "it changed the target {}, which was not given; nothing was put back yet",
                        batch.target
                    ),
                    left: Vec::new(),
                });
            }
        }
        Ok(())
    }

    fn settle_batch(&mut self, run: &Run, batch: &Batch) -> Result<Vec<Left>, ApplyError> {
        let not_settled = |reason: String| ApplyError::NotSettled {
            run: run.run.clone(),
            reason,
            left: Vec::new(),
        };
        let snapshot = self
            .snapshot(&batch.target)
            .map_err(|error: EngineError| not_settled(error.to_string()))?;
        let ours = self.without_changed_since(batch, &snapshot);
        let left = self
            .put_back_batch(&ours)
            .and_then(|left| self.persist_settled(&ours).map(|()| left));
        left.map_err(|error| not_settled(error.to_string()))
    }

    /// Makes a server's file hold what runs. What was put back may run already without standing there:
    /// the run may have been cut off between the two, and the file cannot be read.
    fn persist_settled(&mut self, ours: &Batch) -> Result<(), EngineError> {
        if ours.changes.is_empty() || !self.is_persisted(&ours.target) {
            return Ok(());
        }
        self.act(&ours.target, |engine| engine.persist())
    }

    /// The part of a batch that nobody has touched since.
    fn without_changed_since(&mut self, batch: &Batch, snapshot: &Snapshot) -> Batch {
        let mut ours = Vec::new();
        for change in &batch.changes {
            let is_ours = is_back_in(change, snapshot)
                || snapshot
                    .setting(&change.setting)
                    .is_some_and(|observed| verify::is_as_written(change, observed));
            if is_ours {
                ours.push(change.clone());
            } else {
                (self.report)(Event::Undoing(Undoing::LeftAsChangedSince {
                    target: batch.target.clone(),
                    setting: change.setting.clone(),
                }));
            }
        }
        Batch {
            target: batch.target.clone(),
            changes: ours,
        }
    }

    fn settled_ending(&self, run: &Run, by: &str, settled: &Settled) -> Ending {
        Ending {
            run: run.run.clone(),
            finished_at: self.now(),
            outcome: Outcome::RolledBack,
            changes: run
                .changes
                .iter()
                .map(|change| RecordedOutcome {
                    target: change.target.clone(),
                    setting: change.setting.clone(),
                    outcome: Outcome::RolledBack,
                })
                .collect(),
            restarted: settled.restarted.clone(),
            restarts: self.fleet.restarts(),
            pending_restart: settled.pending_restart.clone(),
            error: Some("the run was cut off".to_owned()),
            settled_by: Some(by.to_owned()),
        }
    }
}
