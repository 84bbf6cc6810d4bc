//! One reader over both ledgers, and one writer into both.

use std::collections::BTreeMap;
use std::time::Duration;

use super::journal::Hold;
use super::{Ending, Journal, JournalError, Life, Run, SharedError, SharedLedger, StoredRun};
use crate::plan::TargetFacts;
use crate::setting::EngineKind;
use crate::snapshot::address;

/// The history of the targets at hand.
pub struct Ledger {
    journal: Journal,
    shared: Option<SharedLedger>,
    /// The files of the runs that this process makes or settles.
    held: BTreeMap<String, Hold>,
}

/// Why the history could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The local journal.
    #[error("the local journal failed")]
    Journal(#[from] JournalError),
    /// The shared history.
    #[error("the shared history failed")]
    Shared(#[from] SharedError),
}

impl Ledger {
    /// A ledger over a local journal and, where there is a PostgreSQL target, its shared history.
    pub fn new(journal: Journal, shared: Option<SharedLedger>) -> Self {
        Self {
            journal,
            shared,
            held: BTreeMap::new(),
        }
    }

    /// The local journal.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Writes what a run is about to do, first to the local disk, then for everybody. Only when
    /// this has returned may a server be touched.
    pub fn begin(&mut self, run: &Run) -> Result<(), LedgerError> {
        let hold = self.journal.begin(run)?;
        self.held.insert(run.run.clone(), hold);
        if let Some(shared) = &mut self.shared {
            shared.begin(run)?;
        }
        Ok(())
    }

    /// Takes a run that was cut off for this process, which is to settle it. `false` where another
    /// process of this machine has it.
    pub fn claim(&mut self, run: &str) -> Result<bool, LedgerError> {
        let hold = self.journal.claim(run)?;
        let is_ours = hold.is_some();
        self.held.extend(hold.map(|hold| (run.to_owned(), hold)));
        Ok(is_ours)
    }

    /// Tells everybody that a run may lose its locks for this long, because it restarts a server.
    pub fn busy(&mut self, run: &str, limit: Duration) -> Result<(), LedgerError> {
        if let Some(shared) = &mut self.shared {
            shared.busy(run, self.journal.knows(run), limit)?;
        }
        Ok(())
    }

    /// Tells everybody that a run holds its locks again.
    pub fn no_longer_busy(&mut self, run: &str) -> Result<(), LedgerError> {
        if let Some(shared) = &mut self.shared {
            shared.no_longer_busy(run)?;
        }
        Ok(())
    }

    /// Writes how a run ended. Both ledgers are tried, whatever the first one says.
    pub fn end(&mut self, ending: &Ending) -> Result<(), LedgerError> {
        let ended = self.write_end(ending);
        self.held.remove(&ending.run);
        ended
    }

    fn write_end(&mut self, ending: &Ending) -> Result<(), LedgerError> {
        let local = if self.journal.knows(&ending.run) {
            self.journal.end(ending)
        } else {
            Ok(())
        };
        if let Some(shared) = &mut self.shared {
            shared.end(ending)?;
        }
        Ok(local?)
    }

    /// Every run that touched one of these targets, oldest first.
    ///
    /// What one ledger knows of a run's end and the other does not is taken from the one that
    /// knows: the server may have been out of reach when the run ended.
    pub fn runs(&mut self, targets: &[TargetFacts]) -> Result<Vec<StoredRun>, LedgerError> {
        let mut runs: BTreeMap<String, StoredRun> = BTreeMap::new();
        if let Some(shared) = &mut self.shared {
            for run in shared.runs()? {
                runs.insert(run.intent.run.clone(), run);
            }
        }
        for local in self.journal.runs()? {
            if !touches(&local.intent, targets) {
                continue;
            }
            let known = runs
                .entry(local.intent.run.clone())
                .or_insert_with(|| local.clone());
            if knows_better(local.ending.as_ref(), known.ending.as_ref()) {
                known.ending = local.ending;
            }
            // That its process is gone says nothing of another machine that settles it.
            let is_settled_elsewhere = matches!(known.life, Life::SettlingUntil(_));
            match local.life {
                Life::Here => known.life = Life::Here,
                Life::Gone if !is_settled_elsewhere => known.life = Life::Gone,
                Life::Gone | Life::Unknown | Life::BusyUntil(_) | Life::SettlingUntil(_) => {}
            }
        }
        Ok(runs.into_values().collect())
    }

    /// The runs of the local journal that touched one of these targets, oldest first.
    pub fn local_runs(&self, targets: &[TargetFacts]) -> Result<Vec<StoredRun>, LedgerError> {
        let mut runs = self.journal.runs()?;
        runs.retain(|run| touches(&run.intent, targets));
        Ok(runs)
    }

    /// Copies into the shared history the ends that the local journal knows better, so that nobody
    /// else takes a finished run for one that was cut off, or one that was put back for one that
    /// went well.
    pub fn share_endings(&mut self, targets: &[TargetFacts]) -> Result<(), LedgerError> {
        let Some(shared) = &mut self.shared else {
            return Ok(());
        };
        let known: BTreeMap<String, Option<Ending>> = shared
            .runs()?
            .into_iter()
            .map(|run| (run.intent.run, run.ending))
            .collect();
        for local in self.journal.runs()? {
            if let Some(known) = known.get(&local.intent.run)
                && let Some(ending) = &local.ending
                && knows_better(Some(ending), known.as_ref())
                && touches(&local.intent, targets)
            {
                shared.end(ending)?;
            }
        }
        Ok(())
    }
}

/// Whether the local journal knows better how a run ended than the shared history does.
///
/// Here a run is made, its end is written here first, and here every later word on it comes through:
/// the shared history may lack the end, or hold an earlier one when it was out of reach. It knows
/// better only of what another machine has settled.
fn knows_better(local: Option<&Ending>, shared: Option<&Ending>) -> bool {
    match (local, shared) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(local), Some(shared)) => {
            local != shared && (shared.settled_by.is_none() || local.settled_by.is_some())
        }
    }
}

