//! What a Redis does about its memory limit: how many keys it throws away, and whether that is enough.

use crate::plan::after::After;
use crate::snapshot::RedisFacts;

use super::Subject;
use crate::plan::need::Need;

/// The settings that decide it. Of those that a phase writes the first one carries the hazard.
const SETTINGS: [&str; 4] = [
    "maxmemory",
    "maxmemory-policy",
    "replica-ignore-maxmemory",
    "slave-ignore-maxmemory",
];

/// Both names of the setting that makes a replica leave its keys to its master.
const IGNORES: [&str; 2] = ["replica-ignore-maxmemory", "slave-ignore-maxmemory"];

/// What comes of a change of the limit, of the policy, or of both.
pub(super) struct Pressure<'a> {
    pub(super) facts: &'a RedisFacts,
    /// The limit and the policy as a person reads them.
    pub(super) limit: String,
    pub(super) policy: String,
    pub(super) before: Relief,
    pub(super) after: Relief,
    /// It is a replica that keeps to its master's keys: nothing happens before it is promoted.
    pub(super) after_promotion: bool,
    /// The limit is all but reached and nothing could be thrown away to stay below it.
    pub(super) is_on_the_edge: bool,
}

/// What a server does to come below its limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Relief {
    /// How many keys it throws away.
    pub(super) evicts: u64,
    /// That is not enough: it refuses what would need memory.
    pub(super) rejects: bool,
}

impl<'a> Pressure<'a> {
    /// What is known of it, where the subject is the setting that carries the hazard.
    pub(super) fn of(subject: &Subject<'a>) -> Option<Self> {
        if !carries(subject, &SETTINGS) {
            return None;
        }
        let after = subject.after();
        let snapshot = subject.target.snapshot;
        let facts = snapshot.facts.redis.as_ref()?;
        let limit = after.bytes("maxmemory")?;
        let policy = after.raw("maxmemory-policy")?.to_ascii_lowercase();
        let is_replica = snapshot.identity.role == "replica";
        let ignored = is_replica && is_ignored(|name| current(after, name));
        let ignored_before = is_replica && is_ignored(|name| after.raw_before(name));
        let before = if ignored_before && !ignored {
            Relief::default()
        } else {
            let policy = after.raw_before("maxmemory-policy").unwrap_or_default();
            relief(facts, after.bytes_before("maxmemory")?, policy)
        };
        let had_candidates = after
            .raw_before("maxmemory-policy")
            .is_some_and(|policy| candidates(facts, policy) > 0);
        Some(Self {
            facts,
            before,
            after: relief(facts, limit, &policy),
            after_promotion: ignored,
            is_on_the_edge: had_candidates
                && candidates(facts, &policy) == 0
                && is_nearly_reached(facts, limit),
            limit: after.shown("maxmemory")?,
            policy,
        })
    }
}

/// Whether a setting is written and is the first of these that the phase writes.
pub(super) fn carries(subject: &Subject<'_>, names: &[&str]) -> bool {
    let first = names.iter().find(|name| subject.after().writes(name));
    subject.need == Need::Write && first.is_some_and(|&name| *subject.setting == *name)
}

/// The value of a setting with two names: one that is not written still shows what was before.
fn current<'s>(after: &'s After<'_>, name: &str) -> Option<&'s str> {
    let other_is_written = IGNORES
        .iter()
        .any(|other| *other != name && after.writes(other));
    if other_is_written {
        return None;
    }
    after.raw(name)
}

/// By default a replica ignores its own limit.
fn is_ignored<'s>(value: impl Fn(&str) -> Option<&'s str>) -> bool {
    let said = IGNORES.iter().find_map(|name| value(name));
    said.is_none_or(|text| !text.eq_ignore_ascii_case("no"))
}

/// What the server does with this limit and policy. Source: what Redis 6.2, 7.0 and Valkey 9 were
/// seen to do; it counts as used what `used_memory` says without the buffers of replicas and of the
/// append-only file, and frees keys until that is below the limit.
fn relief(facts: &RedisFacts, limit: u64, policy: &str) -> Relief {
    let used = counted(facts);
    if limit == 0 || used <= limit {
        return Relief::default();
    }
    let needed = keys_that_hold(facts, used.saturating_sub(limit));
    let candidates = candidates(facts, policy);
    Relief {
        evicts: needed.map_or(candidates, |needed| needed.min(candidates)),
        rejects: needed.is_none_or(|needed| needed > candidates),
    }
}

