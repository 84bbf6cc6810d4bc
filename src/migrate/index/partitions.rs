//! An index on a table with partitions: no server builds one concurrently, so it is put together.
//!
//! First the index on the parent alone, which is INVALID until every partition has its own; then
//! concurrently one on each partition, attached as soon as it is there. What is there already is found
//! in the catalogue, so that it goes on where it was cut off.

use sha2::{Digest as _, Sha256};

use super::build;
use super::catalogue::{self, Found, Table};
use super::definition::{self, check_definition};
use super::outcome::{Done, NotBuilt};
use crate::engine::postgresql::literal;
use crate::migrate::worker::{Failed, Worker};
use crate::sql::{CreateIndex, Name, Rewriting};

/// In bytes: what the server keeps of a name.
const LONGEST: usize = 63;

/// Sees to it that the index is there and valid, on the table and on each of its partitions.
pub(super) fn ensure(
    worker: &mut Worker<'_>,
    create: &CreateIndex,
    table: &Table,
    name: &str,
) -> Result<Done, NotBuilt> {
    let was_valid = on_parent(worker, create, table, name)?;
    if was_valid {
        return Ok(Done::AlreadyThere);
    }
    let parent = Name {
        schema: table.name.schema.clone(),
        name: name.to_owned(),
    };
    on_partitions(worker, create, table, &parent, name)
        .map_err(|not_built| goes_on(not_built, &parent))?;
    match catalogue::index(&mut worker.session, table, name)? {
        Some(found) if found.is_valid => Ok(Done::Built),
        Some(_) | None => Err(NotBuilt::Incomplete {
            index: name.to_owned(),
            table: table.name.to_string(),
        }),
    }
}

/// The index of the parent stays INVALID when that of a partition fails: what is there is of use.
fn goes_on(not_built: NotBuilt, parent: &Name) -> NotBuilt {
    let NotBuilt::Failed { failed, left } = not_built else {
        return not_built;
    };
    let sentence = format!(
        "{parent} stays INVALID until every partition has its index: the next run goes on there"
    );
    let left = left.map_or_else(
        || sentence.clone(),
        |left| {
            if left.contains(&sentence) {
                left
            } else {
                format!("{left}\n{sentence}")
            }
        },
    );
    NotBuilt::Failed {
        failed,
        left: Some(left),
    }
}

fn on_partitions(
    worker: &mut Worker<'_>,
    create: &CreateIndex,
    table: &Table,
    parent: &Name,
    name: &str,
) -> Result<(), NotBuilt> {
    let mut parts = Vec::new();
    for partition in partitions(worker, table)? {
        let attached = attached(worker, parent, &partition)?;
        parts.push((partition, attached));
    }
    // What is attached and INVALID comes first: the index of the parent becomes valid with one that is
    // attached after all others are, and older servers do not look at it again for one that is already.
    parts.sort_by_key(|(_, attached)| attached.is_none());
    for (partition, attached) in parts {
        match &attached {
            Some(found) if found.is_valid => continue,
            Some(found) if !partition.is_partitioned => {
                build::rebuild(worker, &partition, found)?;
                // It is part already: that makes newer servers look at the parent again.
                attach(worker, parent, &found.name)?;
                continue;
            }
            Some(_) | None => {}
        }
        let own = attached.as_ref().map(|found| found.name.name.clone());
        let own = own.unwrap_or_else(|| name_on(name, &partition.name.name));
        let child = on_partition(worker, create, &partition, &own)?;
        if attached.is_none() {
            attach(worker, parent, &child)?;
        }
    }
    Ok(())
}

/// That no foreign table is among the partitions, also below partitions: it counts as one without an index.
pub(super) fn refuse_foreign(worker: &mut Worker<'_>, table: &Table) -> Result<(), NotBuilt> {
    if !table.is_partitioned {
        return Ok(());
    }
    let query = format!(
        "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_partition_tree({}) t \
         JOIN pg_catalog.pg_class c ON c.oid = t.relid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'f' ORDER BY 1 LIMIT 1",
        table.oid
    );
    let rows = worker.session.read(&query, "a look for foreign tables")?;
    let foreign = rows.into_iter().flatten().flatten().next();
    foreign.map_or(Ok(()), |partition| {
        Err(NotBuilt::Foreign {
            table: table.name.to_string(),
            partition,
        })
    })
}

