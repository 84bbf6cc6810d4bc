//! Making the server read its configuration files, and knowing that it has.
//!
//! `pg_reload_conf()` only sends a signal and answers `t` whatever comes of it. That this session
//! has read the files is known when its `pg_conf_load_time()` moves, and that can only be seen by a
//! statement of its own: within one string of statements it never moves.

use std::time::{Duration, Instant};

use super::files::Files;
use super::{Postgres, errors, rows, sql};
use crate::engine::{Engine as _, EngineError};
use crate::snapshot::FileProblem;

/// How long the server has for it. An idle one was seen to need 13 ms at most.
const LIMIT: Duration = Duration::from_secs(10);

/// After this time it is worth looking whether the files have an error that stops every reload.
const SUSPICIOUS: Duration = Duration::from_secs(1);

const RELOADING: &str = "SELECT pg_reload_conf()";

/// What to do where the role may not.
const HINT: &str = "GRANT EXECUTE ON FUNCTION pg_reload_conf() TO the role that dbtune connects as";

impl Postgres {
    pub(super) fn reload_and_wait(&mut self) -> Result<(), EngineError> {
        if self.interrupt.is_raised() {
            return Err(EngineError::Interrupted);
        }
        let before = self.reload()?;
        let begin = Instant::now();
        let mut pause = Duration::from_millis(1);
        let mut looks = [SUSPICIOUS, LIMIT].into_iter().peekable();
        while self.load_time()? == before {
            let waited = begin.elapsed();
            if let Some(due) = looks.next_if(|&due| waited >= due) {
                self.give_up_if_hopeless(waited, due)?;
            }
            if self.interrupt.sleep(pause) {
                return Err(EngineError::Interrupted);
            }
            pause = (pause * 2).min(Duration::from_millis(50));
        }
        Ok(())
    }

    /// An error when the files have one that stops every reload, or when the time is over.
    fn give_up_if_hopeless(&mut self, waited: Duration, due: Duration) -> Result<(), EngineError> {
        let problems = self.what_stops_it()?;
        if problems.is_empty() && due < LIMIT {
            return Ok(());
        }
        Err(EngineError::ReloadAbandoned {
            target: self.target().to_owned(),
            waited_seconds: waited.as_secs(),
            problems: problems.iter().map(show).collect(),
        })
    }

    /// Asks for the reload. Returns when this session last read the files.
    fn reload(&mut self) -> Result<String, EngineError> {
        let answer = self.ask(
            "SELECT pg_catalog.pg_conf_load_time()::text AS before, \
             pg_catalog.pg_reload_conf() AS sent",
            RELOADING,
        );
        let answer = answer.map_err(|error| errors::advise(error, HINT))?;
        let read = rows::only_row(&answer).and_then(|row| {
            let before = row.required("before")?.to_owned();
            Ok((before, row.flag("sent")?))
        });
        match read {
            Ok((before, true)) => Ok(before),
            Ok((_, false)) => Err(self.unexpected(
                RELOADING,
                "the signal could not be sent to the server's first process",
            )),
            Err(reason) => Err(self.unexpected(RELOADING, reason)),
        }
    }

    fn load_time(&mut self) -> Result<String, EngineError> {
        let shown = "SELECT pg_conf_load_time()";
        let answer = self.ask("SELECT pg_catalog.pg_conf_load_time()::text AS now", shown)?;
        rows::only_row(&answer)
            .and_then(|row| row.required("now").map(str::to_owned))
            .map_err(|reason| self.unexpected(shown, reason))
    }

    /// The errors in the files that keep the server from reading them; nothing where the role may
    /// not look.
    fn what_stops_it(&mut self) -> Result<Vec<FileProblem>, EngineError> {
        match self.ask(sql::FILES, "the query of pg_file_settings") {
            Ok(answer) => Files::read(&rows::rows(&answer))
                .map(|files| files.stops_a_reload())
                .map_err(|reason| self.unexpected("the query of pg_file_settings", reason)),
            Err(EngineError::Refused { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// `file:line: error (setting)`, as far as each is known.
fn show(problem: &FileProblem) -> String {
    let place = match (&problem.file, problem.line) {
        (Some(file), Some(line)) => format!("{file}:{line}: "),
        (Some(file), None) => format!("{file}: "),
        (None, _) => String::new(),
    };
    let setting = problem
        .setting
        .as_ref()
        .map(|setting| format!(" ({setting})"))
        .unwrap_or_default();
    format!("{place}{}{setting}", problem.error)
}
