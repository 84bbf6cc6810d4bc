//! A file that is run statement by statement, each with a note of how far it has come.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::ahead::build;
use super::effect::{self, Effect};
use super::failures::{refused, stopped};
use super::plan::Planned;
use super::{AS_OURSELVES, Runner};
use crate::engine::EngineError;
use crate::engine::postgresql::literal;
use crate::migrate::index::{self, Done, NotBuilt};
use crate::migrate::store::Step;
use crate::migrate::worker::Failed;
use crate::migrate::{Event, MigrateError};
use crate::sql::{CreateIndex, Kind, ReindexWhat, Script, Statement};

impl Runner<'_, '_> {
    /// Runs the statements that are not done yet, and then writes the row.
    pub(super) fn run_stepwise(
        &mut self,
        planned: &Arc<Planned>,
        last: &str,
    ) -> Result<(), MigrateError> {
        self.check_steps(planned)?;
        let fresh = self.worker.fresh_session();
        let what = planned.file.title();
        let prepared = self.worker.run(&fresh, &what);
        prepared.map_err(|failed| self.bookkeeping("the session", failed))?;
        for (index, statement) in planned.script.statements().iter().enumerate() {
            if build(statement).is_some() && !self.is_done(planned, index) {
                self.work_ahead(planned, index)?;
            }
            self.step(planned, index, statement)?;
        }
        let written = self.worker.transaction(&[last], &what);
        written.map_err(|(_, failed)| self.bookkeeping(&format!("that {what} was applied"), failed))
    }

    /// That what was run is what still stands in the file.
    fn check_steps(&self, planned: &Planned) -> Result<(), MigrateError> {
        let Some(steps) = self.steps.get(&planned.file.version) else {
            return Ok(());
        };
        check(
            &planned.file.title(),
            &planned.file.path,
            &planned.script,
            steps,
        )
    }

    pub(super) fn step_of(&self, planned: &Planned, index: usize) -> Option<&Step> {
        self.steps.get(&planned.file.version)?.get(&(index + 1))
    }

    /// Whether a statement was done, by an earlier run or ahead of its turn.
    pub(super) fn is_done(&self, planned: &Planned, index: usize) -> bool {
        self.step_of(planned, index)
            .is_some_and(|step| step.is_done)
    }

    fn step(
        &mut self,
        planned: &Planned,
        index: usize,
        statement: &Statement,
    ) -> Result<(), MigrateError> {
        let step = self.step_of(planned, index).cloned();
        let was_begun = step.is_some();
        // What is only set in the session has to be set in every one.
        if let Some(step) = step.filter(|step| step.is_done && !sets_the_session(statement)) {
            if !step.is_ahead {
                self.tell_done(planned, index, "an earlier run did it");
            }
            return Ok(());
        }
        (self.order.tell)(Event::Step {
            title: planned.file.title(),
            number: index + 1,
            of: planned.script.statements().len(),
            summary: statement.summary(),
        });
        match (statement.kind(), statement.outside_transaction()) {
            (Kind::CreateIndex(create), Some(_)) => self.build(planned, index, create),
            (_, None) if sets_the_session(statement) => self.set(planned, index, statement),
            (_, None) => self.in_transaction(planned, index, statement),
            (_, Some(_)) => self.alone(planned, index, statement, was_begun),
        }
    }

    fn tell_done(&self, planned: &Planned, index: usize, why: &str) {
        (self.order.tell)(Event::StepDone {
            title: planned.file.title(),
            number: index + 1,
            why: why.to_owned(),
        });
    }

    /// The note that a statement was begun or done.
    pub(super) fn note(&self, planned: &Planned, index: usize, is_done: bool) -> String {
        let statement = planned.script.statements().get(index);
        let (state, finished) = if is_done {
            ("done", "pg_catalog.clock_timestamp()")
        } else {
            ("running", "NULL")
        };
        format!(
            "{AS_OURSELVES} INSERT INTO dbtune.migration_step
                 (history, version, step, digest, statement, state, finished_at)
             VALUES ({}, {}, {}, {}, {}, '{state}', {finished})
             ON CONFLICT (history, version, step) DO UPDATE
             SET state = excluded.state, finished_at = excluded.finished_at",
            literal(&self.key),
            planned.file.version,
            index + 1,
            literal(&statement.map(Statement::digest).unwrap_or_default()),
            literal(statement.map(Statement::text).unwrap_or_default()),
        )
    }

    fn write_note(
        &mut self,
        planned: &Planned,
        index: usize,
        is_done: bool,
    ) -> Result<(), MigrateError> {
        let note = self.note(planned, index, is_done);
        let what = format!("the progress of {}", planned.file.title());
        let written = self.worker.transaction(&[note.as_str()], &what);
        written.map_err(|(_, failed)| self.bookkeeping(&what, failed))
    }

