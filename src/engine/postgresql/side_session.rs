//! A session beside the one that tunes, for dbtune's own tables.

use postgres::SimpleQueryMessage;

use super::errors;
use super::session::Answer;
use super::{EngineError, Interrupt, Postgres, Target};

/// A session for statements on dbtune's own tables. What it says of an error names the statement
/// in words, never its values.
pub struct SideSession(Postgres);

impl SideSession {
    /// Connects, as [`super::connect`] does.
    pub fn open(target: &Target, interrupt: &Interrupt) -> Result<Self, EngineError> {
        Postgres::connect(target, interrupt).map(Self)
    }

    /// Sends statements that only read and returns their rows, as text. `shown` names them in an
    /// error.
    pub fn read(
        &mut self,
        statements: &str,
        shown: &str,
    ) -> Result<Vec<Vec<Option<String>>>, EngineError> {
        self.0.ask(statements, shown).map(|answer| texts(&answer))
    }

    /// Sends statements that write, and waits for their end even after an interrupt.
    pub fn write(&mut self, statements: &str, shown: &str) -> Result<(), EngineError> {
        self.0
            .session
            .tell(statements)
            .map(drop)
            .map_err(|failure| {
                errors::of_statement(self.0.connector.target(), shown, None, failure)
            })
    }
}

/// The rows of every statement, as text.
pub(super) fn texts(answer: &Answer) -> Vec<Vec<Option<String>>> {
    answer
        .iter()
        .filter_map(|message| {
            let SimpleQueryMessage::Row(row) = message else {
                return None;
            };
            Some(row)
        })
        .map(|row| {
            (0..row.len())
                .map(|column| row.get(column).map(str::to_owned))
                .collect()
        })
        .collect()
}
