//! An index on a table that is not there.

use super::{Found, Rule, Seen};
use crate::migrate::lint::schema::Leads;
use crate::setting::nearest;
use crate::sql::Name;

pub(super) const RULE: Rule = Rule {
    name: "missing-table",
    blocks: true,
    asks_server: true,
    check,
};

/// A table that the folder does not make may be there all the same: of that only a server can tell.
fn check(seen: &Seen<'_>) -> Vec<Found> {
    let Some(create) = seen.create_index() else {
        return Vec::new();
    };
    let found = match seen.before.find(&create.table) {
        Leads::Gone(gone) => Some(Found {
            message: format!(
                "the table {} is {} by {}",
                create.table,
                gone.how,
                gone.by.short()
            ),
            hint: None,
        }),
        Leads::Nowhere if seen.is_live => Some(unknown(seen, &create.table)),
        Leads::Nowhere | Leads::To(_) | Leads::Unknown => None,
    };
    found.into_iter().collect()
}

fn unknown(seen: &Seen<'_>, table: &Name) -> Found {
    let near = nearest(&table.name, seen.before.table_names());
    Found {
        message: format!("there is no table {table}, neither in the database nor by then"),
        hint: near.map(|near| format!("did you mean {near}?")),
    }
}
