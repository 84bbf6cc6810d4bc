//! What is sent and activated together.

use crate::ledger::{RecordedChange, Run};
use crate::plan::Plan;

/// Writes to one target in one phase: what is sent and activated together.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) target: String,
    pub(super) changes: Vec<RecordedChange>,
}

/// The writes of a plan: what is next to each other for one phase and one target goes together.
pub(super) fn batches(plan: &Plan) -> Vec<Batch> {
    grouped(plan.writes().map(RecordedChange::from))
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
