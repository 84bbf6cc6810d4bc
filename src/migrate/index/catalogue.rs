//! What the catalogue says of a table and its indexes.

use crate::engine::EngineError;
use crate::engine::postgresql::{TextRow, WorkSession, literal};
use crate::sql::{CreateIndex, Name};

/// A table that an index is built on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) oid: u32,
    pub(super) name: Name,
    /// It has partitions, and no rows of its own.
    pub(super) is_partitioned: bool,
}

/// An index as the catalogue has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) oid: u32,
    pub(super) name: Name,
    /// The table that it belongs to.
    pub(super) table_oid: u32,
    /// It is used by queries, and complete.
    pub(super) is_valid: bool,
    /// As `pg_get_indexdef` writes it, with what it leaves out.
    pub(super) definition: String,
}

/// An index that is INVALID, for a list of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidIndex {
    /// Its schema.
    pub schema: String,
    /// Its table.
    pub table: String,
    /// Its name.
    pub index: String,
    /// Its table has partitions: it may be INVALID until each of them has its own.
    pub has_parts: bool,
}

impl InvalidIndex {
    /// The index, in its schema.
    pub fn name(&self) -> Name {
        Name {
            schema: Some(self.schema.clone()),
            name: self.index.clone(),
        }
    }

    /// What drops it. The server drops none concurrently that has parts on partitions.
    pub fn drop_statement(&self) -> String {
        let how = if self.has_parts { "" } else { "CONCURRENTLY " };
        format!("DROP INDEX {how}{}", self.name())
    }
}

/// The table of that name, by the search path of the session where no schema is given.
pub(super) fn table(session: &mut WorkSession, name: &Name) -> Result<Option<Table>, EngineError> {
    let query = format!(
        "SELECT c.oid, n.nspname, c.relname, c.relkind = 'p' FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.oid = pg_catalog.to_regclass({})",
        literal(&name.to_string())
    );
    let rows = session.read(&query, "a look for the table")?;
    Ok(rows.first().and_then(read_table))
}

/// A row of `oid, schema, name, is partitioned`.
pub(super) fn read_table(row: &TextRow) -> Option<Table> {
    let [oid, schema, name, partitioned] = row.as_slice() else {
        return None;
    };
    Some(Table {
        oid: oid.as_deref()?.parse().ok()?,
        name: Name {
            schema: schema.clone(),
            name: name.clone()?,
        },
        is_partitioned: partitioned.as_deref() == Some("t"),
    })
}

/// The index of that name in the schema of its table.
pub(super) fn index(
    session: &mut WorkSession,
    table: &Table,
    name: &str,
) -> Result<Option<Found>, EngineError> {
    let schema = table.name.schema.as_deref().unwrap_or_default();
    let condition = format!(
        "n.nspname = {} AND c.relname = {}",
        literal(schema),
        literal(name)
    );
    Ok(indexes(session, &condition)?.into_iter().next())
}

/// The index that a statement names, with its table, where both are there.
pub(super) fn named(
    session: &mut WorkSession,
    create: &CreateIndex,
) -> Result<Option<(Table, Found)>, EngineError> {
    let table = table(session, &create.table)?;
    let (Some(table), Some(name)) = (table, create.name.as_deref()) else {
        return Ok(None);
    };
    let found = index(session, &table, name)?;
    Ok(found.map(|found| (table, found)))
}

/// The indexes for which this holds, of `pg_index i`, `pg_class c`, `pg_namespace n`.
pub(super) fn indexes(
    session: &mut WorkSession,
    condition: &str,
) -> Result<Vec<Found>, EngineError> {
    let query = format!(
        "SELECT c.oid, n.nspname, c.relname, i.indrelid, i.indisvalid AND i.indisready AND i.indislive, \
         pg_catalog.pg_get_indexdef(c.oid) || \
         coalesce((SELECT pg_catalog.format(' TABLESPACE %I', s.spcname) FROM pg_catalog.pg_tablespace s \
                   WHERE s.oid = c.reltablespace), '') || \
         CASE WHEN i.indimmediate THEN '' ELSE ' (of a DEFERRABLE constraint)' END FROM pg_catalog.pg_index i \
         JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE {condition} ORDER BY c.oid"
    );
    let rows = session.read(&query, "a look for the index")?;
    Ok(rows.iter().filter_map(read_index).collect())
}