/// The index on the parent alone. Returns whether it is complete already.
fn on_parent(
    worker: &mut Worker<'_>,
    create: &CreateIndex,
    table: &Table,
    name: &str,
) -> Result<bool, NotBuilt> {
    if let Some(found) = catalogue::index(&mut worker.session, table, name)? {
        check_definition(worker, create, table, &found)?;
        return Ok(found.is_valid);
    }
    let statement = create.rewritten(&Rewriting {
        name: Some(name.to_owned()),
        table: Some(table.name.clone()),
        only: true,
        ..Rewriting::default()
    });
    let what = format!("CREATE INDEX {name} ON ONLY {}", table.name);
    let done = worker.transaction(&[statement.as_str()], &what);
    done.map_err(|(_, failed)| NotBuilt::from(failed))?;
    Ok(false)
}

/// The partitions of a table that can have an index: foreign tables cannot.
fn partitions(worker: &mut Worker<'_>, table: &Table) -> Result<Vec<Table>, Failed> {
    let query = format!(
        "SELECT c.oid, n.nspname, c.relname, c.relkind = 'p' FROM pg_catalog.pg_inherits i \
         JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE i.inhparent = {} AND c.relkind <> 'f' ORDER BY c.oid",
        table.oid
    );
    let rows = worker.session.read(&query, "a look for the partitions")?;
    Ok(rows.iter().filter_map(catalogue::read_table).collect())
}

/// The index on one partition, and all that are below it.
fn on_partition(
    worker: &mut Worker<'_>,
    create: &CreateIndex,
    partition: &Table,
    name: &str,
) -> Result<Name, NotBuilt> {
    if let Some(there) = usable(worker, create, partition)? {
        return Ok(there);
    }
    if partition.is_partitioned {
        ensure(worker, create, partition, name)?;
    } else {
        build::on_table(worker, create, partition, name)?;
    }
    Ok(Name {
        schema: partition.name.schema.clone(),
        name: name.to_owned(),
    })
}

/// An index on the partition that is the one asked for and complete, whatever it is called, and belongs
/// to no index of the parent.
fn usable(
    worker: &mut Worker<'_>,
    create: &CreateIndex,
    partition: &Table,
) -> Result<Option<Name>, NotBuilt> {
    let condition = format!(
        "i.indrelid = {} AND i.indisvalid AND i.indisready AND i.indislive AND NOT EXISTS \
         (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid = i.indexrelid)",
        partition.oid
    );
    let there: Vec<Found> = catalogue::indexes(&mut worker.session, &condition)?;
    let same = definition::same_among(worker, create, partition, &there)?;
    Ok(same.first().map(|found| found.name.clone()))
}

/// The index on the partition that is part of this one of its parent.
fn attached(
    worker: &mut Worker<'_>,
    parent: &Name,
    partition: &Table,
) -> Result<Option<Found>, Failed> {
    let condition = format!(
        "i.indrelid = {} AND EXISTS (SELECT FROM pg_catalog.pg_inherits h \
         WHERE h.inhrelid = i.indexrelid AND h.inhparent = pg_catalog.to_regclass({}))",
        partition.oid,
        literal(&parent.to_string())
    );
    Ok(catalogue::indexes(&mut worker.session, &condition)?
        .into_iter()
        .next())
}

/// Makes an index of a partition part of that of its parent.
fn attach(worker: &mut Worker<'_>, parent: &Name, child: &Name) -> Result<(), NotBuilt> {
    let statement = format!("ALTER INDEX {parent} ATTACH PARTITION {child}");
    let done = worker.transaction(&[statement.as_str()], &statement);
    done.map_err(|(_, failed)| NotBuilt::from(failed))
}

/// The name of the index on a partition: both names, and where that is too long a digest of them at the
/// end.
fn name_on(index: &str, partition: &str) -> String {
    let whole = format!("{index}_{partition}");
    if whole.len() <= LONGEST {
        return whole;
    }
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(whole.as_bytes()).into();
    let digest = format!("{a:02x}{b:02x}{c:02x}{d:02x}");
    let mut short = whole.clone();
    while short.len() > LONGEST - 9 {
        short.pop();
    }
    format!("{short}_{digest}")
}

#[cfg(test)]
mod tests {
    use super::name_on;

    #[test]
    fn a_name_that_would_be_too_long_ends_with_a_digest_of_the_whole() {
        assert_eq!(name_on("by_day", "events_2026"), "by_day_events_2026");
        let long = |end: &str| name_on(&"i".repeat(40), &format!("{}{end}", "p".repeat(40)));
        assert_eq!(long("1").len(), 63);
        assert_ne!(long("1"), long("2"));
    }
}
