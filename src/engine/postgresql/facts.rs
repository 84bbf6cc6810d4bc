//! What a PostgreSQL tells of itself besides its settings, and of the machine that it runs on.

use super::rows::{self, Row};
use super::{Postgres, host};
use crate::engine::EngineError;
use crate::snapshot::{Facts, Follower, Memory, PostgresqlFacts};

/// One row: connections, replication and how this session came in. The functions under the statistics
/// views are asked, because a new session needs milliseconds to understand the views.
///
/// Who may not see the statistics of others does not see what kind of process each is; what
/// `pg_stat_database` counts is seen by all, background workers included.
///
/// What may not be there is looked at by `query_to_xml`, which runs a text: no statement may have the name
/// of a table that is missing, and a statement that only names a catalogue costs a new session most of a
/// millisecond, whether it comes to look at it or not.
pub(super) const FACTS: &str = "\
SELECT CASE WHEN pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') \
THEN (SELECT count(*) FROM pg_catalog.pg_stat_get_activity(NULL) \
WHERE backend_type = 'client backend') \
ELSE (SELECT sum(pg_catalog.pg_stat_get_db_numbackends(oid)) FROM pg_catalog.pg_database) END AS connections, \
pg_catalog.pg_wal_lsn_diff(CASE WHEN pg_catalog.pg_is_in_recovery() \
THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_flush_lsn() END, '0/0') \
AS wal_position, \
CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_is_wal_replay_paused() END AS paused, \
(SELECT sender_host || ':' || sender_port FROM pg_catalog.pg_stat_get_wal_receiver()) AS upstream, \
pg_catalog.host(pg_catalog.inet_server_addr()) AS server_address, \
CASE WHEN pg_catalog.to_regnamespace('dbtune') IS NOT NULL \
THEN pg_catalog.query_to_xml('SELECT FROM pg_catalog.pg_class WHERE relname = ''run'' \
AND relnamespace = ''dbtune''::pg_catalog.regnamespace', false, true, '')::text <> '' END AS keeps_history, \
CASE WHEN pg_catalog.has_table_privilege(pg_catalog.to_regclass('refinery_schema_history'), 'SELECT') \
THEN CASE WHEN pg_catalog.query_to_xml('SELECT FROM pg_catalog.pg_attribute \
WHERE attrelid = ''refinery_schema_history''::pg_catalog.regclass AND attname = ''version'' \
AND atttypid IN (''int4''::pg_catalog.regtype, ''int8''::pg_catalog.regtype)', false, true, '')::text <> '' \
THEN pg_catalog.query_to_xml('SELECT version FROM refinery_schema_history ORDER BY version', false, true, '') \
END END AS applied_migrations, \
(SELECT count(*) FROM pg_catalog.pg_get_replication_slots() \
WHERE slot_type = 'physical' AND NOT temporary) AS physical_slots, \
(SELECT count(*) FROM pg_catalog.pg_get_replication_slots() \
WHERE slot_type = 'logical' AND NOT temporary) AS logical_slots, \
(SELECT count(*) FROM pg_catalog.pg_prepared_xact()) AS prepared_transactions, \
pg_catalog.current_setting('rds.extensions', true) IS NOT NULL AS rds, \
pg_catalog.current_setting('cloudsql.iam_authentication', true) IS NOT NULL AS cloudsql, \
pg_catalog.current_setting('azure.extensions', true) IS NOT NULL AS azure, \
pg_catalog.current_setting('cnpg.config_sha256', true) IS NOT NULL AS cnpg; ";

/// The standbys. A base backup and a mere receiver of WAL are none.
pub(super) const FOLLOWERS: &str = "\
SELECT a.application_name, pg_catalog.host(a.client_addr) AS address, w.state \
FROM pg_catalog.pg_stat_get_wal_senders() AS w \
JOIN pg_catalog.pg_stat_get_activity(NULL) AS a ON a.pid = w.pid \
WHERE w.state IS DISTINCT FROM 'backup' AND a.application_name <> 'pg_receivewal' \
ORDER BY a.application_name, a.client_addr; ";

