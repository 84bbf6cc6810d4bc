//! Going back by one migration: the newest.

use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use super::books::locked;
use super::plan::{self};
use super::standing::open;
use super::{AS_OURSELVES, Order, Runner, Seen, make_tables};
use crate::engine::postgresql::literal;
use crate::migrate::source::MigrationFile;
use crate::migrate::store::{self, Database};
use crate::migrate::worker::Worker;
use crate::migrate::{MigrateError, Version, index};
use crate::sql::{self, Kind};

/// The way back from the newest migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// The number of the migration.
    pub version: Version,
    /// Its name.
    pub name: String,
    /// `V12__add_users`.
    pub title: String,
    /// The file that leads back; `None`: dbtune has kept it, or found the way back by itself.
    pub path: Option<PathBuf>,
    /// What is run.
    pub text: String,
}

/// What [`undo`] would run. Changes nothing.
pub fn undoing(order: &Order<'_>) -> Result<Undone, MigrateError> {
    let mut worker = open(order)?;
    let seen = Seen::read(&mut worker, order.files)?;
    way_back(&mut worker, &seen, order.files)
}

/// Goes back by the newest migration, as it was shown; refused where it is another by now.
pub fn undo(order: &Order<'_>, shown: &Undone) -> Result<(), MigrateError> {
    let (mut worker, seen) = locked(order)?;
    let way = way_back(&mut worker, &seen, order.files)?;
    if way != *shown {
        return Err(MigrateError::Refused {
            message: "the newest migration, or the way back from it, is another than was shown"
                .to_owned(),
            hint: Some("look again: dbtune migrate undo".to_owned()),
        });
    }
    let planned = Arc::new(plan::of_text(&as_file(&way))?);
    make_tables(&mut worker, &seen.database)?;
    let database = store::look(&mut worker.session)?;
    let key = format!("{} undo", database.history_table());
    let last = last_page(&database, &key, way.version);
    let mut runner = Runner {
        steps: store::steps(&mut worker.session, &database, &key)?,
        worker,
        order,
        database,
        key,
        planned: VecDeque::new(),
        applied_now: &mut Vec::new(),
    };
    runner.run_file(&planned, &last)
}

fn as_file(way: &Undone) -> MigrationFile {
    MigrationFile {
        version: way.version,
        name: format!("{} (undo)", way.name),
        path: way.path.clone().unwrap_or_default(),
        text: way.text.clone(),
        undo: None,
    }
}

/// The migration is not applied any more, and nothing is left of the steps of the way back.
fn last_page(database: &Database, key: &str, version: Version) -> String {
    let table = database.history_table();
    format!(
        "{AS_OURSELVES} DELETE FROM {table} WHERE version = {version};
         DELETE FROM dbtune.migration WHERE history = {} AND version = {version};
         DELETE FROM dbtune.migration_step WHERE history = {} AND version = {version}",
        literal(&table),
        literal(key)
    )
}

fn way_back(
    worker: &mut Worker<'_>,
    seen: &Seen,
    files: &[MigrationFile],
) -> Result<Undone, MigrateError> {
    let Some(newest) = seen.applied.last() else {
        return Err(MigrateError::Refused {
            message: "no migration is applied: there is nothing to undo".to_owned(),
            hint: None,
        });
    };
    let file = files.iter().find(|file| file.version == newest.version);
    let kept = store::kept(&mut worker.session, &seen.database, newest.version)?;
    let title = format!("V{}__{}", newest.version, newest.name);
    let undone = |path: Option<PathBuf>, text: String| Undone {
        version: newest.version,
        name: newest.name.clone(),
        title: title.clone(),
        path,
        text,
    };
    if let Some(path) = file.and_then(|file| file.undo.clone()) {
        let text = fs::read_to_string(&path).map_err(|error| MigrateError::Refused {
            message: format!("cannot read {}: {error}", path.display()),
            hint: None,
        })?;
        return Ok(undone(Some(path), text));
    }
    let (sql, kept_undo) = kept.map_or((None, None), |kept| (Some(kept.sql), kept.undo));
    if let Some(text) = kept_undo {
        return Ok(undone(None, text));
    }
    let sql = sql.or_else(|| file.map(|file| file.text.clone()));
    let derived = match sql {
        Some(sql) => derive(worker, &sql)?,
        None => None,
    };
    derived.map(|text| undone(None, text)).ok_or_else(|| MigrateError::Refused {
        message: format!("there is no way back from {title}"),
        hint: Some(format!(
            "write it into {title}.undo.sql beside the migration: only of files that do nothing but build \
             indexes concurrently it is known without"
        )),
    })
}

/// The way back from a file that only builds indexes concurrently: they are dropped, the last one first.
fn derive(worker: &mut Worker<'_>, text: &str) -> Result<Option<String>, MigrateError> {
    let Ok(script) = sql::parse(text) else {
        return Ok(None);
    };
    let mut drops = Vec::new();
    for statement in script.statements().iter().rev() {
        let Kind::CreateIndex(create) = statement.kind() else {
            return Ok(None);
        };
        let name = match create.name.as_deref().filter(|_| create.concurrently) {
            Some(name) => index::qualified(&mut worker.session, create, name)?,
            None => return Ok(None),
        };
        let Some((name, is_partitioned)) = name else {
            continue;
        };
        // No server drops the index of a table with partitions concurrently.
        let concurrently = if is_partitioned { "" } else { "CONCURRENTLY " };
        drops.push(format!("DROP INDEX {concurrently}IF EXISTS {name};\n"));
    }
    Ok((!drops.is_empty()).then(|| drops.concat()))
}