fn counted(facts: &RedisFacts) -> u64 {
    facts.used_memory.saturating_sub(facts.uncounted_memory)
}

/// The keys that may be thrown away.
fn candidates(facts: &RedisFacts, policy: &str) -> u64 {
    let policy = policy.to_ascii_lowercase();
    if policy.starts_with("allkeys-") {
        facts.keys
    } else if policy.starts_with("volatile-") {
        facts.expiring_keys
    } else {
        0
    }
}

/// How many keys hold this much memory; `None` where all of them together do not. A key's share is
/// taken to be the same for all: what is in use, less what an empty server uses, its clients, and
/// the tables of pointers, which do not shrink at once.
fn keys_that_hold(facts: &RedisFacts, bytes: u64) -> Option<u64> {
    let tables = table(facts.keys).saturating_add(table(facts.expiring_keys));
    let fixed = facts.fixed_memory.saturating_add(tables);
    let in_keys = counted(facts).saturating_sub(fixed);
    if bytes > in_keys || in_keys == 0 {
        return None;
    }
    let (bytes, keys, all) = (
        u128::from(bytes),
        u128::from(facts.keys),
        u128::from(in_keys),
    );
    u64::try_from(bytes.saturating_mul(keys).div_ceil(all)).ok()
}

/// The bytes of a table of pointers to so many keys: its length is a power of two.
fn table(keys: u64) -> u64 {
    keys.checked_next_power_of_two()
        .unwrap_or(u64::MAX)
        .saturating_mul(8)
}

/// More than 19 parts in 20 of the limit are in use.
fn is_nearly_reached(facts: &RedisFacts, limit: u64) -> bool {
    let (used, limit) = (u128::from(counted(facts)), u128::from(limit));
    limit > 0 && used.saturating_mul(20) > limit.saturating_mul(19)
}

/// An amount of memory, rounded: `312mb`.
pub(super) fn amount(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("gb", 30), ("mb", 20), ("kb", 10)];
    let unit = UNITS.iter().find(|(_, shift)| bytes >> shift >= 10);
    unit.map_or_else(
        || bytes.to_string(),
        |(unit, shift)| format!("{}{unit}", bytes >> shift),
    )
}

/// A count with its thousands apart: `101,605`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (position, digit) in digits.chars().enumerate() {
        let left = digits.len().saturating_sub(position);
        if position > 0 && left.is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1 << 20;

    fn facts(used: u64, keys: u64, expiring: u64) -> RedisFacts {
        RedisFacts {
            used_memory: used,
            keys,
            expiring_keys: expiring,
            fixed_memory: MB,
            ..RedisFacts::default()
        }
    }

    #[test]
    fn half_of_the_memory_is_half_of_the_keys_and_a_fresh_server_counts_for_nothing() {
        let relief = relief(&facts(301 * MB, 200_000, 0), 151 * MB, "allkeys-lru");
        assert!((100_000..102_000).contains(&relief.evicts), "{relief:?}");
        assert!(!relief.rejects);
        // Without that, one small key of an empty server would be half of it.
        let small = super::relief(&facts(MB + 4096, 40, 0), MB + 3000, "allkeys-lru");
        assert!(small.evicts < 20 && !small.rejects, "{small:?}");
    }

    #[test]
    fn the_policy_says_which_keys_may_go() {
        let facts = facts(301 * MB, 200_000, 500);
        for (policy, evicts) in [("volatile-ttl", 500), ("noeviction", 0)] {
            let expected = Relief {
                evicts,
                rejects: true,
            };
            assert_eq!(relief(&facts, 151 * MB, policy), expected, "{policy}");
        }
        assert_eq!(relief(&facts, 0, "allkeys-lru"), Relief::default());
        assert_eq!(relief(&facts, 301 * MB, "noeviction"), Relief::default());
    }

    #[test]
    fn a_limit_below_an_empty_server_empties_it_and_refuses_writes_all_the_same() {
        let relief = relief(&facts(2 * MB, 100, 0), MB / 2, "allkeys-random");
        assert_eq!(
            relief,
            Relief {
                evicts: 100,
                rejects: true
            }
        );
    }

    #[test]
    fn numbers_are_written_to_be_read() {
        assert_eq!(count(101_605), "101,605");
        assert_eq!(count(1_000_000), "1,000,000");
        assert_eq!(count(999), "999");
        assert_eq!(amount(312 * MB + 17), "312mb");
        assert_eq!(amount(2 * MB), "2048kb");
        assert_eq!(amount(100), "100");
    }
}
