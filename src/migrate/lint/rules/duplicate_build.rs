//! Two builds of one index.

use super::{Found, Rule, Seen};
use crate::migrate::lint::schema::Index;

pub(super) const RULE: Rule = Rule {
    name: "duplicate-build",
    blocks: true,
    asks_server: false,
    check,
};

/// An index that is in the database already is none: dbtune looks whether it is the same, and builds it
/// only where it is not. Nor is the same one again with `IF NOT EXISTS`, which then does nothing.
fn check(seen: &Seen<'_>) -> Vec<Found> {
    let (Some(create), Some(index)) = (seen.create_index(), seen.new_index()) else {
        return Vec::new();
    };
    let named = create.name.as_ref();
    let earlier = named.and_then(|name| seen.before.index_named(name, &index.table));
    let found = earlier.and_then(|earlier| {
        let origin = earlier.origin.as_ref()?;
        let is_idle = create.if_not_exists && is_same(earlier, &index);
        (!is_idle).then(|| {
            Found::new(
                format!("{} is made already by {}", earlier.name, origin.short()),
                "give one of the two another name, or drop the first one before",
            )
        })
    });
    found.into_iter().collect()
}

fn is_same(one: &Index, other: &Index) -> bool {
    one.is_covered_by(other) && other.is_covered_by(one)
}
