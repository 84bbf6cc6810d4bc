//! All that a server says of a statement that it refused.

use postgres::error::{DbError, ErrorPosition};

/// What the server said of a statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (SQLSTATE {sqlstate})")]
pub struct SqlError {
    /// The five characters that name the kind of error.
    pub sqlstate: String,
    /// What is wrong.
    pub message: String,
    /// DETAIL.
    pub detail: Option<String>,
    /// HINT.
    pub hint: Option<String>,
    /// CONTEXT: where, inside of functions.
    pub context: Option<String>,
    /// The character of what was sent, from 1, at which the error lies.
    pub position: Option<usize>,
    /// The table that it is about, where the server names one.
    pub table: Option<String>,
    /// The schema of that table.
    pub schema: Option<String>,
}

impl SqlError {
    /// What the client library holds of it.
    pub(super) fn of(server: &DbError) -> Self {
        let position = match server.position() {
            Some(ErrorPosition::Original(position)) => usize::try_from(*position).ok(),
            Some(ErrorPosition::Internal { .. }) | None => None,
        };
        Self {
            sqlstate: server.code().code().to_owned(),
            message: server.message().to_owned(),
            detail: server.detail().map(str::to_owned),
            hint: server.hint().map(str::to_owned),
            context: server.where_().map(str::to_owned),
            position,
            table: server.table().map(str::to_owned),
            schema: server.schema().map(str::to_owned),
        }
    }

    /// Whether it is one of these kinds.
    pub fn is_one_of(&self, sqlstates: &[&str]) -> bool {
        sqlstates.contains(&self.sqlstate.as_str())
    }
}
