//! What the simple query protocol answers, by statement, row and column name.

use std::str::FromStr;

use postgres::{SimpleQueryMessage, SimpleQueryRow};

/// One row of an answer.
#[derive(Clone, Copy)]
pub(super) struct Row<'a>(&'a SimpleQueryRow);

impl<'a> Row<'a> {
    /// The text in a column, `None` for NULL. The error says what is wrong with the answer.
    pub(super) fn optional(self, column: &str) -> Result<Option<&'a str>, String> {
        self.0
            .try_get(column)
            .map_err(|_unreadable| format!("column {column} is missing or not UTF-8"))
    }

    /// The text in a column that cannot be NULL.
    pub(super) fn required(self, column: &str) -> Result<&'a str, String> {
        self.optional(column)?
            .ok_or_else(|| format!("column {column} is NULL"))
    }

    /// An owned text, `None` for NULL.
    pub(super) fn owned(self, column: &str) -> Result<Option<String>, String> {
        Ok(self.optional(column)?.map(str::to_owned))
    }

    /// A boolean; NULL counts as false.
    pub(super) fn flag(self, column: &str) -> Result<bool, String> {
        Ok(self.optional(column)? == Some("t"))
    }

    /// A line number, `None` for NULL.
    pub(super) fn line(self, column: &str) -> Result<Option<u32>, String> {
        self.optional(column)?.map(number).transpose()
    }
}

/// Reads a whole number.
pub(super) fn number<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse()
        .map_err(|_unparsable| format!("`{text}` is not a number"))
}

/// The rows of each statement that returns rows, in order.
pub(super) fn result_sets(answer: &[SimpleQueryMessage]) -> Vec<Vec<Row<'_>>> {
    let mut sets: Vec<Vec<Row<'_>>> = Vec::new();
    for message in answer {
        if let SimpleQueryMessage::RowDescription(_) = message {
            sets.push(Vec::new());
        } else if let (SimpleQueryMessage::Row(row), Some(set)) = (message, sets.last_mut()) {
            set.push(Row(row));
        }
    }
    sets
}

/// The first row of the first statement that returns rows.
pub(super) fn only_row(answer: &[SimpleQueryMessage]) -> Result<Row<'_>, String> {
    result_sets(answer)
        .first()
        .and_then(|rows| rows.first().copied())
        .ok_or_else(|| "no row came back".to_owned())
}

/// The rows of the only statement.
pub(super) fn rows(answer: &[SimpleQueryMessage]) -> Vec<Row<'_>> {
    result_sets(answer).into_iter().next().unwrap_or_default()
}
