//! From what went wrong with a migration to what a user reads and a script sees.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::cli::failure::{of_engine_error, of_mistakes};
use crate::cli::setup::Desk;
use crate::cli::{Exit, Failure};
use crate::engine::EngineError;
use crate::migrate::{
    self, FileMistakes, MigrateError, Row, SourceMistake, State, StatementFailure, Version,
};
use crate::profile::{Mistake, Place};
use crate::render::migrate::{diff, shown_place};
use crate::sql;

/// Whether a safety check or a mistake kept it from being begun.
pub(super) fn is_refusal(error: &MigrateError) -> bool {
    match error {
        MigrateError::Statement(_)
        | MigrateError::Engine(_)
        | MigrateError::Bookkeeping { .. }
        | MigrateError::LockLost { .. }
        | MigrateError::Refinery(_) => false,
        MigrateError::Source(_)
        | MigrateError::Script(_)
        | MigrateError::UnknownVersion { .. }
        | MigrateError::Standby { .. }
        | MigrateError::Pooler { .. }
        | MigrateError::Locked { .. }
        | MigrateError::InTheWay(_)
        | MigrateError::StepChanged { .. }
        | MigrateError::TooWide { .. }
        | MigrateError::ForeignHistory { .. }
        | MigrateError::Refused { .. } => true,
    }
}

/// What a user reads and a script sees: without secrets, because the server, and who held a statement up,
/// can cite one.
pub(super) fn of(error: &MigrateError, desk: &Desk<'_>) -> Failure {
    let mut failure = with_secrets(error, desk);
    failure.message = sql::hidden(&failure.message);
    for cause in &mut failure.causes {
        *cause = sql::hidden(cause);
    }
    failure
}

fn with_secrets(error: &MigrateError, desk: &Desk<'_>) -> Failure {
    let refused = |kind| Failure::new(Exit::Refused, kind, error.to_string());
    match error {
        MigrateError::Source(mistakes) => of_source(mistakes, desk),
        MigrateError::Script(files) => of_scripts(files, desk),
        MigrateError::Engine(error) => of_engine(error),
        MigrateError::Statement(failure) => of_statement(failure),
        MigrateError::UnknownVersion { near, .. } => {
            let near: Vec<String> = near.iter().map(ToString::to_string).collect();
            let near = (!near.is_empty()).then(|| format!("the nearest are {}", near.join(", ")));
            Failure::usage(error.to_string()).hint_if(near)
        }
        MigrateError::Standby { .. } => {
            refused("standby").hint("run it on the primary: its standbys replay what it does")
        }
        MigrateError::Pooler { .. } => refused("pooler").hint(
            "nothing was run: the lock, and what is set for a build, would be in a session that others get \
             next; connect to the server itself, or to a pool in session mode",
        ),
        MigrateError::Locked { .. } => Failure::new(Exit::Locked, "locked", error.to_string())
            .hint("nothing was run; wait longer for it: --wait 30min"),
        MigrateError::LockLost { .. } => Failure::new(Exit::Locked, "locked", error.to_string()).hint(
            "the last statement was rolled back; a file must not give up the locks of its session (DISCARD \
             ALL, pg_advisory_unlock_all): take that out, and run it again when the other run has ended",
        ),
        MigrateError::InTheWay(rows) => of_rows(rows, &desk.global.migrations),
        MigrateError::StepChanged { version, title, path, was, is, .. } => {
            // Only a way back is gone on with without its file.
            let gone = (!path.is_file()).then(|| {
                format!("there is no {}.undo.sql any more: ", title.trim_end_matches(migrate::UNDO))
            });
            let gone = gone.unwrap_or_default();
            let hint = format!(
                "{gone}put the statement back as it was run; or, where the change is of no consequence: \
                 dbtune migrate repair --accept {version}"
            );
            let mut failure = refused("statement_changed").hint(hint);
            failure.causes = vec![path.display().to_string(), diff("as it was run", was, "in the file", is)];
            failure
        }
        MigrateError::TooWide { .. } => refused("narrow_history").hint(
            "dbtune migrate repair widens the history; a refinery that was built without int8-versions cannot \
             read it any more then",
        ),
        MigrateError::ForeignHistory { .. } => refused("foreign_history"),
        MigrateError::Bookkeeping { hint, .. } => {
            Failure::new(Exit::Failed, "history", error.to_string()).hint_if(hint.clone())
        }
        MigrateError::Refinery(_) => Failure::new(Exit::Failed, "history", error.to_string()),
        MigrateError::Refused { hint, .. } => refused("refused").hint_if(hint.clone()),
    }
}

fn of_engine(error: &EngineError) -> Failure {
    let failure = of_engine_error(error, Exit::Failed);
    if matches!(error, EngineError::Lost { .. }) {
        return failure
            .hint("run it again: what is done stays done, and what is half done is put right");
    }
    failure
}

fn of_source(mistakes: &[SourceMistake], desk: &Desk<'_>) -> Failure {
    let in_json: Vec<Value> = mistakes.iter().map(in_json).collect();
    let mistakes: Vec<Mistake> = mistakes
        .iter()
        .map(|one| {
            let message = format!("{}: {}", one.path.display(), one.message);
            Mistake::nowhere(message).maybe_help(one.hint.clone())
        })
        .collect();
    of_mistakes(&mistakes, desk.console).document(json!({"mistakes": in_json}))
}

