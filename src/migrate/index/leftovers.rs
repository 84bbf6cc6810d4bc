//! What is left of attempts that failed, and what they failed at.

use std::time::Duration;

use super::build::CLEANUP_LIMIT;
use super::catalogue;
use crate::engine::EngineError;
use crate::engine::postgresql::{Work, literal};
use crate::migrate::Event;
use crate::migrate::worker::{Failed, Worker};
use crate::sql::{CreateIndex, Name};

/// How long the search for duplicate keys may take.
const SEARCH: Duration = Duration::from_secs(10);

/// How many duplicate keys are shown.
const SHOWN: usize = 5;

/// Drops the INVALID twins that attempts of `REINDEX CONCURRENTLY` have left beside an index, or beside
/// those of a table and of its TOAST table: `_ccnew` where it failed before the exchange, `_ccold` where it failed after.
pub(crate) fn sweep(worker: &mut Worker<'_>, name: &Name) -> Result<(), Failed> {
    for index in twins(worker, name)? {
        let statement = format!("DROP INDEX CONCURRENTLY {index}");
        (worker.tell)(Event::DroppingInvalid { index });
        worker.run_held_up(&statement, &statement, Some(CLEANUP_LIMIT))?;
    }
    Ok(())
}

/// The names of these twins.
pub(crate) fn twins(worker: &mut Worker<'_>, name: &Name) -> Result<Vec<String>, EngineError> {
    let name = literal(&name.to_string());
    let tree = format!(
        "SELECT pg_catalog.to_regclass({name}) \
         UNION SELECT relid FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass({name}))"
    );
    let condition = format!(
        "NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$' AND EXISTS (SELECT FROM pg_catalog.pg_class t \
         WHERE i.indrelid IN (t.oid, t.reltoastrelid) AND t.oid IN \
         ({tree} UNION SELECT o.indrelid FROM pg_catalog.pg_index o WHERE o.indexrelid IN ({tree})))"
    );
    let found = catalogue::indexes(&mut worker.session, &condition)?;
    Ok(found.iter().map(|found| found.name.to_string()).collect())
}

/// The keys for which a unique build failed, one line each with how often there are; empty where it did
/// not fail for that, or they are not found quickly.
pub(crate) fn duplicates(
    worker: &mut Worker<'_>,
    create: &CreateIndex,
    failed: &Failed,
) -> Vec<String> {
    let is_duplicate = match failed {
        Failed::Server { error, .. } => error.is_one_of(&["23505"]),
        Failed::GaveUp { .. } | Failed::Engine(_) => false,
    };
    if !is_duplicate || create.columns.is_empty() {
        return Vec::new();
    }
    let values = create.columns.iter().map(|column| column.value.as_str());
    let values: Vec<&str> = values.collect();
    let keys = values.join(", ");
    let shown = values
        .iter()
        .map(|value| format!("coalesce(({value})::text, 'NULL')"));
    let shown = shown.collect::<Vec<_>>().join(", ");
    let are_told_apart = (!create.nulls_not_distinct).then(|| format!("ROW({keys}) IS NOT NULL"));
    let is_in_it = create.predicate.as_ref().map(|rows| format!("({rows})"));
    let conditions: Vec<String> = are_told_apart.into_iter().chain(is_in_it).collect();
    let rows = if conditions.is_empty() {
        String::new()
    } else {
        format!("WHERE {}", conditions.join(" AND "))
    };
    let milliseconds = SEARCH.as_millis();
    let query = format!(
        "BEGIN READ ONLY; SET LOCAL statement_timeout = {milliseconds}; \
         SELECT pg_catalog.count(*)::text, pg_catalog.concat_ws(', ', {shown}) FROM {} {rows} \
         GROUP BY {keys} HAVING pg_catalog.count(*) > 1 \
         ORDER BY pg_catalog.count(*) DESC LIMIT {}; ROLLBACK",
        create.table,
        SHOWN + 1
    );
    let found = worker
        .session
        .work(&query, "a search for duplicate keys", &mut || Work::GoOn);
    let Ok(rows) = found else {
        worker.leave_transaction();
        return Vec::new();
    };
    told(&keys, &rows)
}

fn told(keys: &str, rows: &[crate::engine::postgresql::TextRow]) -> Vec<String> {
    let shown = rows.iter().take(SHOWN).filter_map(|row| {
        let [count, key] = row.as_slice() else {
            return None;
        };
        Some(format!(
            "({keys}) = ({}) is there {} times",
            key.as_deref()?,
            count.as_deref()?
        ))
    });
    let more = (rows.len() > SHOWN)
        .then(|| "and there are more keys that occur more than once".to_owned());
    shown.chain(more).collect()
}
