//! The one door to a live server, a folder for each engine.
//!
//! An engine acts and reports; it chooses nothing. What to write and in which order is decided by
//! the plan, whether it worked is asked of the server by the executor through [`Engine::snapshot`].

mod access;
mod attempt;
mod clients;
mod error;
mod interrupt;
mod password_file;
pub mod postgresql;
pub mod process;
pub mod redis;
mod target;
mod tls;

use std::time::Duration;

pub use access::{Access, TlsFiles};
pub use clients::{ClientGroup, Clients};
pub use error::EngineError;
pub use interrupt::{Interrupt, Shield};
pub use password_file::{PasswordFile, Wanted};
pub use target::{Persist, Target, Url};

use crate::setting::{Assignment, EngineKind, SettingName};
use crate::snapshot::{Answer, Examination, Question, Snapshot};

/// How long a connection attempt may take before it is given up.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection to one target.
pub trait Engine: Send {
    /// The target's name.
    fn target(&self) -> &str;

    /// The target's kind.
    fn kind(&self) -> EngineKind;

    /// Reads what the server is and what all of its settings are.
    fn snapshot(&mut self) -> Result<Snapshot, EngineError>;

    /// Answers what a plan leaves open: by a look at the server, or at its host where that is this one.
    fn answer(&mut self, question: &Question) -> Result<Answer, EngineError>;

    /// Where its programs and files are, when they are on this machine and dbtune may use them; else
    /// `None`. Redis needs none of it.
    fn site(&mut self) -> Result<Option<postgresql::Site>, EngineError> {
        Ok(None)
    }

    /// Who uses it right now, where it tells that.
    fn clients(&mut self) -> Result<Clients, EngineError> {
        Ok(Clients::default())
    }

    /// What there is of the shared history, whatever the role may do with it. Redis keeps none.
    fn kept_history(&mut self) -> Result<KeptHistory, EngineError> {
        Ok(KeptHistory::Nothing)
    }

    /// Finds out what the role or user may do, and whether it may `ALTER SYSTEM` each of these
    /// settings. Changes nothing.
    fn examine(&mut self, settings: &[SettingName]) -> Result<Examination, EngineError>;

    /// Tries once to take the lock that keeps other dbtune runs away from this server. Never waits.
    /// The lock goes with the connection; it holds across all databases of a PostgreSQL server.
    fn try_lock(&mut self) -> Result<Lock, EngineError>;

    /// Gives the lock back. Nothing happens where it is not held.
    fn unlock(&mut self) -> Result<(), EngineError>;

    /// Sends these writes: one statement for each on PostgreSQL, one atomic command for all of them
    /// on Redis 7. On an error, any number of them may have been done: ask by a snapshot.
    fn write(&mut self, writes: &[(SettingName, Assignment)]) -> Result<(), EngineError>;

    /// Makes the server read what was written, and waits until it has. Redis has nothing to do.
    fn activate(&mut self) -> Result<(), EngineError>;

    /// Whether the server lets a new session in, asked by beginning one: some settings of PostgreSQL
    /// take effect in new sessions alone and can keep every one of them out, and so can some of Redis
    /// (TLS, say).
    fn admits_sessions(&mut self) -> Result<(), EngineError>;

    /// Makes what runs outlive a restart (`CONFIG REWRITE`). PostgreSQL has nothing to do.
    fn persist(&mut self) -> Result<(), EngineError>;

    /// Connects anew after a lost connection or a restart, trying until `patience` is over. The
    /// lock is not held afterwards.
    fn reconnect(&mut self, patience: Duration) -> Result<(), EngineError>;

    /// Warnings and notices that the server has sent since the last call, in order.
    fn notices(&mut self) -> Vec<String>;
}

/// What there is of the shared history in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptHistory {
    /// Neither the schema `dbtune` nor its table.
    Nothing,
    /// The schema, without its table.
    Schema,
    /// The table `dbtune.run`.
    Table,
}

/// What [`Engine::try_lock`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lock {
    /// It is ours now.
    Taken,
    /// Somebody else has it: who, as far as the server tells (pid, user, address, since when).
    HeldBy(String),
}

/// Connects to a target, whatever its kind.
pub fn connect(target: &Target, interrupt: &Interrupt) -> Result<Box<dyn Engine>, EngineError> {
    match target.engine {
        EngineKind::Postgresql => postgresql::connect(target, interrupt),
        EngineKind::Redis => redis::connect(target, interrupt),
    }
}
