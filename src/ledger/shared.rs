//! The history that everybody shares: the table `dbtune.run` in the first PostgreSQL target that is
//! no standby. A standby has a copy of it, and can only be read.

use std::time::Duration;

use super::{Ending, Life, Run, StoredRun};
use crate::engine::postgresql::{SideSession, literal};
use crate::engine::{EngineError, Interrupt, Target};

/// The table is made by the first run that writes to it. That it may be there already is no news.
const CREATE: &str = "
SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS dbtune.run (
    run text PRIMARY KEY,
    started_at timestamptz NOT NULL,
    who text NOT NULL,
    intent jsonb NOT NULL,
    ending jsonb
);
COMMENT ON TABLE dbtune.run IS 'What dbtune changed, with the values to go back to; see dbtune history';";

const HAS_TABLE: &str = "SELECT to_regclass('dbtune.run') IS NOT NULL";

const HAS_SCHEMA: &str = "SELECT to_regnamespace('dbtune') IS NOT NULL";

/// Asks for more rights than there may be where the schema was made by somebody else, even if it is
/// there: so it is only sent where it is not.
const CREATE_SCHEMA: &str = "
SET client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS dbtune;";

/// Until when a run may be busy is told where it is in the future: the clock is the server's.
const ROWS: &str = "
SELECT run, intent, ending,
       CASE WHEN (intent->>'busy_until')::timestamptz > now() THEN intent->>'busy_until' END,
       CASE WHEN (intent->>'settling_until')::timestamptz > now() THEN intent->>'settling_until' END
FROM dbtune.run ORDER BY run";

/// The shared history in one database.
pub struct SharedLedger {
    /// The PostgreSQL targets, the preferred one first. Never empty.
    candidates: Vec<Target>,
    /// Which of them it is, once that is known.
    chosen: usize,
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
    /// The history on the first of these targets that is no standby, or where all are standbys on the
    /// first. `None` where there is no target. Nothing is connected or created yet.
    pub fn new(candidates: Vec<Target>, interrupt: Interrupt) -> Option<Self> {
        (!candidates.is_empty()).then_some(Self {
            candidates,
            chosen: 0,
            interrupt,
            session: None,
        })
    }

    /// The name of the target that the history lies on, as far as is known.
    fn target(&self) -> String {
        let chosen = self.candidates.get(self.chosen);
        chosen.map_or_else(String::new, |target| target.name.clone())
    }

    fn open(&mut self) -> Result<SideSession, EngineError> {
        let mut first: Option<SideSession> = None;
        for index in 0..self.candidates.len() {
            let Some(candidate) = self.candidates.get(index) else {
                continue;
            };
            let mut session = SideSession::open(candidate, &self.interrupt)?;
            if self.candidates.len() == 1 || !is_standby(&mut session)? {
                self.chosen = index;
                return Ok(session);
            }
            first.get_or_insert(session);
        }
        self.chosen = 0;
        first.ok_or_else(|| EngineError::Unexpected {
            target: self.target(),
            statement: "a look for the history".to_owned(),
            reason: "no PostgreSQL target was given".to_owned(),
        })
    }

    /// Writes what a run is about to do; makes the table where there is none.
    pub fn begin(&mut self, run: &Run) -> Result<(), SharedError> {
        let exists = self.exists()?;
        let has_schema = exists || self.is_so(HAS_SCHEMA, "a look for the schema dbtune")?;
        let insert = format!(
            "INSERT INTO dbtune.run (run, started_at, who, intent) VALUES ({}, {}, {}, {})
             ON CONFLICT (run) DO NOTHING",
            literal(&run.run),
            literal(&run.started_at),
            literal(&run.who),
            literal(&serde_json::to_string(run)?),
        );
        self.attempt(|session| {
            if !has_schema {
                session.write(CREATE_SCHEMA, "CREATE SCHEMA dbtune")?;
            }
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

    /// Writes that a run may be busy for this long without holding a lock, by the clock of the server.
    /// `is_own` says whether the journal of this machine knows the run: else it settles that of another
    /// machine, whose journal cannot tell how this one does.
    pub fn busy(&mut self, run: &str, is_own: bool, limit: Duration) -> Result<(), SharedError> {
        let key = if is_own {
            "busy_until"
        } else {
            "settling_until"
        };
        let until = format!(
            "jsonb_set(intent, '{{{key}}}', to_jsonb(now() + interval '{} s'))",
            limit.as_secs()
        );
        self.update_intent(run, &until)
    }

    /// Writes that a run holds its locks again.
    pub fn no_longer_busy(&mut self, run: &str) -> Result<(), SharedError> {
        self.update_intent(run, "intent - 'busy_until' - 'settling_until'")
    }

    fn update_intent(&mut self, run: &str, intent: &str) -> Result<(), SharedError> {
        if !self.exists()? {
            return Ok(());
        }
        let run = literal(run);
        let update = format!("UPDATE dbtune.run SET intent = {intent} WHERE run = {run}");
        self.attempt(|session| session.write(&update, "UPDATE dbtune.run"))
    }

    /// Every run, oldest first; none where the table was never made.
    pub fn runs(&mut self) -> Result<Vec<StoredRun>, SharedError> {
        if !self.exists()? {
            return Ok(Vec::new());
        }
        let rows = self.attempt(|session| session.read(ROWS, "SELECT FROM dbtune.run"))?;
        rows.iter().map(|row| self.understand(row)).collect()
    }

    fn exists(&mut self) -> Result<bool, SharedError> {
        self.is_so(HAS_TABLE, "a look for dbtune.run")
    }

    fn is_so(&mut self, question: &str, shown: &str) -> Result<bool, SharedError> {
        let rows = self.attempt(|session| session.read(question, shown))?;
        Ok(rows
            .iter()
            .flatten()
            .any(|cell| cell.as_deref() == Some("t")))
    }

    fn understand(&self, row: &[Option<String>]) -> Result<StoredRun, SharedError> {
        let [run, intent, ending, busy, settling] = row else {
            return Err(EngineError::Unexpected {
                target: self.target(),
                statement: "SELECT FROM dbtune.run".to_owned(),
                reason: format!("a row of {} columns", row.len()),
            }
            .into());
        };
        let damaged = |source| SharedError::Damaged {
            target: self.target(),
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
            life: match (settling, busy) {
                (Some(until), _) => Life::SettlingUntil(until.clone()),
                (None, Some(until)) => Life::BusyUntil(until.clone()),
                (None, None) => Life::Unknown,
            },
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
        let mut session = self.open()?;
        let value = statements(&mut session)?;
        self.session = Some(session);
        Ok(value)
    }
}

fn is_standby(session: &mut SideSession) -> Result<bool, EngineError> {
    let rows = session.read("SELECT pg_is_in_recovery()", "a look for a standby")?;
    Ok(rows
        .iter()
        .flatten()
        .any(|cell| cell.as_deref() == Some("t")))
}
