//! An index that another one makes needless.

use super::{Found, Rule, Seen, told};
use crate::migrate::lint::schema::Index;

pub(super) const RULE: Rule = Rule {
    name: "redundant-index",
    blocks: true,
    asks_server: true,
    check,
};

/// Where one of the two is dropped later in the folder, nothing is said.
fn check(seen: &Seen<'_>) -> Vec<Found> {
    let Some(index) = seen.new_index() else {
        return Vec::new();
    };
    if !seen.outlives_the_folder() {
        return Vec::new();
    }
    let mut others = seen.others(&index);
    let other =
        others.find(|other| index.is_covered_by(other) && seen.in_the_end.has_index(other.id));
    other
        .map(|other| redundant(&index, other))
        .into_iter()
        .collect()
}

fn redundant(index: &Index, other: &Index) -> Found {
    let how = if index.predicate != other.predicate {
        "a unique index without the nulls does no more than one with them, which is"
    } else if index.has_same_key(other) {
        "the same key as"
    } else {
        "a left part of the key of"
    };
    let harm = "every write pays for both, and the planner may use either";
    Found::new(
        format!("{} is redundant: {how} {}", index.shown(), told(other)),
        format!("leave it out: {harm}"),
    )
}
