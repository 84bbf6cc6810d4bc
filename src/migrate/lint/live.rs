//! What a database says of its tables, its indexes and its history.

use std::collections::{BTreeMap, BTreeSet};

use super::schema::{Index, Schema};
use crate::engine::postgresql::{TextRow, WorkSession};
use crate::migrate::{MigrateError, Version, store};
use crate::sql::{self, Kind, Name};

/// Relations that an index could be on or be taken for, with their columns.
const COLUMNS: &str = "SELECT n.nspname, c.relname, a.attname \
    FROM pg_catalog.pg_class c \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    LEFT JOIN pg_catalog.pg_attribute a \
      ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
    WHERE c.relkind IN ('r', 'p', 'm', 'f', 'v') \
      AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' \
    ORDER BY n.nspname, c.relname, a.attnum";

/// Indexes, as statements that would build them.
const INDEXES: &str = "SELECT n.nspname, t.relname, pg_catalog.pg_get_indexdef(i.indexrelid), \
      i.indisvalid, k.oid IS NOT NULL, coalesce(k.condeferrable, false) \
    FROM pg_catalog.pg_index i \
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
    JOIN pg_catalog.pg_class t ON t.oid = i.indrelid \
    JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace \
    LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x') \
    WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' \
    ORDER BY n.nspname, t.relname, c.relname";

const PATH: &str = "SELECT pg_catalog.unnest(pg_catalog.current_schemas(false))";

/// What a database was like when it was asked.
#[derive(Debug, Clone)]
pub struct LiveSchema {
    schema: Schema,
    applied: BTreeSet<Version>,
    version_number: u32,
}

impl LiveSchema {
    /// Asks the database of a session. Changes nothing.
    pub fn read(session: &mut WorkSession) -> Result<Self, MigrateError> {
        let path = session.read(PATH, "the search path")?;
        let path = path.into_iter().flatten().flatten().collect();
        let mut schema = Schema::with_path(path);
        for (name, columns) in tables(&session.read(COLUMNS, "the columns of the tables")?) {
            schema.add_table(name, columns);
        }
        let indexes = session.read(INDEXES, "the indexes")?;
        for index in indexes.iter().filter_map(index) {
            schema.add_index(index);
        }
        let database = store::look(session)?;
        let applied = match &database.history {
            Some(history) => store::applied(session, history)?,
            None => Vec::new(),
        };
        Ok(Self {
            schema,
            applied: applied.into_iter().map(|row| row.version).collect(),
            version_number: session.version_number(),
        })
    }

    /// Whether a migration is in the history.
    pub fn is_applied(&self, version: Version) -> bool {
        self.applied.contains(&version)
    }

    /// What is there.
    pub(super) fn schema(&self) -> Schema {
        self.schema.clone()
    }

    /// `server_version_num`.
    pub(super) fn version_number(&self) -> u32 {
        self.version_number
    }
}

fn tables(rows: &[TextRow]) -> BTreeMap<Name, Vec<String>> {
    let mut tables: BTreeMap<Name, Vec<String>> = BTreeMap::new();
    for row in rows {
        let [Some(schema), Some(table), column] = row.as_slice() else {
            continue;
        };
        let columns = tables.entry(name(schema, table)).or_default();
        columns.extend(column.clone());
    }
    tables
}

fn name(schema: &str, table: &str) -> Name {
    Name {
        schema: Some(schema.to_owned()),
        name: table.to_owned(),
    }
}

/// The index that a row describes; `None` for one that the parser does not understand, of which nothing is
/// said then.
fn index(row: &TextRow) -> Option<Index> {
    let [schema, table, definition, valid, constraint, deferrable] = row.as_slice() else {
        return None;
    };
    let script = sql::parse(definition.as_deref()?).ok()?;
    let Kind::CreateIndex(create) = script.statements().first()?.kind() else {
        return None;
    };
    let is_true = |cell: &Option<String>| cell.as_deref() == Some("t");
    let table = name(schema.as_deref()?, table.as_deref()?);
    let index = Index::built(create, &table, None);
    Some(Index {
        is_constraint: is_true(constraint),
        is_deferrable: is_true(deferrable),
        // The server writes ONLY for every index of a partitioned table.
        is_usable: is_true(valid),
        ..index
    })
}
