//! What a statement changes in the tables and indexes of a database, as plain values.

use super::Name;

/// A change of the schema. Building and dropping indexes are kinds of statements of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A table comes to be.
    CreateTable(CreateTable),
    /// A relation comes to be of whose columns nothing is said.
    CreateRelation(Name),
    /// A table or view goes.
    DropRelation(Name),
    /// A schema goes.
    DropSchema(String),
    /// A table gets another name.
    RenameTable {
        /// The table.
        table: Name,
        /// Its new name.
        to: String,
    },
    /// A table gets into another schema.
    MoveTable {
        /// The table.
        table: Name,
        /// The new schema.
        schema: String,
    },
    /// A table gets a column.
    AddColumn {
        /// The table.
        table: Name,
        /// The column.
        column: String,
    },
    /// A table loses a column.
    DropColumn {
        /// The table.
        table: Name,
        /// The column.
        column: String,
    },
    /// A column gets another name.
    RenameColumn {
        /// The table.
        table: Name,
        /// The column.
        from: String,
        /// Its new name.
        to: String,
    },
    /// A table gets columns from another one.
    Inherit(Name),
    /// A table gets a primary key or a unique constraint.
    AddKey {
        /// The table.
        table: Name,
        /// The key.
        key: Key,
    },
    /// A table loses a constraint.
    DropConstraint {
        /// The table.
        table: Name,
        /// The constraint.
        name: String,
    },
    /// A constraint gets another name, and its index with it.
    RenameConstraint {
        /// The table.
        table: Name,
        /// The constraint.
        from: String,
        /// Its new name.
        to: String,
    },
    /// An index gets another name.
    RenameIndex {
        /// The index.
        index: Name,
        /// Its new name.
        to: String,
    },
    /// Names without a schema may mean other relations from here on.
    SearchPath,
    /// A `DO`: what it changes, only the server knows. With its text.
    Code(String),
}

/// A `CREATE TABLE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateTable {
    /// The table. One that is temporary is in `pg_temp`.
    pub name: Name,
    /// The columns that are written.
    pub columns: Vec<String>,
    /// Whether these are all: not with `LIKE`, `INHERITS`, `OF` or `PARTITION OF`.
    pub is_complete: bool,
    /// The primary key and the unique constraints.
    pub keys: Vec<Key>,
    /// Whether one that is there is no error.
    pub if_not_exists: bool,
}

/// A primary key or a unique constraint: the server builds a unique index for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its name, where one is written.
    pub name: Option<String>,
    /// Whether it is the primary key.
    pub is_primary: bool,
    /// The columns.
    pub columns: Vec<String>,
    /// The columns that are only carried along.
    pub include: Vec<String>,
    /// Whether two nulls are equal to it.
    pub nulls_not_distinct: bool,
    /// Whether it may be looked after at the end of a transaction.
    pub is_deferrable: bool,
    /// The index that it takes over.
    pub using_index: Option<String>,
}
