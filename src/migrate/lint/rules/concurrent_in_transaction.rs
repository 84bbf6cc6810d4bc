//! A concurrent build, or anything else that the server refuses in a transaction, inside a file that asks
//! for one.

use super::{Found, Rule, Seen};
use crate::sql::Directive;

pub(super) const RULE: Rule = Rule {
    name: "concurrent-in-transaction",
    blocks: true,
    asks_server: false,
    check,
};

fn check(seen: &Seen<'_>) -> Vec<Found> {
    let asks = seen.script.directive() == Some(Directive::Transaction);
    let refused = seen.statement.outside_transaction().filter(|_| asks);
    let found = refused.map(|what| {
        Found::new(
            format!("{what} cannot run in the transaction that the file asks for"),
            "move it to a migration of its own, or leave out `-- dbtune: transaction`",
        )
    });
    found.into_iter().collect()
}
