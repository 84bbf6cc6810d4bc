//! A session for statements that may take long, and of whose errors everything is wanted.

use std::time::{Duration, Instant};

use super::connect::Connector;
use super::rows;
use super::session::{Answer, Failure, Session, Work};
use super::sql_error::SqlError;
use super::{errors, side_session};
use crate::engine::{EngineError, Interrupt, Target};

/// Between two attempts to get into a server that let us in and hung up.
const PAUSE: Duration = Duration::from_millis(100);

/// What the session is called on the server.
const SET_UP: &str = "SELECT pg_catalog.pg_backend_pid() AS pid, \
                      pg_catalog.current_setting('server_version_num') AS number, \
                      pg_catalog.current_setting('server_version') AS version";

/// A row of an answer: the text of each column, `None` for NULL.
pub type TextRow = Vec<Option<String>>;

/// Why a statement was not done, as far as is known.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// The server refused it. The session goes on.
    #[error(transparent)]
    Server(Box<SqlError>),
    /// There is no session any more, or the user asked to stop.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// A session in which one statement after the other is worked off.
pub struct WorkSession {
    connector: Connector,
    session: Session,
    address: String,
    interrupt: Interrupt,
    pid: i32,
    version_number: u32,
    version: String,
}

impl WorkSession {
    /// Connects. A server that is starting, full or not there yet is tried again until `patience` is
    /// over; with none, once.
    pub fn open(
        target: &Target,
        patience: Duration,
        interrupt: &Interrupt,
    ) -> Result<Self, EngineError> {
        let mut connector = Connector::parse(target)?;
        let begin = Instant::now();
        loop {
            let left = patience.saturating_sub(begin.elapsed());
            let (session, address) = if left.is_zero() {
                connector.connect(interrupt)?
            } else {
                connector.reconnect(left, interrupt)?
            };
            let mut own = Self {
                connector,
                session,
                address,
                interrupt: interrupt.clone(),
                pid: 0,
                version_number: 0,
                version: String::new(),
            };
            let outcome = own.set_up();
            let is_on_its_way = matches!(outcome, Err(EngineError::Lost { .. }));
            if !is_on_its_way || begin.elapsed() >= patience {
                return outcome.map(|()| own);
            }
            connector = own.connector;
            if interrupt.sleep(PAUSE) {
                return Err(EngineError::Interrupted);
            }
        }
    }

    fn set_up(&mut self) -> Result<(), EngineError> {
        let named = self.connector.names_itself();
        let name = if named {
            ""
        } else {
            "SET application_name = 'dbtune'; "
        };
        let shown = "the setup of the session";
        let answer = self.ask(&format!("{name}{SET_UP}"), shown)?;
        let read = || -> Result<(i32, u32, String), String> {
            let row = rows::only_row(&answer)?;
            Ok((
                rows::number(row.required("pid")?)?,
                rows::number(row.required("number")?)?,
                row.required("version")?.to_owned(),
            ))
        };
        (self.pid, self.version_number, self.version) =
            read().map_err(|reason| EngineError::Unexpected {
                target: self.target().to_owned(),
                statement: shown.to_owned(),
                reason,
            })?;
        Ok(())
    }

    /// The target's name.
    pub fn target(&self) -> &str {
        self.connector.target()
    }

    /// Where the server is.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The process on the server's side.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// `server_version_num`: 150018 for 15.18.
    pub fn version_number(&self) -> u32 {
        self.version_number
    }

    /// The version as the server writes it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Warnings and notices that the server has sent since the last call, in order.
    pub fn notices(&self) -> Vec<String> {
        self.connector.notices()
    }

    /// Sends statements that only read and are quick, and returns their rows. `shown` names them in an
    /// error.
    pub fn read(&mut self, statements: &str, shown: &str) -> Result<Vec<TextRow>, EngineError> {
        self.ask(statements, shown)
            .map(|answer| side_session::texts(&answer))
    }

    /// Asks something whose answer is yes or no, in one row of one column.
    pub fn is_so(&mut self, question: &str, shown: &str) -> Result<bool, EngineError> {
        let rows = self.read(question, shown)?;
        Ok(rows
            .iter()
            .flatten()
            .any(|cell| cell.as_deref() == Some("t")))
    }

    fn ask(&mut self, statements: &str, shown: &str) -> Result<Answer, EngineError> {
        let interrupt = self.interrupt.clone();
        self.session
            .ask(statements, &interrupt)
            .map_err(|failure| errors::of_statement(self.target(), shown, None, failure))
    }

    /// Sends statements that change something and waits as long as they take, asking `watch` again
    /// and again whether they go on. `shown` names them in an error.
    pub fn work(
        &mut self,
        statements: &str,
        shown: &str,
        watch: &mut dyn FnMut() -> Work,
    ) -> Result<Vec<TextRow>, WorkError> {
        let failure = match self.session.work(statements, watch) {
            Ok(answer) => return Ok(side_session::texts(&answer)),
            Err(failure) => failure,
        };
        if let Failure::Error(error) = &failure
            && !errors::ends_the_session(error)
            && let Some(server) = error.as_db_error()
        {
            return Err(WorkError::Server(Box::new(SqlError::of(server))));
        }
        Err(errors::of_statement(self.target(), shown, None, failure).into())
    }
}
