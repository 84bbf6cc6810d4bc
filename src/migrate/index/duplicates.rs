//! The keys at which a unique build failed.

use std::time::Duration;

use crate::engine::postgresql::Work;
use crate::migrate::worker::{Failed, Worker};
use crate::sql::CreateIndex;

/// How long the search for duplicate keys may take.
const SEARCH: Duration = Duration::from_secs(10);

/// How many duplicate keys are shown.
const SHOWN: usize = 5;

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
