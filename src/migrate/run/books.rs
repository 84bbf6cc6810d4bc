//! Changes to the history alone: nothing of the schema is touched.

use super::engine;
use super::standing::open;
use super::{AS_OURSELVES, Order, Seen, lock, plan, pooler};
use crate::migrate::source::MigrationFile;
use crate::migrate::status::State;
use crate::migrate::store::Database;
use crate::migrate::worker::Worker;
use crate::migrate::{MigrateError, Version};

/// Writes rows for every migration up to a version, without running any: for a database that has all of
/// that already. Returns what was written.
pub fn baseline(order: &Order<'_>, to: Version) -> Result<Vec<Version>, MigrateError> {
    plan::check_version(order.files, to)?;
    let (mut worker, seen) = locked(order)?;
    let newest = seen.applied.last().map(|row| row.version);
    if let Some(newest) = newest {
        return Err(MigrateError::Refused {
            message: format!(
                "{} has rows already, up to version {newest}: a baseline is for a database without any",
                seen.database.history_table()
            ),
            hint: Some("dbtune migrate status shows what is applied".to_owned()),
        });
    }
    let half_done = seen.rows.iter().find(|row| row.state == State::Partial);
    if let Some(row) = half_done.filter(|row| row.version <= to) {
        return Err(MigrateError::Refused {
            message: format!(
                "{} is half done: statements of it were run, and others were not",
                row.title()
            ),
            hint: Some(
                "go on with it: dbtune migrate; dbtune migrate status shows how far it has come"
                    .to_owned(),
            ),
        });
    }
    let upto = order.files.iter().filter(|file| file.version <= to);
    let files: Vec<MigrationFile> = upto.cloned().collect();
    let versions = files.iter().map(|file| file.version).collect();
    let table = seen.database.history_table();
    let mut rows = Rows {
        worker: &mut worker,
        database: &seen.database,
        files: &files,
    };
    engine::record(&mut rows, &table, &files)?;
    Ok(versions)
}

/// Connects, takes the lock and looks.
pub(super) fn locked<'o>(order: &Order<'o>) -> Result<(Worker<'o>, Seen), MigrateError> {
    let mut worker = open(order)?;
    let seen = Seen::read(&mut worker, order.files)?;
    if seen.database.is_standby {
        return Err(MigrateError::Standby {
            target: order.target.name.clone(),
        });
    }
    pooler::refuse(&mut worker)?;
    lock::take(&mut worker, &seen.database.name)?;
    let seen = Seen::read(&mut worker, order.files)?;
    Ok((worker, seen))
}

/// Writes the rows that refinery makes.
struct Rows<'r, 'o> {
    worker: &'r mut Worker<'o>,
    database: &'r Database,
    files: &'r [MigrationFile],
}

impl engine::Books for Rows<'_, '_> {
    fn make_tables(&mut self) -> Result<(), MigrateError> {
        super::make_tables(self.worker, self.database)
    }

    fn write(&mut self, rows: &[&str]) -> Result<(), MigrateError> {
        let width = self.database.width();
        let pairs = self.files.iter().zip(rows);
        let rows: Vec<String> = pairs
            .map(|(file, row)| engine::row_at(width, file, row))
            .collect();
        let statement = format!("{AS_OURSELVES} {} {}", lock::hold(), rows.join(";\n"));
        write(self.worker, self.database, &statement)
    }
}

/// Writes into the history, in one transaction.
pub(super) fn write(
    worker: &mut Worker<'_>,
    database: &Database,
    statement: &str,
) -> Result<(), MigrateError> {
    let what = database.history_table();
    let written = worker.transaction(&[statement], &what);
    written.map_err(|(_, failed)| super::bookkeeping(database, &what, failed))
}
