//! A file that is run statement by statement, each with a note of how far it has come.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ahead::build;
use super::effect::{self, Effect};
use super::failures::{refused, stopped};
use super::noted_build::{self, Notes};
use super::notes::{Noted, progress_of};
use super::plan::{Planned, shown_path};
use super::whole::is_about_the_books;
use super::{LastPage, Runner, settings};
use crate::migrate::index::{self, Done, NotBuilt, Since};
use crate::migrate::source::MigrationFile;
use crate::migrate::status;
use crate::migrate::store::Step;
use crate::migrate::worker::Failed;
use crate::migrate::{Event, MigrateError};
use crate::sql::{CreateIndex, Kind, Script, Statement};

impl Runner<'_, '_> {
    /// Runs the statements that are not done yet, and then writes the row.
    pub(super) fn run_stepwise(
        &mut self,
        planned: &Arc<Planned>,
        last: &LastPage<'_>,
    ) -> Result<(), MigrateError> {
        let ran = self.run_steps(planned, last);
        ran.map_err(|error| self.with_what_is_ahead(error))
    }

    fn run_steps(
        &mut self,
        planned: &Arc<Planned>,
        last: &LastPage<'_>,
    ) -> Result<(), MigrateError> {
        self.check_steps(planned)?;
        self.is_fresh = false;
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
        let last = self.write_out(planned, last)?;
        // Whatever the file has set, its row is written as every row is.
        let fresh = self.worker.fresh_session();
        let written = self
            .worker
            .transaction_after(&fresh, &[last.as_str()], &what);
        written.map_err(|(_, failed)| self.bookkeeping(&format!("that {what} was applied"), failed))
    }

