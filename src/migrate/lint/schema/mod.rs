//! The tables and indexes that a database has at one moment, as far as they are known. Pure.
//!
//! It begins empty, or with what a server says, and is folded over statements in the order of their
//! versions. What it does not know it says nothing of: a table that the folder does not make may be there
//! all the same, and a table that is made out of another has columns that are not written.

mod fold;
mod index;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub(super) use index::Index;

use crate::sql::{Name, Place};

/// Where the relations of this session are that are temporary.
const TEMPORARY: &str = "pg_temp";

/// The statement that made something, or took it away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    /// Its file.
    pub(super) path: PathBuf,
    /// Where in it.
    pub(super) place: Place,
}

impl Origin {
    /// `V3__x.sql:4`
    pub(super) fn short(&self) -> String {
        let file = self.path.file_name().unwrap_or_default();
        format!("{}:{}", file.to_string_lossy(), self.place.line)
    }
}

/// A table, a view.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Table {
    /// Its columns, where all are known.
    columns: Option<Vec<String>>,
}

/// How a relation went, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gone {
    /// `dropped`, `renamed to x`.
    pub(super) how: String,
    /// By which statement.
    pub(super) by: Origin,
}

/// What is known of a database. Every name in it has a schema.
#[derive(Debug, Clone)]
pub(super) struct Schema {
    /// Where names without a schema lead.
    path: Vec<String>,
    /// Whether a file has changed that, so that such names are not understood.
    is_lost: bool,
    tables: BTreeMap<Name, Table>,
    gone: BTreeMap<Name, Gone>,
    indexes: Vec<Index>,
    next: usize,
}

/// What a name leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leads {
    /// A relation that is there.
    To(Name),
    /// One that was there.
    Gone(Gone),
    /// Nothing that is known.
    Nowhere,
    /// What it means is not known.
    Unknown,
}

impl Schema {
    /// Nothing is known. Names lead to `public`.
    pub(super) fn empty() -> Self {
        Self::with_path(vec!["public".to_owned()])
    }

    /// Nothing is known yet but where names lead.
    pub(super) fn with_path(path: Vec<String>) -> Self {
        Self {
            path,
            is_lost: false,
            tables: BTreeMap::new(),
            gone: BTreeMap::new(),
            indexes: Vec::new(),
            next: 0,
        }
    }

    /// Takes in a table with all its columns.
    pub(super) fn add_table(&mut self, name: Name, columns: Vec<String>) {
        let columns = Some(columns);
        self.tables.insert(name, Table { columns });
    }

    /// Takes in an index.
    pub(super) fn add_index(&mut self, index: Index) {
        let schema = index.table.schema.clone();
        let is_other = |other: &Index| other.name != index.name || other.table.schema != schema;
        self.indexes.retain(is_other);
        self.next += 1;
        self.indexes.push(Index {
            id: self.next,
            ..index
        });
    }

    /// What a name of a relation leads to.
    pub(super) fn find(&self, name: &Name) -> Leads {
        if name.schema.is_none() && self.is_lost {
            return Leads::Unknown;
        }
        let candidates = self.candidates(name);
        if let Some(there) = candidates
            .iter()
            .find(|name| self.tables.contains_key(name))
        {
            return Leads::To(there.clone());
        }
        let gone = candidates.iter().find_map(|name| self.gone.get(name));
        gone.map_or(Leads::Nowhere, |gone| Leads::Gone(gone.clone()))
    }

    /// The relation that a name means if it is there and nothing is known of it.
    pub(super) fn assumed(&self, name: &Name) -> Option<Name> {
        let is_temporary = |name: &Name| name.schema.as_deref() == Some(TEMPORARY);
        let mut candidates = self.candidates(name).into_iter();
        candidates.find(|name| !is_temporary(name))
    }

    /// The relations that a name could mean, the nearest first.
    fn candidates(&self, name: &Name) -> Vec<Name> {
        let in_schema = |schema: &str| Name {
            schema: Some(schema.to_owned()),
            name: name.name.clone(),
        };
        if name.schema.is_some() {
            return vec![name.clone()];
        }
        let path = self.path.iter().map(String::as_str);
        std::iter::once(TEMPORARY)
            .chain(path)
            .map(in_schema)
            .collect()
    }

    /// The columns of a table, where all are known.
    pub(super) fn columns(&self, table: &Name) -> Option<&[String]> {
        self.tables.get(table)?.columns.as_deref()
    }

    /// The names of the tables that are known.
    pub(super) fn table_names(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(|table| table.name.as_str())
    }

    /// The indexes of a table, those of keys among them.
    pub(super) fn indexes_of(&self, table: &Name) -> impl Iterator<Item = &Index> {
        self.indexes
            .iter()
            .filter(move |index| index.table == *table)
    }

    /// The index of a name in the schema of a table.
    pub(super) fn index_named(&self, name: &str, table: &Name) -> Option<&Index> {
        let mut indexes = self.indexes.iter();
        indexes.find(|index| index.name == name && index.table.schema == table.schema)
    }

    /// Whether an index is still there.
    pub(super) fn has_index(&self, id: usize) -> bool {
        self.indexes.iter().any(|index| index.id == id)
    }

    /// The number that the next index will get.
    pub(super) fn next_index(&self) -> usize {
        self.next + 1
    }
}
