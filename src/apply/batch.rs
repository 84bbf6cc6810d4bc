//! What is sent and activated together.

use crate::ledger::{RecordedChange, Run};
use crate::plan::{Action, Change};

/// Writes to one target in one phase: what is sent and activated together.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) target: String,
    pub(super) changes: Vec<RecordedChange>,
}

/// What is written before anything is restarted, and what waits for that restart.
#[derive(Debug, Clone, Default)]
pub(super) struct Turn {
    /// What is next to each other for one phase and one target goes together.
    pub(super) batches: Vec<Batch>,
    /// What an earlier run stored and no restart has brought into effect yet.
    pub(super) waiting: Vec<RecordedChange>,
}

impl Turn {
    /// A turn of a plan.
    pub(super) fn of(changes: &[Change]) -> Self {
        let writes = changes.iter().filter(|change| change.action.writes());
        let waiting = changes
            .iter()
            .filter(|change| change.action == Action::PendingRestart);
        Self {
            batches: grouped(writes.map(RecordedChange::from)),
            waiting: waiting.map(RecordedChange::from).collect(),
        }
    }
}

/// The writes of a run, as they were sent together.
pub(super) fn batches_of(run: &Run) -> Vec<Batch> {
    grouped(run.changes.iter().cloned())
}

fn grouped(changes: impl Iterator<Item = RecordedChange>) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    for change in changes {
        match batches.last_mut() {
            Some(batch) if is_next(batch, &change) => batch.changes.push(change),
            Some(_) | None => batches.push(Batch {
                target: change.target.clone(),
                changes: vec![change],
            }),
        }
    }
    batches
}

fn is_next(batch: &Batch, change: &RecordedChange) -> bool {
    batch.target == change.target
        && batch
            .changes
            .last()
            .is_some_and(|last| last.phase == change.phase)
}
