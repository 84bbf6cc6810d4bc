//! Going back by one migration: the newest.

use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use super::ahead;
use super::books::locked;
use super::plan::{self, Planned};
use super::standing::open;
use super::tally::Tally;
use super::{AS_OURSELVES, LastPage, Order, Runner, Seen, lock, make_tables, stepwise};
use crate::engine::postgresql::literal;
use crate::migrate::index::{self, Since};
use crate::migrate::source::MigrationFile;
use crate::migrate::status::{Row, State};
use crate::migrate::store::{self, Applied, Database};
use crate::migrate::worker::Worker;
use crate::migrate::{MigrateError, Version};
use crate::sql::{self, CreateIndex, Kind};

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
    /// Its statements that an earlier run has done, from 1.
    pub done: Vec<usize>,
}

/// What [`undo`] would run. Changes nothing.
pub fn undoing(order: &Order<'_>) -> Result<Undone, MigrateError> {
    let mut worker = open(order)?;
    let seen = Seen::read(&mut worker, order.files)?;
    let way = way_back(&mut worker, &seen, order.files)?;
    let planned = plan::of_text(&as_file(&way))?;
    if let Some(steps) = seen.under_way.back.get(&way.version) {
        stepwise::check(&planned.file, &planned.script, steps)?;
    }
    Ok(way)
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
    let planned = plan::of_text(&as_file(&way))?;
    make_tables(&mut worker, &seen.database)?;
    let database = store::look(&mut worker.session)?;
    let key = store::undo_key(&database.history_table());
    let steps = store::under_way(&mut worker.session, &database)?.back;
    let planned = Arc::new(planned.going_on(steps.contains_key(&way.version)));
    let mut runner = Runner {
        steps,
        worker,
        order,
        database,
        key,
        is_fresh: false,
        planned: VecDeque::new(),
        tally: &mut Tally::default(),
    };
    runner.run_file(&planned, &LastPage::Undone)
}

/// The way back that was begun, as a file.
pub(super) fn begun(
    worker: &mut Worker<'_>,
    seen: &Seen,
    files: &[MigrationFile],
) -> Result<MigrationFile, MigrateError> {
    Ok(as_file(&way_back(worker, seen, files)?))
}

fn as_file(way: &Undone) -> MigrationFile {
    MigrationFile {
        version: way.version,
        name: format!("{}{}", way.name, plan::UNDO),
        path: way.path.clone().unwrap_or_default(),
        text: way.text.clone(),
        undo: None,
    }
}

/// The migration is not applied any more, and nothing is left of the steps of the way back.
pub(super) fn last_page(database: &Database, key: &str, version: Version) -> String {
    let table = database.history_table();
    format!(
        "{AS_OURSELVES} {} DELETE FROM {table} WHERE version = {version};
         DELETE FROM dbtune.migration WHERE history = {} AND version = {version};
         DELETE FROM dbtune.migration_step WHERE history IN ({}, {}) AND version = {version}",
        lock::hold(),
        literal(&table),
        literal(&table),
        literal(key)
    )
}

/// Says so, with the migration that is half done: it has no row yet.
fn nothing_to_undo(rows: &[Row]) -> String {
    let half_done = rows.iter().find(|row| row.state == State::Partial);
    half_done.map_or_else(
        || "no migration is applied: there is nothing to undo".to_owned(),
        |row| {
            format!(
                "no migration is applied: {} is half done, and can only be gone on with or taken back by hand",
                row.title()
            )
        },
    )
}

