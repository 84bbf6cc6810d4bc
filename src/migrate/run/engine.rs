//! What refinery works with: it decides order, verifies the history and writes its rows; how a file is
//! run is ours.
//!
//! Of refinery's two kinds of connection only the asynchronous one hands over a file and its row
//! together, so it is that one; nothing waits in it, and every future of it is ready at once.

use std::collections::BTreeMap;
use std::future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use refinery::error::Kind;
use refinery::traits::r#async::{AsyncQuery, AsyncTransaction};
use refinery::{AsyncMigrate, Migration, Runner, Target as Goal};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::migrate::checksum::{Width, checksum};
use crate::migrate::source::MigrationFile;
use crate::migrate::store::Applied;
use crate::migrate::{MigrateError, Version};

/// What runs a file and writes its row.
pub(super) trait Hands: Send {
    /// Makes the tables that are not there.
    fn make_tables(&mut self) -> Result<(), MigrateError>;

    /// Runs the next file, whose text this is, and writes its row with it.
    fn run_next(&mut self, text: &str, row: &str) -> Result<(), MigrateError>;
}

/// What writes rows without running anything.
pub(super) trait Books: Send {
    /// Makes the tables that are not there.
    fn make_tables(&mut self) -> Result<(), MigrateError>;

    /// Writes these rows, all or none.
    fn write(&mut self, rows: &[&str]) -> Result<(), MigrateError>;
}

/// A connection as refinery wants it.
struct Connection<'t> {
    take: Take<'t>,
    /// The rows of the history, as refinery would have written them.
    applied: Vec<Migration>,
    /// Why it stopped. refinery only hears that it did.
    stopped: Option<MigrateError>,
}

/// That something failed.
#[derive(Debug, thiserror::Error)]
#[error("stopped")]
struct Stopped;

/// Lets refinery run what is pending, up to `to`.
pub(super) fn migrate<H: Hands>(
    hands: &mut H,
    table: &str,
    files: &[MigrationFile],
    applied: &[Applied],
    to: Option<Version>,
) -> Result<(), MigrateError> {
    let goal = to.map_or(Goal::Latest, |version| Goal::Version(version.0));
    let mut take = |queries: &[&str]| match queries {
        [_table] => hands.make_tables(),
        [text, row] => hands.run_next(text, row),
        other => Err(unforeseen(other.len())),
    };
    run(&mut take, table, files, applied, goal)
}

/// Lets refinery write a row for each of these files, and run none.
pub(super) fn record<B: Books>(
    books: &mut B,
    table: &str,
    files: &[MigrationFile],
) -> Result<(), MigrateError> {
    let mut has_tables = false;
    let mut take = |queries: &[&str]| {
        if std::mem::replace(&mut has_tables, true) {
            return books.write(queries);
        }
        books.make_tables()
    };
    run(&mut take, table, files, &[], Goal::Fake)
}

fn unforeseen(statements: usize) -> MigrateError {
    MigrateError::Refinery(format!("{statements} statements at once"))
}

/// What takes the statements that refinery hands out together.
type Take<'t> = &'t mut (dyn FnMut(&[&str]) -> Result<(), MigrateError> + Send);

fn run(
    take: Take<'_>,
    table: &str,
    files: &[MigrationFile],
    applied: &[Applied],
    goal: Goal,
) -> Result<(), MigrateError> {
    let migrations = files.iter().map(unapplied).collect::<Result<Vec<_>, _>>()?;
    let mut connection = Connection {
        take,
        applied: told(&migrations, applied),
        stopped: None,
    };
    let mut runner = Runner::new(&migrations).set_target(goal);
    runner.set_migration_table_name(table);
    let outcome = at_once(runner.run_async(&mut connection));
    if let Some(stopped) = connection.stopped {
        return Err(stopped);
    }
    match outcome {
        Some(Ok(_report)) => Ok(()),
        Some(Err(error)) => Err(MigrateError::Refinery(words_of(error.kind()))),
        None => Err(MigrateError::Refinery("it waits for something".to_owned())),
    }
}

fn unapplied(file: &MigrationFile) -> Result<Migration, MigrateError> {
    Migration::unapplied(&file.title(), &file.text)
        .map_err(|error| MigrateError::Refinery(format!("{}: {error}", file.title())))
}

/// The rows as refinery is told of them: their checksums were verified at the width of the history, and
/// refinery knows one width only.
fn told(migrations: &[Migration], applied: &[Applied]) -> Vec<Migration> {
    let by_version: BTreeMap<i64, &Migration> = migrations
        .iter()
        .map(|file| (file.version(), file))
        .collect();
    let of_row = |row: &Applied| {
        let file = by_version.get(&row.version.0);
        let on = row.on.as_deref();
        let on = on.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
        Migration::applied(
            row.version.0,
            row.name.clone(),
            on.unwrap_or(OffsetDateTime::UNIX_EPOCH),
            file.map_or(0, |file| file.checksum()),
        )
    };
    applied.iter().map(of_row).collect()
}

fn words_of(kind: &Kind) -> String {
    kind.to_string()
}

/// A row as it is written: with the checksum at the width of the history.
pub(super) fn row_at(width: Width, file: &MigrationFile, row: &str) -> String {
    let of = |width| checksum(width, file.version, &file.name, &file.text);
    match (width, of(Width::Wide), of(Width::Narrow)) {
        (Width::Narrow, Some(wide), Some(narrow)) => {
            row.replace(&format!("'{wide}'"), &format!("'{narrow}'"))
        }
        _ => row.to_owned(),
    }
}

/// The outcome of a future that is ready.
fn at_once<F: Future>(future: F) -> Option<F::Output> {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(outcome) => Some(outcome),
        Poll::Pending => None,
    }
}

impl AsyncTransaction for Connection<'_> {
    type Error = Stopped;

    fn execute<'a, T: Iterator<Item = &'a str> + Send + 'a>(
        &'a mut self,
        queries: T,
    ) -> impl Future<Output = Result<usize, Self::Error>> + Send + 'a {
        let queries: Vec<&str> = queries.collect();
        let taken = (self.take)(&queries).map_err(|error| {
            self.stopped = Some(error);
            Stopped
        });
        future::ready(taken.map(|()| queries.len()))
    }
}

impl AsyncQuery<Vec<Migration>> for Connection<'_> {
    fn query<'a>(
        &'a mut self,
        _query: &'a str,
    ) -> impl Future<Output = Result<Vec<Migration>, Self::Error>> + Send + 'a {
        future::ready(Ok(self.applied.clone()))
    }
}

impl AsyncMigrate for Connection<'_> {}
