//! Recognising a connection pooler that gives every transaction another session of the server.
//!
//! Behind one the lock stays in a session that others then use, and what is set for a build is set for
//! somebody else. It is known by what it does, whoever made it: one of our connections is served by
//! another process of the server than before, or both of them by the same.

use crate::engine::EngineError;
use crate::engine::postgresql::WorkSession;
use crate::migrate::MigrateError;
use crate::migrate::worker::Worker;

/// How often both are looked at in turn: a pooler with other clients may well serve them alike once or
/// twice. Twice in a row each, because one that goes round two processes would seem steady in turn.
const LOOKS: usize = 4;

/// Refuses to go on where the sessions are not ours.
pub(super) fn refuse(worker: &mut Worker<'_>) -> Result<(), MigrateError> {
    let Some(second) = worker.watcher.session() else {
        return Ok(());
    };
    let own = &mut worker.session;
    let mut is_pooled = own.pid() == second.pid();
    for _look in 0..LOOKS {
        for _twice in 0..2 {
            is_pooled = is_pooled || has_moved(own)?;
        }
        for _twice in 0..2 {
            is_pooled = is_pooled || has_moved(second)?;
        }
    }
    if !is_pooled {
        return Ok(());
    }
    Err(MigrateError::Pooler {
        target: own.target().to_owned(),
    })
}

/// Whether it is served by another process than when it began.
fn has_moved(session: &mut WorkSession) -> Result<bool, EngineError> {
    let query = "SELECT pg_catalog.pg_backend_pid()";
    let rows = session.read(query, "a look at the server process")?;
    let pid = rows.first().and_then(|row| row.first().cloned().flatten());
    Ok(pid != Some(session.pid().to_string()))
}
