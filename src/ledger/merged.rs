//! One reader over both ledgers, and one writer into both.

use std::collections::BTreeMap;

use super::{Ending, Journal, JournalError, Run, SharedError, SharedLedger, StoredRun};
use crate::plan::TargetFacts;
use crate::setting::EngineKind;

/// The history of the targets at hand.
pub struct Ledger {
    journal: Journal,
    shared: Option<SharedLedger>,
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
        Self { journal, shared }
    }

    /// The local journal.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Writes what a run is about to do, first to the local disk, then for everybody. Only when
    /// this has returned may a server be touched.
    pub fn begin(&mut self, run: &Run) -> Result<(), LedgerError> {
        self.journal.begin(run)?;
        if let Some(shared) = &mut self.shared {
            shared.begin(run)?;
        }
        Ok(())
    }

    /// Writes how a run ended. Both ledgers are tried, whatever the first one says.
    pub fn end(&mut self, ending: &Ending) -> Result<(), LedgerError> {
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
    /// knows: the server may have been down when the run ended.
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
            if known.ending.is_none() {
                known.ending = local.ending;
            }
        }
        Ok(runs.into_values().collect())
    }

    /// Copies into the shared history the ends that only the local journal knows, so that nobody
    /// else takes a finished run for one that was cut off.
    pub fn share_endings(&mut self, targets: &[TargetFacts]) -> Result<(), LedgerError> {
        let Some(shared) = &mut self.shared else {
            return Ok(());
        };
        let open: Vec<String> = shared
            .runs()?
            .into_iter()
            .filter(|run| run.ending.is_none())
            .map(|run| run.intent.run)
            .collect();
        for local in self.journal.runs()? {
            if let Some(ending) = local.ending
                && open.contains(&local.intent.run)
                && touches(&local.intent, targets)
            {
                shared.end(&ending)?;
            }
        }
        Ok(())
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
            EngineKind::Redis => one.address == other.address,
        }
}
