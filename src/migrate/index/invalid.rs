//! An INVALID index that a plain statement would pass over.

use super::catalogue;
use crate::engine::EngineError;
use crate::migrate::worker::Worker;
use crate::sql::{Kind, Statement};

/// The INVALID index for which `CREATE INDEX IF NOT EXISTS` would do nothing and be content; `None` where
/// the statement is no such one. An index of a table with partitions may be INVALID until each of them has
/// its own.
pub(crate) fn refuse_to_pass_over(
    worker: &mut Worker<'_>,
    statement: &Statement,
) -> Result<Option<String>, EngineError> {
    let Kind::CreateIndex(create) = statement.kind() else {
        return Ok(None);
    };
    if !create.if_not_exists || create.concurrently {
        return Ok(None);
    }
    let named = catalogue::named(&mut worker.session, create)?;
    let debris = named.filter(|(table, found)| !found.is_valid && !table.is_partitioned);
    Ok(debris.map(|(_, found)| found.name.to_string()))
}

/// Whether the index that a statement has built concurrently is INVALID by now: somebody else's `DROP INDEX
/// CONCURRENTLY` that was cut off, say. One that is gone was dropped, or has another name.
pub(crate) fn is_invalid(
    worker: &mut Worker<'_>,
    statement: &Statement,
) -> Result<bool, EngineError> {
    let Kind::CreateIndex(create) = statement.kind() else {
        return Ok(false);
    };
    if !create.concurrently {
        return Ok(false);
    }
    let named = catalogue::named(&mut worker.session, create)?;
    Ok(named.is_some_and(|(table, found)| !found.is_valid && found.table_oid == table.oid))
}