fn way_back(
    worker: &mut Worker<'_>,
    seen: &Seen,
    files: &[MigrationFile],
) -> Result<Undone, MigrateError> {
    let Some(newest) = seen.applied.last() else {
        return Err(MigrateError::Refused {
            message: nothing_to_undo(&seen.rows),
            hint: None,
        });
    };
    refuse_half_done(seen, newest)?;
    let file = files.iter().find(|file| file.version == newest.version);
    let kept = store::kept(&mut worker.session, &seen.database, newest.version)?;
    let title = format!("V{}__{}", newest.version, newest.name);
    let steps = seen.under_way.back.get(&newest.version);
    let done = steps.into_iter().flatten().filter(|(_, step)| step.is_done);
    let done: Vec<usize> = done.map(|(number, _)| *number).collect();
    let undone = |path: Option<PathBuf>, text: String| Undone {
        done: done.clone(),
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
    let Some((sql, text)) = kept.and_then(|kept| Some((kept.sql, kept.undo?))) else {
        return Err(MigrateError::Refused {
            message: format!("there is no way back from {title}"),
            hint: Some(format!(
                "write it into {title}.undo.sql beside the migration: it is only known without where dbtune \
                 has built all that the file asks for, and the file asks for nothing but concurrent builds on \
                 tables without partitions"
            )),
        });
    };
    if done.is_empty() {
        // What is half undone has dropped some of them itself.
        check_still_the_same(worker, &sql)?;
    }
    Ok(undone(None, text))
}

/// That nothing is half done that builds on what would be undone: its notes would outlive what they tell of.
fn refuse_half_done(seen: &Seen, newest: &Applied) -> Result<(), MigrateError> {
    let begun = seen.rows.iter().find(|row| {
        let steps = seen.under_way.forward.get(&row.version);
        steps.is_some_and(|steps| !steps.is_empty())
    });
    let Some(row) = begun else {
        return Ok(());
    };
    Err(MigrateError::Refused {
        message: format!(
            "{} is half done: V{}__{} is not the last that was run",
            row.title(),
            newest.version,
            newest.name
        ),
        hint: Some(format!(
            "finish it: dbtune migrate; or take back by hand what it has done, take its file away, and forget it: \
             dbtune migrate repair --accept {}",
            row.version
        )),
    })
}

/// That the indexes are still those that the file asked for: somebody may have made others of their names.
fn check_still_the_same(worker: &mut Worker<'_>, text: &str) -> Result<(), MigrateError> {
    let Ok(script) = sql::parse(text) else {
        return Ok(());
    };
    for statement in script.statements() {
        let Kind::CreateIndex(create) = statement.kind() else {
            continue;
        };
        if index::since(worker, create)? == Since::Gone {
            refuse_renamed(worker, create)?;
        }
        let other = index::another_of_that_name(worker, create)?;
        if let Some(definition) = other {
            return Err(MigrateError::Refused {
                message: format!("an index of the migration is another by now: {definition}"),
                hint: Some(
                    "drop by hand what is to go, or write a way back into a file".to_owned(),
                ),
            });
        }
    }
    Ok(())
}

/// That an index which is not there any more was dropped, and not given another name.
fn refuse_renamed(worker: &mut Worker<'_>, create: &CreateIndex) -> Result<(), MigrateError> {
    let Some(other) = index::elsewhere(worker, create)? else {
        return Ok(());
    };
    let name = create.name.as_deref().unwrap_or_default();
    Err(MigrateError::Refused {
        message: format!(
            "an index of the migration, {name}, is not where it was built any more, and it may be the one that is \
             {other} by now"
        ),
        hint: Some(
            "where it is that one, give it its name and place back; where it was dropped, write a way back into a \
             file (.undo.sql beside the migration)"
                .to_owned(),
        ),    })
}

/// The way back from a file that only builds indexes concurrently: those that dbtune has made are dropped,
/// the last one first. `None` where it does anything else, or on a table with partitions, whose index may
/// hold others that were there before.
pub(super) fn derive(
    runner: &mut Runner<'_, '_>,
    planned: &Planned,
) -> Result<Option<String>, MigrateError> {
    let statements = planned.script.statements();
    let creates: Option<Vec<_>> = statements.iter().map(ahead::build).collect();
    let Some(creates) = creates else {
        return Ok(None);
    };
    let made = runner.made(planned)?;
    let mut drops = Vec::new();
    for number in made.into_iter().rev() {
        let Some(create) = creates.get(number.saturating_sub(1)) else {
            continue;
        };
        let name = create.name.as_deref().unwrap_or_default();
        match index::qualified(&mut runner.worker.session, create, name)? {
            Some((name, false)) => {
                drops.push(format!("DROP INDEX CONCURRENTLY IF EXISTS {name};\n"));
            }
            Some((_, true)) => return Ok(None),
            None => {}
        }
    }
    Ok((!drops.is_empty()).then(|| drops.concat()))
}

impl Runner<'_, '_> {
    /// The statements, from 1, whose indexes dbtune has made.
    fn made(&mut self, planned: &Planned) -> Result<Vec<usize>, MigrateError> {
        let query = format!(
            "SELECT step::text FROM dbtune.migration_step WHERE history = {} AND version = {} AND made \
             ORDER BY step",
            literal(&self.key),
            planned.file.version
        );
        let rows = self.worker.read(&query, "dbtune.migration_step")?;
        let numbers = rows.iter().flatten().flatten();
        Ok(numbers.filter_map(|number| number.parse().ok()).collect())
    }
}
