//! An INVALID index that a plain statement would pass over.

use super::catalogue;
use crate::engine::EngineError;
use crate::migrate::worker::Worker;
use crate::sql::{CreateIndex, Kind, Statement};

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

/// What has become of an index that was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    /// It is valid.
    Valid,
    /// It is INVALID: somebody's `DROP INDEX CONCURRENTLY` that was cut off, say.
    Invalid,
    /// It was dropped, or has another name.
    Gone,
}

/// What has become of the index that a statement has built concurrently.
pub(crate) fn since(worker: &mut Worker<'_>, create: &CreateIndex) -> Result<Since, EngineError> {
    let named = catalogue::named(&mut worker.session, create)?;
    Ok(match named {
        Some((table, found)) if !found.is_valid && found.table_oid == table.oid => Since::Invalid,
        Some(_) => Since::Valid,
        None => Since::Gone,
    })
}