    /// Takes the note back: the statement was refused, and nothing of it was done.
    fn take_back_note(&mut self, planned: &Planned, index: usize) {
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

    /// A setting of the session: it can be repeated, and has to be.
    fn set(
        &mut self,
        planned: &Planned,
        index: usize,
        statement: &Statement,
    ) -> Result<(), MigrateError> {
        let set = self.worker.run(statement.text(), &planned.file.title());
        set.map(drop)
            .map_err(|failed| stopped(planned, index, failed))
    }

    /// A statement that can run in a transaction is committed together with its note.
    fn in_transaction(
        &mut self,
        planned: &Planned,
        index: usize,
        statement: &Statement,
    ) -> Result<(), MigrateError> {
        let note = self.note(planned, index, true);
        let what = planned.file.title();
        let done = self
            .worker
            .transaction(&[statement.text(), note.as_str()], &what);
        match done {
            Ok(()) => Ok(()),
            Err((0, failed)) => Err(stopped(planned, index, failed)),
            Err((_, failed)) => Err(self.bookkeeping(&format!("the progress of {what}"), failed)),
        }
    }

    /// A statement that the server refuses in a transaction, and that is not the build of an index.
    fn alone(
        &mut self,
        planned: &Planned,
        index: usize,
        statement: &Statement,
        was_begun: bool,
    ) -> Result<(), MigrateError> {
        let effect = effect::look_up(&mut self.worker, statement)?;
        if was_begun && effect == Effect::There {
            self.tell_done(
                planned,
                index,
                "the catalogue shows that an earlier run did it",
            );
            return self.write_note(planned, index, true);
        }
        if effect != Effect::There {
            self.write_note(planned, index, false)?;
        }
        self.sweep(statement)?;
        let what = planned.file.title();
        let limit = self.order.options.build_timeout;
        let unlimited = self
            .worker
            .run("SET lock_timeout = 0; SET statement_timeout = 0", &what);
        unlimited.map_err(|failed| self.bookkeeping("the session", failed))?;
        let done = self.worker.run_held_up(statement.text(), &what, limit);
        if let Err(failed) = done {
            if !matches!(&failed, Failed::Engine(error) if !matches!(error, EngineError::Interrupted))
            {
                self.take_back_note(planned, index);
                let shield = self.worker.interrupt.shield();
                drop(self.sweep(statement));
                drop(shield);
            }
            return Err(stopped(planned, index, failed));
        }
        self.write_note(planned, index, true)
    }

    /// Drops what earlier attempts of a `REINDEX CONCURRENTLY` have left.
    fn sweep(&mut self, statement: &Statement) -> Result<(), MigrateError> {
        let Kind::Reindex(reindex) = statement.kind() else {
            return Ok(());
        };
        let (ReindexWhat::Index(name) | ReindexWhat::Table(name)) = &reindex.what else {
            return Ok(());
        };
        let is_concurrent = reindex.concurrently;
        let swept = if is_concurrent {
            index::sweep(&mut self.worker, name)
        } else {
            Ok(())
        };
        swept.map_err(|failed| self.bookkeeping("what a REINDEX has left", failed))
    }

    /// The build of an index.
    fn build(
        &mut self,
        planned: &Planned,
        index: usize,
        create: &CreateIndex,
    ) -> Result<(), MigrateError> {
        self.write_note(planned, index, false)?;
        match index::ensure(&mut self.worker, create) {
            Ok(done) => {
                let why = match done {
                    Done::Built => None,
                    Done::AlreadyThere => {
                        Some("an index with the same definition is there already")
                    }
                    Done::Adopted => Some("the server process of an earlier run has built it"),
                };
                if let Some(why) = why {
                    self.tell_done(planned, index, why);
                }
                self.write_note(planned, index, true)
            }
            Err(not_built) => Err(self.not_built(planned, index, create, not_built)),
        }
    }

    pub(super) fn not_built(
        &mut self,
        planned: &Planned,
        index: usize,
        create: &CreateIndex,
        not_built: NotBuilt,
    ) -> MigrateError {
        let (failed, left) = match not_built {
            NotBuilt::Failed { failed, left } => (*failed, left),
            NotBuilt::OtherDefinition { there, asked } => {
                return refused(
                    planned,
                    index,
                    "there is an index of that name with another definition".to_owned(),
                    Some(format!("there is: {there}\nasked for: {asked}")),
                    "give one of the two another name, or drop the one that is there: DROP INDEX \
                     CONCURRENTLY",
                );
            }
            NotBuilt::Incomplete { index: name, table } => {
                return refused(
                    planned,
                    index,
                    format!("{name} on {table} is INVALID although every partition has its index"),
                    None,
                    "drop the index, and run it again",
                );
            }
        };
        let duplicates = index::duplicates(&mut self.worker, create, &failed);
        let error = stopped(planned, index, failed);
        let MigrateError::Statement(mut failure) = error else {
            return error;
        };
        failure.left.extend(duplicates);
        let left = left.unwrap_or_else(|| "nothing of the index is left".to_owned());
        failure.left.push(left);
        MigrateError::Statement(failure)
    }
}

/// That the statements that were run are those that stand in the file.
pub(super) fn check(
    title: &str,
    path: &Path,
    script: &Script,
    steps: &BTreeMap<usize, Step>,
) -> Result<(), MigrateError> {
    for (number, step) in steps {
        let now = script.statements().get(number.saturating_sub(1));
        if now.is_some_and(|now| now.digest() == step.digest) {
            continue;
        }
        return Err(MigrateError::StepChanged {
            title: title.to_owned(),
            path: path.to_owned(),
            number: *number,
            was: step.statement.clone(),
            is: now.map(|now| now.text().to_owned()).unwrap_or_default(),
        });
    }
    Ok(())
}

/// Whether a statement only sets something in the session, such as its search path.
pub(super) fn sets_the_session(statement: &Statement) -> bool {
    let text = statement.text();
    let first = text.split_whitespace().next().unwrap_or_default();
    let second = text.split_whitespace().nth(1).unwrap_or_default();
    let is_set = first.eq_ignore_ascii_case("set") || first.eq_ignore_ascii_case("reset");
    is_set && !second.eq_ignore_ascii_case("constraints")
}
