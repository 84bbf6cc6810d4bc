//! Locks on tables.

use std::fmt;

use super::Name;

/// How strongly a table is locked, from the weakest: the order and the names of PostgreSQL, chapter
/// "Explicit Locking".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockMode {
    /// Taken to read; only `AccessExclusive` waits for it.
    AccessShare,
    /// Taken by `SELECT ... FOR UPDATE` and the like.
    RowShare,
    /// Taken to write rows.
    RowExclusive,
    /// Taken by `VACUUM` and by what is built concurrently: reads and writes go on.
    ShareUpdateExclusive,
    /// Taken by `CREATE INDEX`: writes wait.
    Share,
    /// Taken to create triggers and foreign keys: writes wait.
    ShareRowExclusive,
    /// Taken by `REFRESH MATERIALIZED VIEW CONCURRENTLY`: only reads go on.
    Exclusive,
    /// Taken by most of `ALTER TABLE`, and to drop: reads and writes wait.
    AccessExclusive,
}

impl fmt::Display for LockMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccessShare => "ACCESS SHARE",
            Self::RowShare => "ROW SHARE",
            Self::RowExclusive => "ROW EXCLUSIVE",
            Self::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Self::Share => "SHARE",
            Self::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Self::Exclusive => "EXCLUSIVE",
            Self::AccessExclusive => "ACCESS EXCLUSIVE",
        })
    }
}

/// A lock that a statement takes on a relation: a table, a view, an index, a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// How strongly.
    pub mode: LockMode,
    /// On which; `None` where the statement does not say it, as a `VACUUM` of everything.
    pub relation: Option<Name>,
}
