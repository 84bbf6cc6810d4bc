//! Which servers are nodes of one cluster, and how their settings hang together.

use crate::setting::{EngineKind, SettingName, Value};
use crate::snapshot::{Observed, Snapshot, address};

/// The settings of which a standby must have at least as much as its primary had when it wrote the
/// log that is replayed. Source: PostgreSQL, "Hot Standby", section "Administrator's Overview".
pub(super) const SENSITIVE: [&str; 5] = [
    "max_connections",
    "max_locks_per_transaction",
    "max_prepared_transactions",
    "max_wal_senders",
    "max_worker_processes",
];

/// Whether a change goes up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    /// To more.
    Raise,
    /// To less.
    Lower,
}

impl Direction {
    /// What is done: `raised`, `lowered`.
    pub(super) fn done(self) -> &'static str {
        match self {
            Self::Raise => "raised",
            Self::Lower => "lowered",
        }
    }
}

/// Whether a setting of this server must be changed in step with other nodes: a sensitive one of
/// PostgreSQL, `maxmemory` of Redis.
pub(super) fn is_sensitive(engine: EngineKind, setting: &SettingName) -> bool {
    match engine {
        EngineKind::Postgresql => SENSITIVE.iter().any(|name| *setting == **name),
        EngineKind::Redis => *setting == *"maxmemory",
    }
}

/// Whether two servers are nodes of one cluster: the same system identifier (PostgreSQL), the same
/// replication id (Redis).
pub(super) fn is_same(one: &Snapshot, other: &Snapshot) -> bool {
    if one.engine != other.engine {
        return false;
    }
    match one.engine {
        EngineKind::Postgresql => one.identity.system == other.identity.system,
        EngineKind::Redis => {
            let id = replication_id(one);
            let is_one_history = id.is_some() && id == replication_id(other);
            is_one_history || has_as_master(one, other) || has_as_master(other, one)
        }
    }
}

/// Whether a replica is told to follow the other. As long as its link is down it has a history of
/// writes of its own.
fn has_as_master(replica: &Snapshot, master: &Snapshot) -> bool {
    let facts = replica.facts.redis.as_ref();
    let upstream = facts.and_then(|facts| facts.upstream.as_deref());
    upstream.is_some_and(|upstream| place(upstream) == place(&master.address))
}

/// Host and port, to be compared; `None` for a socket. The usual names of this machine are one; other
/// numbers of its loopback are not, for a server of its own may listen at each.
fn place(address: &str) -> Option<(&str, &str)> {
    let (_, port) = address.rsplit_once(':')?;
    let host = address::host(address);
    let is_here = ["localhost", "::1"].contains(&host);
    Some((if is_here { "127.0.0.1" } else { host }, port))
}

fn replication_id(snapshot: &Snapshot) -> Option<&str> {
    snapshot.facts.redis.as_ref()?.replication_id.as_deref()
}

/// Whether it follows another node.
pub(super) fn is_follower(snapshot: &Snapshot) -> bool {
    ["standby", "replica"].contains(&snapshot.identity.role.as_str())
}

/// Where a node stands in an order of restarts when nothing speaks against it: cluster after cluster, in
/// the order of the targets, and in each those that follow before the one that leads.
pub(super) fn place_of_restart(nodes: &[&Snapshot], node: &Snapshot) -> (Option<usize>, bool) {
    let cluster = nodes.iter().position(|other| is_same(node, other));
    (cluster, !is_follower(node))
}

/// How many nodes follow this one, and their names, as it sees them itself.
pub(super) fn followers(snapshot: &Snapshot) -> Vec<&str> {
    let postgresql = snapshot.facts.postgresql.as_ref();
    let redis = snapshot.facts.redis.as_ref();
    let standbys = postgresql.into_iter().flat_map(|facts| &facts.standbys);
    let replicas = redis.into_iter().flat_map(|facts| &facts.replicas);
    standbys
        .chain(replicas)
        .map(|follower| follower.name.as_str())
        .collect()
}

/// Which way a setting goes from one raw value to another; `None` where it stays, or is no number.
/// No limit (`maxmemory 0`) is the most that there can be.
pub(super) fn direction(observed: &Observed, from: &str, to: &str) -> Option<Direction> {
    let amount = |raw: &str| {
        let value = observed.domain.parse(raw).ok()?;
        if let Value::Bytes(bytes) = value {
            return Some(if bytes == 0 { u64::MAX } else { bytes });
        }
        u64::try_from(value.as_integer()?).ok()
    };
    let (from, to) = (amount(from)?, amount(to)?);
    match from.cmp(&to) {
        std::cmp::Ordering::Less => Some(Direction::Raise),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(Direction::Lower),
    }
}

/// The sensitive settings of a PostgreSQL that wait for a restart already, each with the way that it
/// would go then.
pub(super) fn waiting(snapshot: &Snapshot) -> impl Iterator<Item = (&SettingName, Direction)> {
    let sensitive = SENSITIVE.iter().filter_map(|&name| {
        let known = snapshot.settings.get_key_value(&SettingName::from(name));
        known.filter(|_| snapshot.engine == EngineKind::Postgresql)
    });
    sensitive.filter_map(|(name, observed)| {
        let stored = observed.configured.as_deref()?;
        if !observed.pending_restart || observed.is_on_command_line() {
            return None;
        }
        Some((name, direction(observed, &observed.running, stored)?))
    })
}
