//! A session beside the one that works: what that one is waiting for, and how far it is.

use std::time::Duration;

use crate::engine::postgresql::{TextRow, WorkSession};
use crate::engine::{Interrupt, Target};

/// What `pg_stat_progress_create_index` says of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    /// The phase, in the server's words.
    pub(super) phase: String,
    /// Done and total of what the phase counts: blocks while it scans, tuples while it loads, lockers
    /// while it waits.
    pub(super) done: u64,
    pub(super) total: u64,
}

/// Looks at other sessions, over a session of its own that is made when it is first needed.
pub(super) struct Watcher {
    target: Target,
    interrupt: Interrupt,
    session: Option<WorkSession>,
    /// There is no second session to be had: that is tried once.
    is_blind: bool,
}

impl Watcher {
    /// Nothing is connected yet.
    pub(super) fn new(target: Target, interrupt: Interrupt) -> Self {
        Self {
            target,
            interrupt,
            session: None,
            is_blind: false,
        }
    }

    /// The session, once it has been made; `None` where there is none to be had.
    pub(super) fn session(&mut self) -> Option<&mut WorkSession> {
        if self.session.is_none() && !self.is_blind {
            let opened = WorkSession::open(&self.target, Duration::ZERO, &self.interrupt);
            self.is_blind = opened.is_err();
            self.session = opened.ok();
        }
        self.session.as_mut()
    }

    fn read(&mut self, query: &str) -> Vec<TextRow> {
        let Some(session) = self.session() else {
            return Vec::new();
        };
        match session.read(query, "a look at other sessions") {
            Ok(rows) => rows,
            Err(_lost) => {
                self.session = None;
                self.is_blind = true;
                Vec::new()
            }
        }
    }

    /// Who holds a process up, one line each: the queue is followed to those who wait for nobody.
    pub(super) fn blockers(&mut self, pid: i32) -> Vec<String> {
        let rows = self.read(&blockers_of(pid));
        rows.iter()
            .filter_map(|row| row.first().cloned().flatten())
            .collect()
    }

    /// How far a process is with the build of an index; `None` where it builds none.
    pub(super) fn build(&mut self, pid: i32) -> Option<Reading> {
        let rows = self.read(&format!(
            "SELECT phase, blocks_done, blocks_total, tuples_done, tuples_total, lockers_done, \
             lockers_total FROM pg_catalog.pg_stat_progress_create_index WHERE pid = {pid}"
        ));
        reading(rows.first()?)
    }
}

fn reading(row: &TextRow) -> Option<Reading> {
    let phase = row.first()?.clone()?;
    let number = |index: usize| {
        let cell = row.get(index)?.as_deref()?;
        cell.parse::<u64>().ok()
    };
    let pair =
        |index: usize| Some((number(index)?, number(index + 1)?)).filter(|(_, total)| *total > 0);
    let (blocks, tuples, lockers) = (pair(1), pair(3), pair(5));
    let counted = if phase.starts_with("waiting") {
        lockers
    } else if phase.contains("tuples in tree") {
        tuples
    } else {
        blocks
    };
    let (done, total) = counted.unwrap_or((0, 0));
    Some(Reading { phase, done, total })
}

/// What process 0 is to the server: transactions that were prepared, and that no session holds any more.
const PREPARED: &str = "'a prepared transaction, until COMMIT PREPARED or ROLLBACK PREPARED: ' || coalesce((
        SELECT pg_catalog.string_agg(pg_catalog.format('%L of %s, prepared %s s ago', x.gid, x.owner,
            round(extract(epoch FROM clock_timestamp() - x.prepared))), ' or ' ORDER BY x.prepared)
        FROM pg_catalog.pg_prepared_xacts x WHERE x.database = pg_catalog.current_database()), 'it is gone')";

/// Each session that holds the process up: pid, user, application, state, since when its transaction is
/// open, and its statement.
fn blockers_of(pid: i32) -> String {
    format!(
        "SELECT CASE WHEN b.pid = 0 THEN {PREPARED} ELSE pg_catalog.concat('pid ', b.pid, coalesce(', user ' || a.usename::text, ''),
                coalesce(', application ' || nullif(a.application_name, ''), ''),
                coalesce(', ' || a.state, ''),
                coalesce(', transaction open for ' || round(extract(epoch FROM
                    clock_timestamp() - coalesce(a.xact_start, a.query_start)))::text || ' s', ''),
                coalesce(': ' || nullif(pg_catalog.left(pg_catalog.regexp_replace(
                    a.query, E'\\\\s+', ' ', 'g'), 80), ''), '')) END
         FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids({pid})) AS b(pid)
         LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid
         GROUP BY b.pid, a.usename, a.application_name, a.state, a.xact_start, a.query_start, a.query
         ORDER BY b.pid"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(phase: &str, numbers: [u64; 6]) -> TextRow {
        let cells = numbers.iter().map(|number| Some(number.to_string()));
        std::iter::once(Some(phase.to_owned()))
            .chain(cells)
            .collect()
    }

    #[test]
    fn each_phase_is_measured_by_what_it_counts() {
        let numbers = [5, 10, 7, 70, 1, 3];
        let of = |phase| {
            let reading = reading(&row(phase, numbers)).unwrap();
            (reading.done, reading.total)
        };
        assert_eq!(of("building index: scanning table"), (5, 10));
        assert_eq!(of("building index: loading tuples in tree"), (7, 70));
        assert_eq!(of("waiting for old snapshots"), (1, 3));
    }
}
