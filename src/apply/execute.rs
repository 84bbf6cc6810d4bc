//! Runs the writes of a plan, step by step.

use std::collections::BTreeSet;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::batch::{Batch, Turn};
use super::fleet::Member;
use super::verify;
use super::{ApplyError, Cause, Event, Fleet, Left, Undoing};
use crate::engine::{Engine, EngineError, Interrupt, Persist};
use crate::ledger::{
    Ending, Ledger, LedgerError, Outcome, RecordedChange, RecordedOutcome, Restart, Run, RunCommand,
};
use crate::plan::{Action, Plan};
use crate::setting::EngineKind;
use crate::snapshot::Snapshot;

/// How long a run tries for the lock before it gives up.
pub const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// The one way in which anything is changed.
pub struct Executor<'a> {
    /// The servers.
    pub fleet: &'a mut Fleet,
    /// Where it is written down.
    pub ledger: &'a mut Ledger,
    /// Whether the user asked to stop.
    pub interrupt: &'a Interrupt,
    /// What time it is.
    pub clock: fn() -> OffsetDateTime,
    /// Who is told what happens.
    pub report: &'a mut dyn FnMut(Event),
    /// The user has allowed a start that a trial says no to.
    pub start_is_trusted: bool,
    /// The run that is under way, or is being settled.
    pub under_way: Option<Run>,
    /// The targets whose configuration file this run may have rewritten; `None` where a run of the past
    /// is being settled, of which nobody knows.
    pub rewritten: Option<BTreeSet<String>>,
}

/// What the executor is to do with a plan.
#[derive(Debug, Clone)]
pub struct Order {
    /// The command that was typed.
    pub command: RunCommand,
    /// The id of the run.
    pub run: String,
    /// Who runs it, as `user@host`.
    pub who: String,
    /// For a rollback: the run that it undoes.
    pub undoes: Option<String>,
    /// Whether targets may be restarted by their own command.
    pub restart: bool,
}

/// How a run ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// With what.
    pub outcome: Outcome,
    /// What became of each write, and of each change that was waiting for a restart.
    pub changes: Vec<(RecordedChange, Outcome)>,
    /// How many settings this run wrote: what a rollback of it would put back.
    pub written: usize,
    /// Names of the targets that were restarted.
    pub restarted: Vec<String>,
    /// The restarts, each with what was seen of it.
    pub restarts: Vec<Restart>,
    /// Names of the targets that must be restarted before everything is in effect.
    pub pending_restart: Vec<String>,
}

impl Applied {
    /// Of no run at all.
    pub fn nothing() -> Self {
        Self {
            outcome: Outcome::NothingToDo,
            changes: Vec::new(),
            written: 0,
            restarted: Vec::new(),
            restarts: Vec::new(),
            pending_restart: Vec::new(),
        }
    }

    /// Of a plan in which nothing is to be written: there is nothing to do, or nothing but to wait
    /// for a restart.
    pub fn without_run(plan: &Plan) -> Self {
        let changes = waiting(plan);
        let pending_restart = pending_targets(&changes);
        let outcome = if pending_restart.is_empty() {
            Outcome::NothingToDo
        } else {
            Outcome::PendingRestart
        };
        Self {
            outcome,
            changes,
            written: 0,
            restarted: Vec::new(),
            restarts: Vec::new(),
            pending_restart,
        }
    }
}

/// What has been done so far, for the undo and the outcome.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Batches that may have reached a server, in order.
    pub(super) begun: Vec<Batch>,
    pub(super) done: Vec<(RecordedChange, Outcome)>,
    pub(super) restarted: Vec<String>,
}

