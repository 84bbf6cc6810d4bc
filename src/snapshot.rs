//! What a server said of itself and of its settings at one moment.
//!
//! Values only: the planner decides on a `Snapshot` and never asks a server anything. Everything it
//! needs (kind of value, unit, range, effect, source) travels in it, so that another engine touches
//! neither planner nor executor. Texts are raw, as the server gave them; [`Observed::domain`] reads
//! and formats them.

pub mod address;
mod facts;
mod question;
mod rights;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::setting::{Domain, Effect, EngineKind, SettingName};

pub use facts::{Drifted, Facts, Follower, Manager, Memory, PostgresqlFacts, RedisFacts, Rewrite};
pub use question::{Answer, Question};
pub use rights::{Examination, Right};

/// What one target said at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Name of the target, as in the targets file.
    pub target: String,
    /// Kind of server.
    pub engine: EngineKind,
    /// Where it was reached: `host:port` or the path of a socket. Never holds a password.
    pub address: String,
    /// Which server this is, in which life.
    pub identity: Identity,
    /// Every setting that the server shows, by name.
    pub settings: BTreeMap<SettingName, Observed>,
    /// What is wrong in the configuration files. While there is any, PostgreSQL ignores a reload.
    pub file_problems: Vec<FileProblem>,
    /// Whether the configuration files could be read (`pg_file_settings`). Always `false` for Redis.
    pub files_readable: bool,
    /// The configuration file that a Redis rewrites; `None` when it runs without one. For
    /// PostgreSQL the path of `postgresql.auto.conf`.
    pub persisted_in: Option<String>,
    /// What the connected role may not do and dbtune would have to (`EXECUTE` on a function, say),
    /// each as a sentence with its remedy. Empty when nothing is known to be missing.
    pub missing_rights: Vec<String>,
    /// What it tells of itself besides its settings.
    pub facts: Facts,
    /// What was asked of it since, for a plan.
    pub answers: BTreeMap<Question, Answer>,
}

/// Which server, and which life of it. If one of these moved, a plan made before is stale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Version as the server writes it: `15.18`, `7.0.15`.
    pub version: String,
    /// The version as one number that compares: `150018` for PostgreSQL 15.18, `70015` for Redis 7.0.15.
    pub version_number: u32,
    /// PostgreSQL: the system identifier of the cluster. Redis: the run id of the process.
    pub system: String,
    /// When the server was started, RFC 3339 in UTC.
    pub started_at: String,
    /// PostgreSQL: `primary` or `standby`. Redis: `master` or `replica`.
    pub role: String,
    /// The role or user that dbtune is connected as.
    pub user: String,
}

/// One setting of one server at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// What values it takes.
    pub domain: Domain,
    /// When a change of it takes effect.
    pub effect: Effect,
    /// Whether its value must never be shown or stored.
    pub secret: bool,
    /// The value that runs server-wide, raw. Not what this session happens to have.
    pub running: String,
    /// What the files say the value will be after a restart, raw; `None` where it cannot be read.
    pub configured: Option<String>,
    /// What `ALTER SYSTEM` has stored for it.
    pub entry: Entry,
    /// What the value would be without the `ALTER SYSTEM` entry, raw; `None` where unknown. For
    /// Redis the value that the server has when nothing is configured, where that is known.
    pub without_entry: Option<String>,
    /// The value compiled into the server, raw; `None` where unknown.
    pub boot: Option<String>,
    /// Where the running value comes from.
    pub source: Source,
    /// The server says itself that a stored change waits for a restart, and the files do not say what
    /// runs already.
    pub pending_restart: bool,
    /// What else decides the value for some or all sessions, and so may win over a change.
    pub overrides: Vec<Override>,
    /// Why this setting cannot be changed here at all; `None` when it can.
    pub fixed: Option<String>,
}

/// What `ALTER SYSTEM` has stored for a setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// The file cannot be read with the rights at hand, or (Redis) there is no such thing.
    Unknown,
    /// There is none.
    Absent,
    /// This raw text stands there.
    Present(String),
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// In PostgreSQL's own words: `default`, `configuration file`, `command line`, `database`, …;
    /// for Redis `running`, because it does not tell.
    pub kind: String,
    /// The file, where the server says which.
    pub file: Option<String>,
    /// The line in that file, counted from 1.
    pub line: Option<u32>,
}

/// Something besides the configuration files that decides a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// What it is.
    pub by: OverrideKind,
    /// Whom it concerns: `role app`, `database shop`; `None` for everybody.
    pub who: Option<String>,
    /// The raw value that it sets, where known.
    pub value: Option<String>,
    /// How it would be lifted: a statement, or what to do.
    pub lift: String,
}

/// The kinds of [`Override`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverrideKind {
    /// An option on the server's command line: it wins over every file, for everybody.
    CommandLine,
    /// `ALTER ROLE … SET`, `ALTER DATABASE … SET` or both: it wins for the sessions named.
    RoleOrDatabase,
}

/// One line of a configuration file that the server cannot use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileProblem {
    /// The file, where known.
    pub file: Option<String>,
    /// The line in it, counted from 1.
    pub line: Option<u32>,
    /// The setting on that line, where one could be read.
    pub setting: Option<String>,
    /// What the server says.
    pub error: String,
}

/// The [`Source::kind`] of a setting that stands in a file and that nobody owns: PostgreSQL keeps a
/// place for it until an extension comes that does.
pub const PLACEHOLDER: &str = "placeholder";

impl Observed {
    /// Whether nobody owns the setting: what stands in a file was never read by anybody.
    pub fn is_placeholder(&self) -> bool {
        self.source.kind == PLACEHOLDER
    }

    /// Whether an option on the server's command line decides the value.
    pub fn is_on_command_line(&self) -> bool {
        let mut others = self.overrides.iter();
        others.any(|other| other.by == OverrideKind::CommandLine)
    }

    /// What the files say, raw; what runs where that cannot be read, and of Redis, which does not tell.
    pub fn stored(&self) -> &str {
        self.configured.as_deref().unwrap_or(&self.running)
    }

    /// What the value comes to at the next start, raw: the command line wins over the files.
    pub fn after_restart(&self) -> &str {
        if self.is_on_command_line() {
            return &self.running;
        }
        self.stored()
    }
}

impl Snapshot {
    /// Whether a setting with a dot in its name belongs to an extension that is loaded: some setting
    /// with the same prefix is known to the server. `None` for a name without a dot.
    pub fn is_loaded(&self, name: &SettingName) -> Option<bool> {
        let (prefix, _) = name.as_str().split_once('.')?;
        Some(self.settings.iter().any(|(other, observed)| {
            let other = other.as_str().split_once('.');
            other.is_some_and(|(other, _)| other.eq_ignore_ascii_case(prefix))
                && !observed.is_placeholder()
        }))
    }

    /// One setting, looked up without regard to case.
    pub fn setting(&self, name: &SettingName) -> Option<&Observed> {
        self.settings.get(name)
    }
}
