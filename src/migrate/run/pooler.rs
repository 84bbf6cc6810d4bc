//! Recognising a connection pooler that gives every transaction another session of the server.
//!
//! Behind one the lock stays in a session that others then use, and what is set for a build is set for
//! somebody else. It is known by what it does, whoever made it: two connections that are open at once
//! are served by one process of the server, one after the other.

use crate::migrate::MigrateError;
use crate::migrate::worker::Worker;

const PID: &str = "SELECT pg_catalog.pg_backend_pid()";

/// Refuses to go on where the sessions are not ours.
pub(super) fn refuse(worker: &mut Worker<'_>) -> Result<(), MigrateError> {
    let shown = "a look at the server process";
    let own = worker.read(PID, shown)?;
    let Some(second) = worker.watcher.session() else {
        return Ok(());
    };
    let others = second.read(PID, shown)?;
    if own != others {
        return Ok(());
    }
    Err(MigrateError::Pooler {
        target: worker.session.target().to_owned(),
    })
}
