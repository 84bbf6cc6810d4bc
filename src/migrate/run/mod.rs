//! Running what is pending.
//!
//! Whatever is killed when: a file and its row in the history are written together, a statement that can
//! run in a transaction is committed together with the note that it was done, and what cannot is looked
//! up in the catalogue before it is repeated. So that a run is put right by running it again, and a
//! connection that is lost is no more than that.

mod accept;
mod ahead;
mod alone;
mod books;
mod effect;
mod engine;
mod failures;
mod lock;
mod noted_build;
mod notes;
mod plan;
mod pooler;
mod repair;
mod seen;
mod settings;
mod standing;
mod stepwise;
mod tally;
mod undo;
mod whole;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::source::MigrationFile;
use super::store::{self, Database, Steps};
use super::worker::{Failed, Tell, Worker};
use super::{Event, MigrateError, Options};
use crate::engine::postgresql::literal;
use crate::engine::{EngineError, Interrupt, Target};
use crate::sql::Mode;
pub use accept::Fate;
pub use books::baseline;
use plan::Planned;
pub use plan::UNDO;
pub use repair::{Disagreement, Repair, repair};
use seen::{Seen, warn_of_others, warn_of_taken_out};
pub use standing::{Standing, WouldRun, WouldStep, standing, would_run};
pub use tally::AppliedNow;
use tally::Tally;
pub use undo::{Undone, undo, undoing};

/// How often a connection that is lost is made anew.
const RECONNECTS: u32 = 3;

/// For how long a server is waited for that the connection was lost to, at least.
const COMES_BACK: Duration = Duration::from_secs(30);

/// Where and for whom migrations are run.
pub struct Order<'o> {
    /// The server.
    pub target: &'o Target,
    /// The folder.
    pub files: &'o [MigrationFile],
    /// How.
    pub options: &'o Options,
    /// Who runs them, as `user@host`.
    pub who: &'o str,
    /// Whether to stop.
    pub interrupt: &'o Interrupt,
    /// Where events go.
    pub tell: Tell<'o>,
}

impl<'o> Order<'o> {
    /// A session for it; a server that is starting is waited for until `patience` is over.
    fn worker(&self, patience: Duration) -> Result<Worker<'o>, EngineError> {
        Worker::open(
            self.target,
            patience,
            self.options,
            self.interrupt,
            self.tell,
        )
    }
}

/// Runs what is pending, in order. Returns what was applied, also where it then failed.
pub fn up(order: &Order<'_>) -> (Vec<AppliedNow>, Result<(), MigrateError>) {
    if let Err(error) = plan::check_directives(order.files) {
        return (Vec::new(), Err(error));
    }
    let mut tally = Tally::default();
    let mut patience = order.options.connect_wait;
    let mut lost: Option<MigrateError> = None;
    for _reconnect in 0..=RECONNECTS {
        let has_begun = lost.is_some();
        match once(order, patience, &mut tally) {
            Err(MigrateError::Engine(EngineError::Connect { .. })) if has_begun => break,
            Err(error @ MigrateError::Engine(EngineError::Lost { .. })) => {
                (order.tell)(Event::Reconnecting {
                    because: error.to_string(),
                });
                patience = patience.max(COMES_BACK);
                lost = Some(error);
            }
            outcome => return (tally.applied, outcome),
        }
    }
    (tally.applied, lost.map_or(Ok(()), Err))
}

