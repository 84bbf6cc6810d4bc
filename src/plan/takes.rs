//! What a server may take of the memory of its machine.

use crate::setting::{EngineKind, Value};

use super::after::After;
use super::memory::{self, View, show};

/// What a session has for itself once it has looked at the catalogues: 1.2 MB, measured on 15.
const PER_CONNECTION: u64 = 1_258_292;

/// One connection of so many is thought to sort or hash at the same moment.
const ONE_IN: u64 = 4;

/// What one server may take, in bytes, before a phase and after it.
#[derive(Debug)]
pub(super) struct Takes {
    /// As it was when the server was read.
    pub(super) before: u64,
    /// As the phase leaves it.
    pub(super) after: u64,
    /// How that is made up, for a person.
    pub(super) told: String,
    /// A Redis without limit: the sum is only what it uses now.
    pub(super) has_no_limit: bool,
    /// It had one before.
    pub(super) loses_limit: bool,
}

impl Takes {
    /// `None` where the settings that decide it are not known.
    pub(super) fn of(target: &After<'_>) -> Option<Self> {
        match target.target.snapshot.engine {
            EngineKind::Postgresql => {
                let (before, _) = postgresql(View::before(target))?;
                let (after, told) = postgresql(View::of(target))?;
                Some(Self {
                    before,
                    after,
                    told,
                    has_no_limit: false,
                    loses_limit: false,
                })
            }
            EngineKind::Redis => {
                let (before, was_unlimited, _) = redis(View::before(target));
                let (after, has_no_limit, told) = redis(View::of(target));
                Some(Self {
                    before,
                    after,
                    told,
                    has_no_limit,
                    loses_limit: has_no_limit && !was_unlimited,
                })
            }
        }
    }
}

/// What a PostgreSQL may take, and how that is made up: its shared memory, what each session has
/// for itself, and the memory for sorts and hashes of every fourth session at once.
fn postgresql(view: View<'_, '_>) -> Option<(u64, String)> {
    let shared = memory::shared(view)?;
    let connections = view.count("max_connections")?;
    let private = connections.saturating_mul(PER_CONNECTION);
    let at_once = connections.div_ceil(ONE_IN);
    let each = work_mem(view).unwrap_or(0);
    let working = at_once.saturating_mul(each);
    let sum = shared.saturating_add(private).saturating_add(working);
    let told = format!(
        "shared {}, {connections} sessions {}, {at_once} of them with {} each for sorts and hashes {}",
        show(shared),
        show(private),
        show(each),
        show(working)
    );
    Some((sum, told))
}

/// `work_mem` times `hash_mem_multiplier`, in bytes.
fn work_mem(view: View<'_, '_>) -> Option<u64> {
    let work_mem = view.bytes("work_mem")?;
    let times = match view.value("hash_mem_multiplier") {
        Some(Value::Real(times)) => times,
        _ => 1.0,
    };
    Some(multiplied(work_mem, times))
}

/// At six digits behind the point, which is what PostgreSQL shows of a factor.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a conversion from a float saturates, and a factor is never below 1"
)]
fn multiplied(bytes: u64, times: f64) -> u64 {
    bytes.saturating_mul((times * 1000.0) as u64) / 1000
}

/// What a Redis may take, whether it has no limit, and how the sum is made up. While it saves or
/// rewrites its log, every page that is written to is there twice: 96 % of them were, measured.
fn redis(view: View<'_, '_>) -> (u64, bool, String) {
    let limit = view.bytes("maxmemory").unwrap_or(0);
    let facts = view.after.target.snapshot.facts.redis.as_ref();
    let used = facts.map_or(0, |facts| facts.used_memory);
    let has_none = limit == 0;
    let base = if has_none { used } else { limit };
    let what = if has_none {
        format!("no maxmemory, {} in use now", show(used))
    } else {
        format!("maxmemory {}", show(limit))
    };
    if saves(view) {
        let told = format!("{what}, twice while it saves");
        return (base.saturating_mul(2), has_none, told);
    }
    (base, has_none, what)
}

fn saves(view: View<'_, '_>) -> bool {
    let is_empty = match view.value("save") {
        Some(Value::SavePoints(points)) => points.is_empty(),
        Some(_) | None => false,
    };
    let appends = view.value("appendonly") == Some(Value::Bool(true));
    appends || !is_empty
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_with_a_fraction_multiplies_bytes() {
        assert_eq!(multiplied(4 << 20, 2.5), 10 << 20);
    }
}
