//! Private throwaway servers: for `dbtune sandbox`, the demo and the tests.
//!
//! A [`Keeper`] owns a folder and ends what was started in it. A [`Server`] is a process under
//! supervision, [`Postgresql`] and [`Redis`] are two kinds of it, and a [`Sandbox`] is one of each
//! with the settings that the MediaNest report found.

mod account;
mod error;
pub mod find;
mod keeper;
mod postgresql;
mod redis;
mod server;
mod targets;

use std::ffi::OsString;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::thread;

pub use account::Account;
pub use error::SandboxError;
pub use find::PostgresqlBin;
pub use keeper::Keeper;
pub use postgresql::{Postgresql, SUPERUSER};
pub use redis::{Redis, lines as redis_lines};
pub use server::{Server, Verb};

use crate::engine::Url;

const TARGETS_FILE: &str = "targets.yaml";
const PASSWORD_FILE: &str = "pgpass";
const REDIS_PASSWORD_FILE: &str = "redispass";

/// What PostgreSQL is set to where the MediaNest report starts.
const POSTGRESQL_SETTINGS: [&str; 6] = [
    "# Where the MediaNest report starts from.",
    "shared_buffers = 256MB",
    "max_connections = 200",
    "effective_cache_size = 1GB",
    "work_mem = 4MB",
    "maintenance_work_mem = 64MB",
];

/// What Redis is set to where the MediaNest report starts.
const REDIS_SETTINGS: [&str; 6] = [
    "# Where the MediaNest report starts from.",
    "maxmemory 256mb",
    "maxmemory-policy allkeys-lru",
    "save 900 1 300 10 60 10000",
    "tcp-keepalive 300",
    "timeout 300",
];

/// What a sandbox is made of.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder with PostgreSQL's programs; `None`: the newest version found.
    pub pg_bin: Option<PathBuf>,
    /// The value of `PATH`.
    pub path: OsString,
    /// Where temporary files are to go. Where that folder does not suit, `/tmp` is used.
    pub temporary: PathBuf,
}

/// A PostgreSQL and a Redis that nobody else knows of. Dropping it takes all of it down, and so does
/// the end of this process.
#[derive(Debug)]
pub struct Sandbox {
    postgresql: Postgresql,
    redis: Redis,
    version: String,
    // Last, so that it goes last.
    keeper: Keeper,
}

impl Sandbox {
    /// Finds the servers' programs and starts both servers, side by side.
    pub fn start(options: &Options) -> Result<Self, SandboxError> {
        let bin = match &options.pg_bin {
            Some(folder) => PostgresqlBin::at(folder)?,
            None => PostgresqlBin::newest(&options.path)?,
        };
        let redis_server = find::redis_server(&options.path)?;
        let keeper = Keeper::start(&[&options.temporary, Path::new("/tmp")])?;
        let (postgresql, redis) = thread::scope(|scope| {
            let redis = scope.spawn(|| start_redis(&keeper, &redis_server));
            (start_postgresql(&keeper, &bin), redis.join())
        });
        let redis = redis.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        let postgresql = postgresql?;
        let state = keeper.folder().join("state");
        fs::create_dir(&state).map_err(SandboxError::file("create", &state))?;
        targets::write(&keeper, &postgresql, &redis)?;
        let numbers: Vec<String> = bin.version().iter().map(u32::to_string).collect();
        Ok(Self {
            postgresql,
            redis,
            version: numbers.join("."),
            keeper,
        })
    }

    /// The folder that everything is in.
    pub fn folder(&self) -> &Path {
        self.keeper.folder()
    }

    /// The targets file, with the passwords and the restart commands. Only we can read it.
    pub fn targets_file(&self) -> PathBuf {
        self.folder().join(TARGETS_FILE)
    }

    /// The password file for libpq. Only we can read it.
    pub fn password_file(&self) -> PathBuf {
        self.folder().join(PASSWORD_FILE)
    }

    /// The folder for the journal of runs against these servers.
    pub fn state_folder(&self) -> PathBuf {
        self.folder().join("state")
    }

    /// How to reach PostgreSQL.
    pub fn postgres_url(&self) -> Url {
        self.postgresql.url()
    }

    /// How to reach Redis.
    pub fn redis_url(&self) -> Url {
        self.redis.url()
    }

    /// The PostgreSQL.
    pub fn postgresql(&self) -> &Postgresql {
        &self.postgresql
    }

    /// The Redis.
    pub fn redis(&self) -> &Redis {
        &self.redis
    }

    /// The version of PostgreSQL: `15.18`.
    pub fn postgresql_version(&self) -> &str {
        &self.version
    }

    /// What watches over all this.
    pub fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    /// Takes everything down, and waits until it is gone.
    pub fn close(self) -> Result<(), SandboxError> {
        self.keeper.close()
    }
}

fn start_postgresql(keeper: &Keeper, bin: &PostgresqlBin) -> Result<Postgresql, SandboxError> {
    let password = random_password()?;
    Postgresql::initdb(keeper, bin, &password)?;
    Postgresql::start(keeper, bin, &password, &POSTGRESQL_SETTINGS, &[])
}

fn start_redis(keeper: &Keeper, program: &Path) -> Result<Redis, SandboxError> {
    Redis::start(keeper, program, &random_password()?, &REDIS_SETTINGS)
}

/// A password that nobody guesses: 128 random bits in hexadecimal.
fn random_password() -> Result<String, SandboxError> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(SandboxError::file("read", "/dev/urandom"))?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}
