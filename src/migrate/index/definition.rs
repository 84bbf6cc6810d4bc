//! Whether an index that is there is the one that a statement asks for: asked of the server, not of the
//! text.

use super::catalogue::{Found, Table};
use super::outcome::NotBuilt;
use crate::engine::postgresql::{TextRow, literal};
use crate::migrate::worker::{Failed, Worker};
use crate::sql::{CreateIndex, Name, Rewriting};

/// The index of the empty table that has the columns and the name of the real one: expressions may name
/// columns by their table.
const TWIN: &str = "dbtune_twin_index";

/// Where the twin is made: among the temporary tables, and where the role may have none beside dbtune's own.
const PLACES: [&str; 2] = ["pg_temp", "dbtune"];

/// What an index is, apart from its name and its place: whether it is unique, when it looks and how it takes
/// nulls, method, key, included columns, operator classes and their parameters, collations, order, predicate,
/// storage parameters; and the tablespace, where the statement says one. Columns by name: the twin counts them
/// otherwise where some were dropped.
fn facts_of(oid: &str, create: &CreateIndex) -> String {
    let tablespace = if create.has_tablespace {
        "c.reltablespace"
    } else {
        "0"
    };
    format!(
        "SELECT i.indisunique, i.indimmediate, a.amname, i.indnkeyatts, {tablespace},
            pg_catalog.pg_get_expr(i.indpred, i.indrelid), c.reloptions::text,
            i.indclass::text, i.indcollation::text, i.indoption::text,
            pg_catalog.to_jsonb(i)->>'indnullsnotdistinct',
            (SELECT pg_catalog.array_agg(pg_catalog.pg_get_indexdef(c.oid, k, false) ORDER BY k)::text
               FROM pg_catalog.generate_series(1, i.indnatts) AS k),
            (SELECT pg_catalog.array_agg(t.attoptions::text ORDER BY t.attnum)::text
               FROM pg_catalog.pg_attribute t WHERE t.attrelid = c.oid)
         FROM pg_catalog.pg_index i
         JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
         JOIN pg_catalog.pg_am a ON a.oid = c.relam
         WHERE c.oid = {oid};"
    )
}

/// Whether the index is what the statement would build on the table. In a transaction that is rolled
/// back the same statement is run on an empty twin, and the server's description of both is compared.
fn is_same(
    worker: &mut Worker<'_>,
    create: &CreateIndex,
    table: &Table,
    found: &Found,
) -> Result<bool, Failed> {
    if found.table_oid != table.oid {
        return Ok(false);
    }
    let facts = twin_and(worker, create, table, &[found])?;
    Ok(facts.first().is_some_and(|twin| facts.get(1) == Some(twin)))
}

/// That the index of that name is what the statement would build.
pub(super) fn check_definition(
    worker: &mut Worker<'_>,
    create: &CreateIndex,
    table: &Table,
    found: &Found,
) -> Result<(), NotBuilt> {
    let is_same = is_same(worker, create, table, found);
    let is_same = is_same.map_err(|failed| not_compared(failed, found))?;
    if is_same {
        return Ok(());
    }
    Err(NotBuilt::OtherDefinition {
        there: found.definition.clone(),
        asked: rewritten(create, Some(table), Some(&found.name.name)),
    })
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

/// The statement as it is sent: an index that is there is never passed over in silence.
pub(super) fn rewritten(create: &CreateIndex, table: Option<&Table>, name: Option<&str>) -> String {
    create.rewritten(&Rewriting {
        name: name.map(str::to_owned),
        table: table.map(|table| table.name.clone()),
        concurrently: true,
        only: create.only,
        if_not_exists: false,
    })
}

/// Those of the indexes that are what the statement would build on the table.
pub(super) fn same_among<'f>(
    worker: &mut Worker<'_>,
    create: &CreateIndex,
    table: &Table,
    found: &'f [Found],
) -> Result<Vec<&'f Found>, Failed> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let all: Vec<&Found> = found.iter().collect();
    let facts = twin_and(worker, create, table, &all)?;
    let twin = facts.first();
    let pairs = all.into_iter().zip(facts.iter().skip(1));
    Ok(pairs
        .filter(|(_, facts)| Some(*facts) == twin)
        .map(|(found, _)| found)
        .collect())
}

/// What the twin of a statement's index is, and then what each of these is.
fn twin_and(
    worker: &mut Worker<'_>,
    create: &CreateIndex,
    table: &Table,
    found: &[&Found],
) -> Result<Vec<TextRow>, Failed> {
    let mut outcome = Ok(Vec::new());
    for place in PLACES {
        let sent = comparison(worker, create, table, found, place);
        outcome = worker.run(&sent, "a comparison of index definitions");
        if outcome.is_err() {
            worker.leave_transaction();
        }
        let is_forbidden = matches!(
            &outcome,
            Err(Failed::Server { error, .. }) if error.is_one_of(&["42501"])
        );
        if !is_forbidden {
            break;
        }
    }
    outcome
}

fn comparison(
    worker: &Worker<'_>,
    create: &CreateIndex,
    table: &Table,
    found: &[&Found],
    place: &str,
) -> String {
    let name_in = |name: &str| Name {
        schema: Some(place.to_owned()),
        name: name.to_owned(),
    };
    let twin = name_in(&table.name.name);
    let statement = create.rewritten(&Rewriting {
        name: Some(TWIN.to_owned()),
        table: Some(twin.clone()),
        ..Rewriting::default()
    });
    let mut sent = format!(
        "BEGIN; SET LOCAL lock_timeout = {}; SET LOCAL client_min_messages = error;
         CREATE TABLE {twin} (LIKE {}); {statement};",
        worker.options.lock_timeout.as_millis(),
        table.name
    );
    let index = literal(&name_in(TWIN).to_string());
    sent.push_str(&facts_of(&format!("{index}::pg_catalog.regclass"), create));
    for index in found {
        sent.push_str(&facts_of(&index.oid.to_string(), create));
    }
    sent.push_str("ROLLBACK");
    sent
}
