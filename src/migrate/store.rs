//! What the database knows of its migrations: refinery's history, and what dbtune keeps beside it in
//! the schema `dbtune`.

use std::collections::{BTreeMap, BTreeSet};

use super::checksum::Width;
use super::{MigrateError, Version};
use crate::engine::EngineError;
use crate::engine::postgresql::{TextRow, WorkSession, literal};

/// The table of refinery, as refinery names it.
const HISTORY: &str = "refinery_schema_history";

/// What dbtune keeps: the text of what was applied, and how far a file that is run statement by
/// statement has come. Both by history, because a database may have one in each of its schemas.
const CREATE: &str = "
SET LOCAL client_min_messages = warning;
CREATE TABLE IF NOT EXISTS dbtune.migration (
    history text NOT NULL,
    version int8 NOT NULL,
    name text NOT NULL,
    sql text NOT NULL,
    undo text,
    applied_by text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    PRIMARY KEY (history, version)
);
COMMENT ON TABLE dbtune.migration IS 'The text of each migration as it was applied; see dbtune migrate status';
CREATE TABLE IF NOT EXISTS dbtune.migration_step (
    history text NOT NULL,
    version int8 NOT NULL,
    step int4 NOT NULL,
    name text NOT NULL,
    digest text NOT NULL,
    statement text NOT NULL,
    state text NOT NULL CHECK (state IN ('running', 'done')),
    made boolean NOT NULL DEFAULT false,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    PRIMARY KEY (history, version, step)
);
COMMENT ON TABLE dbtune.migration_step IS 'How far migrations have come that are run statement by statement';";

const LOOK: &str = "
SELECT pg_catalog.pg_is_in_recovery(),
       pg_catalog.current_database(),
       pg_catalog.current_user(),
       h.name,
       h.type,
       pg_catalog.to_regnamespace('dbtune') IS NOT NULL,
       pg_catalog.to_regclass('dbtune.migration') IS NOT NULL
         AND pg_catalog.to_regclass('dbtune.migration_step') IS NOT NULL,
       pg_catalog.quote_ident(pg_catalog.current_schema()),
       pg_catalog.current_setting('standard_conforming_strings') = 'off',
       (SELECT pg_catalog.string_agg(pg_catalog.format('%s', t.oid::regclass), ', ') FROM pg_catalog.pg_class t
        WHERE t.oid IN (pg_catalog.to_regclass('refinery_schema_history'), pg_catalog.to_regclass('dbtune.migration'),
                        pg_catalog.to_regclass('dbtune.migration_step'))
          AND t.relrowsecurity AND pg_catalog.row_security_active(t.oid))
FROM (SELECT) AS one
LEFT JOIN (
    SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
           pg_catalog.format_type(a.atttypid, NULL) AS type
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = 'version'
    WHERE c.oid = pg_catalog.to_regclass('refinery_schema_history')
) AS h ON true";

/// Where the history lies, and how wide its versions are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct History {
    /// The table, qualified and quoted.
    pub table: String,
    /// The width of its versions.
    pub width: Width,
}

/// What a database says before anything is run on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Database {
    /// It is a standby: it takes no migration.
    pub is_standby: bool,
    /// Its name.
    pub name: String,
    /// The role that is connected.
    pub user: String,
    /// The history; `None` where nothing was ever applied.
    pub history: Option<History>,
    /// The schema `dbtune` is there.
    pub has_schema: bool,
    /// Both tables of dbtune are there.
    pub has_tables: bool,
    /// The schema in which the history is made, quoted; `None` where the search path leads nowhere.
    pub schema: Option<String>,
    /// `standard_conforming_strings` is off: a backslash escapes in every literal.
    pub backslash_escapes: bool,
    /// Those of its own tables of which row security may hide rows from this role.
    pub with_hidden_rows: Option<String>,
}

impl Database {
    /// The history, as it is or will be named.
    pub(super) fn history_table(&self) -> String {
        let made = || {
            let schema = self.schema.as_deref().unwrap_or("public");
            format!("{schema}.{HISTORY}")
        };
        self.history
            .as_ref()
            .map_or_else(made, |history| history.table.clone())
    }

    /// The width of the history, as it is or will be.
    pub(super) fn width(&self) -> Width {
        self.history
            .as_ref()
            .map_or(Width::Wide, |history| history.width)
    }
}

