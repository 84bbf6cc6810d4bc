//! `IF NOT EXISTS` on a concurrent build: elsewhere it takes an INVALID index for the one that was asked
//! for, and here it says nothing.

use super::{Found, Rule, Seen};

pub(super) const RULE: Rule = Rule {
    name: "if-not-exists-on-concurrent-build",
    blocks: false,
    asks_server: false,
    check,
};

fn check(seen: &Seen<'_>) -> Vec<Found> {
    let build = seen.concurrent_build();
    let found = build.filter(|create| create.if_not_exists).map(|_| {
        Found::new(
            "IF NOT EXISTS is needless on a concurrent build, and with any other tool it lets an INVALID \
             index of that name pass",
            "leave it out: dbtune looks whether the index is there, valid and the one that is asked for",
        )
    });
    found.into_iter().collect()
}
