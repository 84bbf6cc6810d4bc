//! An index that is there already and that a new one makes needless.

use super::{Found, Rule, Seen, told};
use crate::migrate::lint::schema::Index;

pub(super) const RULE: Rule = Rule {
    name: "superseded-index",
    blocks: false,
    asks_server: true,
    check,
};

/// The new index is fine; the old one may go once it is built. Where that is done later in the folder,
/// nothing is said.
fn check(seen: &Seen<'_>) -> Vec<Found> {
    let Some(index) = seen.new_index() else {
        return Vec::new();
    };
    if !seen.outlives_the_folder() {
        return Vec::new();
    }
    seen.others(&index)
        .filter(|old| is_superseded(old, &index))
        .filter(|old| seen.in_the_end.has_index(old.id))
        .map(|old| superseded(old, &index))
        .collect()
}

/// Of two that do the same the new one is redundant.
fn is_superseded(old: &Index, new: &Index) -> bool {
    !old.is_constraint && old.is_covered_by(new) && !new.is_covered_by(old)
}

fn superseded(old: &Index, new: &Index) -> Found {
    Found::new(
        format!("{} makes {} redundant", new.shown(), told(old)),
        format!(
            "drop it in a later migration: DROP INDEX CONCURRENTLY {};",
            old.name
        ),
    )
}