/// A row of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Applied {
    /// Its number.
    pub version: Version,
    /// Its name.
    pub name: String,
    /// When, as refinery writes it (RFC 3339).
    pub on: Option<String>,
    /// refinery's checksum, in decimal digits. Whatever else stands there equals no file.
    pub checksum: String,
}

/// How far a statement has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// The name of the migration.
    pub name: String,
    /// SHA-256 of the statement as it was run.
    pub digest: String,
    /// The statement as it was run.
    pub statement: String,
    /// It was done; else it had been begun, and nobody has written how it ended.
    pub is_done: bool,
    /// It was done ahead of its turn, by this run.
    pub is_ahead: bool,
}

/// The statements of each migration that is under way, by their place in the file from 1.
pub(super) type Steps = BTreeMap<Version, BTreeMap<usize, Step>>;

/// The key under which the steps of a way back are kept.
pub(super) fn undo_key(history: &str) -> String {
    format!("{history} undo")
}

/// What is asked of a session before anything is done there.
pub(super) fn look(session: &mut WorkSession) -> Result<Database, MigrateError> {
    let shown = "a look for the history";
    let rows = session.read(LOOK, shown)?;
    let row = rows.first().map(Vec::as_slice).unwrap_or_default();
    let [
        standby,
        name,
        user,
        table,
        width,
        schema,
        tables,
        current,
        escapes,
        hidden,
    ] = row
    else {
        return Err(unexpected(session, shown, "no row of ten columns"));
    };
    let is_true = |cell: &Option<String>| cell.as_deref() == Some("t");
    let history = match (table, width.as_deref()) {
        (None, _) => None,
        (Some(table), Some("bigint")) => Some((table, Width::Wide)),
        (Some(table), Some("integer")) => Some((table, Width::Narrow)),
        (Some(table), other) => {
            return Err(MigrateError::ForeignHistory {
                table: table.clone(),
                found: other.unwrap_or("no column").to_owned(),
            });
        }
    };
    Ok(Database {
        is_standby: is_true(standby),
        name: name.clone().unwrap_or_default(),
        user: user.clone().unwrap_or_default(),
        history: history.map(|(table, width)| History {
            table: table.clone(),
            width,
        }),
        has_schema: is_true(schema),
        has_tables: is_true(tables),
        schema: current.clone(),
        backslash_escapes: is_true(escapes),
        with_hidden_rows: hidden.clone(),
    })
}

/// Every row of the history, by version.
pub(super) fn applied(
    session: &mut WorkSession,
    history: &History,
) -> Result<Vec<Applied>, MigrateError> {
    let query = format!(
        "SELECT version::text, name, applied_on, checksum FROM {} ORDER BY version",
        history.table
    );
    let shown = "the history";
    let rows = session.read(&query, shown)?;
    rows.iter()
        .map(|row| {
            applied_row(row).ok_or_else(|| unexpected(session, shown, "a row without version"))
        })
        .collect()
}

fn applied_row(row: &TextRow) -> Option<Applied> {
    let [version, name, applied_on, checksum] = row.as_slice() else {
        return None;
    };
    Some(Applied {
        version: Version(version.as_deref()?.parse().ok()?),
        name: name.clone().unwrap_or_default(),
        on: applied_on.clone(),
        checksum: checksum.clone().unwrap_or_default(),
    })
}

/// How far the files have come that are run statement by statement, and how far those of ways back.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    /// Of migrations.
    pub forward: Steps,
    /// Of ways back.
    pub back: Steps,
}

/// Reads how far everything has come that is run statement by statement.
pub(super) fn under_way(
    session: &mut WorkSession,
    database: &Database,
) -> Result<UnderWay, MigrateError> {
    let mut read = UnderWay::default();
    if !database.has_tables {
        return Ok(read);
    }
    let history = database.history_table();
    let query = format!(
        "SELECT version::text, step::text, name, digest, statement, state, history = {0} \
         FROM dbtune.migration_step WHERE history IN ({0}, {1}) ORDER BY version, step",
        literal(&history),
        literal(&undo_key(&history))
    );
    let shown = "dbtune.migration_step";
    for row in &session.read(&query, shown)? {
        let Some((version, number, step)) = step_row(row) else {
            return Err(unexpected(
                session,
                shown,
                "a row that dbtune did not write",
            ));
        };
        let is_forward = row.last().is_some_and(|cell| cell.as_deref() == Some("t"));
        let steps = if is_forward {
            &mut read.forward
        } else {
            &mut read.back
        };
        steps.entry(version).or_default().insert(number, step);
    }
    Ok(read)
}

