//! How much memory a PostgreSQL needs, by its settings.

use crate::setting::Value;

use super::after::After;

/// The settings that decide the shared memory of a PostgreSQL.
pub(super) const OF_SHARED_MEMORY: [&str; 19] = [
    "shared_buffers",
    "wal_buffers",
    "max_connections",
    "max_wal_senders",
    "max_worker_processes",
    "autovacuum_max_workers",
    "autovacuum_worker_slots",
    "max_prepared_transactions",
    "max_locks_per_transaction",
    "max_pred_locks_per_transaction",
    "track_activity_query_size",
    "min_dynamic_shared_memory",
    "io_max_concurrency",
    "transaction_buffers",
    "subtransaction_buffers",
    "commit_timestamp_buffers",
    "multixact_member_buffers",
    "notify_buffers",
    "serializable_buffers",
];

/// Everything that is there whatever the settings are.
const FIXED: u64 = 3 << 20;
/// What describes one buffer and finds it.
const PER_BUFFER: u64 = 220;
/// What a process, or a prepared transaction, takes besides its locks and its query.
const PER_SLOT: u64 = 8 << 10;
/// One lock, with who holds it.
const PER_LOCK: u64 = 400;
/// One predicate lock.
const PER_PREDICATE_LOCK: u64 = 250;
/// One handle of the asynchronous I/O of 18.
const PER_IO: u64 = 640;
/// What the server takes for its log by itself, at most.
const MOST_WAL_BUFFERS: u64 = 16 << 20;
/// Processes of the server's own.
const OWN_PROCESSES: u64 = 2;
/// The share of a compiled-in block.
const BLOCK: u64 = 8 << 10;

/// The shared memory that a PostgreSQL asks for at its start, in bytes; `None` where its settings
/// are not known.
///
/// The formula follows the server's sources in outline and was fitted to `shared_memory_size` of
/// 15.18 and 18.4 over 60 settings, from 16 MB to 8 GB and from 10 to 10000 connections: off by at
/// most 4 % and 4 MB. What extensions ask for is not in it.
pub(super) fn shared(view: View<'_, '_>) -> Option<u64> {
    Shared(view).sum()
}

/// The settings of a target at one of two moments.
#[derive(Clone, Copy)]
pub(super) struct View<'v, 'a> {
    /// The target.
    pub(super) after: &'v After<'a>,
    /// As it was when the server was read; else as the phase leaves it.
    pub(super) is_before: bool,
}

impl<'v, 'a> View<'v, 'a> {
    /// As the phase leaves it.
    pub(super) fn of(after: &'v After<'a>) -> Self {
        Self {
            after,
            is_before: false,
        }
    }

    /// As it was when the server was read.
    pub(super) fn before(after: &'v After<'a>) -> Self {
        Self {
            after,
            is_before: true,
        }
    }

    /// The value of a setting.
    pub(super) fn value(&self, name: &str) -> Option<Value> {
        if self.is_before {
            self.after.value_before(name)
        } else {
            self.after.value(name)
        }
    }

    /// An amount of memory in bytes.
    pub(super) fn bytes(&self, name: &str) -> Option<u64> {
        if self.is_before {
            self.after.bytes_before(name)
        } else {
            self.after.bytes(name)
        }
    }

    /// A number that is not below 0.
    pub(super) fn count(&self, name: &str) -> Option<u64> {
        u64::try_from(self.integer(name)?).ok()
    }

    fn integer(&self, name: &str) -> Option<i64> {
        if self.is_before {
            self.after.integer_before(name)
        } else {
            self.after.integer(name)
        }
    }
}

/// The settings that the sum is made of.
struct Shared<'v, 'a>(View<'v, 'a>);

impl Shared<'_, '_> {
    fn sum(&self) -> Option<u64> {
        let buffers = self.0.bytes("shared_buffers")?;
        let connections = self.0.count("max_connections")?;
        let processes = connections
            + self.or_0("max_wal_senders")
            + self.or_0("max_worker_processes")
            + self
                .0
                .count("autovacuum_worker_slots")
                .unwrap_or_else(|| self.or_0("autovacuum_max_workers"))
            + OWN_PROCESSES;
        let slots = processes + self.or_0("max_prepared_transactions");
        let per_slot = PER_SLOT
            + self.0.bytes("track_activity_query_size").unwrap_or(1024)
            + self.or_0("max_locks_per_transaction") * PER_LOCK
            + self.or_0("max_pred_locks_per_transaction") * PER_PREDICATE_LOCK;
        let parts = [
            FIXED,
            buffers,
            buffers / BLOCK * PER_BUFFER,
            self.wal_buffers(buffers),
            slots.saturating_mul(per_slot),
            self.io(buffers, processes),
            self.simple_caches(),
            self.0.bytes("min_dynamic_shared_memory").unwrap_or(0),
        ];
        Some(parts.into_iter().fold(0, u64::saturating_add))
    }

    fn or_0(&self, name: &str) -> u64 {
        self.0.count(name).unwrap_or(0)
    }

    /// -1: a share of the buffers.
    fn wal_buffers(&self, buffers: u64) -> u64 {
        let automatic = (buffers / 32).min(MOST_WAL_BUFFERS);
        self.0.bytes("wal_buffers").unwrap_or(automatic)
    }

    /// -1: as many for each process as there are buffers for it, at most 64. Before 18: none.
    fn io(&self, buffers: u64, processes: u64) -> u64 {
        let Some(most) = self.0.integer("io_max_concurrency") else {
            return 0;
        };
        let automatic = (buffers / BLOCK / processes.max(1)).clamp(1, 64);
        let each = u64::try_from(most).unwrap_or(automatic);
        processes.saturating_mul(each).saturating_mul(PER_IO)
    }

    /// Caches of 17 and later that a setting makes larger. Those of transactions keep positions of
    /// the log beside each page, as large as the page itself.
    fn simple_caches(&self) -> u64 {
        let sizes = [
            ("transaction_buffers", 2),
            ("subtransaction_buffers", 1),
            ("commit_timestamp_buffers", 1),
            ("multixact_member_buffers", 1),
            ("notify_buffers", 1),
            ("serializable_buffers", 1),
        ];
        let bytes = sizes
            .iter()
            .map(|(name, times)| self.0.bytes(name).unwrap_or(0).saturating_mul(*times));
        bytes.fold(0, u64::saturating_add)
    }
}

/// An amount of memory as a person reads it: three digits, in the largest unit that has them.
pub(super) fn show(bytes: u64) -> String {
    let units = [("GB", 30), ("MB", 20), ("kB", 10)];
    let unit = units.iter().find(|(_, shift)| bytes >> shift > 0);
    let Some((unit, shift)) = unit else {
        return format!("{bytes} B");
    };
    let whole = bytes >> shift;
    let tenths = ((bytes & ((1 << shift) - 1)) * 10) >> shift;
    if whole < 10 && tenths > 0 {
        format!("{whole}.{tenths} {unit}")
    } else {
        format!("{whole} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::show;

    #[test]
    fn memory_is_shown_in_the_largest_unit() {
        let shown = [512, 1 << 10, 1536 << 10, 10 << 20, 12 << 30].map(show);
        assert_eq!(shown, ["512 B", "1 kB", "1.5 MB", "10 MB", "12 GB"]);
    }
}
