//! The INVALID twins that attempts of `REINDEX CONCURRENTLY` leave beside indexes: `_ccnew` where it failed
//! before the exchange, `_ccold` where it failed after.

use super::catalogue;
use super::remains::{CLEANUP_LIMIT, drop_invalid};
use super::waiting::wait_for_builds;
use crate::engine::EngineError;
use crate::engine::postgresql::literal;
use crate::migrate::worker::{Failed, Worker};
use crate::sql::ReindexWhat;

/// Waits until nobody builds an index on any of these tables: the server process of a run that was killed,
/// say. Only then it is known what it leaves. `shown`: what waits.
pub(crate) fn wait_for_others(
    worker: &mut Worker<'_>,
    what: &ReindexWhat,
    shown: &str,
) -> Result<(), Failed> {
    wait_for_builds(worker, &tables(what), shown).map(drop)
}

/// Drops those that nobody is building: of an index, or of all indexes of the tables and their TOAST tables.
pub(crate) fn sweep(worker: &mut Worker<'_>, what: &ReindexWhat) -> Result<(), Failed> {
    for index in twins(worker, what)? {
        drop_invalid(worker, &index, Some(CLEANUP_LIMIT))?;
    }
    Ok(())
}

/// The names of these twins.
pub(crate) fn twins(
    worker: &mut Worker<'_>,
    what: &ReindexWhat,
) -> Result<Vec<String>, EngineError> {
    let condition = format!(
        "c.relname ~ '_cc(new|old)[0-9]*$' AND EXISTS (SELECT FROM pg_catalog.pg_class r \
         WHERE i.indrelid IN (r.oid, r.reltoastrelid) AND r.oid IN ({}))",
        tables(what)
    );
    let found = catalogue::abandoned(&mut worker.session, &condition)?;
    Ok(found.iter().map(|found| found.name().to_string()).collect())
}

/// A query of the tables whose indexes are built anew.
fn tables(what: &ReindexWhat) -> String {
    // As the server goes through them: what has partitions is passed over, they are not.
    let with_indexes = "SELECT r.oid FROM pg_catalog.pg_class r WHERE r.relkind IN ('r', 'm')";
    match what {
        ReindexWhat::Index(name) | ReindexWhat::Table(name) => {
            let root = format!("pg_catalog.to_regclass({})", literal(&name.to_string()));
            let tree = format!(
                "SELECT {root} UNION SELECT relid FROM pg_catalog.pg_partition_tree({root})"
            );
            format!(
                "{tree} UNION SELECT o.indrelid FROM pg_catalog.pg_index o WHERE o.indexrelid IN ({tree})"
            )
        }
        ReindexWhat::Schema(name) => format!(
            "{with_indexes} AND r.relnamespace IN \
             (SELECT s.oid FROM pg_catalog.pg_namespace s WHERE s.nspname = {})",
            literal(name)
        ),
        ReindexWhat::Database | ReindexWhat::System => with_indexes.to_owned(),
    }
}
