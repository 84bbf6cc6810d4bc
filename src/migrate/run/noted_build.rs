//! The build of an index between its notes, in its turn and ahead of it.

use super::Runner;
use super::failures::{refused, stopped, with_left};
use super::notes::{Noted, progress_of};
use super::plan::Planned;
use crate::migrate::MigrateError;
use crate::migrate::index::{self, Done, NotBuilt};
use crate::migrate::worker::{Failed, Worker};
use crate::sql::CreateIndex;

/// The statements that note how far a build has come.
pub(super) struct Notes {
    begun: String,
    made: String,
    was_there: String,
}

impl Notes {
    /// Made by one of the two kinds of notes.
    pub(super) fn of(note: impl Fn(Noted) -> String) -> Self {
        Self {
            begun: note(Noted::Begun),
            made: note(Noted::Done { made: true }),
            was_there: note(Noted::Done { made: false }),
        }
    }
}

/// Why a build is not done and noted.
pub(super) enum Unbuilt {
    /// What is there already stands in its way, or cannot be looked at.
    NotBegun(NotBuilt),
    /// It was begun and failed.
    NotBuilt(NotBuilt),
    /// What was to be noted could not be.
    NoNote(Failed),
}

/// Sees to it that an index is there and valid, and notes it. That it was begun is only noted where there is
/// none of that name: so that one that is there after a run was killed is known to be ours.
pub(super) fn build(
    worker: &mut Worker<'_>,
    create: &CreateIndex,
    was_begun: bool,
    notes: &Notes,
    title: &str,
) -> Result<Done, Unbuilt> {
    let there = index::is_there(worker, create, was_begun).map_err(Unbuilt::NotBegun)?;
    let done = if let Some(done) = there {
        done
    } else {
        write(worker, &notes.begun, title)?;
        index::ensure(worker, create).map_err(Unbuilt::NotBuilt)?
    };
    let note = if done == Done::AlreadyThere {
        &notes.was_there
    } else {
        &notes.made
    };
    write(worker, note, title)?;
    Ok(done)
}

fn write(worker: &mut Worker<'_>, note: &str, title: &str) -> Result<(), Unbuilt> {
    let written = worker.transaction(&[note], &progress_of(title));
    written.map_err(|(_, failed)| Unbuilt::NoNote(failed))
}

impl Runner<'_, '_> {
    /// The build of an index.
    pub(super) fn build(
        &mut self,
        planned: &Planned,
        index: usize,
        create: &CreateIndex,
        was_begun: bool,
    ) -> Result<(), MigrateError> {
        let notes = Notes::of(|noted| self.note(planned, index, noted));
        let title = planned.file.title();
        let built = build(&mut self.worker, create, was_begun, &notes, &title);
        let done = built.map_err(|unbuilt| self.unbuilt(planned, index, create, unbuilt))?;
        if let Some(why) = why_done(done) {
            self.tell_done(planned, index, why);
        }
        Ok(())
    }

    /// What is told of it. A build that was begun and has left nothing counts as never begun, so that the
    /// statement may be corrected.
    pub(super) fn unbuilt(
        &mut self,
        planned: &Planned,
        index: usize,
        create: &CreateIndex,
        unbuilt: Unbuilt,
    ) -> MigrateError {
        match unbuilt {
            Unbuilt::NotBegun(not_built) => self.not_built(planned, index, create, not_built),
            Unbuilt::NotBuilt(not_built) => {
                if not_built.left_nothing() {
                    self.take_back_note(planned, index);
                }
                self.not_built(planned, index, create, not_built)
            }
            Unbuilt::NoNote(failed) => {
                self.bookkeeping(&progress_of(&planned.file.title()), failed)
            }
        }
    }

    fn not_built(
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
        let left = left.unwrap_or_else(|| "nothing of the index is left".to_owned());
        let left = duplicates.into_iter().chain([left]);
        with_left(stopped(planned, index, failed), left)
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

fn why_done(done: Done) -> Option<&'static str> {
    match done {
        Done::Built => None,
        Done::AlreadyThere => Some("an index with the same definition is there already"),
        Done::Adopted => Some("another session was building it, and has done it"),
    }
}
