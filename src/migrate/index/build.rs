//! Building an index concurrently, so that it ends well: it is there and valid, or nothing of it is.

use std::time::{Duration, Instant};

use super::catalogue::{self, Found, Table};
use super::progress::{self, Progress};
use super::{definition, partitions};
use crate::engine::EngineError;
use crate::engine::postgresql::SqlError;
use crate::migrate::Event;
use crate::migrate::held_up::HeldUp;
use crate::migrate::watcher::Watcher;
use crate::migrate::worker::{Failed, Worker};
use crate::sql::{CreateIndex, Name, ReindexWhat, Rewriting};

/// How often a build that is the victim of a deadlock is begun anew.
const ATTEMPTS: u32 = 5;

/// How often the build of another process is looked at.
const GLANCE: Duration = Duration::from_millis(200);

/// How long cleaning up after a failed build may be held up by others.
pub(super) const CLEANUP_LIMIT: Duration = Duration::from_secs(10);

/// How an index came to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// This run built it.
    Built,
    /// It was there already, with the same definition.
    AlreadyThere,
    /// The server process of a run that was killed finished it.
    Adopted,
}

/// An index that could not be built.
#[derive(Debug)]
pub(crate) enum NotBuilt {
    /// There is one of that name which is another.
    OtherDefinition {
        /// What is there, as the server writes it.
        there: String,
        /// What the statement asks for.
        asked: String,
    },
    /// Every partition that can have one has its index, and that of the parent is INVALID all the same.
    Incomplete {
        /// The index.
        index: String,
        /// The table.
        table: String,
    },
    /// The server refused it, or it was given up.
    Failed {
        /// Why.
        failed: Box<Failed>,
        /// What of it is left INVALID, and why, as a sentence; `None`: nothing.
        left: Option<String>,
    },
}

impl NotBuilt {
    /// Whether nothing of the index is there: as if it had never been begun.
    pub(crate) fn left_nothing(&self) -> bool {
        match self {
            Self::OtherDefinition { .. } | Self::Incomplete { .. } => false,
            Self::Failed { failed, left } => !failed.is_lost() && left.is_none(),
        }
    }
}

impl From<Failed> for NotBuilt {
    fn from(failed: Failed) -> Self {
        Self::Failed {
            failed: Box::new(failed),
            left: None,
        }
    }
}

impl From<EngineError> for NotBuilt {
    fn from(error: EngineError) -> Self {
        Failed::Engine(error).into()
    }
}

/// Whether the index of a `CREATE INDEX CONCURRENTLY` is there and valid already, once nobody builds it any
/// more. `was_begun`: an earlier run had begun to build it, by this very statement.
pub(crate) fn is_there(
    worker: &mut Worker<'_>,
    create: &CreateIndex,
    was_begun: bool,
) -> Result<Option<Done>, NotBuilt> {
    let table = catalogue::table(&mut worker.session, &create.table)?;
    let (Some(table), Some(name)) = (table, create.name.as_deref()) else {
        return Ok(None);
    };
    let was_built = wait_for_others(worker, &table, name)? || was_begun;
    let found = catalogue::index(&mut worker.session, &table, name)?;
    let is_done = |found: &Found| found.is_valid || found.table_oid != table.oid;
    let Some(found) = found.filter(is_done) else {
        return Ok(None);
    };
    match check_definition(worker, create, &table, &found) {
        Ok(()) => {}
        // The comparison was not possible, and it is the one that we had begun: there was none before.
        Err(NotBuilt::Failed { .. }) if was_begun && found.table_oid == table.oid => {}
        Err(not_built) => return Err(not_built),
    }
    Ok(Some(if was_built {
        Done::Adopted
    } else {
        Done::AlreadyThere
    }))
}

/// The definition of an index of that name that is not the one of the statement, where there is one.
pub(crate) fn another_of_that_name(
    worker: &mut Worker<'_>,
    create: &CreateIndex,
) -> Result<Option<String>, EngineError> {
    let Some((table, found)) = catalogue::named(&mut worker.session, create)? else {
        return Ok(None);
    };
    Ok(match check_definition(worker, create, &table, &found) {
        Err(NotBuilt::OtherDefinition { there, .. }) => Some(there),
        Ok(()) | Err(NotBuilt::Incomplete { .. } | NotBuilt::Failed { .. }) => None,
    })
}

/// Sees to it that the index of a `CREATE INDEX CONCURRENTLY` is there and valid.
pub(crate) fn ensure(worker: &mut Worker<'_>, create: &CreateIndex) -> Result<Done, NotBuilt> {
    let table = catalogue::table(&mut worker.session, &create.table)?;
    let (Some(table), Some(name)) = (table, create.name.as_deref()) else {
        // The server says best what is wrong with it.
        let statement = rewritten(create, None, None);
        worker.run(&statement, "CREATE INDEX CONCURRENTLY")?;
        return Ok(Done::Built);
    };
    if table.is_partitioned && !create.only {
        return partitions::ensure(worker, create, &table, name);
    }
    on_table(worker, create, &table, name)
}

/// The same for a table without partitions.
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
    let after = GLANCE * 5;
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

