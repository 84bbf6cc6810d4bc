//! More memory would be promised than there is.

use crate::plan::after::After;
use crate::plan::memory::{self, show};
use crate::plan::takes::Takes;
use crate::plan::types::{Hazard, HazardKind};
use crate::setting::EngineKind;
use crate::snapshot::{Memory, address};

use super::{Subject, blocking, warning};

/// Besides what decides the shared memory: what sessions may take for themselves.
const OF_SESSIONS: [&str; 2] = ["work_mem", "hash_mem_multiplier"];

/// The settings that decide what a Redis may take.
const OF_REDIS: [&str; 3] = ["maxmemory", "save", "appendonly"];

/// From this share of the memory on, in percent, the sum is worth a word.
const TIGHT: u64 = 80;

/// How many targets of a machine are told one by one.
const MOST_TOLD: usize = 4;

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
    let needs = Needs::of(own, &neighbours)?;
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

fn judge(needs: &Needs<'_>, memory: &Memory) -> Option<Hazard> {
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
fn unknown(own: &After<'_>, needs: &Needs<'_>) -> Hazard {
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
struct Needs<'a> {
    before: u64,
    after: u64,
    /// What each takes; the target at hand comes first.
    parts: Vec<(&'a str, &'a Takes)>,
    /// A Redis has no limit, so that the sum is only what it uses now.
    has_no_limit: bool,
    /// It had one before.
    loses_limit: bool,
}

impl<'a> Needs<'a> {
    /// `None` where the settings of a PostgreSQL among them are not known.
    fn of(own: &'a After<'a>, neighbours: &[&'a After<'a>]) -> Option<Self> {
        let mut needs = Self {
            before: 0,
            after: 0,
            parts: Vec::new(),
            has_no_limit: false,
            loses_limit: false,
        };
        for neighbour in neighbours {
            let takes = neighbour.takes()?;
            needs.before = needs.before.saturating_add(takes.before);
            needs.after = needs.after.saturating_add(takes.after);
            needs.has_no_limit |= takes.has_no_limit;
            needs.loses_limit |= takes.loses_limit;
            needs.parts.push((neighbour.target.name(), takes));
        }
        if needs.parts.len() > MOST_TOLD {
            let own = own.target.name();
            needs
                .parts
                .sort_by_key(|(name, takes)| (*name != own, std::cmp::Reverse(takes.after)));
        }
        Some(needs)
    }

    fn are_raised(&self) -> bool {
        self.after > self.before || self.loses_limit
    }

    /// How the sum is made up. Of many targets the one at hand and those that take most are told.
    fn told(&self) -> String {
        let (told, rest) = self.parts.split_at(self.parts.len().min(MOST_TOLD));
        let told = told
            .iter()
            .map(|(name, takes)| format!("{name} {} ({})", show(takes.after), takes.told));
        let rest_takes = rest.iter().map(|(_, takes)| takes.after);
        let rest_takes = rest_takes.fold(0, u64::saturating_add);
        let others =
            (!rest.is_empty()).then(|| format!("{} others {}", rest.len(), show(rest_takes)));
        told.chain(others).collect::<Vec<_>>().join(" + ")
    }
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
}