    /// That what was run is what still stands in the file.
    fn check_steps(&self, planned: &Planned) -> Result<(), MigrateError> {
        let Some(steps) = self.steps.get(&planned.file.version) else {
            return Ok(());
        };
        check(&planned.file, &planned.script, steps)
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
        let step = match step {
            Some(step) if step.is_done && !step.is_ahead => {
                let is_broken = self.is_broken(planned, index, statement)?;
                Some(step).filter(|_| !is_broken)
            }
            step => step,
        };
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
            (Kind::CreateIndex(create), Some(_)) => self.build(planned, index, create, was_begun),
            (_, None) if sets_the_session(statement) => self.set(planned, index, statement),
            (_, None) => self.in_transaction(planned, index, statement),
            (_, Some(_)) => self.alone(planned, index, statement, was_begun),
        }
    }

    /// Whether the index that a statement has built is not there any more, or INVALID. Statements of the file that
    /// were done after it may have dropped it, or given it another name.
    fn is_broken(
        &mut self,
        planned: &Planned,
        index: usize,
        statement: &Statement,
    ) -> Result<bool, MigrateError> {
        let Some(create) = build(statement) else {
            return Ok(false);
        };
        let mut after = planned
            .script
            .statements()
            .iter()
            .enumerate()
            .skip(index + 1);
        let may_be_meant =
            after.any(|(index, later)| build(later).is_none() && self.is_done(planned, index));
        Ok(match index::since(&mut self.worker, create)? {
            Since::Valid => false,
            Since::Invalid => true,
            Since::Gone => !may_be_meant,
        })
    }

    fn tell_done(&self, planned: &Planned, index: usize, why: &str) {
        (self.order.tell)(Event::StepDone {
            title: planned.file.title(),
            number: index + 1,
            why: why.to_owned(),
        });
    }

    /// A setting of the session: it can be repeated, and has to be.
    fn set(
        &mut self,
        planned: &Planned,
        index: usize,
        statement: &Statement,
    ) -> Result<(), MigrateError> {
        let what = planned.file.title();
        let set = self.worker.set(statement.text(), &what);
        set.map_err(|failed| stopped(planned, index, failed))
    }

    /// A statement that can run in a transaction is committed together with its note.
    fn in_transaction(
        &mut self,
        planned: &Planned,
        index: usize,
        statement: &Statement,
    ) -> Result<(), MigrateError> {
        self.refuse_invalid(planned, index, statement)?;
        let note = self.note(planned, index, Noted::Together);
        let what = planned.file.title();
        let before = settings::of(&mut self.worker)?;
        let is_last = index + 1 == planned.script.statements().len();
        // Nothing comes after the last one that would miss what it sets.
        let held = if is_last {
            String::new()
        } else {
            settings::hold(&before)
        };
        let parts = [statement.text(), held.as_str(), note.as_str()];
        match self.worker.transaction(&parts, &what) {
            Ok(()) => Ok(()),
            Err((0, failed)) => Err(stopped(planned, index, failed)),
            Err((1, failed)) => Err(match settings::changed(&before, &failed) {
                Some(set) => another_session(planned, index, &set),
                None => stopped(planned, index, failed),
            }),
            Err((_, failed)) if !is_about_the_books(&failed) => {
                Err(stopped(planned, index, failed))
            }
            Err((_, failed)) => Err(self.bookkeeping(&progress_of(&what), failed)),
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
            let why = "the catalogue shows that an earlier run did it";
            self.tell_done(planned, index, why);
            return self.write_note(planned, index, Noted::Done { made: false });
        }
        self.make_way(planned, index, statement)?;
        if effect != Effect::There {
            self.write_note(planned, index, Noted::Begun)?;
        }
        let sent = effect::rest_of(&mut self.worker, statement)?;
        let what = planned.file.title();
        let limit = self.order.options.build_timeout;
        let unlimited = self.worker.lift_limits(&what);
        unlimited.map_err(|failed| self.bookkeeping("the session", failed))?;
        let done = self.worker.run_held_up(&sent, &what, limit);
        match done {
            Ok(_) => self.write_note(planned, index, Noted::Done { made: false }),
            Err(failed) => Err(self.not_done_alone(planned, index, statement, failed)),
        }
    }

    /// A statement that runs in no transaction was refused or given up: its note is taken back, and what it
    /// has left is told.
    fn not_done_alone(
        &mut self,
        planned: &Planned,
        index: usize,
        statement: &Statement,
        failed: Failed,
    ) -> MigrateError {
        if failed.is_lost() {
            return stopped(planned, index, failed);
        }
        let shield = self.worker.interrupt.shield();
        if let Some(what) = effect::reindexed(statement) {
            // What it cannot drop is told, and dropped by the next run.
            drop(index::sweep(&mut self.worker, what));
        }
        let left = effect::left(&mut self.worker, statement).unwrap_or_default();
        if left.is_none() || effect::reindexed(statement).is_some() {
            self.take_back_note(planned, index);
        }
        drop(shield);
        let error = stopped(planned, index, failed);
        let MigrateError::Statement(mut failure) = error else {
            return error;
        };
        failure.left.extend(left);
        MigrateError::Statement(failure)
    }

    /// Waits until nobody builds what a `REINDEX CONCURRENTLY` is about, and drops what earlier attempts have left.
    fn make_way(
        &mut self,
        planned: &Planned,
        index: usize,
        statement: &Statement,
    ) -> Result<(), MigrateError> {
        let Some(what) = effect::reindexed(statement) else {
            return Ok(());
        };
        let waited = index::wait_for_others(&mut self.worker, what, &statement.summary());
        waited.map_err(|failed| stopped(planned, index, failed))?;
        let swept = index::sweep(&mut self.worker, what);
        swept.map_err(|failed| self.bookkeeping("what a REINDEX has left", failed))
    }

    /// The build of an index.
    fn build(
        &mut self,
        planned: &Planned,
        index: usize,
        create: &CreateIndex,
        was_begun: bool,
    ) -> Result<(), MigrateError> {
        let notes = Notes::of(|noted| self.note(planned, index, noted));
        let title = planned.file.title();
        let built = noted_build::build(&mut self.worker, create, was_begun, &notes, &title);
        let done = built.map_err(|unbuilt| self.unbuilt(planned, index, create, unbuilt))?;
        if let Some(why) = why_done(done) {
            self.tell_done(planned, index, why);
        }
        Ok(())
    }

    /// That a plain statement with IF NOT EXISTS passes over no INVALID index.
    pub(super) fn refuse_invalid(
        &mut self,
        planned: &Planned,
        index: usize,
        statement: &Statement,
    ) -> Result<(), MigrateError> {
        match index::refuse_to_pass_over(&mut self.worker, statement)? {
            None => Ok(()),
            Some(name) => Err(refused(
                planned,
                index,
                format!("{name} is INVALID, and IF NOT EXISTS would pass over it"),
                None,
                &format!("drop it first: DROP INDEX CONCURRENTLY {name}"),
            )),
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
                    other_definition(&there),
                );
            }
            NotBuilt::Foreign { table, partition } => {
                return refused(
                    planned,
                    index,
                    format!(
                        "{partition}, a foreign table, is a partition of {table}: no index on {table} that is put \
                         together becomes valid, because a foreign table can have none"
                    ),
                    None,
                    "leave CONCURRENTLY out, in a file of its own, which locks the table and its partitions while it is \
                     built; or build an index on each of the other partitions",
                );
            }
            NotBuilt::Incomplete { index: name, table } => {
                return refused(
                    planned,
                    index,
                    format!("{name} on {table} is INVALID although every partition has its index"),
                    None,
                    "drop the index, and run it again: DROP INDEX, which locks the table and its partitions \
                     for a moment",
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

/// What to do about it. The server drops no index concurrently that has parts on partitions.
fn other_definition(there: &str) -> &'static str {
    if there.contains(" ON ONLY ") {
        "give one of the two another name, or drop the one that is there: DROP INDEX, which locks the table \
         and its partitions for a moment"
    } else {
        "give one of the two another name, or drop the one that is there: DROP INDEX CONCURRENTLY"
    }
}

/// A statement has set something by the way, and whoever goes on with the file would not have it: it cannot be
/// run again for that alone.
fn another_session(planned: &Planned, index: usize, set: &str) -> MigrateError {
    refused(
        planned,
        index,
        format!("it sets something in the session that the statements after it would have: {set}"),
        Some(
            "another session that goes on with the file, after a lost connection, say, would not have it; it \
             was rolled back"
                .to_owned(),
        ),
        "set it by a statement of its own (SET, or SELECT set_config), which is run again each time; or, where \
         the others do not need it, move the statement into a file of its own",
    )
}

fn why_done(done: Done) -> Option<&'static str> {
    match done {
        Done::Built => None,
        Done::AlreadyThere => Some("an index with the same definition is there already"),
        Done::Adopted => Some("another session was building it, and has done it"),
    }
}

/// That the statements that were run are those that stand in the file.
pub(super) fn check(
    file: &MigrationFile,
    script: &Script,
    steps: &BTreeMap<usize, Step>,
) -> Result<(), MigrateError> {
    let Some((number, step, now)) = status::changed(script.statements(), steps) else {
        return Ok(());
    };
    Err(MigrateError::StepChanged {
        version: file.version,
        title: file.title(),
        path: shown_path(file),
        number,
        was: step.statement.clone(),
        is: now.map(|now| now.text().to_owned()).unwrap_or_default(),
    })
}

/// Whether a statement only sets something in the session, such as its search path.
pub(super) fn sets_the_session(statement: &Statement) -> bool {
    let text = statement.text();
    let first = text.split_whitespace().next().unwrap_or_default();
    let second = text.split_whitespace().nth(1).unwrap_or_default();
    let is_set = first.eq_ignore_ascii_case("set") || first.eq_ignore_ascii_case("reset");
    // As `pg_dump` writes it.
    let is_function = first.eq_ignore_ascii_case("select")
        && second
            .trim_start_matches("pg_catalog.")
            .starts_with("set_config(");
    is_function || is_set && !second.eq_ignore_ascii_case("constraints")
}