/// One attempt, over one connection.
fn once(order: &Order<'_>, patience: Duration, tally: &mut Tally) -> Result<(), MigrateError> {
    let mut worker = order.worker(patience)?;
    let mut seen = Seen::read(&mut worker, order.files)?;
    tally.settle(&seen.applied, order.tell);
    let mut pending = seen.pending(order)?;
    if pending.is_empty() {
        return Ok(());
    }
    let mut planned = plan::plan(order.files, &pending, &seen.under_way.forward)?;
    pooler::refuse(&mut worker)?;
    warn_of_others(&mut worker, &seen)?;
    warn_of_taken_out(&mut worker, &seen, &pending)?;
    for warning in standing::warnings(&worker, &seen.database) {
        (order.tell)(Event::Warning(warning));
    }
    lock::take(&mut worker, &seen.database.name)?;
    // Whoever held it before may have done everything.
    seen = Seen::read(&mut worker, order.files)?;
    pending = seen.pending(order)?;
    planned.retain(|planned| pending.contains(&planned.file.version));
    if planned.len() < pending.len() {
        // Something was undone in the meantime.
        planned = plan::plan(order.files, &pending, &seen.under_way.forward)?;
    }
    if planned.is_empty() {
        return Ok(());
    }
    let any_stepwise = planned.iter().any(|planned| planned.is_stepwise());
    let table = seen.database.history_table();
    let mut hands = Runner {
        planned,
        steps: seen.under_way.forward,
        database: seen.database,
        key: table.clone(),
        is_fresh: false,
        worker,
        order,
        tally,
    };
    engine::migrate(
        &mut hands,
        &table,
        order.files,
        &seen.applied,
        order.options.to,
    )?;
    if any_stepwise {
        standing::warn_of_invalid(&mut hands.worker);
    }
    Ok(())
}

/// Runs one file after the other, as refinery asks for them.
struct Runner<'r, 'o> {
    worker: Worker<'o>,
    order: &'r Order<'o>,
    database: Database,
    /// What its notes are kept under: the history, or that of what is undone.
    key: String,
    planned: VecDeque<Arc<Planned>>,
    /// Nothing was set in the session since dbtune has prepared it.
    is_fresh: bool,
    steps: Steps,
    tally: &'r mut Tally,
}

impl engine::Hands for Runner<'_, '_> {
    fn make_tables(&mut self) -> Result<(), MigrateError> {
        make_tables(&mut self.worker, &self.database)
    }

    fn run_next(&mut self, text: &str, row: &str) -> Result<(), MigrateError> {
        let planned = self
            .planned
            .pop_front()
            .filter(|planned| planned.file.text == text);
        let Some(planned) = planned else {
            let message = "it asks for another file than was planned".to_owned();
            return Err(MigrateError::Refinery(message));
        };
        let begun = Instant::now();
        let row = engine::row_at(self.database.width(), &planned.file, row);
        let outcome = self.run_file(&planned, &LastPage::Applied { row: &row });
        if outcome.is_ok() {
            self.worker.tell_notices();
        }
        self.tally
            .add(&planned, begun.elapsed(), &outcome, self.order.tell);
        outcome
    }
}

/// What is written when every statement of a file is done.
enum LastPage<'p> {
    /// It is applied: the row that refinery makes.
    Applied {
        /// An `INSERT` into the history.
        row: &'p str,
    },
    /// It is undone.
    Undone,
}

/// Makes the tables that are not there.
fn make_tables(worker: &mut Worker<'_>, database: &Database) -> Result<(), MigrateError> {
    let Some(creation) = store::creation(database) else {
        return Ok(());
    };
    let fresh = worker.fresh_session();
    let what = format!("{} and the tables of dbtune", database.history_table());
    let made = worker.transaction_after(&fresh, &[creation.as_str()], &what);
    made.map_err(|(_, failed)| bookkeeping(database, &what, failed))
}

/// What dbtune keeps could not be written.
fn bookkeeping(database: &Database, what: &str, failed: Failed) -> MigrateError {
    let (message, code) = match failed {
        Failed::Engine(error) => return error.into(),
        Failed::GaveUp { .. } => (super::index::words_of(&failed), String::new()),
        Failed::Server { error, .. } if error.message.contains(lock::LOST) => {
            return MigrateError::LockLost {
                what: what.to_owned(),
            };
        }
        Failed::Server { error, .. } => (error.to_string(), error.sqlstate),
    };
    let user = &database.user;
    let read_only = (code == "25006").then(|| {
        "default_transaction_read_only is on for this role, this database or the server: switch it off where it \
         is set, or run migrations as a role for which it is off: ALTER ROLE … SET \
         default_transaction_read_only = off"
            .to_owned()
    });
    let no_right = (code == "42501").then(|| {
        format!(
            "let {user} make and write them: GRANT CREATE ON DATABASE {} TO {user} for the schema dbtune, \
             GRANT CREATE ON SCHEMA {} TO {user} for the history (PostgreSQL 15 and newer give it to nobody)",
            database.name,
            database.schema.as_deref().unwrap_or("public"),
        )
    });
    MigrateError::Bookkeeping {
        what: what.to_owned(),
        message,
        hint: read_only.or(no_right),
    }
}

