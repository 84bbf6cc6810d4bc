//! What can go wrong between dbtune and a server.

use crate::snapshot::Manager;

/// What can go wrong between dbtune and a server. Every text is free of secrets.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No connection could be made.
    #[error("cannot connect to {target} at {address}: {reason}")]
    Connect {
        /// The target's name.
        target: String,
        /// Where it was looked for.
        address: String,
        /// Why not, in plain words: refused, wrong password, no such host, gave up after 10 s.
        reason: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The URL, or a file that it or the target names, is of no use: no server was asked.
    #[error("cannot connect to {target} at the URL from {from}: {reason}")]
    Unusable {
        /// The target's name.
        target: String,
        /// Where the URL is from.
        from: String,
        /// What is wrong with it.
        reason: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The connection was lost. Whether the last statement was done is not known.
    #[error("lost the connection to {target} during {during}: {reason}")]
    Lost {
        /// The target's name.
        target: String,
        /// The statement or command that was under way, without secrets.
        during: String,
        /// What the client library says.
        reason: String,
    },
    /// The server refused a statement or command.
    #[error("{target} refused {statement}: {message}")]
    Refused {
        /// The target's name.
        target: String,
        /// The statement or command, without secrets.
        statement: String,
        /// The setting it was about, if one.
        setting: Option<String>,
        /// SQLSTATE, for PostgreSQL.
        sqlstate: Option<String>,
        /// What the server says.
        message: String,
        /// DETAIL of the server.
        detail: Option<String>,
        /// HINT of the server.
        hint: Option<String>,
    },
    /// The server does not let its settings be read, so nothing can be planned there.
    #[error("the settings of {target} cannot be read: {reason}")]
    NotReadable {
        /// The target's name.
        target: String,
        /// Why not.
        reason: String,
        /// What to do about it.
        hint: String,
        /// Who manages the server, where the reason is that somebody does; `None`: a right is missing.
        managed_by: Option<Manager>,
    },
    /// The server took the reload and did not read its files within the time given.
    #[error("{target} has not read its configuration files {waited_seconds} s after the reload")]
    ReloadAbandoned {
        /// The target's name.
        target: String,
        /// How long was waited.
        waited_seconds: u64,
        /// What `pg_file_settings` says is wrong, if it says anything.
        problems: Vec<String>,
    },
    /// The server gave an answer that dbtune does not understand.
    #[error("{target} gave an unexpected answer to {statement}: {reason}")]
    Unexpected {
        /// The target's name.
        target: String,
        /// The statement or command, without secrets.
        statement: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
}
