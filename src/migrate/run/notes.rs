//! Notes of how far the statements of a file have come.

use super::plan::Planned;
use super::{AS_OURSELVES, Runner, lock};
use crate::engine::postgresql::literal;
use crate::migrate::MigrateError;
use crate::sql::{self, Statement};

/// A note that was begun is brought up to date.
const ON_CONFLICT: &str = "\
    ON CONFLICT (history, version, step) DO UPDATE SET state = excluded.state, \
    finished_at = excluded.finished_at, made = excluded.made WHERE migration_step.state = 'running'";

const INSERT: &str = "INSERT INTO dbtune.migration_step \
    (history, version, step, name, digest, statement, state, finished_at, made) VALUES";

/// How far a statement has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noted {
    /// It is about to be run.
    Begun,
    /// It was done.
    Done {
        /// What it makes was made by dbtune; else it was there before.
        made: bool,
    },
    /// It is committed together with this note, which nobody may have written before.
    Together,
}

/// What is written, as a person would call it.
pub(super) fn progress_of(title: &str) -> String {
    format!("the progress of {title}")
}

impl Runner<'_, '_> {
    /// The note of how far a statement has come. The lock is held with it: whoever has lost it notes nothing.
    pub(super) fn note(&self, planned: &Planned, index: usize, progress: Noted) -> String {
        format!(
            "{} {}",
            lock::hold(),
            self.mere_note(planned, index, progress)
        )
    }

    /// The same from a session that has not the lock, while that of the run is idle.
    pub(super) fn mere_note(&self, planned: &Planned, index: usize, progress: Noted) -> String {
        let (state, finished, made) = match progress {
            Noted::Begun => ("running", "NULL", false),
            Noted::Done { made } => ("done", "pg_catalog.clock_timestamp()", made),
            Noted::Together => ("done", "pg_catalog.clock_timestamp()", false),
        };
        let again = match progress {
            Noted::Together => "",
            Noted::Begun | Noted::Done { .. } => ON_CONFLICT,
        };
        let sets = match progress {
            Noted::Begun => String::new(),
            Noted::Done { .. } | Noted::Together => self.notes_of_sets(planned, index),
        };
        let own = self.row(planned, index, &format!("'{state}', {finished}, {made}"));
        format!("{AS_OURSELVES} {sets} {INSERT} {own} {again}")
    }

    /// What was set for a statement that is done is a part of it: an edit of that is one of what was done.
    fn notes_of_sets(&self, planned: &Planned, index: usize) -> String {
        let before = planned.script.statements().iter().take(index).enumerate();
        let sets = before.filter(|(_, statement)| statement.sets_the_session());
        let done = "'done', pg_catalog.clock_timestamp(), false";
        let rows: Vec<String> = sets.map(|(at, _)| self.row(planned, at, done)).collect();
        if rows.is_empty() {
            return String::new();
        }
        format!("{INSERT} {} ON CONFLICT DO NOTHING;", rows.join(", "))
    }

    /// The row of a statement; `rest`: its state, when it was finished, and whether dbtune made what it makes.
    fn row(&self, planned: &Planned, index: usize, rest: &str) -> String {
        let statement = planned.script.statements().get(index);
        let text = statement.map(Statement::text).unwrap_or_default();
        format!(
            "({}, {}, {}, {}, {}, {}, {rest})",
            literal(&self.key),
            planned.file.version,
            index + 1,
            literal(&planned.file.name),
            literal(&statement.map(Statement::digest).unwrap_or_default()),
            literal(&sql::hidden(text)),
        )
    }

    pub(super) fn write_note(
        &mut self,
        planned: &Planned,
        index: usize,
        progress: Noted,
    ) -> Result<(), MigrateError> {
        let note = self.note(planned, index, progress);
        let what = progress_of(&planned.file.title());
        let written = self.worker.transaction(&[note.as_str()], &what);
        written.map_err(|(_, failed)| self.bookkeeping(&what, failed))
    }

    /// Takes the note back: the statement was refused, and nothing of it was done.
    pub(super) fn take_back_note(&mut self, planned: &Planned, index: usize) {
        let statement = format!(
            "{AS_OURSELVES} DELETE FROM dbtune.migration_step WHERE history = {} AND version = {} AND \
             step = {} AND state = 'running'",
            literal(&self.key),
            planned.file.version,
            index + 1
        );
        // Where that fails it is looked up the next time.
        let shield = self.worker.interrupt.shield();
        drop(
            self.worker
                .transaction(&[statement.as_str()], "the progress"),
        );
        drop(shield);
    }
}
