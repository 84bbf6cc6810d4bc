//! The history that could not be read or written, and what to do about it.

use super::Failure;
use crate::cli::Exit;
use crate::engine::EngineError;
use crate::ledger::{LedgerError, SharedError};

/// What to do about the local journal.
const JOURNAL: &str = "every change is written down before it is made: the local journal needs a \
    folder that this user may write, on a disk with room; DBTUNE_STATE_DIR names another";

/// What to do by the SQLSTATE with which the database refused.
const SHARED: [(&str, &str); 3] = [
    (
        "25006",
        "the history is kept in the first PostgreSQL target that is no standby, and there it takes no \
         writes: name the primary among the targets, or lift default_transaction_read_only for this \
         role and database",
    ),
    (
        "42501",
        "the history is kept in the table dbtune.run of the first PostgreSQL target: the role needs \
         CREATE on that database, or SELECT, INSERT and UPDATE on the table where it is there",
    ),
    (
        "53100",
        "the disk of the first PostgreSQL target, which keeps the history, is full: make room",
    ),
];

/// The history that could not be read.
pub fn of_ledger_error(error: &LedgerError) -> Failure {
    Failure::from_error(Exit::Failed, "history", error)
}

/// The history that could not be read before a run has touched anything. Where trying again does not
/// help, the run is refused.
pub fn of_history_before_a_run(error: &LedgerError) -> Failure {
    let exit = match error {
        LedgerError::Shared(SharedError::Server(EngineError::Refused { .. }))
        | LedgerError::Journal(_) => Exit::Refused,
        LedgerError::Shared(_) => Exit::Failed,
    };
    let mut failure = Failure::from_error(exit, "history", error).hint(how_to_record(error));
    failure.message = format!("{}; nothing was changed", failure.message);
    failure
}

/// What makes the history one that can be read and written.
pub(super) fn how_to_record(error: &LedgerError) -> &'static str {
    let refused = match error {
        LedgerError::Journal(_) => return JOURNAL,
        LedgerError::Shared(SharedError::Server(EngineError::Refused { sqlstate, .. })) => {
            sqlstate.as_deref()
        }
        LedgerError::Shared(_) => None,
    };
    SHARED
        .iter()
        .find(|(code, _)| refused == Some(code))
        .map_or(
            "every change is written down before it is made: the first PostgreSQL target keeps the \
             history, and must let dbtune write to it",
            |(_, hint)| hint,
        )
}