/// A mistake of a file as a whole: the path is its place.
fn in_json(mistake: &SourceMistake) -> Value {
    json!({
        "file": mistake.path.display().to_string(),
        "line": null,
        "column": null,
        "message": mistake.message,
        "help": mistake.hint,
    })
}

fn of_scripts(files: &[FileMistakes], desk: &Desk<'_>) -> Failure {
    let mut mistakes = Vec::new();
    for file in files {
        // It was read a moment ago; without its text the line is not shown.
        let text: Arc<str> = std::fs::read_to_string(&file.path)
            .unwrap_or_default()
            .into();
        let name: Arc<str> = file.path.display().to_string().into();
        mistakes.extend(file.mistakes.iter().map(|mistake| {
            let place = Place {
                file: Arc::clone(&name),
                text: Arc::clone(&text),
                line: mistake.place.line,
                column: mistake.place.column,
            };
            Mistake::new(&place, mistake.message.clone()).maybe_help(mistake.hint.clone())
        }));
    }
    of_mistakes(&mistakes, desk.console)
}

fn of_rows(rows: &[Row], folder: &Path) -> Failure {
    let lines: Vec<String> = rows.iter().map(in_the_way).collect();
    let message = format!("nothing was run:\n  {}", lines.join("\n  "));
    Failure::new(Exit::Refused, "history_differs", message).hint_if(hints_of(rows, folder))
}

/// What to do about the rows: a history that differs is repaired, a file that comes too late gets the next
/// version.
fn hints_of(rows: &[Row], folder: &Path) -> Option<String> {
    let differs = |row: &Row| matches!(row.state, State::Edited | State::Missing);
    let repair = "dbtune migrate repair shows what differs, and how to put it right";
    let mut hints: Vec<String> = Vec::new();
    hints.extend(rows.iter().any(differs).then(|| repair.to_owned()));
    let files = migrate::read(folder).unwrap_or_default();
    let mut newest = files.last().map_or(0, |file| file.version.0);
    for row in rows
        .iter()
        .filter(|row| !differs(row) && !row.is_half_undone)
    {
        let Some(file) = files.iter().find(|file| file.version == row.version) else {
            continue;
        };
        newest = newest.saturating_add(1);
        let name = format!("V{}__{}.sql", Version(newest), row.name);
        hints.push(format!(
            "git mv {} {}",
            file.path.display(),
            file.path.with_file_name(name).display()
        ));
        if row.state == State::Partial {
            let version = row.version;
            hints.push(format!("dbtune migrate repair --accept {version}"));
        }
    }
    (!hints.is_empty()).then(|| hints.join("\n"))
}

fn in_the_way(row: &Row) -> String {
    let title = row.title();
    match row.state {
        State::Edited => match &row.renamed_from {
            Some(was) => format!("{title} was applied as V{}__{was}", row.version),
            None => format!("{title} was edited after it had been applied"),
        },
        State::Missing if row.applied_on.is_none() => format!(
            "{title} was begun ({} statements are done), and there is no such file: put it back under its old \
             name and version",
            row.steps_done
        ),
        State::Missing => format!("{title} is applied, and there is no such file"),
        State::Partial if row.is_half_undone => {
            format!("{title} is half undone: dbtune migrate undo goes on with that")
        }
        State::Pending => format!(
            "{title} is pending, and a newer one is applied already: give it the next version"
        ),
        State::Partial => format!(
            "{title} is half done, and a newer one is applied already: take back by hand what it has done, \
             give it the next version, and then forget what was done under the old one"
        ),
        State::Applied => title,
    }
}

fn of_statement(failed: &StatementFailure) -> Failure {
    let place = shown_place(&failed.path, failed.place);
    let message = format!("{place}: {}: {}", failed.title, failed.message);
    let mut failure = Failure::new(Exit::Failed, "migration_failed", message);
    let statement = failed
        .number
        .map(|(number, of)| format!("statement {number} of {of}: {}", failed.statement));
    failure.causes.extend(statement);
    failure.causes.extend(
        failed
            .sqlstate
            .iter()
            .map(|code| format!("SQLSTATE {code}")),
    );
    failure.causes.extend(
        failed
            .detail
            .iter()
            .map(|detail| format!("DETAIL: {detail}")),
    );
    failure.causes.extend(
        failed
            .context
            .iter()
            .map(|context| format!("CONTEXT: {context}")),
    );
    failure.causes.extend(
        failed
            .blockers
            .iter()
            .map(|blocker| format!("held up by {blocker}")),
    );
    failure.causes.extend(failed.left.iter().cloned());
    let command = if failed.is_undo {
        "dbtune migrate undo"
    } else {
        "dbtune migrate"
    };
    let again = format!("put it right and run it again: {command}");
    failure.hint_if(Some(match &failed.hint {
        Some(hint) => format!("{hint}\n{again}"),
        None => again,
    }))
}