/// How many migrations of other histories dbtune has applied in this database, by history.
pub(super) fn other_histories(
    session: &mut WorkSession,
    database: &Database,
) -> Result<Vec<(String, String)>, MigrateError> {
    if !database.has_tables {
        return Ok(Vec::new());
    }
    let query = format!(
        "SELECT history, count(*)::text FROM dbtune.migration WHERE history <> {} GROUP BY history \
         ORDER BY history",
        literal(&database.history_table())
    );
    let rows = session.read(&query, "dbtune.migration")?;
    Ok(rows.into_iter().filter_map(pair).collect())
}

/// When dbtune has applied migrations that the history does not have any more, by their titles.
pub(super) fn taken_out(
    session: &mut WorkSession,
    database: &Database,
    pending: &BTreeSet<Version>,
) -> Result<Vec<(String, String)>, MigrateError> {
    if !database.has_tables {
        return Ok(Vec::new());
    }
    let versions: Vec<String> = pending.iter().map(ToString::to_string).collect();
    let query = format!(
        "SELECT pg_catalog.format('V%s__%s', version, name), \
         pg_catalog.to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI \"UTC\"') \
         FROM dbtune.migration WHERE history = {} AND version = ANY ('{{{}}}') ORDER BY version",
        literal(&database.history_table()),
        versions.join(",")
    );
    let rows = session.read(&query, "dbtune.migration")?;
    Ok(rows.into_iter().filter_map(pair).collect())
}

/// A row of two cells.
fn pair(row: TextRow) -> Option<(String, String)> {
    let mut cells = row.into_iter().flatten();
    Some((cells.next()?, cells.next()?))
}

fn step_row(row: &TextRow) -> Option<(Version, usize, Step)> {
    let [version, number, name, digest, statement, state, _is_forward] = row.as_slice() else {
        return None;
    };
    let step = Step {
        name: name.clone()?,
        digest: digest.clone()?,
        statement: statement.clone()?,
        is_done: state.as_deref() == Some("done"),
        is_ahead: false,
    };
    let version = Version(version.as_deref()?.parse().ok()?);
    Some((version, number.as_deref()?.parse().ok()?, step))
}

/// The text of a migration as it was applied, and of its way back; `None` where dbtune did not apply it.
pub(super) fn kept(
    session: &mut WorkSession,
    database: &Database,
    version: Version,
) -> Result<Option<Kept>, MigrateError> {
    if !database.has_tables {
        return Ok(None);
    }
    let query = format!(
        "SELECT sql, undo FROM dbtune.migration WHERE history = {} AND version = {version}",
        literal(&database.history_table())
    );
    let rows = session.read(&query, "dbtune.migration")?;
    Ok(rows.into_iter().next().and_then(|row| {
        let mut cells = row.into_iter();
        let sql = cells.next()??;
        let undo = cells.next().flatten();
        Some(Kept { sql, undo })
    }))
}

/// What dbtune kept of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    /// Its text.
    pub sql: String,
    /// The text of its way back, where it had a file for that.
    pub undo: Option<String>,
}

/// What makes the tables that are not there yet: refinery's history, and those of dbtune. To be run in
/// one transaction.
pub(super) fn creation(database: &Database) -> Option<String> {
    let mut statements = String::new();
    if database.history.is_none() {
        statements.push_str(&format_history(&database.history_table()));
    }
    if !database.has_schema {
        statements.push_str("CREATE SCHEMA IF NOT EXISTS dbtune;");
    }
    if !database.has_tables {
        statements.push_str(CREATE);
    }
    (!statements.is_empty()).then_some(statements)
}

/// refinery's own table, as its version for 64 bits makes it.
fn format_history(table: &str) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {table} (version int8 PRIMARY KEY, name varchar(255), \
         applied_on varchar(255), checksum varchar(255));"
    )
}

fn unexpected(session: &WorkSession, statement: &str, reason: &str) -> MigrateError {
    MigrateError::Engine(EngineError::Unexpected {
        target: session.target().to_owned(),
        statement: statement.to_owned(),
        reason: reason.to_owned(),
    })
}
