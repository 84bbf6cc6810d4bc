//! What does not go together with a level of the write-ahead log, and how little of it may be kept.

use super::{Rule, Verdict, fails, nothing_to_ask, shown};
use crate::plan::after::After;

/// A level of `minimal` with what reads the log.
pub(super) const LEVEL: Rule = Rule {
    settings: &[
        "wal_level",
        "max_wal_senders",
        "archive_mode",
        "summarize_wal",
    ],
    judge: level,
    asks: nothing_to_ask,
    before_every_restart: false,
};

/// Fewer than two segments. That `min_wal_size` is above `max_wal_size` stops no server (seen on 13,
/// 15 and 18).
pub(super) const SIZES: Rule = Rule {
    settings: &["min_wal_size", "max_wal_size"],
    judge: sizes,
    asks: nothing_to_ask,
    before_every_restart: false,
};

fn level(after: &After<'_>) -> Vec<Verdict> {
    if after.word("wal_level").as_deref() != Some("minimal") {
        return Vec::new();
    }
    let mut against = Vec::new();
    if after
        .integer("max_wal_senders")
        .is_some_and(|most| most > 0)
    {
        against.push(("max_wal_senders", "set it to 0"));
    }
    if after.word("archive_mode").is_some_and(|mode| mode != "off") {
        against.push(("archive_mode", "switch it off"));
    }
    if after.is_on("summarize_wal") == Some(true) {
        against.push(("summarize_wal", "switch it off"));
    }
    let verdicts = against.into_iter().map(|(name, remedy)| {
        let why = format!(
            "wal_level (minimal) does not go with {}; {remedy}, or leave wal_level at replica",
            shown(after, name)
        );
        fails(after, why)
    });
    verdicts.collect()
}

fn sizes(after: &After<'_>) -> Vec<Verdict> {
    let Some(segment) = after.bytes("wal_segment_size") else {
        return Vec::new();
    };
    let least = segment.saturating_mul(2);
    let too_small = SIZES
        .settings
        .iter()
        .filter(|name| after.bytes(name).is_some_and(|bytes| bytes < least));
    let verdicts = too_small.map(|name| {
        let why = format!(
            "{} must be at least twice {}",
            shown(after, name),
            shown(after, "wal_segment_size")
        );
        fails(after, why)
    });
    verdicts.collect()
}
