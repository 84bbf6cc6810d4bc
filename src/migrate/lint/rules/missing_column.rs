//! An index on a column that its table does not have.

use super::{Found, Rule, Seen};
use crate::migrate::lint::schema::Leads;
use crate::setting::nearest;
use crate::sql::{CreateIndex, Name};

pub(super) const RULE: Rule = Rule {
    name: "missing-column",
    blocks: true,
    asks_server: true,
    check,
};

/// What is in expressions and in a `WHERE` is not looked at.
fn check(seen: &Seen<'_>) -> Vec<Found> {
    let Some(create) = seen.create_index() else {
        return Vec::new();
    };
    let Leads::To(table) = seen.before.find(&create.table) else {
        return Vec::new();
    };
    let Some(columns) = seen.before.columns(&table) else {
        return Vec::new();
    };
    let is_missing = |column: &&String| !columns.contains(column);
    named(create)
        .filter(is_missing)
        .map(|column| missing(column, &table, columns))
        .collect()
}

fn named(create: &CreateIndex) -> impl Iterator<Item = &String> {
    let key = create.columns.iter().filter_map(|own| own.name.as_ref());
    key.chain(&create.include)
}

fn missing(column: &str, table: &Name, columns: &[String]) -> Found {
    let near = nearest(column, columns.iter().map(String::as_str));
    Found {
        message: format!("{} has no column {column}", table.name),
        hint: Some(match near {
            Some(near) => format!("did you mean {near}?"),
            None => format!("it has {}", columns.join(", ")),
        }),
    }
}
