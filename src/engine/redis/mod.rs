//! The door to a Redis server, or to one that speaks as Redis does (Valkey).

mod conf;
mod connect;
mod errors;
mod examine;
mod facts;
mod info;
mod lock;
mod options;
mod process;
mod rewrite;
mod rights;
mod snapshot;
mod spec;
mod tls;
mod write;

use std::time::Duration;

use redis::{Cmd, Connection, Pipeline, RedisResult, Value};

use super::attempt::{self, GaveUp};
use super::{Engine, EngineError, Interrupt, Lock, Target};
use crate::setting::{Assignment, EngineKind, SettingName};
use crate::snapshot::{Answer, Examination, Question, Snapshot};
use connect::{ANSWER_LIMIT, Connector};

/// Connects to a Redis server.
///
/// The URL is `redis://…`, `rediss://…` for TLS, or `unix://…` for a socket. Gives up after the URL's
/// `connect_timeout`, else after [`super::CONNECT_TIMEOUT`].
pub fn connect(target: &Target, interrupt: &Interrupt) -> Result<Box<dyn Engine>, EngineError> {
    let connector = Connector::parse(target)?;
    let (connection, version_number) = connector.connect(interrupt)?;
    Ok(Box::new(Redis {
        connector,
        connection: Some(connection),
        version_number,
        interrupt: interrupt.clone(),
        locked: false,
        lost: false,
    }))
}

/// A connection to a Redis server.
struct Redis {
    connector: Connector,
    /// Absent for good when an answer was given up.
    connection: Option<Connection>,
    version_number: u32,
    interrupt: Interrupt,
    locked: bool,
    /// An answer failed to come: what comes next could be that answer, so nothing more is asked.
    lost: bool,
}

impl Redis {
    /// Sends one command. `shown` is what it is called in errors.
    fn call(&mut self, command: &Cmd, shown: &str) -> Result<Value, EngineError> {
        let command = command.clone();
        self.exchange(shown, move |connection| command.query(connection))
    }

    /// Sends several commands at once; each has its own outcome.
    fn call_all(
        &mut self,
        commands: &mut Pipeline,
        shown: &str,
    ) -> Result<Vec<RedisResult<Value>>, EngineError> {
        let commands = commands.ignore_errors().clone();
        self.exchange(shown, move |connection| commands.query(connection))
    }

    /// Asks and waits for the answer, in a thread of its own, for two reasons. A signal makes a read
    /// that has a time limit fail in whichever thread takes the signal (`EINTR`), and that is the first
    /// one: a Ctrl-C must not look like a lost connection. And a server that stalls in the middle of an
    /// answer is given up as a whole, not limit by limit. Where we hold the lock an interrupt waits for
    /// the answer: a connection that is given up keeps its lock until the server notices.
    fn exchange<T: Send + 'static>(
        &mut self,
        shown: &str,
        ask: impl FnOnce(&mut Connection) -> RedisResult<T> + Send + 'static,
    ) -> Result<T, EngineError> {
        self.ensure_usable(shown)?;
        let Some(mut connection) = self.connection.take() else {
            return Err(self.lost(shown, "it had been closed before".to_owned()));
        };
        let interrupt = if self.locked {
            Interrupt::new()
        } else {
            self.interrupt.clone()
        };
        let exchanged = attempt::within(ANSWER_LIMIT, &interrupt, move || {
            let outcome = ask(&mut connection);
            (connection, outcome)
        });
        match exchanged {
            Ok((connection, outcome)) => {
                self.connection = Some(connection);
                self.heard(outcome, shown)
            }
            Err(GaveUp::Interrupted) => {
                self.lost = true;
                Err(EngineError::Interrupted)
            }
            Err(GaveUp::Late) => {
                self.lost = true;
                let limit = ANSWER_LIMIT.as_secs();
                Err(self.lost(shown, format!("no answer within {limit} s")))
            }
        }
    }

    fn lost(&self, shown: &str, reason: String) -> EngineError {
        EngineError::Lost {
            target: self.target().to_owned(),
            during: shown.to_owned(),
            reason,
        }
    }

    fn ensure_usable(&self, shown: &str) -> Result<(), EngineError> {
        if self.lost {
            return Err(self.lost(shown, "it had been closed before".to_owned()));
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

    fn answer(&mut self, _question: &Question) -> Result<Answer, EngineError> {
        Ok(Answer::Unknown("Redis does not tell that".to_owned()))
    }

    fn examine(&mut self, _settings: &[SettingName]) -> Result<Examination, EngineError> {
        self.look_at_rights()
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
        self.connector.connect(&self.interrupt).map(drop)
    }

    fn persist(&mut self) -> Result<(), EngineError> {
        self.config_rewrite()
    }

    fn reconnect(&mut self, patience: Duration) -> Result<(), EngineError> {
        let (connection, version_number) = self.connector.reconnect(patience, &self.interrupt)?;
        self.connection = Some(connection);
        self.version_number = version_number;
        self.locked = false;
        self.lost = false;
        Ok(())
    }

    fn notices(&mut self) -> Vec<String> {
        Vec::new()
    }
}