impl Executor<'_> {
    /// Runs a plan. The lock must be held, and the plan must have been made under it.
    pub fn run(&mut self, plan: &Plan, order: &Order) -> Result<Applied, ApplyError> {
        if self.interrupt.is_raised() {
            return Err(ApplyError::InterruptedBefore);
        }
        let turns = plan.turns(order.restart).into_iter().map(Turn::of);
        let turns: Vec<Turn> = turns.collect();
        self.begin(plan, order, &turns)?;
        self.rewritten = Some(BTreeSet::new());
        let mut progress = Progress::default();
        let result = self
            .steps(&turns, order, &mut progress)
            .and_then(|()| self.finish(order, &progress));
        match result {
            Ok(applied) => Ok(applied),
            Err(cause) => Err(self.fail(order, &progress, cause)),
        }
    }

    fn begin(&mut self, plan: &Plan, order: &Order, turns: &[Turn]) -> Result<(), ApplyError> {
        let run = Run {
            run: order.run.clone(),
            command: order.command,
            profile: plan.profile.clone(),
            phases: phases(plan),
            started_at: self.now(),
            who: order.who.clone(),
            targets: plan.targets.clone(),
            changes: turns
                .iter()
                .flat_map(|turn| &turn.batches)
                .flat_map(|batch| batch.changes.iter().map(RecordedChange::without_secrets))
                .collect(),
            undoes: order.undoes.clone(),
        };
        if let Err(error) = self.ledger.begin(&run) {
            self.refuse(order, &error);
            return Err(ApplyError::NotRecorded(error));
        }
        (self.report)(Event::Journalled {
            run: run.run.clone(),
        });
        self.under_way = Some(run);
        Ok(())
    }

    /// Closes a run that one ledger took and the other did not, so that nobody settles it later.
    fn refuse(&mut self, order: &Order, error: &LedgerError) {
        let ending = Ending {
            error: Some(error.to_string()),
            ..self.ending(order, Outcome::Refused, &Progress::default())
        };
        if self.ledger.journal().knows(&order.run) {
            drop(self.ledger.journal().end(&ending));
        }
    }

    fn steps(
        &mut self,
        turns: &[Turn],
        order: &Order,
        progress: &mut Progress,
    ) -> Result<(), Cause> {
        for turn in turns {
            let waiting = turn.waiting.iter().cloned();
            let pending = waiting.map(|change| (change, Outcome::PendingRestart));
            progress.done.extend(pending);
            for batch in &turn.batches {
                self.check_interrupt()?;
                progress.begun.push(batch.clone());
                let done = self.run_batch(batch)?;
                progress.done.extend(done);
            }
            self.check_interrupt()?;
            if order.restart {
                self.restart_pending(progress)?;
            }
        }
        Ok(())
    }

    fn run_batch(&mut self, batch: &Batch) -> Result<Vec<(RecordedChange, Outcome)>, Cause> {
        for change in &batch.changes {
            (self.report)(Event::Writing {
                target: batch.target.clone(),
                setting: change.setting.clone(),
                value: change.after.clone(),
            });
        }
        let writes: Vec<_> = batch
            .changes
            .iter()
            .filter_map(|change| Some((change.setting.clone(), change.assignment.clone()?)))
            .collect();
        self.act(&batch.target, |engine| engine.write(&writes))?;
        self.check_interrupt()?;
        let snapshot = self.snapshot(&batch.target)?;
        for change in &batch.changes {
            Self::check_stored(change, &snapshot)?;
        }
        (self.report)(Event::Activating {
            target: batch.target.clone(),
        });
        self.act(&batch.target, |engine| engine.activate())?;
        self.check_interrupt()?;
        self.act(&batch.target, |engine| engine.admits_sessions())?;
        let outcomes = self.judge(&batch.changes)?;
        self.persist(&batch.target)?;
        Ok(outcomes)
    }

    fn check_stored(change: &RecordedChange, snapshot: &Snapshot) -> Result<(), Cause> {
        match snapshot.setting(&change.setting) {
            Some(observed) if verify::is_stored(change, observed) => Ok(()),
            Some(_) => Err(not_as_written(
                change,
                "its files do not hold it".to_owned(),
            )),
            None if verify::is_taken_away(change, snapshot) => Ok(()),
            None => Err(not_as_written(
                change,
                "no longer knows that setting".to_owned(),
            )),
        }
    }

    /// Asks the servers what became of these writes.
    pub(super) fn judge(
        &mut self,
        changes: &[RecordedChange],
    ) -> Result<Vec<(RecordedChange, Outcome)>, Cause> {
        let mut outcomes = Vec::new();
        let mut snapshot: Option<Snapshot> = None;
        for change in changes {
            let current = match snapshot.take() {
                Some(current) if current.target == change.target => current,
                Some(_) | None => self.snapshot(&change.target)?,
            };
            let outcome = match current.setting(&change.setting) {
                Some(observed) => verify::outcome(change, observed),
                None if verify::is_taken_away(change, &current) => Ok(Outcome::Applied),
                None => Err("no longer knows that setting".to_owned()),
            };
            let outcome = outcome.map_err(|what| not_as_written(change, what))?;
            self.tell_outcome(change, outcome);
            outcomes.push((change.clone(), outcome));
            snapshot = Some(current);
        }
        Ok(outcomes)
    }

    fn tell_outcome(&mut self, change: &RecordedChange, outcome: Outcome) {
        let target = change.target.clone();
        let setting = change.setting.clone();
        let value = change.after.clone();
        (self.report)(if outcome == Outcome::PendingRestart {
            Event::WaitsForRestart {
                target,
                setting,
                value,
            }
        } else {
            Event::InEffect {
                target,
                setting,
                value,
            }
        });
    }

    fn persist(&mut self, target: &str) -> Result<(), Cause> {
        if !self.is_persisted(target) {
            return Ok(());
        }
        let rewritten = self.act(target, |engine| engine.persist());
        // What the server refuses it has not done: a rewrite happens whole or not at all.
        if !matches!(rewritten, Err(EngineError::Refused { .. })) {
            self.rewritten
                .get_or_insert_default()
                .insert(target.to_owned());
        }
        rewritten?;
        (self.report)(Event::Persisted {
            target: target.to_owned(),
        });
        self.check_interrupt()
    }

    /// Whether running values of this target are to be written into its file. PostgreSQL's writes
    /// go into a file by themselves.
    pub(super) fn is_persisted(&mut self, target: &str) -> bool {
        self.fleet.member(target).is_some_and(|member| {
            member.engine.kind() == EngineKind::Redis && member.target.persist == Persist::Rewrite
        })
    }

    /// Ends a run in which every step went well. Should this fail, the run has failed.
    fn finish(&mut self, order: &Order, progress: &Progress) -> Result<Applied, Cause> {
        let pending_restart = pending_targets(&progress.done);
        let outcome = match (pending_restart.is_empty(), order.command) {
            (false, _) => Outcome::PendingRestart,
            (true, RunCommand::Apply) => Outcome::Applied,
            (true, RunCommand::Rollback) => Outcome::RolledBack,
        };
        let ending = self.ending(order, outcome, progress);
        self.ledger.end(&ending)?;
        Ok(Applied {
            outcome,
            changes: progress.done.clone(),
            written: progress.begun.iter().map(|batch| batch.changes.len()).sum(),
            restarted: progress.restarted.clone(),
            restarts: self.fleet.restarts(),
            pending_restart,
        })
    }

    /// Puts back what was begun, and ends the run.
    fn fail(&mut self, order: &Order, progress: &Progress, cause: Cause) -> ApplyError {
        let shield = self.interrupt.shield();
        (self.report)(Event::Undoing(Undoing::PuttingBack {
            because: cause.to_string(),
        }));
        let back = self.put_back(&progress.begun, &progress.restarted);
        let outcome = if back.left.is_empty() {
            Outcome::RolledBack
        } else {
            Outcome::Failed
        };
        let mut ending = self.ending(order, outcome, progress);
        ending.error = Some(cause.to_string());
        ending.pending_restart.clone_from(&back.pending_restart);
        let changes = undone(&progress.begun, outcome, &back.left);
        ending.changes = recorded(&changes);
        // The servers are as they were: that the history does not say so yet is settled later.
        drop(self.ledger.end(&ending));
        drop(shield);
        let held = self.held(&progress.begun);
        ApplyError::Failed {
            held,
            run: order.run.clone(),
            cause,
            changes,
            restarted: progress.restarted.clone(),
            left: back.left,
            pending_restart: back.pending_restart,
        }
    }

    fn ending(&self, order: &Order, outcome: Outcome, progress: &Progress) -> Ending {
        Ending {
            run: order.run.clone(),
            finished_at: self.now(),
            outcome,
            changes: recorded(&progress.done),
            restarted: progress.restarted.clone(),
            restarts: self.fleet.restarts(),
            pending_restart: pending_targets(&progress.done),
            error: None,
            settled_by: None,
        }
    }

    /// Does something with one server and passes on what the server says meanwhile.
    pub(super) fn act<T>(
        &mut self,
        target: &str,
        act: impl FnOnce(&mut dyn Engine) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        self.with(target, |member| act(member.engine.as_mut()))
    }

    /// Reads one server and passes on what it says meanwhile.
    pub(super) fn snapshot(&mut self, target: &str) -> Result<Snapshot, EngineError> {
        self.with(target, Member::snapshot)
    }

    fn with<T>(
        &mut self,
        target: &str,
        act: impl FnOnce(&mut Member) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let Some(member) = self.fleet.member(target) else {
            return Err(EngineError::Unexpected {
                target: target.to_owned(),
                statement: "the run".to_owned(),
                reason: "no such target was given".to_owned(),
            });
        };
        let result = act(member);
        for text in member.engine.notices() {
            (self.report)(Event::Notice {
                target: target.to_owned(),
                text,
            });
        }
        result
    }

    pub(super) fn check_interrupt(&self) -> Result<(), Cause> {
        if self.interrupt.is_raised() {
            Err(Cause::Interrupted)
        } else {
            Ok(())
        }
    }

    /// The time as it is written down: RFC 3339 in UTC, whole seconds.
    pub(super) fn now(&self) -> String {
        let now = (self.clock)()
            .replace_nanosecond(0)
            .unwrap_or_else(|_| (self.clock)());
        now.format(&Rfc3339).unwrap_or_else(|_| now.to_string())
    }
}

