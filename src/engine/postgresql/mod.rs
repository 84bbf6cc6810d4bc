//! The door to a PostgreSQL server.
//!
//! Everything goes over the simple query protocol: `ALTER SYSTEM` takes no bind parameters and may
//! stand neither in a transaction block nor beside another statement.

mod answers;
mod clients;
mod connect;
mod conninfo;
mod errors;
mod facts;
mod files;
mod host;
mod lock;
mod manager;
mod map_failure;
mod overrides;
mod own_start;
mod paths;
mod place;
mod quote;
mod reload;
mod rights;
mod rows;
mod session;
mod settings;
mod side_session;
mod snapshot;
mod spec;
mod sql;
mod sql_error;
mod tls;
mod trial;
mod trial_words;
mod work_session;
mod write;

use std::cell::OnceCell;
use std::time::{Duration, Instant};

use super::{Clients, Engine, EngineError, Interrupt, KeptHistory, Lock, Target};
use crate::setting::{Assignment, EngineKind, SettingName};
use crate::snapshot::{Answer as Told, Examination, Memory, Question, Snapshot};
use connect::Connector;
pub use conninfo::Conninfo;
pub use host::Site;
pub use quote::{identifier, in_file, literal, setting_name};
pub use session::Work;
use session::{Answer, Session};
pub use side_session::SideSession;
pub use sql_error::SqlError;
pub use work_session::{TextRow, WorkError, WorkSession};

/// Connects to a PostgreSQL server.
///
/// The URL is `postgres://…` or libpq's `key=value` form, with libpq's TLS options. Gives up after the URL's
/// `connect_timeout`, or [`super::CONNECT_TIMEOUT`] where it names none.
pub fn connect(target: &Target, interrupt: &Interrupt) -> Result<Box<dyn Engine>, EngineError> {
    Ok(Box::new(Postgres::connect(target, interrupt)?))
}

/// A connection to a PostgreSQL server.
struct Postgres {
    connector: Connector,
    session: Session,
    address: String,
    interrupt: Interrupt,
    version_number: u32,
    /// `pg_file_settings` was refused on this connection: not asked for again.
    files_refused: bool,
    locked: bool,
    /// The memory of its machine, once it has been looked for.
    memory: OnceCell<Option<Memory>>,
}

impl Postgres {
    fn connect(target: &Target, interrupt: &Interrupt) -> Result<Self, EngineError> {
        let connector = Connector::parse(target)?;
        let (session, address) = connector.connect(interrupt)?;
        let mut postgres = Self {
            connector,
            session,
            address,
            interrupt: interrupt.clone(),
            version_number: 0,
            files_refused: false,
            locked: false,
            memory: OnceCell::new(),
        };
        postgres.set_up()?;
        Ok(postgres)
    }

    /// Names the session and bounds its statements.
    ///
    /// By `SET`, not by startup options: what is `SET` can be `RESET` while the settings are read,
    /// so that the server's own values of these settings are seen.
    fn set_up(&mut self) -> Result<(), EngineError> {
        let statement = sql::set_up(self.connector.names_itself());
        let answer = self.ask(&statement, "the setup of the session")?;
        let row = rows::only_row(&answer)
            .map_err(|reason| self.unexpected("the setup of the session", reason))?;
        self.version_number = row
            .required("number")
            .and_then(rows::number)
            .map_err(|reason| self.unexpected("the setup of the session", reason))?;
        Ok(())
    }

    /// Sends a statement that only reads. An interrupt ends the wait.
    fn ask(&mut self, statement: &str, shown: &str) -> Result<Answer, EngineError> {
        let interrupt = self.interrupt.clone();
        self.session
            .ask(statement, &interrupt)
            .map_err(|failure| errors::of_statement(self.target(), shown, None, failure))
    }

    fn unexpected(&self, statement: &str, reason: impl Into<String>) -> EngineError {
        EngineError::Unexpected {
            target: self.target().to_owned(),
            statement: statement.to_owned(),
            reason: reason.into(),
        }
    }
}

impl Engine for Postgres {
    fn target(&self) -> &str {
        self.connector.target()
    }

    fn kind(&self) -> EngineKind {
        EngineKind::Postgresql
    }

    fn snapshot(&mut self) -> Result<Snapshot, EngineError> {
        self.read_snapshot()
    }

    fn answer(&mut self, question: &Question) -> Result<Told, EngineError> {
        self.look(question)
    }

    fn site(&mut self) -> Result<Option<Site>, EngineError> {
        Ok(self.find_site()?.ok())
    }

    fn clients(&mut self) -> Result<Clients, EngineError> {
        self.read_clients()
    }

    fn kept_history(&mut self) -> Result<KeptHistory, EngineError> {
        self.look_for_history()
    }

    fn examine(&mut self, settings: &[SettingName]) -> Result<Examination, EngineError> {
        self.look_at_rights(settings)
    }

    fn try_lock(&mut self) -> Result<Lock, EngineError> {
        self.take_lock()
    }

    fn unlock(&mut self) -> Result<(), EngineError> {
        self.release_lock()
    }

    fn write(&mut self, writes: &[(SettingName, Assignment)]) -> Result<(), EngineError> {
        self.alter_system(writes)
    }

    fn activate(&mut self) -> Result<(), EngineError> {
        self.reload_and_wait()
    }

    fn admits_sessions(&mut self) -> Result<(), EngineError> {
        self.connector.connect(&self.interrupt).map(drop)
    }

    fn persist(&mut self) -> Result<(), EngineError> {
        Ok(())
    }

    fn reconnect(&mut self, patience: Duration) -> Result<(), EngineError> {
        self.locked = false;
        self.files_refused = false;
        let begin = Instant::now();
        loop {
            let left = patience.saturating_sub(begin.elapsed());
            let (session, address) = self.connector.reconnect(left, &self.interrupt)?;
            self.session = session;
            self.address = address;
            match self.set_up() {
                // Let in by a server that then went down: it is on its way to be restarted.
                Err(EngineError::Lost { .. }) if begin.elapsed() < patience => {}
                outcome => return outcome,
            }
        }
    }

    fn notices(&mut self) -> Vec<String> {
        self.connector.notices()
    }
}