/// What Linux says of memory: the machine's, and the limits of the control group that the server
/// runs in (version 2 at its own path and at the root that a container sees, then version 1).
const MEMORY: &str = "\
SELECT pg_catalog.pg_read_file('/proc/meminfo', 0, 4096, true) AS machine, \
pg_catalog.pg_read_file('/sys/fs/cgroup' || pg_catalog.substring( \
pg_catalog.pg_read_file('/proc/self/cgroup', 0, 4096, true), '0::(/[^[:cntrl:]]*)') || '/memory.max', \
0, 64, true) AS own_group, \
pg_catalog.pg_read_file('/sys/fs/cgroup/memory.max', 0, 64, true) AS root_group, \
pg_catalog.pg_read_file('/sys/fs/cgroup/memory/memory.limit_in_bytes', 0, 64, true) AS old_group \
WHERE pg_catalog.has_function_privilege( \
'pg_catalog.pg_read_file(text, bigint, bigint, boolean)', 'EXECUTE') \
AND pg_catalog.pg_has_role('pg_read_server_files', 'USAGE')";

impl Postgres {
    /// The memory of the server's machine or control group; `None` where this role may not look, or
    /// the machine does not say. Asked once: it does not change while a run lasts.
    pub(super) fn memory(&mut self) -> Result<Option<Memory>, EngineError> {
        if let Some(known) = self.memory.get() {
            return Ok(known.clone());
        }
        let found = match self.ask(MEMORY, "a look at the memory of its machine") {
            Ok(answer) => rows::rows(&answer).first().and_then(|&row| memory(row)),
            // A machine that keeps these files to itself tells nothing; that is no error.
            Err(EngineError::Refused { .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(self.memory.get_or_init(|| found).clone())
    }
}

/// Reads the rows of [`FACTS`] and [`FOLLOWERS`].
pub(super) fn read(
    about: Row<'_>,
    followers: &[Row<'_>],
    data_directory: Option<&str>,
    system: &str,
) -> Result<Facts, String> {
    let standbys = followers.iter().map(|row| {
        Ok(Follower {
            name: row.owned("application_name")?.unwrap_or_default(),
            address: row.owned("address")?,
            state: row.owned("state")?.unwrap_or_default(),
        })
    });
    let number = |column| about.optional(column)?.map(rows::number).transpose();
    Ok(Facts {
        connections: about.line("connections")?,
        on_this_host: data_directory.is_some_and(|folder| host::holds(folder, system)),
        postgresql: Some(PostgresqlFacts {
            wal_position: number("wal_position")?,
            replay_paused: about.flag("paused")?,
            standbys: standbys.collect::<Result<_, String>>()?,
            upstream: about.owned("upstream")?,
            server_address: about.owned("server_address")?,
            keeps_history: about.flag("keeps_history")?,
            applied_migrations: about.optional("applied_migrations")?.map(versions),
            data_directory: data_directory.map(str::to_owned),
            physical_slots: about.line("physical_slots")?,
            logical_slots: about.line("logical_slots")?,
            prepared_transactions: about.line("prepared_transactions")?,
        }),
        ..Facts::default()
    })
}

/// The numbers in `<row …><version>1</version></row>…`
fn versions(xml: &str) -> Vec<i64> {
    let parts = xml.split("<version>").skip(1);
    parts
        .filter_map(|part| part.split_once('<')?.0.parse().ok())
        .collect()
}

/// The smaller of the machine's memory and the limit of the control group.
fn memory(row: Row<'_>) -> Option<Memory> {
    let text = |column| row.optional(column).ok().flatten();
    let machine = text("machine").and_then(of_meminfo).map(|bytes| Memory {
        bytes,
        from: "/proc/meminfo".to_owned(),
        is_own_limit: false,
        is_stated: false,
    });
    let groups = ["own_group", "root_group", "old_group"];
    let limits = groups
        .iter()
        .filter_map(|column| text(column)?.trim().parse().ok());
    let limit = limits.min().map(|bytes| Memory {
        bytes,
        from: "its control group".to_owned(),
        is_own_limit: true,
        is_stated: false,
    });
    [machine, limit]
        .into_iter()
        .flatten()
        .min_by_key(|memory| memory.bytes)
}

/// `MemTotal:       16384 kB`
fn of_meminfo(text: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_a_machine_is_read_in_bytes() {
        let text = "MemTotal:       24592936 kB\nMemFree:        1 kB\n";
        assert_eq!(of_meminfo(text), Some(24_592_936 * 1024));
        assert_eq!(of_meminfo("MemFree: 1 kB\n"), None);
    }
}
