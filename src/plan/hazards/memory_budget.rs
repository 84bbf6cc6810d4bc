//! More memory would be promised than there is.

use crate::plan::after::After;
use crate::plan::memory::{self, View, show};
use crate::plan::types::{Hazard, HazardKind};
use crate::setting::{EngineKind, Value};
use crate::snapshot::{Memory, address};

use super::{Subject, blocking, warning};

/// Besides what decides the shared memory: what sessions may take for themselves.
const OF_SESSIONS: [&str; 2] = ["work_mem", "hash_mem_multiplier"];

/// The settings that decide what a Redis may take.
const OF_REDIS: [&str; 3] = ["maxmemory", "save", "appendonly"];

/// What a session has for itself once it has looked at the catalogues: 1.2 MB, measured on 15.
const PER_CONNECTION: u64 = 1_258_292;

/// One connection of so many is thought to sort or hash at the same moment.
const ONE_IN: u64 = 4;

/// From this share of the memory on, in percent, the sum is worth a word.
const TIGHT: u64 = 80;

/// Adds up what all targets on the same machine may take, and compares it with its memory. Only
/// where the phase raises the sum.
pub(super) fn find(subject: &Subject<'_>) -> Option<Hazard> {
    let is_of_memory = match subject.target.snapshot.engine {
        EngineKind::Postgresql => {
            subject.writes_one_of(&memory::OF_SHARED_MEMORY) || subject.writes_one_of(&OF_SESSIONS)
        }
        EngineKind::Redis => subject.writes_one_of(&OF_REDIS),
    };
    if !is_of_memory {
        return None;
    }
    let own = subject.after();
    let neighbours = subject.occasion.afters.iter();
    let neighbours: Vec<&After<'_>> = neighbours.filter(|other| share(own, other)).collect();
    let needs = Needs::of(&neighbours)?;
    if !needs.are_raised() {
        return None;
    }
    let memory = own.target.snapshot.facts.memory.as_ref();
    let memory = memory.or_else(|| {
        let mut known = neighbours.iter();
        known.find_map(|other| other.target.snapshot.facts.memory.as_ref())
    });
    memory.map_or_else(
        || Some(unknown(own, &needs)),
        |memory| judge(&needs, memory),
    )
}

fn judge(needs: &Needs, memory: &Memory) -> Option<Hazard> {
    let of = format!("{} of memory ({})", show(memory.bytes), memory.from);
    let message = format!(
        "up to {} of {of} may be taken: {}",
        show(needs.after),
        needs.told()
    );
    if needs.after > memory.bytes {
        let message = format!("{message}; lower one of these, or use a larger machine");
        return Some(blocking(HazardKind::MemoryBudget, message));
    }
    let is_tight = needs.after.saturating_mul(100) > memory.bytes.saturating_mul(TIGHT);
    (is_tight || needs.has_no_limit).then(|| warning(HazardKind::MemoryBudget, message))
}

/// What nobody has compared with anything.
fn unknown(own: &After<'_>, needs: &Needs) -> Hazard {
    let snapshot = own.target.snapshot;
    let right = match snapshot.engine {
        EngineKind::Redis => String::new(),
        EngineKind::Postgresql => {
            let role = &snapshot.identity.user;
            format!(
                ", or GRANT pg_read_server_files TO {role}; GRANT EXECUTE ON FUNCTION \
                 pg_read_file(text, bigint, bigint, boolean) TO {role}"
            )
        }
    };
    let message = format!(
        "up to {} of memory may be taken ({}), and how much the machine of {} has is not known; \
         state it in the targets file (`memory: 8GB`){right}",
        show(needs.after),
        needs.told(),
        snapshot.target
    );
    warning(HazardKind::MemoryBudget, message)
}

/// Whether two targets take from the same memory: they are the same one, or were reached at the
/// same host, neither has a control group of its own, and nobody states different amounts.
fn share(own: &After<'_>, other: &After<'_>) -> bool {
    if own.target.name() == other.target.name() {
        return true;
    }
    let memory = |after: &After<'_>| after.target.snapshot.facts.memory.clone();
    let has_own =
        |memory: &Option<Memory>| memory.as_ref().is_some_and(|memory| memory.is_own_limit);
    let (one, two) = (memory(own), memory(other));
    let differ = match (&one, &two) {
        (Some(one), Some(two)) => one.is_stated && two.is_stated && one.bytes != two.bytes,
        (None, _) | (_, None) => false,
    };
    let is_one_machine =
        machine(&own.target.snapshot.address) == machine(&other.target.snapshot.address);
    is_one_machine && !has_own(&one) && !has_own(&two) && !differ
}

/// The machine that an address leads to; a socket and the loopback addresses are one.
fn machine(address: &str) -> &str {
    if address::is_local(address) {
        "localhost"
    } else {
        address::host(address)
    }
}

/// What the targets of one machine may take, before and after.
struct Needs {
    before: u64,
    after: u64,
    parts: Vec<String>,
    /// A Redis has no limit, so that the sum is only what it uses now.
    has_no_limit: bool,
    /// It had one before.
    loses_limit: bool,
}

impl Needs {
    /// `None` where the settings of a PostgreSQL among them are not known.
    fn of(targets: &[&After<'_>]) -> Option<Self> {
        let mut needs = Self {
            before: 0,
            after: 0,
            parts: Vec::new(),
            has_no_limit: false,
            loses_limit: false,
        };
        for target in targets {
            match target.target.snapshot.engine {
                EngineKind::Postgresql => {
                    let (before, _) = postgresql(View::before(target))?;
                    let (after, told) = postgresql(View::of(target))?;
                    needs.add(before, after, target.target.name(), &told);
                }
                EngineKind::Redis => needs.add_redis(target),
            }
        }
        Some(needs)
    }

    fn add(&mut self, before: u64, after: u64, target: &str, told: &str) {
        self.before = self.before.saturating_add(before);
        self.after = self.after.saturating_add(after);
        self.parts
            .push(format!("{target} {} ({told})", show(after)));
    }

    fn add_redis(&mut self, target: &After<'_>) {
        let (before, was_unlimited, _) = redis(View::before(target));
        let (after, is_unlimited, told) = redis(View::of(target));
        self.has_no_limit |= is_unlimited;
        self.loses_limit |= is_unlimited && !was_unlimited;
        self.add(before, after, target.target.name(), &told);
    }

    fn are_raised(&self) -> bool {
        self.after > self.before || self.loses_limit
    }

    fn told(&self) -> String {
        self.parts.join(" + ")
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
    fn a_socket_and_the_loopback_addresses_are_one_machine() {
        let here = [
            "/run/postgresql/.s.PGSQL.5432",
            "127.0.0.1:6379",
            "[::1]:5432",
            "localhost:1",
        ];
        for address in here {
            assert_eq!(machine(address), "localhost");
        }
        assert_eq!(machine("db.internal:5432"), "db.internal");
    }

    #[test]
    fn a_factor_with_a_fraction_multiplies_bytes() {
        assert_eq!(multiplied(4 << 20, 2.5), 10 << 20);
    }
}
