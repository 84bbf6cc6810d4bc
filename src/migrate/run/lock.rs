//! The lock that lets one run at a time migrate a database.
//!
//! It is tried again and again, in short statements with the waiting between them: a session that waits
//! inside `pg_advisory_lock` has a snapshot, for which a concurrent build waits in its turn. And it is
//! held by the session that builds: so that it stays when this process is killed and the server process
//! builds on.

use std::time::{Duration, Instant};

use crate::migrate::worker::Worker;
use crate::migrate::{Event, MigrateError};

/// The key: `dbtu`, `ne` and 2. Advisory locks are those of one database.
const KEY: &str = "(1684174965::bigint << 32) | 1852112898::bigint";

/// What the message holds of a transaction that found the lock with another run.
pub(super) const LOST: &str = "dbtune lost its lock";

/// Takes the lock once more, in the session that has it: that costs nothing, and where a file has given up
/// all locks of its session (`DISCARD ALL`, `pg_advisory_unlock_all`) it is taken again. Where another run
/// has it by then, the transaction fails. (What makes it fail is not known before it is run.)
pub(super) fn hold() -> String {
    format!(
        "SELECT CASE WHEN pg_catalog.pg_try_advisory_lock({KEY}) THEN 0 \
         ELSE ('{LOST} in process ' || pg_catalog.pg_backend_pid())::int END;"
    )
}

/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(250);

/// Takes the lock, or waits for it as long as is allowed.
pub(super) fn take(worker: &mut Worker<'_>, database: &str) -> Result<(), MigrateError> {
    let begun = Instant::now();
    let mut told = None;
    while !is_taken(worker)? {
        let holder = holder(worker)?;
        if begun.elapsed() >= worker.options.wait {
            return Err(MigrateError::Locked {
                database: database.to_owned(),
                holder,
                waited: begun.elapsed(),
            });
        }
        if told.as_ref() != Some(&holder) {
            (worker.tell)(Event::WaitingForLock {
                holder: holder.clone(),
            });
            told = Some(holder);
        }
        if worker.interrupt.sleep(PAUSE) {
            return Err(crate::engine::EngineError::Interrupted.into());
        }
    }
    Ok(())
}

fn is_taken(worker: &mut Worker<'_>) -> Result<bool, MigrateError> {
    let query = format!("SELECT pg_catalog.pg_try_advisory_lock({KEY})");
    Ok(worker.session.is_so(&query, "pg_try_advisory_lock")?)
}

/// Who has it, as far as this role may know.
fn holder(worker: &mut Worker<'_>) -> Result<String, MigrateError> {
    let query = format!(
        "SELECT pg_catalog.concat('pid ', l.pid, ', user ' || a.usename::text,
                ', application ' || nullif(a.application_name, ''),
                ', from ' || a.client_addr::text,
                ', connected since ' || pg_catalog.to_char(
                    pg_catalog.timezone('UTC', a.backend_start), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'))
         FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
         AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
         AND ((l.classid::bigint << 32) | l.objid::bigint) = ({KEY})"
    );
    let rows = worker.read(&query, "a look for the holder of the lock")?;
    let holder = rows.first().and_then(|row| row.first().cloned().flatten());
    Ok(holder.unwrap_or_else(|| "a session that has just ended".to_owned()))
}
