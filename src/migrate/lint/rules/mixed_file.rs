//! A concurrent build in one file with statements that a transaction would keep together.

use super::{Found, Rule, Seen};
use crate::sql::{Kind, Statement};

pub(super) const RULE: Rule = Rule {
    name: "mixed-file",
    blocks: false,
    asks_server: false,
    check,
};

/// Said once, at the first of the others.
fn check(seen: &Seen<'_>) -> Vec<Found> {
    let statements = seen.script.statements();
    let first = statements.iter().position(wants_a_transaction);
    let is_mixed = seen.is_stepwise() && statements.iter().any(is_concurrent_build);
    if !is_mixed || first != Some(seen.number) {
        return Vec::new();
    }
    vec![Found::new(
        "because of the concurrent build in this file its other statements do not run in one transaction: \
         when one fails, those before it stay",
        "move them to a migration before or after the build",
    )]
}

fn is_concurrent_build(statement: &Statement) -> bool {
    matches!(statement.kind(), Kind::CreateIndex(create) if create.concurrently)
}

/// Words that begin what is the same in a transaction and in none.
const INDIFFERENT: [&str; 6] = ["set", "reset", "show", "analyze", "comment", "vacuum"];

fn wants_a_transaction(statement: &Statement) -> bool {
    let first = statement.text().split_whitespace().next();
    let first = first.unwrap_or_default().to_ascii_lowercase();
    statement.outside_transaction().is_none() && !INDIFFERENT.contains(&first.as_str())
}
