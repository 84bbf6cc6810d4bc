//! What was done: every run with the raw values to go back to, written before the act.
//!
//! Two ledgers with one reader. The schema `dbtune` in the first PostgreSQL target is the history
//! that everybody shares; a local journal carries a run over the moments in which that server is
//! down, and serves alone where there is no PostgreSQL target. A run begins in both before anything
//! is written to a server and ends in both after everything was verified; one that never ended and
//! shows no sign of life was cut off, and the next apply or rollback settles it.

mod earlier;
mod history;
mod journal;
mod merged;
mod recovery;
mod run;
mod shared;

pub use earlier::earlier_writes;
pub use history::{HistoryEntry, history, newest_to_undo};
pub use journal::{Journal, JournalError, JournalLook};
pub use merged::{Ledger, LedgerError};
pub use recovery::{Recovery, Restart};
pub use run::{
    Ending, Life, Outcome, RecordedChange, RecordedOutcome, Run, RunCommand, RunState, StoredRun,
};
pub use shared::{SharedError, SharedLedger};