fn read_index(row: &TextRow) -> Option<Found> {
    let [oid, schema, name, table, valid, definition] = row.as_slice() else {
        return None;
    };
    Some(Found {
        oid: oid.as_deref()?.parse().ok()?,
        name: Name {
            schema: schema.clone(),
            name: name.clone()?,
        },
        table_oid: table.as_deref()?.parse().ok()?,
        is_valid: valid.as_deref() == Some("t"),
        definition: definition.clone()?,
    })
}

/// The name of the index of a statement with the schema in which it lies, and whether its table has
/// partitions; `None` where its table is not there.
pub(crate) fn qualified(
    session: &mut WorkSession,
    create: &CreateIndex,
    name: &str,
) -> Result<Option<(Name, bool)>, EngineError> {
    let table = table(session, &create.table)?;
    Ok(table.map(|table| {
        let index = Name {
            schema: table.name.schema,
            name: name.to_owned(),
        };
        (index, table.is_partitioned)
    }))
}

/// Of `pg_locks l` and `pg_stat_progress_create_index p`: that the process builds an index on a table. By its
/// locks, because the progress of other roles is hidden from a role without `pg_read_all_stats`.
const BUILDS: &str = "p.pid = l.pid AND l.locktype = 'relation' AND l.granted \
    AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock') AND l.database = \
    (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())";

/// A process, not this one, that builds an index on one of these tables right now. `tables`: a query of their
/// oids.
pub(super) fn builder(session: &mut WorkSession, tables: &str) -> Result<Option<i32>, EngineError> {
    let query = format!(
        "SELECT l.pid FROM pg_catalog.pg_locks l, pg_catalog.pg_stat_progress_create_index p \
         WHERE {BUILDS} AND l.relation IN ({tables}) AND l.pid <> pg_catalog.pg_backend_pid() \
         ORDER BY l.pid LIMIT 1"
    );
    let rows = session.read(&query, "a look for other builds")?;
    let pid = rows.first().and_then(|row| row.first().cloned().flatten());
    Ok(pid.and_then(|pid| pid.parse().ok()))
}

/// The INVALID indexes of the database for which this holds (see [`indexes`]), of tables on which nobody builds
/// any.
pub(super) fn abandoned(
    session: &mut WorkSession,
    condition: &str,
) -> Result<Vec<InvalidIndex>, EngineError> {
    let query = format!(
        "SELECT n.nspname, t.relname, c.relname, c.relkind = 'I' FROM pg_catalog.pg_index i \
         JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
         JOIN pg_catalog.pg_class t ON t.oid = i.indrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE NOT i.indisvalid AND i.indrelid NOT IN (SELECT l.relation FROM pg_catalog.pg_locks l, \
         pg_catalog.pg_stat_progress_create_index p WHERE {BUILDS} AND l.relation IS NOT NULL) AND ({condition}) \
         ORDER BY n.nspname, t.relname, c.relname"
    );
    let rows = session.read(&query, "a look for INVALID indexes")?;
    Ok(rows.iter().filter_map(read_invalid).collect())
}

/// Every INVALID index of the database that no live process is building.
pub(crate) fn invalid_indexes(session: &mut WorkSession) -> Result<Vec<InvalidIndex>, EngineError> {
    abandoned(session, "true")
}

fn read_invalid(row: &TextRow) -> Option<InvalidIndex> {
    let [schema, table, index, has_parts] = row.as_slice() else {
        return None;
    };
    Some(InvalidIndex {
        schema: schema.clone()?,
        table: table.clone()?,
        index: index.clone()?,
        has_parts: has_parts.as_deref() == Some("t"),
    })
}
