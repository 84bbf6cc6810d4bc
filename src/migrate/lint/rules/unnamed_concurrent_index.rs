//! A concurrent build whose index has no name.

use super::{Found, Rule, Seen};

pub(super) const RULE: Rule = Rule {
    name: "unnamed-concurrent-index",
    blocks: true,
    asks_server: false,
    check,
};

fn check(seen: &Seen<'_>) -> Vec<Found> {
    let build = seen.concurrent_build();
    let found = build.filter(|create| create.name.is_none()).map(|_| {
        Found::new(
            "a concurrent build without a name for its index cannot be found again after a failure: \
             dbtune refuses to run it",
            "name the index: CREATE INDEX CONCURRENTLY <name> ON …",
        )
    });
    found.into_iter().collect()
}
