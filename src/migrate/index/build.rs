//! Building an index concurrently on one table, so that it ends well: it is there and valid, or nothing of it is.

use std::time::{Duration, Instant};

use super::catalogue::{self, Found, Table};
use super::definition::{check_definition, rewritten};
use super::outcome::{Done, NotBuilt, words_of};
use super::progress::{self, Progress};
use super::remains::{clean_up, drop_or_tell};
use super::waiting::wait_for_others;
use crate::engine::EngineError;
use crate::engine::postgresql::SqlError;
use crate::migrate::Event;
use crate::migrate::held_up::HeldUp;
use crate::migrate::watcher::Watcher;
use crate::migrate::worker::{Failed, Worker};
use crate::sql::{CreateIndex, Name, ReindexWhat};

/// How often a build that is the victim of a deadlock is begun anew.
const ATTEMPTS: u32 = 5;

/// The pause before a build is begun anew.
const PAUSE: Duration = Duration::from_secs(1);

/// Sees to it that the index is there and valid on a table without partitions.
pub(super) fn on_table(
    worker: &mut Worker<'_>,
    create: &CreateIndex,
    table: &Table,
    name: &str,
) -> Result<Done, NotBuilt> {
    let mut found_done = Done::AlreadyThere;
    for attempt in 1.. {
        if wait_for_others(worker, table, name)? {
            found_done = Done::Adopted;
        }
        match catalogue::index(&mut worker.session, table, name)? {
            Some(found) if found.is_valid || found.table_oid != table.oid => {
                check_definition(worker, create, table, &found)?;
                return Ok(found_done);
            }
            Some(found) => drop_or_tell(worker, &found)?,
            None => {}
        }
        let failed = match build(worker, create, table, name) {
            Ok(()) => return prove(worker, table, name),
            Err(failed) => failed,
        };
        let left = clean_up(worker, table, name, &failed);
        let is_taken = is_name_taken(worker, table, name, &failed)?;
        if left.is_some() || attempt == ATTEMPTS || is_taken || !may_pass(&failed) {
            return Err(NotBuilt::Failed {
                failed: Box::new(failed),
                left,
            });
        }
        begin_anew(worker, name, &failed)?;
    }
    Ok(found_done)
}

/// Whether the name is that of something else: a table, say. Trying again does not help.
fn is_name_taken(
    worker: &mut Worker<'_>,
    table: &Table,
    name: &str,
    failed: &Failed,
) -> Result<bool, NotBuilt> {
    let is_duplicate =
        matches!(failed, Failed::Server { error, .. } if error.is_one_of(&["42P07"]));
    if !is_duplicate {
        return Ok(false);
    }
    Ok(catalogue::index(&mut worker.session, table, name)?.is_none())
}

/// After a deadlock, or where the name turned up in the meantime: everything is looked at anew.
fn may_pass(failed: &Failed) -> bool {
    match failed {
        Failed::Server { error, .. } => error.is_one_of(&["40P01", "55P03", "42P07"]),
        Failed::GaveUp { .. } | Failed::Engine(_) => false,
    }
}

fn begin_anew(worker: &mut Worker<'_>, name: &str, failed: &Failed) -> Result<(), NotBuilt> {
    let after = PAUSE;
    (worker.tell)(Event::Retry {
        what: format!("the build of {name}"),
        because: words_of(failed),
        after,
    });
    if worker.interrupt.sleep(after) {
        return Err(EngineError::Interrupted.into());
    }
    Ok(())
}

fn build(
    worker: &mut Worker<'_>,
    create: &CreateIndex,
    table: &Table,
    name: &str,
) -> Result<(), Failed> {
    let index = Name {
        schema: table.name.schema.clone(),
        name: name.to_owned(),
    };
    let statement = rewritten(create, Some(table), Some(name));
    let what = format!("the build of {index}");
    worker.lift_limits(&what)?;
    let begun = Instant::now();
    let (pid, tell) = (worker.session.pid(), worker.tell);
    let limit = worker.options.build_timeout;
    let seen = &mut |watcher: &mut Watcher, held_up: &HeldUp<'_>| {
        if let Some(reading) = watcher.build(pid) {
            let elapsed = begun.elapsed();
            tell(Event::Building(Progress {
                index: index.to_string(),
                table: table.name.to_string(),
                ..progress::of(reading, elapsed, held_up)
            }));
        }
    };
    worker.run_watched(&statement, &what, limit, seen).map(drop)
}

/// Asks whether the index is valid, and is never content with the server's word that it was built.
fn prove(worker: &mut Worker<'_>, table: &Table, name: &str) -> Result<Done, NotBuilt> {
    let found = catalogue::index(&mut worker.session, table, name)?;
    match found {
        Some(found) if found.is_valid => Ok(Done::Built),
        Some(_) | None => {
            let failed = Failed::Server {
                error: not_valid_after_all(name),
                blockers: Vec::new(),
            };
            let left = clean_up(worker, table, name, &failed);
            Err(NotBuilt::Failed {
                failed: Box::new(failed),
                left,
            })
        }
    }
}

fn not_valid_after_all(name: &str) -> SqlError {
    SqlError {
        sqlstate: "XX000".to_owned(),
        message: format!("the server says that {name} was built, and it is not there or INVALID"),
        detail: None,
        hint: None,
        context: None,
        position: None,
        table: None,
        schema: None,
    }
}

/// Builds an INVALID index anew that cannot be dropped, because it is part of that of its parent.
pub(super) fn rebuild(
    worker: &mut Worker<'_>,
    table: &Table,
    found: &Found,
) -> Result<(), NotBuilt> {
    let index = found.name.to_string();
    let what = format!("REINDEX INDEX CONCURRENTLY {index}");
    let limit = worker.options.build_timeout;
    let left = |failed: Failed| NotBuilt::Failed {
        left: Some(format!("{index} is INVALID still, and no query uses it")),
        failed: Box::new(failed),
    };
    let reindexed = ReindexWhat::Index(found.name.clone());
    super::sweep(worker, &reindexed).map_err(left)?;
    (worker.tell)(Event::Rebuilding {
        index: index.clone(),
    });
    worker.lift_limits(&what)?;
    if let Err(failed) = worker.run_held_up(&what, &what, limit) {
        let shield = worker.interrupt.shield();
        // What it leaves is found again by the next attempt.
        drop(super::sweep(worker, &reindexed));
        drop(shield);
        return Err(left(failed));
    }
    prove(worker, table, &found.name.name).map(drop)
}
