//! A file that is run in one transaction, together with its row in the history.

use super::failures::failure;
use super::plan::Planned;
use super::{LastPage, Runner};
use crate::migrate::MigrateError;
use crate::migrate::worker::Failed;

impl Runner<'_, '_> {
    /// Runs every statement and writes the row, or does nothing at all.
    pub(super) fn run_whole(
        &mut self,
        planned: &Planned,
        last: &LastPage<'_>,
    ) -> Result<(), MigrateError> {
        let last = self.write_out(planned, last)?;
        let statements = planned.script.statements();
        for (index, statement) in statements.iter().enumerate() {
            self.refuse_invalid(planned, index, statement)?;
        }
        let fresh = if self.is_fresh {
            String::new()
        } else {
            self.worker.fresh_session()
        };
        let what = planned.file.title();
        let mut parts: Vec<&str> = statements.iter().map(crate::sql::Statement::text).collect();
        // One statement and its row go together: it can only be that one that fails, or the row.
        let alone = match parts.as_slice() {
            [only] => Some(format!("{only}\n;{last}")),
            _ => None,
        };
        match &alone {
            Some(alone) => parts = vec![alone],
            None => parts.push(&last),
        }
        let done = self.worker.transaction_after(&fresh, &parts, &what);
        let Err((index, failed)) = done else {
            self.is_fresh = planned
                .script
                .statements()
                .iter()
                .all(leaves_the_session_alone);
            return Ok(());
        };
        if is_about_the_books(&failed) {
            let what = format!("that {what} was applied");
            return Err(self.bookkeeping(&what, failed));
        }
        // Past the last statement: a constraint that is only checked at the commit.
        let mut failure = failure(planned, index, failed)?;
        failure.left = vec![format!(
            "{what} was rolled back: nothing of it was done, and nothing after it"
        )];
        Err(MigrateError::Statement(Box::new(failure)))
    }
}

/// Whether it is dbtune's own row that the server refused.
pub(super) fn is_about_the_books(failed: &Failed) -> bool {
    match failed {
        Failed::Server { error, .. } => {
            error.message.contains(super::lock::LOST)
                || error.schema.as_deref() == Some("dbtune")
                || error.table.as_deref() == Some("refinery_schema_history")
        }
        Failed::GaveUp { .. } | Failed::Engine(_) => false,
    }
}

/// Whether a statement sets nothing in the session: only of plain `CREATE TABLE` it is known. One that runs a
/// query or has a function in it may set anything.
fn leaves_the_session_alone(statement: &crate::sql::Statement) -> bool {
    const RUN_SOMETHING: [&str; 4] = ["select", "execute", "values", "set"];
    let text = statement.text().to_ascii_lowercase();
    let mut words = text.split_whitespace();
    let is_table = words.next() == Some("create") && words.next() == Some("table");
    is_table
        && statement.temporary().is_none()
        && !RUN_SOMETHING.iter().any(|word| text.contains(word))
}