/// Whether a run of the local journal concerns one of these servers. A PostgreSQL is known by its
/// system identifier; a Redis changes its run id with every start and is known by its address.
fn touches(run: &Run, targets: &[TargetFacts]) -> bool {
    run.targets
        .iter()
        .any(|theirs| targets.iter().any(|ours| is_same_server(theirs, ours)))
}

fn is_same_server(one: &TargetFacts, other: &TargetFacts) -> bool {
    one.engine == other.engine
        && match one.engine {
            EngineKind::Postgresql => one.identity.system == other.identity.system,
            EngineKind::Redis => address::is_same(&one.address, &other.address),
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Outcome;

    fn ending(outcome: Outcome, settled_by: Option<&str>) -> Ending {
        Ending {
            run: "R".to_owned(),
            finished_at: "2026-11-23T02:00:00Z".to_owned(),
            outcome,
            changes: Vec::new(),
            restarted: Vec::new(),
            restarts: Vec::new(),
            pending_restart: Vec::new(),
            error: None,
            settled_by: settled_by.map(str::to_owned),
        }
    }

    #[test]
    fn the_machine_that_made_a_run_knows_its_end_unless_another_settled_it() {
        let applied = ending(Outcome::Applied, None);
        let put_back = ending(Outcome::RolledBack, None);
        let settled = ending(Outcome::RolledBack, Some("S"));
        assert!(!knows_better(None, Some(&applied)));
        assert!(knows_better(Some(&applied), None));
        assert!(knows_better(Some(&put_back), Some(&applied)));
        assert!(!knows_better(Some(&applied), Some(&applied)));
        assert!(!knows_better(Some(&applied), Some(&settled)));
        assert!(knows_better(Some(&settled), Some(&applied)));
    }
}
