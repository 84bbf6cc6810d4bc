//! Seeing to it that an index is there, whatever its table is.

use super::catalogue::{self, Found};
use super::definition::{check_definition, rewritten, same_among};
use super::outcome::{Done, NotBuilt};
use super::waiting::wait_for_others;
use super::{build, partitions};
use crate::engine::EngineError;
use crate::engine::postgresql::literal;
use crate::migrate::worker::Worker;
use crate::sql::{CreateIndex, Name};

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
        if !create.only {
            partitions::refuse_foreign(worker, &table)?;
        }
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

/// Where the index of a statement may be that is not there any more: on its table under another name, or under its
/// name in another schema, where its table is gone from there too.
pub(crate) fn elsewhere(
    worker: &mut Worker<'_>,
    create: &CreateIndex,
) -> Result<Option<Name>, EngineError> {
    let Some(table) = catalogue::table(&mut worker.session, &create.table)? else {
        let name = literal(create.name.as_deref().unwrap_or_default());
        let moved = catalogue::indexes(&mut worker.session, &format!("c.relname = {name}"))?;
        return Ok(moved.into_iter().next().map(|found| found.name));
    };
    let there = catalogue::indexes(&mut worker.session, &format!("i.indrelid = {}", table.oid))?;
    // What cannot be compared is not known to be the same.
    let same = same_among(worker, create, &table, &there).unwrap_or_default();
    let mut others = same.iter().map(|found| &found.name);
    Ok(others
        .find(|name| Some(name.name.as_str()) != create.name.as_deref())
        .cloned())
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
        Ok(())
        | Err(NotBuilt::Foreign { .. } | NotBuilt::Incomplete { .. } | NotBuilt::Failed { .. }) => {
            None
        }
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
    build::on_table(worker, create, &table, name)
}
