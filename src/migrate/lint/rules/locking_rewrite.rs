//! `VACUUM FULL` and `CLUSTER`: a table is written anew while nobody can read it.

use super::{Found, Rule, Seen};
use crate::sql::LockMode;

pub(super) const RULE: Rule = Rule {
    name: "locking-rewrite",
    blocks: true,
    asks_server: false,
    check,
};

const WORDS: [&str; 2] = ["vacuum", "cluster"];

fn check(seen: &Seen<'_>) -> Vec<Found> {
    let first = seen.statement.text().split_whitespace().next();
    let first = first.unwrap_or_default().to_ascii_lowercase();
    let mut locks = seen.statement.locks().iter();
    let locks_out = locks.any(|lock| lock.mode == LockMode::AccessExclusive);
    if !WORDS.contains(&first.as_str()) || !locks_out {
        return Vec::new();
    }
    vec![Found::new(
        "the table is written anew under an ACCESS EXCLUSIVE lock: until that is done nobody reads or \
         writes it",
        "VACUUM without FULL frees room for new rows without that; the extensions pg_repack and \
         pg_squeeze write a table anew beside its users",
    )]
}