/// The statement as it is sent: an index that is there is never passed over in silence.
fn rewritten(create: &CreateIndex, table: Option<&Table>, name: Option<&str>) -> String {
    create.rewritten(&Rewriting {
        name: name.map(str::to_owned),
        table: table.map(|table| table.name.clone()),
        concurrently: true,
        only: create.only,
        if_not_exists: false,
    })
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

/// The index stays as it is: it was only to be compared.
fn not_compared(failed: Failed, found: &Found) -> NotBuilt {
    NotBuilt::Failed {
        failed: Box::new(failed),
        left: Some(format!(
            "{} is there, and could not be compared with what the statement asks for; it stays as it is: {}",
            found.name, found.definition
        )),
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

pub(super) fn check_definition(
    worker: &mut Worker<'_>,
    create: &CreateIndex,
    table: &Table,
    found: &Found,
) -> Result<(), NotBuilt> {
    let is_same = definition::is_same(worker, create, table, found);
    let is_same = is_same.map_err(|failed| not_compared(failed, found))?;
    if is_same {
        return Ok(());
    }
    Err(NotBuilt::OtherDefinition {
        there: found.definition.clone(),
        asked: rewritten(create, Some(table), Some(&found.name.name)),
    })
}

/// Waits while another process builds an index on the table: an index of ours that a killed run left to
/// its server process, or another, behind which this one would only queue until a deadlock. Returns
/// whether there was one.
fn wait_for_others(worker: &mut Worker<'_>, table: &Table, name: &str) -> Result<bool, Failed> {
    let shown = format!("{name} on {}", table.name);
    wait_for_builds(worker, &format!("SELECT {}::oid", table.oid), &shown)
}

/// The same for each of several tables. `tables`: a query of their oids.
pub(super) fn wait_for_builds(
    worker: &mut Worker<'_>,
    tables: &str,
    shown: &str,
) -> Result<bool, Failed> {
    let mut is_told = false;
    let mut held_up = HeldUp::new("the build of another session", worker.options.build_timeout);
    while let Some(pid) = catalogue::builder(&mut worker.session, tables)? {
        if !is_told {
            is_told = true;
            let what = shown.to_owned();
            (worker.tell)(Event::WaitingForBuild { what, pid });
        }
        if worker.interrupt.sleep(GLANCE) {
            return Err(EngineError::Interrupted.into());
        }
        let _goes_on = held_up.look(&mut worker.watcher, pid, worker.tell);
        if held_up.gave_up {
            let HeldUp {
                waited, blockers, ..
            } = held_up;
            return Err(Failed::GaveUp { waited, blockers });
        }
    }
    Ok(is_told)
}

/// Drops what a failed build has left. Returns a sentence of what could not be dropped, and why.
fn clean_up(worker: &mut Worker<'_>, table: &Table, name: &str, failed: &Failed) -> Option<String> {
    if failed.is_lost() {
        return None;
    }
    let shield = worker.interrupt.shield();
    let left = drop_leftover(worker, table, name);
    drop(shield);
    left
}

fn drop_leftover(worker: &mut Worker<'_>, table: &Table, name: &str) -> Option<String> {
    let found = match catalogue::index(&mut worker.session, table, name) {
        Ok(found) => found.filter(|found| !found.is_valid && found.table_oid == table.oid)?,
        Err(error) => return Some(left_invalid(name, &error.to_string())),
    };
    let dropped = drop_invalid(worker, &found, Some(CLEANUP_LIMIT));
    let failed = dropped.err()?;
    Some(left_invalid(&found.name.to_string(), &words_of(&failed)))
}

fn left_invalid(name: &str, why: &str) -> String {
    format!(
        "{name} is left INVALID, because it could not be dropped ({why}): no query uses it, and the next \
         run drops it"
    )
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

/// Drops an INVALID index that stands in the way; where that fails the index is what is left.
fn drop_or_tell(worker: &mut Worker<'_>, found: &Found) -> Result<(), NotBuilt> {
    drop_invalid(worker, found, None).map_err(|failed| NotBuilt::Failed {
        left: Some(left_invalid(&found.name.to_string(), &words_of(&failed))),
        failed: Box::new(failed),
    })
}

/// Drops an INVALID index without holding anybody up.
fn drop_invalid(
    worker: &mut Worker<'_>,
    found: &Found,
    limit: Option<Duration>,
) -> Result<(), Failed> {
    let index = found.name.to_string();
    let what = format!("DROP INDEX CONCURRENTLY {index}");
    (worker.tell)(Event::DroppingInvalid { index });
    worker.lift_limits(&what)?;
    let limit = limit.or(worker.options.build_timeout);
    worker.run_held_up(&what, &what, limit).map(drop)
}

/// A failure in a few words.
pub(crate) fn words_of(failed: &Failed) -> String {
    match failed {
        Failed::Server { error, .. } => error.to_string(),
        Failed::GaveUp { waited, blockers } => format!(
            "held up for {} s by {}",
            waited.as_secs(),
            blockers.join(" and ")
        ),
        Failed::Engine(error) => error.to_string(),
    }
}
