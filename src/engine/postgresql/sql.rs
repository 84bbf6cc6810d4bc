//! The statements that read. Every name is qualified: a search path must not decide what is read.

use super::facts::{FACTS, FOLLOWERS};

/// Names the session, bounds its statements and asks for the version.
///
/// A session that waits for a person must outlive `idle_session_timeout`, which 13 does not know.
pub(super) fn set_up(named: bool) -> String {
    let name = if named {
        ""
    } else {
        "SET application_name = 'dbtune'; "
    };
    format!(
        "{name}SET statement_timeout = '30s'; SET lock_timeout = '10s'; \
         SELECT pg_catalog.current_setting('server_version_num') AS number, \
         CASE WHEN pg_catalog.current_setting('idle_session_timeout', true) IS NOT NULL \
         THEN pg_catalog.set_config('idle_session_timeout', '0', false) END AS idle"
    )
}

/// Takes back what [`set_up`] set, so that `pg_settings` tells of the server and not of it.
fn hide(version_number: u32, named: bool) -> String {
    let mut settings = vec!["statement_timeout", "lock_timeout"];
    if version_number >= 140_000 {
        settings.push("idle_session_timeout");
    }
    if !named {
        settings.push("application_name");
    }
    settings
        .iter()
        .flat_map(|name| ["RESET ", name, "; "])
        .collect()
}

/// Everything a snapshot needs, in one string: the server reads its configuration only between two
/// strings, so that all of it is of one moment.
///
/// The files come before the settings: looking at them makes the server find out which settings wait
/// for a restart, and `pg_settings` tells of it only afterwards.
pub(super) fn snapshot(version_number: u32, named: bool, with_files: bool) -> String {
    let hide = hide(version_number, named);
    let files = if with_files { FILES } else { "" };
    let settings = settings(version_number);
    let set_up = set_up(named);
    format!("{hide}{files}{IDENTITY}{settings}{OVERRIDES}{FACTS}{FOLLOWERS}{set_up}")
}

const IDENTITY: &str = "\
SELECT pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1) AS version, \
pg_catalog.current_setting('server_version_num') AS number, \
(SELECT system_identifier FROM pg_catalog.pg_control_system()) AS system, \
pg_catalog.to_char(pg_catalog.timezone('UTC', pg_catalog.pg_postmaster_start_time()), \
'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS started_at, \
CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'standby' ELSE 'primary' END AS role, \
current_user AS user_name, pg_catalog.quote_ident(current_user) AS user_ident, \
pg_catalog.current_setting('is_superuser')::bool AS superuser, \
pg_catalog.has_function_privilege('pg_catalog.pg_reload_conf()', 'EXECUTE') AS may_reload, \
pg_catalog.pg_has_role('pg_read_all_settings', 'USAGE') AS may_read_settings; ";

/// Without a join and without an order, which a new session would need longer for than for all the rest.
const OVERRIDES: &str = "\
SELECT pg_catalog.split_part(entry, '=', 1) AS name, \
pg_catalog.substr(entry, pg_catalog.strpos(entry, '=') + 1) AS value, \
pg_catalog.quote_ident(role_name) AS role_ident, role_name, \
pg_catalog.quote_ident(database_name) AS database_ident, database_name \
FROM (SELECT pg_catalog.unnest(setconfig) AS entry, \
CASE WHEN setrole <> 0 THEN pg_catalog.pg_get_userbyid(setrole) END AS role_name, \
(SELECT datname FROM pg_catalog.pg_database WHERE oid = setdatabase) AS database_name \
FROM pg_catalog.pg_db_role_setting) AS entries; ";

/// What stands in the configuration files, in the order in which the server reads it.
pub(super) const FILES: &str = "\
SELECT sourcefile, sourceline, name, setting, applied, error \
FROM pg_catalog.pg_file_settings ORDER BY seqno; ";

/// The separator of the words of an enum: no setting has it in a word.
pub(super) const WORDS: char = '\u{1f}';

/// Out of the function under `pg_settings`: a new session understands it sooner than the view.
fn settings(version_number: u32) -> String {
    // Before 15 there is no such privilege: only a superuser may.
    let may_write = if version_number >= 150_000 {
        "pg_catalog.has_parameter_privilege(name, 'ALTER SYSTEM')"
    } else {
        "pg_catalog.current_setting('is_superuser')::bool"
    };
    format!(
        "SELECT name, setting, unit, context, vartype, source, min_val, max_val, \
         pg_catalog.array_to_string(enumvals, pg_catalog.chr(31)) AS enumvals, boot_val, \
         sourcefile, sourceline, pending_restart, {may_write} AS may_write \
         FROM pg_catalog.pg_show_all_settings(); "
    )
}
