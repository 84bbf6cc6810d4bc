//! The lock that keeps two runs of dbtune away from one server.
//!
//! An advisory lock is one of a database, but `ALTER SYSTEM` concerns all of them. So the lock is
//! taken first, and then it is looked whether a session in another database has it too: of two that
//! see each other both give way, and never do both go on.

use super::Postgres;
use super::rows::{self, Row};
use crate::engine::{EngineError, Lock};

/// The upper half of the key: `dbtu` in ASCII.
const KEY_HIGH: u32 = 0x6462_7475;
/// The lower half of the key: `ne` in ASCII, and 1.
const KEY_LOW: u32 = 0x6e65_0001;

const TAKING: &str = "pg_try_advisory_lock";

impl Postgres {
    pub(super) fn take_lock(&mut self) -> Result<Lock, EngineError> {
        if self.locked {
            return Ok(Lock::Taken);
        }
        let answer = self.ask(
            &format!("SELECT pg_catalog.pg_try_advisory_lock({}) AS taken", key()),
            TAKING,
        )?;
        self.locked = rows::only_row(&answer)
            .and_then(|row| row.flag("taken"))
            .map_err(|reason| self.unexpected(TAKING, reason))?;
        match self.other_holder()? {
            None if self.locked => Ok(Lock::Taken),
            None => Ok(Lock::HeldBy("a session that has just ended".to_owned())),
            Some(holder) => {
                self.release_lock()?;
                Ok(Lock::HeldBy(holder))
            }
        }
    }

    pub(super) fn release_lock(&mut self) -> Result<(), EngineError> {
        if self.locked {
            let statement = format!("SELECT pg_catalog.pg_advisory_unlock({})", key());
            self.ask(&statement, "pg_advisory_unlock")?;
            self.locked = false;
        }
        Ok(())
    }

    /// Another session that has the lock, in whichever database.
    fn other_holder(&mut self) -> Result<Option<String>, EngineError> {
        let answer = self.ask(&holders(), "the query of pg_locks")?;
        rows::rows(&answer)
            .first()
            .map(|&row| describe(row))
            .transpose()
            .map_err(|reason| self.unexpected("the query of pg_locks", reason))
    }
}

fn key() -> String {
    format!("({KEY_HIGH}::bigint << 32) | {KEY_LOW}::bigint")
}

fn holders() -> String {
    format!(
        "SELECT l.pid, a.usename, a.application_name, a.client_addr, a.datname, \
         pg_catalog.to_char(pg_catalog.timezone('UTC', a.backend_start), \
         'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS since \
         FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
         AND l.classid = {KEY_HIGH}::oid AND l.objid = {KEY_LOW}::oid \
         AND l.pid <> pg_catalog.pg_backend_pid() ORDER BY l.pid"
    )
}

/// Who that is, as far as this role may know: others' sessions are hidden from a plain one.
fn describe(row: Row<'_>) -> Result<String, String> {
    let mut parts = vec![format!("pid {}", row.required("pid")?)];
    let columns = [
        ("user", "usename"),
        ("application", "application_name"),
        ("from", "client_addr"),
        ("database", "datname"),
        ("connected since", "since"),
    ];
    for (label, column) in columns {
        if let Some(text) = row.optional(column)?.filter(|text| !text.is_empty()) {
            parts.push(format!("{label} {text}"));
        }
    }
    Ok(parts.join(", "))
}
