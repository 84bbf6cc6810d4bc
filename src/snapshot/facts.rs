//! What a server tells of itself besides its settings: what the checks before a change are made of.

use serde::{Deserialize, Serialize};

/// What a server tells of itself besides its settings. What it does not tell is `None` or empty, and
/// means "not known", never "none".
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The memory that the server may use.
    pub memory: Option<Memory>,
    /// Client connections that are open now, dbtune's own among them.
    pub connections: Option<u32>,
    /// Who manages the configuration, so that dbtune must not.
    pub managed_by: Option<Manager>,
    /// The server runs on the machine that dbtune runs on.
    pub on_this_host: bool,
    /// What only a PostgreSQL tells.
    pub postgresql: Option<PostgresqlFacts>,
    /// What only a Redis tells.
    pub redis: Option<RedisFacts>,
}

/// An amount of memory, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Bytes.
    pub bytes: u64,
    /// Where that was read, as a person would call it: `/proc/meminfo`, `its control group`.
    pub from: String,
    /// It is the limit of a control group: a budget of this server's own, not of a whole machine.
    pub is_own_limit: bool,
    /// The user states it in the targets file, whatever the server says.
    pub is_stated: bool,
}

/// A service or a program that manages a server's configuration in dbtune's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manager {
    /// Amazon RDS or Aurora.
    Rds,
    /// Google Cloud SQL.
    CloudSql,
    /// Azure Database for PostgreSQL.
    Azure,
    /// Patroni.
    Patroni,
    /// The operator `CloudNativePG`.
    CloudNativePg,
    /// Amazon `ElastiCache` or `MemoryDB`.
    ElastiCache,
    /// A Redis service whose name is not known: `CONFIG` is switched off or renamed.
    RedisService,
}

/// What only a PostgreSQL tells.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PostgresqlFacts {
    /// Where its log stands: on a primary the end of it, on a standby what has been replayed. Bytes.
    pub wal_position: Option<u64>,
    /// Replay is paused (a standby whose primary has come to need more than it was started with).
    pub replay_paused: bool,
    /// The standbys that follow it, as `pg_stat_replication` has them.
    pub standbys: Vec<Follower>,
    /// Of a standby: where its primary is, `host:port`, where that can be seen.
    pub upstream: Option<String>,
    /// The address at which this connection reached it; `None` over a socket.
    pub server_address: Option<String>,
    /// The database that this connection is in has a history of dbtune's runs.
    pub keeps_history: bool,
    /// The versions of the SQL migrations that are applied in the database of this connection, in
    /// ascending order; `None` where it has no history that this role may read.
    pub applied_migrations: Option<Vec<i64>>,
    /// The data directory, where it can be seen.
    pub data_directory: Option<String>,
    /// Physical replication slots on disk.
    pub physical_slots: Option<u32>,
    /// Logical replication slots on disk.
    pub logical_slots: Option<u32>,
    /// Prepared transactions that are neither committed nor rolled back.
    pub prepared_transactions: Option<u32>,
}

/// A standby or replica, as the server that it follows sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follower {
    /// Its name (`application_name`) for PostgreSQL, `ip:port` for Redis.
    pub name: String,
    /// From where it is connected; `None` over a socket.
    pub address: Option<String>,
    /// What it is doing, in the server's own word: `streaming`, `catchup`, `online`, …
    pub state: String,
}

/// What only a Redis tells.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RedisFacts {
    /// Bytes in use (`used_memory`).
    pub used_memory: u64,
    /// Of these the bytes that no key's going would free: what an empty server uses, its clients, the
    /// backlog for replicas.
    #[serde(default)]
    pub fixed_memory: u64,
    /// Of the bytes in use those that do not count against `maxmemory`.
    #[serde(default)]
    pub uncounted_memory: u64,
    /// Keys in all databases.
    pub keys: u64,
    /// How many of them expire.
    pub expiring_keys: u64,
    /// Its last snapshot (`BGSAVE`) failed.
    #[serde(default)]
    pub save_failed: bool,
    /// The replicas that follow it.
    pub replicas: Vec<Follower>,
    /// The history of writes that it holds (`master_replid`): the same on a master and its replicas.
    pub replication_id: Option<String>,
    /// Of a replica: its master, `host:port`.
    pub upstream: Option<String>,
    /// Of a replica: whether it is connected to its master.
    pub link_is_up: Option<bool>,
    /// What a `CONFIG REWRITE` would meet, where the file is on this host and can be looked at.
    pub rewrite: Option<Rewrite>,
    /// What the user lacks to run `CONFIG REWRITE`, with the remedy; `None` where nothing is known to
    /// be missing.
    #[serde(default)]
    pub lacks_rewrite: Option<String>,
    /// Why it cannot be told whether the user may run `CONFIG REWRITE`, with the remedy.
    #[serde(default)]
    pub unknown_rewrite: Option<String>,
    /// What the user lacks to see other runs of dbtune, with the remedy; `None` where nothing is known
    /// to be missing.
    #[serde(default)]
    pub lacks_lock: Option<String>,
}

/// What a `CONFIG REWRITE` would meet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rewrite {
    /// Why it would fail; `None` where nothing speaks against it.
    pub fails_because: Option<String>,
    /// Settings that run with another value than the file gives them, and would be written as well.
    pub drifted: Vec<Drifted>,
    /// What else it would do to the file: replace a link, spell out what other files include.
    pub side_effects: Vec<String>,
    /// The file that could not be read, and why: then nothing is known of what has drifted.
    #[serde(default)]
    pub unseen: Option<String>,
}

/// A setting that runs with another value than its file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drifted {
    /// The setting.
    pub setting: String,
    /// What the file says; `None` where it does not name it.
    pub in_file: Option<String>,
    /// What runs. `***` for a secret.
    pub running: String,
}
