//! The servers and the profile that most tests of runs are about: one PostgreSQL, one Redis, and a
//! profile that changes settings of every kind of undo.

use crate::support::{Postgres, Project, Proxy, Redis, Setup, Target, TargetEntry};

/// Phase 1: a setting with an `ALTER SYSTEM` entry before, one without, and Redis. Phase 2: a list
/// and a setting that needs a restart. Phase 3: Redis alone.
pub(crate) const PROFILE: &str = "
profile: shop
phases:
  - phase: 1
    title: Memory
    postgresql:
      work_mem: 8MB
      maintenance_work_mem: 128MB
    redis:
      maxmemory: 64mb
      timeout: 30
  - phase: 2
    title: Connections
    postgresql:
      max_connections: 40
      temp_tablespaces: [pg_default]
  - phase: 3
    title: Cache
    redis:
      maxmemory-policy: allkeys-lru
";

/// What the shop's Redis has in its file.
pub(crate) const REDIS: [&str; 1] = ["maxmemory 32mb"];

/// One PostgreSQL, one Redis and a project that knows both.
pub(crate) struct Shop {
    pub(crate) postgres: Postgres,
    pub(crate) redis: Redis,
    pub(crate) project: Project,
}

/// Everything that a run of phase 1 may change, as files and servers show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    entries: Vec<String>,
    running: Vec<String>,
    redis: Vec<String>,
    redis_file: Vec<String>,
}

impl Shop {
    /// Fresh servers that know nothing of dbtune yet.
    pub(crate) fn open() -> Self {
        Self::with(|_, _| Vec::new())
    }

    /// The same, with other targets than the servers themselves: proxies, say.
    pub(crate) fn with(targets: impl FnOnce(&Postgres, &Redis) -> Vec<TargetEntry>) -> Self {
        Self::on(Postgres::setup(), Redis::with(&REDIS), targets)
    }

    /// The same with its PostgreSQL behind a proxy.
    pub(crate) fn with_postgres_behind_a_proxy() -> (Self, Proxy) {
        Self::behind(|postgres, _| {
            let proxy = postgres.proxy();
            (proxy.entry_of(postgres), proxy)
        })
    }

    /// The same with its Redis behind a proxy.
    pub(crate) fn with_redis_behind_a_proxy() -> (Self, Proxy) {
        Self::behind(|_, redis| {
            let proxy = redis.proxy();
            (proxy.entry_of(redis), proxy)
        })
    }

    fn behind(between: impl FnOnce(&Postgres, &Redis) -> (TargetEntry, Proxy)) -> (Self, Proxy) {
        let mut kept = None;
        let shop = Self::with(|postgres, redis| {
            let (entry, proxy) = between(postgres, redis);
            kept = Some(proxy);
            vec![entry]
        });
        (shop, kept.unwrap())
    }

    /// The same with servers of other versions. The Redis has [`REDIS`] in its file.
    pub(crate) fn on(
        setup: Setup,
        redis: Redis,
        targets: impl FnOnce(&Postgres, &Redis) -> Vec<TargetEntry>,
    ) -> Self {
        let postgres = setup
            .statement("ALTER SYSTEM SET work_mem = '5MB'")
            .statement("SELECT pg_reload_conf()")
            .start();
        let mut entries = targets(&postgres, &redis);
        for entry in [postgres.entry(), redis.entry()] {
            if !entries.iter().any(|known| known.engine == entry.engine) {
                entries.push(entry);
            }
        }
        let mut targets: Vec<&dyn Target> = Vec::new();
        for entry in &entries {
            targets.push(entry);
        }
        let project = Project::new().targets(&targets).profile("shop", PROFILE);
        Self {
            postgres,
            redis,
            project,
        }
    }

    /// A `dbtune` command with the profile of the shop.
    pub(crate) fn dbtune(&self, arguments: &str) -> crate::support::Cli {
        self.project.dbtune(&format!("{arguments} --profile shop"))
    }

    /// What files and servers show.
    pub(crate) fn state(&self) -> State {
        let mut entries: Vec<String> = self
            .postgres
            .auto_conf()
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .map(str::to_owned)
            .collect();
        entries.sort();
        let running = "SELECT name || '=' || current_setting(name) FROM pg_settings WHERE name \
                       IN ('work_mem', 'maintenance_work_mem', 'max_connections') ORDER BY 1";
        let config = |name: &&str| format!("{name}={}", self.redis.config(name));
        let in_file = |line: &&str| {
            ["maxmemory ", "timeout ", "maxmemory-policy "]
                .iter()
                .any(|name| line.starts_with(name))
        };
        let file = self.redis.conf();
        let mut redis_file: Vec<String> = file
            .lines()
            .filter(in_file)
            .map(str::to_ascii_lowercase)
            .collect();
        redis_file.sort();
        State {
            entries,
            running: self.postgres.sql(running).concat(),
            redis: ["maxmemory", "timeout", "maxmemory-policy"]
                .iter()
                .map(config)
                .collect(),
            redis_file,
        }
    }

    /// The runs, newest first, as `history --format json` gives them.
    pub(crate) fn history(&self) -> Vec<serde_json::Value> {
        let ran = self.project.dbtune("history --format json").run();
        ran.exits(0);
        ran.json()["runs"].as_array().unwrap().clone()
    }
}

impl State {
    /// The part that `CONFIG REWRITE` does not touch: it may spell out in the file what was only a
    /// default before.
    pub(crate) fn without_file(&self) -> Self {
        Self {
            redis_file: Vec::new(),
            ..self.clone()
        }
    }
}
