//! A file that is run statement by statement, each with a note of how far it has come.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ahead::build;
use super::failures::{refused, stopped};
use super::notes::{Noted, progress_of};
use super::plan::{Planned, shown_path};
use super::whole::is_about_the_books;
use super::{LastPage, Runner, settings};
use crate::migrate::index::{self, Since};
use crate::migrate::source::MigrationFile;
use crate::migrate::status;
use crate::migrate::store::Step;
use crate::migrate::worker::Failed;
use crate::migrate::{Event, MigrateError};
use crate::sql::{Kind, Script, Statement};

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
        if let Some(step) = step.filter(|step| step.is_done && !statement.sets_the_session()) {
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
            (_, None) if statement.sets_the_session() => self.set(planned, index, statement),
            (_, None) => self.in_transaction(planned, index, statement),
            (_, Some(_)) => self.alone(planned, index, statement, was_begun),
        }
    }

    /// Whether a statement sets what another one, with which an earlier run was done, has set otherwise since: a role
    /// that is gone by now, say. Nothing that is still to be run needs it.
    fn is_set_otherwise(&self, planned: &Planned, index: usize) -> bool {
        let statements = planned.script.statements();
        let Some(set) = statements.get(index).and_then(what_is_set) else {
            return false;
        };
        let mut later = statements.iter().enumerate().skip(index + 1);
        self.is_done(planned, index)
            && later.any(|(later, statement)| {
                self.is_done(planned, later) && what_is_set(statement).as_ref() == Some(&set)
            })
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
        let after = planned.script.statements().iter().enumerate();
        let mut done = after
            .skip(index + 1)
            .filter(|(index, _)| self.is_done(planned, *index));
        let may_be_meant = done.any(|(_, later)| may_drop(later));
        match index::since(&mut self.worker, create)? {
            Since::Valid => Ok(false),
            Since::Invalid => Ok(true),
            Since::Gone if !may_be_meant => Ok(true),
            Since::Gone => {
                let name = create.name.as_deref().unwrap_or_default();
                (self.order.tell)(Event::Warning(format!(
                    "{name} is not there any more: it is not built again, because a statement after it may have dropped \
                     it or given it another name"
                )));
                Ok(false)
            }
        }
    }

    pub(super) fn tell_done(&self, planned: &Planned, index: usize, why: &str) {
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
        match self.worker.set(statement.text(), &what) {
            Err(Failed::Server { .. }) if self.is_set_otherwise(planned, index) => {
                let why = "it cannot be set any more, and has been set otherwise since";
                self.tell_done(planned, index, why);
                Ok(())
            }
            set => set.map_err(|failed| stopped(planned, index, failed)),
        }
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
        let is_last = index + 1 == planned.script.statements().len();
        // Nothing comes after the last one that would miss what it sets.
        let before = if is_last {
            None
        } else {
            Some(planned.settings().of(&mut self.worker)?)
        };
        let held = before
            .as_deref()
            .map(|before| planned.settings().hold(before));
        let mut parts = vec![statement.text()];
        parts.extend(held.as_deref());
        parts.push(&note);
        let Err((part, failed)) = self.worker.transaction(&parts, &what) else {
            return Ok(());
        };
        if part == 0 && runs_alone_after_all(statement, &failed) {
            return self.alone(planned, index, statement, true);
        }
        if part == 0 {
            return Err(stopped(planned, index, failed));
        }
        let set = before.and_then(|before| settings::changed(&before, &failed));
        Err(match set {
            Some(set) => another_session(planned, index, &set),
            None if is_about_the_books(&failed) => self.bookkeeping(&progress_of(&what), failed),
            None => stopped(planned, index, failed),
        })
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
}

/// The setting that a `SET` or `RESET` is about, in lower case.
fn what_is_set(statement: &Statement) -> Option<String> {
    if !statement.sets_the_session() {
        return None;
    }
    let text = statement.text().to_ascii_lowercase();
    let words = text.split(|one: char| one.is_whitespace() || one == '=');
    let mut words = words.filter(|word| !word.is_empty());
    match (words.next()?, words.next()?) {
        ("set", "local") => None,
        ("set" | "reset", "session") => words.next().map(str::to_owned),
        ("set" | "reset", name) => Some(name.to_owned()),
        _ => None,
    }
}

/// Whether a statement may drop an index or give it another name: what does by its word, and what runs code.
fn may_drop(statement: &Statement) -> bool {
    let text = statement.text().to_ascii_lowercase();
    let mut words = text.split(|one: char| !one.is_alphanumeric() && one != '_');
    match words.next().unwrap_or_default() {
        "drop" | "do" | "call" | "select" | "with" | "execute" => true,
        "alter" => words.any(|word| ["drop", "rename", "schema", "type"].contains(&word)),
        _ => false,
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

/// Whether it is a statement that a transaction takes for most tables, and for this one, which has partitions, not. It
/// can be repeated.
fn runs_alone_after_all(statement: &Statement, failed: &Failed) -> bool {
    let is_refused = matches!(failed, Failed::Server { error, .. } if error.is_one_of(&["25001"]));
    let word = statement
        .text()
        .split_whitespace()
        .next()
        .unwrap_or_default();
    is_refused && ["reindex", "cluster"].contains(&&*word.to_ascii_lowercase())
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
