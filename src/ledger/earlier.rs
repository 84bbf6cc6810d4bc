//! What the runs that stand have written.

use super::{HistoryEntry, RecordedChange};
use crate::plan::EarlierWrite;
use crate::setting::EngineKind;

/// Every write of the runs that stand and were not undone, in the order in which they were done.
/// `entries` come newest first, as [`super::history`] gives them.
pub fn earlier_writes(entries: &[HistoryEntry]) -> Vec<EarlierWrite> {
    let standing = entries
        .iter()
        .rev()
        .filter(|entry| entry.stored.stands() && entry.undone_by.is_none());
    standing.flat_map(of_run).collect()
}

fn of_run(entry: &HistoryEntry) -> impl Iterator<Item = EarlierWrite> {
    let changes = entry.stored.intent.changes.iter();
    changes.map(|change| write(entry, change))
}

fn write(entry: &HistoryEntry, change: &RecordedChange) -> EarlierWrite {
    let run = &entry.stored.intent;
    let target = run
        .targets
        .iter()
        .find(|target| target.name == change.target);
    let ending = entry.stored.ending.as_ref();
    EarlierWrite {
        run: run.run.clone(),
        at: ending.map_or_else(
            || run.started_at.clone(),
            |ending| ending.finished_at.clone(),
        ),
        who: run.who.clone(),
        target: change.target.clone(),
        system: target
            .filter(|target| target.engine == EngineKind::Postgresql)
            .map(|target| target.identity.system.clone()),
        setting: change.setting.clone(),
        assignment: change.assignment.clone(),
        after: change.after.clone(),
    }
}
