//! `SET LOCAL` where there is no transaction that it could be local to.

use super::{Found, Rule, Seen};

pub(super) const RULE: Rule = Rule {
    name: "set-local-in-stepwise-file",
    blocks: true,
    asks_server: false,
    check,
};

fn check(seen: &Seen<'_>) -> Vec<Found> {
    let mut words = seen.statement.text().split_whitespace();
    let mut is_next = |word: &str| {
        let next = words.next();
        next.is_some_and(|next| next.eq_ignore_ascii_case(word))
    };
    if !seen.is_stepwise() || !is_next("set") || !is_next("local") {
        return Vec::new();
    }
    vec![Found::new(
        "SET LOCAL has no effect here: the file is run statement by statement, each on its own",
        "write SET: dbtune gives every file a session with fresh settings",
    )]
}
