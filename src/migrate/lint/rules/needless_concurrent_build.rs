//! A concurrent build on a table that the same file creates.

use super::{Found, Rule, Seen};
use crate::sql::{Change, Name, Statement};

pub(super) const RULE: Rule = Rule {
    name: "needless-concurrent-build",
    blocks: false,
    asks_server: false,
    check,
};

fn check(seen: &Seen<'_>) -> Vec<Found> {
    let Some(create) = seen.concurrent_build() else {
        return Vec::new();
    };
    let mut before = seen.script.statements().iter().take(seen.number);
    if !before.any(|statement| creates(statement, &create.table)) {
        return Vec::new();
    }
    vec![Found::new(
        format!(
            "the file creates {} itself: nobody writes to it yet, and CONCURRENTLY keeps the file from \
             running in one transaction",
            create.table
        ),
        "leave CONCURRENTLY out",
    )]
}

fn creates(statement: &Statement, table: &Name) -> bool {
    let mut changes = statement.changes().iter();
    changes.any(|change| {
        matches!(change, Change::CreateTable(created)
            if created.name == *table && !created.if_not_exists)
    })
}
