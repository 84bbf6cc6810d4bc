//! The build of an index between its notes, in its turn and ahead of it.

use super::Runner;
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
}
