//! What the runs look like from today: which stand, which were undone, which were cut off.

use std::collections::BTreeMap;

use super::{Outcome, RunCommand, RunState, StoredRun};
use crate::plan::TargetFacts;

/// One run as `history` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// What the ledgers hold.
    pub stored: StoredRun,
    /// What is known of it today.
    pub state: RunState,
    /// The rollback that undid it and still stands.
    pub undone_by: Option<String>,
}

/// Looks at every run from today. `runs` is ordered as the ledger gives it, oldest first; the
/// entries come newest first. `targets` are the servers as they are now: a restart since brings into
/// effect what waited for it. `locked` says whether somebody holds a lock on one of them.
pub fn history(runs: &[StoredRun], targets: &[TargetFacts], locked: bool) -> Vec<HistoryEntry> {
    let undone = undone_by(runs);
    let newest = runs.last().map(|run| run.intent.run.clone());
    runs.iter()
        .rev()
        .map(|stored| HistoryEntry {
            state: state(
                stored,
                targets,
                locked && newest.as_ref() == Some(&stored.intent.run),
                runs,
            ),
            undone_by: undone.get(&stored.intent.run).cloned(),
            stored: stored.clone(),
        })
        .collect()
}

/// The newest apply that stands and was not undone: what `rollback` undoes unasked.
pub fn newest_to_undo(entries: &[HistoryEntry]) -> Option<&HistoryEntry> {
    entries.iter().find(|entry| {
        entry.stored.intent.command == RunCommand::Apply
            && entry.stored.stands()
            && entry.undone_by.is_none()
    })
}

/// Which rollback undid which run. A rollback that was itself undone undoes nothing any more.
fn undone_by(runs: &[StoredRun]) -> BTreeMap<String, String> {
    let mut undone: BTreeMap<String, String> = BTreeMap::new();
    for rollback in runs.iter().rev() {
        let Some(run) = &rollback.intent.undoes else {
            continue;
        };
        if rollback.stands() && !undone.contains_key(&rollback.intent.run) {
            undone
                .entry(run.clone())
                .or_insert_with(|| rollback.intent.run.clone());
        }
    }
    undone
}

/// Whether a later run failed to restart a target and left it waiting: it may have begun a new life by
/// options on its command line alone, without what had waited.
fn failed_since(stored: &StoredRun, target: &String, runs: &[StoredRun]) -> bool {
    let later = runs.iter().filter(|run| run.intent.run > stored.intent.run);
    let mut endings = later.filter_map(|run| run.ending.as_ref());
    endings.any(|ending| {
        let failed = ending.error.is_some() && ending.settled_by.is_none();
        failed && ending.pending_restart.contains(target)
    })
}

fn state(
    stored: &StoredRun,
    targets: &[TargetFacts],
    is_under_way: bool,
    runs: &[StoredRun],
) -> RunState {
    let Some(ending) = &stored.ending else {
        return if is_under_way || stored.is_alive() {
            RunState::Running
        } else {
            RunState::Interrupted
        };
    };
    if stored.intent.command == RunCommand::Rollback && stored.was_put_back() {
        // What it went back from is in force again: it rolled nothing back.
        return RunState::Ended(Outcome::Failed);
    }
    let restarted_since = |name: &String| {
        stored
            .intent
            .targets
            .iter()
            .find(|then| then.name == *name)
            .is_some_and(|then| was_restarted(then, targets))
            && !failed_since(stored, name, runs)
    };
    let in_effect = ending.outcome == Outcome::PendingRestart
        && ending.pending_restart.iter().all(restarted_since);
    RunState::Ended(match (in_effect, stored.intent.command) {
        (false, _) => ending.outcome,
        (true, RunCommand::Apply) => Outcome::Applied,
        (true, RunCommand::Rollback) => Outcome::RolledBack,
    })
}

/// Whether a server has begun another life since. Of one that is not among those at hand, that is
/// not known, and what waited for its restart is not taken for done.
fn was_restarted(then: &TargetFacts, now: &[TargetFacts]) -> bool {
    let is_same = |now: &&TargetFacts| now.identity.system == then.identity.system;
    // Nodes of one cluster share a system identifier: there, the name tells which one it was.
    let same: Vec<&TargetFacts> = now.iter().filter(is_same).collect();
    let own = match same.as_slice() {
        [only] if only.identity.role == then.identity.role => Some(*only),
        several => several.iter().copied().find(|now| now.name == then.name),
    };
    own.is_some_and(|now| now.identity.started_at != then.identity.started_at)
}
