//! The history that everybody shares: the table `dbtune.run` in the first PostgreSQL target.

use super::{Ending, Run, StoredRun};
use crate::engine::postgresql::{SideSession, literal};
use crate::engine::{EngineError, Interrupt, Target};

/// The table is made by the first run that writes to it. That it may be there already is no news.
const CREATE: &str = "
SET client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS dbtune;
CREATE TABLE IF NOT EXISTS dbtune.run (
    run text PRIMARY KEY,
    started_at timestamptz NOT NULL,
    who text NOT NULL,
    intent jsonb NOT NULL,
    ending jsonb
);
COMMENT ON TABLE dbtune.run IS 'What dbtune changed, with the values to go back to; see dbtune history';";

/// The shared history in one database.
pub struct SharedLedger {
    target: Target,
    interrupt: Interrupt,
    session: Option<SideSession>,
}

/// Why the shared history could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum SharedError {
    /// The server did not answer or refused.
    #[error(transparent)]
    Server(#[from] EngineError),
    /// A row holds something that dbtune did not write.
    #[error("the row {run} of dbtune.run on {target} is not what dbtune writes")]
    Damaged {
        /// The target.
        target: String,
        /// The run.
        run: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A value could not be written as JSON.
    #[error("cannot write the run as JSON")]
    Encode(#[from] serde_json::Error),
}

impl SharedLedger {
    /// The history on this target. Nothing is connected or created yet.
    pub fn new(target: Target, interrupt: Interrupt) -> Self {
        Self {
            target,
            interrupt,
            session: None,
        }
    }

    /// Writes what a run is about to do; makes the table where there is none.
    pub fn begin(&mut self, run: &Run) -> Result<(), SharedError> {
        let exists = self.exists()?;
        let insert = format!(
            "INSERT INTO dbtune.run (run, started_at, who, intent) VALUES ({}, {}, {}, {})
             ON CONFLICT (run) DO NOTHING",
            literal(&run.run),
            literal(&run.started_at),
            literal(&run.who),
            literal(&serde_json::to_string(run)?),
        );
        self.attempt(|session| {
            if !exists {
                session.write(CREATE, "CREATE TABLE dbtune.run")?;
            }
            session.write(&insert, "INSERT INTO dbtune.run")
        })
    }

    /// Writes how a run ended. A run that this history does not know is left alone.
    pub fn end(&mut self, ending: &Ending) -> Result<(), SharedError> {
        if !self.exists()? {
            return Ok(());
        }
        let update = format!(
            "UPDATE dbtune.run SET ending = {} WHERE run = {}",
            literal(&serde_json::to_string(ending)?),
            literal(&ending.run),
        );
        self.attempt(|session| session.write(&update, "UPDATE dbtune.run"))
    }

    /// Every run, oldest first; none where the table was never made.
    pub fn runs(&mut self) -> Result<Vec<StoredRun>, SharedError> {
        if !self.exists()? {
            return Ok(Vec::new());
        }
        let rows = self.attempt(|session| {
            session.read(
                "SELECT run, intent, ending FROM dbtune.run ORDER BY run",
                "SELECT FROM dbtune.run",
            )
        })?;
        rows.iter().map(|row| self.understand(row)).collect()
    }

    fn exists(&mut self) -> Result<bool, SharedError> {
        let rows = self.attempt(|session| {
            session.read(
                "SELECT to_regclass('dbtune.run') IS NOT NULL",
                "a look for dbtune.run",
            )
        })?;
        Ok(rows
            .iter()
            .flatten()
            .any(|cell| cell.as_deref() == Some("t")))
    }

    fn understand(&self, row: &[Option<String>]) -> Result<StoredRun, SharedError> {
        let [run, intent, ending] = row else {
            return Err(EngineError::Unexpected {
                target: self.target.name.clone(),
                statement: "SELECT FROM dbtune.run".to_owned(),
                reason: format!("a row of {} columns", row.len()),
            }
            .into());
        };
        let damaged = |source| SharedError::Damaged {
            target: self.target.name.clone(),
            run: run.clone().unwrap_or_default(),
            source,
        };
        Ok(StoredRun {
            intent: serde_json::from_str(intent.as_deref().unwrap_or_default()).map_err(damaged)?,
            ending: ending
                .as_deref()
                .map(serde_json::from_str)
                .transpose()
                .map_err(damaged)?,
        })
    }

    /// Runs statements on a session, and once more on a new one where the old one is gone: a
    /// restart of the server is an everyday event for this table. Every statement here may be
    /// repeated without harm.
    fn attempt<T>(
        &mut self,
        statements: impl Fn(&mut SideSession) -> Result<T, EngineError>,
    ) -> Result<T, SharedError> {
        if let Some(mut session) = self.session.take() {
            match statements(&mut session) {
                Ok(value) => {
                    self.session = Some(session);
                    return Ok(value);
                }
                Err(EngineError::Lost { .. }) => {}
                Err(error) => {
                    self.session = Some(session);
                    return Err(error.into());
                }
            }
        }
        let mut session = SideSession::open(&self.target, &self.interrupt)?;
        let value = statements(&mut session)?;
        self.session = Some(session);
        Ok(value)
    }
}
