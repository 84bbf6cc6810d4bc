//! Whether a statement that runs outside of any transaction was done, when nobody has written how it
//! ended: looked up in the catalogue before it is repeated.

use crate::engine::EngineError;
use crate::engine::postgresql::literal;
use crate::migrate::index;
use crate::migrate::worker::Worker;
use crate::sql::{
    ClusterThing, ClusterThingKind, Detach, DropIndex, Kind, Name, ReindexWhat, Statement,
};

/// What the catalogue tells of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// What it makes is there, or what it drops is not.
    There,
    /// Not so.
    NotThere,
    /// It leaves nothing that could be looked up, and may be repeated: `VACUUM`, `ALTER SYSTEM`, say.
    Repeatable,
}

/// What the look is called in errors.
const LOOK: &str = "a look for what a statement did";

/// Looks up what a statement would do.
pub(super) fn look_up(
    worker: &mut Worker<'_>,
    statement: &Statement,
) -> Result<Effect, EngineError> {
    let is_done = match statement.kind() {
        Kind::DropIndex(drop) => are_gone(worker, drop)?,
        Kind::Detach(detach) => detached(worker, detach)?.is_none(),
        Kind::ClusterThing(thing) => is_as_wanted(worker, thing)?,
        Kind::CreateIndex(_)
        | Kind::Reindex(_)
        | Kind::TransactionControl(_)
        | Kind::AddEnumValue { .. }
        | Kind::Other => return Ok(Effect::Repeatable),
    };
    Ok(if is_done {
        Effect::There
    } else {
        Effect::NotThere
    })
}

/// Whether what is made is there, or what is dropped is not.
fn is_as_wanted(worker: &mut Worker<'_>, thing: &ClusterThing) -> Result<bool, EngineError> {
    let (catalogue, column) = match thing.what {
        ClusterThingKind::Database => ("pg_database", "datname"),
        ClusterThingKind::Tablespace => ("pg_tablespace", "spcname"),
        ClusterThingKind::Subscription => ("pg_subscription", "subname"),
    };
    let query = format!(
        "SELECT EXISTS (SELECT FROM pg_catalog.{catalogue} WHERE {column} = {})",
        literal(&thing.name)
    );
    let is_there = worker.session.is_so(&query, LOOK)?;
    Ok(is_there == thing.is_made)
}

fn are_gone(worker: &mut Worker<'_>, drop: &DropIndex) -> Result<bool, EngineError> {
    for name in &drop.names {
        if is_there(worker, name)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_there(worker: &mut Worker<'_>, name: &Name) -> Result<bool, EngineError> {
    let query = format!(
        "SELECT pg_catalog.to_regclass({}) IS NOT NULL",
        literal(&name.to_string())
    );
    worker.session.is_so(&query, LOOK)
}

/// What a `REINDEX CONCURRENTLY` builds anew, which leaves twins where it fails.
pub(super) fn reindexed(statement: &Statement) -> Option<&ReindexWhat> {
    let Kind::Reindex(reindex) = statement.kind() else {
        return None;
    };
    reindex.concurrently.then_some(&reindex.what)
}

/// What is still to be sent of a statement: all of it, but of a `DETACH PARTITION … CONCURRENTLY` that was cut
/// off only the end.
pub(super) fn rest_of(
    worker: &mut Worker<'_>,
    statement: &Statement,
) -> Result<String, EngineError> {
    let whole = statement.text().to_owned();
    let Kind::Detach(detach) = statement.kind() else {
        return Ok(whole);
    };
    let is_pending = detached(worker, detach)? == Some(true);
    Ok(if is_pending { detach.finalize() } else { whole })
}

/// What a statement that failed has left behind, as a sentence.
pub(super) fn left(
    worker: &mut Worker<'_>,
    statement: &Statement,
) -> Result<Option<String>, EngineError> {
    if let Kind::Detach(detach) = statement.kind() {
        let is_pending = detached(worker, detach)? == Some(true);
        let sentence = format!(
            "{} is half detached from {}: the next run finishes that",
            detach.partition, detach.parent
        );
        return Ok(is_pending.then_some(sentence));
    }
    if let Some(what) = reindexed(statement) {
        let twins = index::twins(worker, what)?;
        let sentence = format!(
            "left INVALID, because others are in the way of dropping it: {}; the next run drops it",
            twins.join(", ")
        );
        return Ok((!twins.is_empty()).then_some(sentence));
    }
    let Kind::DropIndex(drop) = statement.kind() else {
        return Ok(None);
    };
    for name in drop.names.iter().filter(|_| drop.concurrently) {
        let query = format!(
            "SELECT FROM pg_catalog.pg_index WHERE indexrelid = pg_catalog.to_regclass({}) AND NOT indisvalid",
            literal(&name.to_string())
        );
        let is_invalid = !worker
            .session
            .read(&query, "a look for the index")?
            .is_empty();
        if is_invalid {
            return Ok(Some(format!(
                "{name} is INVALID now, and no query uses it any more: the next run drops it"
            )));
        }
    }
    Ok(None)
}

/// Whether a detaching was begun and is not finished; `None`: the partition is none (any more).
fn detached(worker: &mut Worker<'_>, detach: &Detach) -> Result<Option<bool>, EngineError> {
    let query = format!(
        "SELECT coalesce(pg_catalog.to_jsonb(i)->>'inhdetachpending', 'false') FROM pg_catalog.pg_inherits i \
         WHERE i.inhrelid = pg_catalog.to_regclass({}) AND i.inhparent = pg_catalog.to_regclass({})",
        literal(&detach.partition.to_string()),
        literal(&detach.parent.to_string())
    );
    let rows = worker.session.read(&query, "a look for the partition")?;
    let cell = rows.first().and_then(|row| row.first().cloned().flatten());
    Ok(cell.map(|cell| cell == "true"))
}
