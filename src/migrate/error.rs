//! What can go wrong while a database is migrated.

use std::path::PathBuf;
use std::time::Duration;

use super::Version;
use super::source::SourceMistake;
use super::status::Row;
use crate::engine::EngineError;
use crate::sql::{Mistake, Place};

/// A file with mistakes in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileMistakes {
    /// The file.
    pub path: PathBuf,
    /// What is wrong in it, each with its place.
    pub mistakes: Vec<Mistake>,
}

/// A statement that was not done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatementFailure {
    /// The file; for a way back without one, whose it is.
    pub path: PathBuf,
    /// `V12__add_users`.
    pub title: String,
    /// Where in the file.
    pub place: Option<Place>,
    /// The statement, cut to a line; empty where none of the file's is to blame.
    pub statement: String,
    /// Its place among the statements from 1, and how many there are.
    pub number: Option<(usize, usize)>,
    /// SQLSTATE, where the server refused it.
    pub sqlstate: Option<String>,
    /// What is wrong.
    pub message: String,
    /// DETAIL of the server.
    pub detail: Option<String>,
    /// CONTEXT of the server.
    pub context: Option<String>,
    /// Who held it up, one line each.
    pub blockers: Vec<String>,
    /// What was done and what was not, and what of it is left.
    pub left: Vec<String>,
    /// What to do next.
    pub hint: Option<String>,
    /// It is a statement of the way back from the migration.
    pub is_undo: bool,
}

/// What can go wrong while a database is migrated.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The folder cannot be used.
    #[error("the migrations folder has {} mistake(s)", .0.len())]
    Source(Vec<SourceMistake>),
    /// Files have mistakes in them.
    #[error("{} migration(s) have mistakes in them", .0.len())]
    Script(Vec<FileMistakes>),
    /// There is no such migration.
    #[error("there is no migration {version}")]
    UnknownVersion {
        /// The number that was given.
        version: Version,
        /// The nearest ones that there are.
        near: Vec<Version>,
    },
    /// No connection, or it was lost.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The server is a standby.
    #[error("{target} is a standby: it takes no migration")]
    Standby {
        /// The target's name.
        target: String,
    },
    /// Something between dbtune and the server gives a session of the server to several clients.
    #[error("{target} is behind a connection pooler that gives each transaction another session")]
    Pooler {
        /// The target's name.
        target: String,
    },
    /// Another run holds the lock.
    #[error("another run of dbtune migrate holds the lock of {database}: {holder}")]
    Locked {
        /// The database.
        database: String,
        /// Who holds it.
        holder: String,
        /// For how long it was waited for.
        waited: Duration,
    },
    /// A file gave up the locks of its session, and another run has ours.
    #[error("the lock was given up while {what} was written, and another run has it")]
    LockLost {
        /// What was written; it was rolled back.
        what: String,
    },
    /// Files and history do not agree.
    #[error("{} migration(s) stand in the way", .0.len())]
    InTheWay(Vec<Row>),
    /// A statement of a file that is under way is not what was run.
    #[error("statement {number} of {title} was changed after it had been run")]
    StepChanged {
        /// The number of the migration.
        version: Version,
        /// The migration.
        title: String,
        /// Its file.
        path: PathBuf,
        /// Its place in the file, from 1.
        number: usize,
        /// As it was run.
        was: String,
        /// As it is now; empty where there are fewer statements.
        is: String,
    },
    /// The history has 32-bit versions, and this one is wider.
    #[error("the history {table} holds versions of 32 bits, and {version} is wider")]
    TooWide {
        /// The history.
        table: String,
        /// The version.
        version: Version,
    },
    /// A table of that name is not refinery's.
    #[error("{table} is not refinery's history: its column version is {found}")]
    ForeignHistory {
        /// The table.
        table: String,
        /// The type of its column `version`.
        found: String,
    },
    /// A statement was not done.
    #[error("{}: {}", .0.title, .0.message)]
    Statement(Box<StatementFailure>),
    /// What dbtune or refinery keeps could not be written.
    #[error("cannot write {what}: {message}")]
    Bookkeeping {
        /// What.
        what: String,
        /// Why not.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// refinery says no, for a reason that was not seen before it was asked.
    #[error("refinery: {0}")]
    Refinery(String),
    /// What was asked for cannot be done.
    #[error("{message}")]
    Refused {
        /// Why not.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
}
