//! A unique index with the method `hash`, which the server refuses.

use super::{Found, Rule, Seen};

pub(super) const RULE: Rule = Rule {
    name: "unique-hash-index",
    blocks: true,
    asks_server: false,
    check,
};

fn check(seen: &Seen<'_>) -> Vec<Found> {
    let create = seen.create_index();
    let hash = create.filter(|create| create.unique && create.method.as_deref() == Some("hash"));
    let found = hash.map(|_| {
        Found::new(
            "the server refuses a unique index with the method hash",
            "leave out USING hash: the default, btree, can be unique",
        )
    });
    found.into_iter().collect()
}
