//! Statements that were not done, with all that is to be told of them.

use std::time::Duration;

use super::plan::Planned;
use crate::engine::EngineError;
use crate::migrate::worker::Failed;
use crate::migrate::{MigrateError, StatementFailure};
use crate::sql::{Mode, Statement};

/// The failure of a statement of a file; an error of its own where the connection is lost.
pub(super) fn failure(
    planned: &Planned,
    index: usize,
    failed: Failed,
) -> Result<StatementFailure, MigrateError> {
    let mut failure = at(planned, index);
    match failed {
        Failed::Engine(EngineError::Interrupted) => "interrupted".clone_into(&mut failure.message),
        Failed::Engine(error) => return Err(error.into()),
        Failed::GaveUp { waited, blockers } => {
            failure.message = format!("given up: held up by others for {}", seconds(waited));
            failure.blockers = blockers;
        }
        Failed::Server { error, blockers } => {
            let statement = planned.script.statements().get(index);
            let place = error.position.zip(statement);
            failure.place = place
                .map(|(position, statement)| statement.place_of(position))
                .or(failure.place);
            let hints = error.hint.into_iter().chain(hint(planned, &error.sqlstate));
            failure.hint = hints.reduce(|server, own| format!("{server}\n{own}"));
            failure.sqlstate = Some(error.sqlstate);
            failure.message = error.message;
            failure.detail = error.detail;
            failure.context = error.context;
            failure.blockers = blockers;
        }
    }
    Ok(failure)
}

/// What to do about refusals that come from how a file is run.
fn hint(planned: &Planned, sqlstate: &str) -> Option<String> {
    let hint = match (sqlstate, &planned.mode) {
        ("55P04", Mode::Transaction) => {
            "a new value of an enumeration can be used only after the commit: put `-- dbtune: no-transaction` \
             on a line of its own, so that each statement is committed before the next"
        }
        ("25001", Mode::Transaction) => {
            "put `-- dbtune: no-transaction` on a line of its own, so that each statement is run by itself"
        }
        ("2D000", _) => {
            "dbtune runs each statement in a transaction, together with the note that it was done: a \
             procedure or a DO that commits cannot run there. Call it with psql, outside of the migrations"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs())
}

/// Which statement it is, and where it stands.
fn at(planned: &Planned, index: usize) -> StatementFailure {
    let statements = planned.script.statements();
    let statement = statements.get(index);
    StatementFailure {
        path: planned.path(),
        title: planned.file.title(),
        is_undo: planned.is_undo(),
        place: statement.map(Statement::place),
        statement: statement.map(Statement::summary).unwrap_or_default(),
        number: statement.map(|_| (index + 1, statements.len())),
        ..StatementFailure::default()
    }
}

/// A statement of a file that is run statement by statement, with what was done before it.
pub(super) fn stopped(planned: &Planned, index: usize, failed: Failed) -> MigrateError {
    match failure(planned, index, failed) {
        Ok(mut failure) => {
            failure.left = done_before(planned, index);
            MigrateError::Statement(Box::new(failure))
        }
        Err(error) => error,
    }
}

/// A statement that dbtune itself will not run as it is.
pub(super) fn refused(
    planned: &Planned,
    index: usize,
    message: String,
    detail: Option<String>,
    hint: &str,
) -> MigrateError {
    MigrateError::Statement(Box::new(StatementFailure {
        message,
        detail,
        hint: Some(hint.to_owned()),
        left: done_before(planned, index),
        ..at(planned, index)
    }))
}

/// The same error with more of what it has left, where it is that of a statement.
pub(super) fn with_left(
    error: MigrateError,
    left: impl IntoIterator<Item = String>,
) -> MigrateError {
    let MigrateError::Statement(mut failure) = error else {
        return error;
    };
    failure.left.extend(left);
    MigrateError::Statement(failure)
}

/// What was done of a file before the statement that failed.
pub(super) fn done_before(planned: &Planned, index: usize) -> Vec<String> {
    let of = planned.script.statements().len();
    let before = match index {
        0 => "none was done before it".to_owned(),
        1 => format!("statement 1 of {of} was done and stays"),
        number => format!("statements 1 to {number} of {of} were done and stay"),
    };
    vec![format!(
        "{before}; the next run goes on with statement {}",
        index + 1
    )]
}
