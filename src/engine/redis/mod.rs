//! The door to a Redis server, or to one that speaks as Redis does (Valkey).

mod connect;
mod errors;
mod info;
mod lock;
mod options;
mod snapshot;
mod spec;
mod tls;
mod write;

use std::thread;
use std::time::Duration;

use redis::{Cmd, Connection, Pipeline, RedisResult, Value};

use super::{Engine, EngineError, Interrupt, Lock, Target};
use crate::setting::{Assignment, EngineKind, SettingName};
use crate::snapshot::Snapshot;
use connect::Connector;

/// Connects to a Redis server.
///
/// The URL is `redis://…`, `rediss://…` for TLS, or `unix://…` for a socket. Gives up after the URL's
/// `connect_timeout`, else after [`super::CONNECT_TIMEOUT`].
pub fn connect(target: &Target, interrupt: &Interrupt) -> Result<Box<dyn Engine>, EngineError> {
    let connector = Connector::parse(target)?;
    let (connection, version_number) = connector.connect(interrupt)?;
    Ok(Box::new(Redis {
        connector,
        connection,
        version_number,
        interrupt: interrupt.clone(),
        locked: false,
        lost: false,
    }))
}

/// A connection to a Redis server.
struct Redis {
    connector: Connector,
    connection: Connection,
    version_number: u32,
    interrupt: Interrupt,
    locked: bool,
    /// An answer failed to come: what comes next could be that answer, so nothing more is asked.
    lost: bool,
}

impl Redis {
    /// Sends one command. `shown` is what it is called in errors.
    fn call(&mut self, command: &Cmd, shown: &str) -> Result<Value, EngineError> {
        self.ensure_usable(shown)?;
        let connection = &mut self.connection;
        let outcome = aside(|| command.query(connection));
        self.heard(outcome, shown)
    }

    /// Sends several commands at once; each has its own outcome.
    fn call_all(
        &mut self,
        commands: &mut Pipeline,
        shown: &str,
    ) -> Result<Vec<RedisResult<Value>>, EngineError> {
        self.ensure_usable(shown)?;
        let connection = &mut self.connection;
        let outcome = aside(|| commands.ignore_errors().query(connection));
        self.heard(outcome, shown)
    }

    fn ensure_usable(&self, shown: &str) -> Result<(), EngineError> {
        if self.lost {
            return Err(EngineError::Lost {
                target: self.target().to_owned(),
                during: shown.to_owned(),
                reason: "it had been closed before".to_owned(),
            });
        }
        if self.interrupt.is_raised() {
            return Err(EngineError::Interrupted);
        }
        Ok(())
    }

    fn heard<T>(&mut self, outcome: RedisResult<T>, shown: &str) -> Result<T, EngineError> {
        outcome.map_err(|error| {
            self.lost = errors::ends_the_connection(&error);
            errors::of_command(self.target(), shown, None, &error)
        })
    }

    fn unexpected(&self, command: &str, reason: impl Into<String>) -> EngineError {
        EngineError::Unexpected {
            target: self.target().to_owned(),
            statement: command.to_owned(),
            reason: reason.into(),
        }
    }
}

/// Does something in a thread of its own. A signal makes a read or write that has a time limit fail
/// in whichever thread takes the signal (`EINTR`), and that is the first thread of the process: a
/// Ctrl-C must not look like a lost connection.
fn aside<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| match scope.spawn(work).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

impl Engine for Redis {
    fn target(&self) -> &str {
        self.connector.target()
    }

    fn kind(&self) -> EngineKind {
        EngineKind::Redis
    }

    fn snapshot(&mut self) -> Result<Snapshot, EngineError> {
        self.read_snapshot()
    }

    fn try_lock(&mut self) -> Result<Lock, EngineError> {
        self.take_lock()
    }

    fn unlock(&mut self) -> Result<(), EngineError> {
        self.release_lock()
    }

    fn write(&mut self, writes: &[(SettingName, Assignment)]) -> Result<(), EngineError> {
        self.config_set(writes)
    }

    fn activate(&mut self) -> Result<(), EngineError> {
        Ok(())
    }

    fn admits_sessions(&mut self) -> Result<(), EngineError> {
        Ok(())
    }

    fn persist(&mut self) -> Result<(), EngineError> {
        self.config_rewrite()
    }

    fn reconnect(&mut self, patience: Duration) -> Result<(), EngineError> {
        let (connection, version_number) = self.connector.reconnect(patience, &self.interrupt)?;
        self.connection = connection;
        self.version_number = version_number;
        self.locked = false;
        self.lost = false;
        Ok(())
    }

    fn notices(&mut self) -> Vec<String> {
        Vec::new()
    }
}
