//! A statement that the server refuses in a transaction, and that is not the build of an index.

use super::Runner;
use super::effect::{self, Effect};
use super::failures::{stopped, with_left};
use super::notes::Noted;
use super::plan::Planned;
use crate::migrate::MigrateError;
use crate::migrate::index;
use crate::migrate::worker::Failed;
use crate::sql::Statement;

impl Runner<'_, '_> {
    /// Runs it, unless the catalogue shows that an earlier run did.
    pub(super) fn alone(
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
        with_left(stopped(planned, index, failed), left)
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
}