/// What an earlier run stored and no restart has brought into effect yet.
fn waiting(plan: &Plan) -> Vec<(RecordedChange, Outcome)> {
    plan.changes
        .iter()
        .filter(|change| change.action == Action::PendingRestart)
        .map(|change| (RecordedChange::from(change), Outcome::PendingRestart))
        .collect()
}

fn phases(plan: &Plan) -> Vec<u32> {
    let shown: BTreeSet<u32> = plan.phases.iter().map(|phase| phase.number).collect();
    shown.into_iter().collect()
}

/// The targets of the changes that wait for a restart, in the order of the changes.
pub(super) fn pending_targets(done: &[(RecordedChange, Outcome)]) -> Vec<String> {
    let mut targets: Vec<String> = Vec::new();
    for (change, outcome) in done {
        if *outcome == Outcome::PendingRestart && !targets.contains(&change.target) {
            targets.push(change.target.clone());
        }
    }
    targets
}

/// What became of the writes of a run that failed.
fn undone(begun: &[Batch], outcome: Outcome, left: &[Left]) -> Vec<(RecordedChange, Outcome)> {
    let is_left = |change: &RecordedChange| {
        left.iter()
            .any(|left| left.target == change.target && left.setting == change.setting)
    };
    begun
        .iter()
        .flat_map(|batch| &batch.changes)
        .map(|change| {
            let outcome = if is_left(change) {
                outcome
            } else {
                Outcome::RolledBack
            };
            (change.clone(), outcome)
        })
        .collect()
}

fn recorded(changes: &[(RecordedChange, Outcome)]) -> Vec<RecordedOutcome> {
    changes
        .iter()
        .map(|(change, outcome)| RecordedOutcome {
            target: change.target.clone(),
            setting: change.setting.clone(),
            outcome: *outcome,
        })
        .collect()
}

fn not_as_written(change: &RecordedChange, what: String) -> Cause {
    Cause::NotAsWritten {
        target: change.target.clone(),
        setting: change.setting.clone(),
        what,
    }
}
