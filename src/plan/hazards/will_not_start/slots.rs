//! What is on disk and needs room at the next start: replication slots and prepared transactions.

use super::{Rule, Verdict, fails, nothing_to_ask, shown};
use crate::plan::after::After;

/// Slots that the settings have no room for.
pub(super) const SLOTS: Rule = Rule {
    settings: &["max_replication_slots", "wal_level"],
    judge: slots,
    asks: nothing_to_ask,
    before_every_restart: false,
};

/// Prepared transactions that the setting has no room for.
pub(super) const PREPARED: Rule = Rule {
    settings: &["max_prepared_transactions"],
    judge: prepared,
    asks: nothing_to_ask,
    before_every_restart: false,
};

/// Seen on 13, 15 and 18: `too many replication slots active before shutdown`, `logical replication
/// slot exists, but wal_level < logical`, `physical replication slot exists, but wal_level < replica`.
fn slots(after: &After<'_>) -> Vec<Verdict> {
    let facts = after.target.snapshot.facts.postgresql.as_ref();
    let Some((physical, logical)) =
        facts.and_then(|facts| Some((facts.physical_slots?, facts.logical_slots?)))
    else {
        return Vec::new();
    };
    let mut verdicts = Vec::new();
    let all = i64::from(physical) + i64::from(logical);
    let room = after.integer("max_replication_slots");
    if room.is_some_and(|room| room < all) {
        let why = format!(
            "it has {all} replication slots and {} has no room for them; drop some first \
             (pg_drop_replication_slot), or leave room",
            shown(after, "max_replication_slots")
        );
        verdicts.push(fails(after, why));
    }
    let level = after.word("wal_level");
    let level = level.as_deref();
    let kinds = [
        (
            "logical",
            logical,
            level.is_some_and(|level| level != "logical"),
        ),
        ("physical", physical, level == Some("minimal")),
    ];
    for (kind, count, is_below) in kinds {
        if count > 0 && is_below {
            let why = format!(
                "it has {count} {kind} replication slots, and {} is too little for them; drop \
                 them first (pg_drop_replication_slot)",
                shown(after, "wal_level")
            );
            verdicts.push(fails(after, why));
        }
    }
    verdicts
}

/// Seen on 13, 15 and 18: "maximum number of prepared transactions reached" while it recovers them.
fn prepared(after: &After<'_>) -> Vec<Verdict> {
    let facts = after.target.snapshot.facts.postgresql.as_ref();
    let Some(prepared) = facts.and_then(|facts| facts.prepared_transactions) else {
        return Vec::new();
    };
    let room = after.integer("max_prepared_transactions");
    if room.is_none_or(|room| room >= i64::from(prepared)) {
        return Vec::new();
    }
    let why = format!(
        "it has {prepared} prepared transactions and {} has no room for them; commit or roll back \
         those of pg_prepared_xacts first",
        shown(after, "max_prepared_transactions")
    );
    vec![fails(after, why)]
}