/// Rights and settings that a file may have changed are not those with which dbtune keeps its books. To
/// the end of the transaction only, because a file goes on after each of its statements.
const AS_OURSELVES: &str = "SET LOCAL SESSION AUTHORIZATION DEFAULT; SET LOCAL ROLE NONE;";

impl Runner<'_, '_> {
    /// The statements of the last page.
    fn write_out(
        &mut self,
        planned: &Planned,
        last: &LastPage<'_>,
    ) -> Result<String, MigrateError> {
        match last {
            LastPage::Applied { row } => {
                let undo = self.way_back(planned)?;
                // Without its secrets it could not be run: then only the file is the way back.
                let undo = undo.filter(|undo| crate::sql::hidden(undo) == *undo);
                Ok(self.applied_page(planned, row, undo.as_deref()))
            }
            LastPage::Undone => Ok(undo::last_page(
                &self.database,
                &self.key,
                planned.file.version,
            )),
        }
    }

    /// The text of the way back: of its file, or of what is known of builds.
    fn way_back(&mut self, planned: &Planned) -> Result<Option<String>, MigrateError> {
        let Some(path) = &planned.file.undo else {
            return undo::derive(self, planned);
        };
        let text = std::fs::read_to_string(path);
        text.map(Some).map_err(|error| MigrateError::Bookkeeping {
            what: format!("the way back from {}", planned.file.title()),
            message: error.to_string(),
            hint: None,
        })
    }

    /// The end of a file: its row, its text, and nothing more of its steps.
    fn applied_page(&self, planned: &Planned, row: &str, undo: Option<&str>) -> String {
        let history = literal(&self.database.history_table());
        let version = planned.file.version;
        let of_steps =
            format!("FROM dbtune.migration_step WHERE history = {history} AND version = {version}");
        let (started, forget) = if planned.is_stepwise() {
            let first = format!("coalesce((SELECT min(started_at) {of_steps}), pg_catalog.now())");
            (first, format!("; DELETE {of_steps}"))
        } else {
            ("pg_catalog.now()".to_owned(), String::new())
        };
        format!(
            "{AS_OURSELVES} {} {row};
             INSERT INTO dbtune.migration
                 (history, version, name, sql, undo, applied_by, started_at, finished_at)
             VALUES ({history}, {version}, {}, {}, {}, {}, {started}, pg_catalog.clock_timestamp())
             ON CONFLICT (history, version) DO UPDATE SET name = excluded.name, sql = excluded.sql,
                 undo = excluded.undo, applied_by = excluded.applied_by,
                 started_at = excluded.started_at, finished_at = excluded.finished_at{forget}",
            lock::hold(),
            literal(&planned.file.name),
            literal(&crate::sql::hidden(&planned.file.text)),
            undo.map_or_else(|| "NULL".to_owned(), literal),
            literal(self.order.who),
        )
    }

    fn run_file(
        &mut self,
        planned: &Arc<Planned>,
        last: &LastPage<'_>,
    ) -> Result<(), MigrateError> {
        let stepwise = match &planned.mode {
            Mode::Transaction => None,
            Mode::Stepwise { because, .. } => Some(because.clone()),
        };
        let is_whole = stepwise.is_none();
        (self.order.tell)(Event::Begun {
            title: planned.file.title(),
            statements: planned.script.statements().len(),
            stepwise,
        });
        if is_whole {
            self.run_whole(planned, last)
        } else {
            self.run_stepwise(planned, last)
        }
    }

    fn bookkeeping(&self, what: &str, failed: Failed) -> MigrateError {
        bookkeeping(&self.database, what, failed)
    }
}
