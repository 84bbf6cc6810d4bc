//! A session that runs statements of migrations, and everything that goes with waiting for one.

use std::time::Duration;

use super::held_up::HeldUp;
use super::watcher::Watcher;
use super::{Event, MigrateError, Options};
use crate::engine::postgresql::{SqlError, TextRow, Work, WorkError, WorkSession, literal};
use crate::engine::{EngineError, Interrupt, Target};

/// SQLSTATEs after which the same statement may succeed a moment later: a lock was not to be had in
/// time, a deadlock.
const PASSING: [&str; 2] = ["55P03", "40P01"];

/// SQLSTATEs of statements that waited for others in vain; the last one is a cancellation.
const WAITING: [&str; 3] = ["55P03", "40P01", "57014"];

/// How often DDL is tried that cannot get its lock.
const ATTEMPTS: u32 = 12;

/// The pause after the first attempt; it doubles from one to the next, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A statement was not done.
#[derive(Debug)]
pub(super) enum Failed {
    /// The server refused it.
    Server {
        /// What it said.
        error: SqlError,
        /// Who held it up at last, one line each.
        blockers: Vec<String>,
    },
    /// It was held up by others for longer than is allowed, and was cancelled.
    GaveUp {
        /// For how long it had been held up.
        waited: Duration,
        /// By whom, one line each.
        blockers: Vec<String>,
    },
    /// There is no session any more, or the user asked to stop.
    Engine(EngineError),
}

impl Failed {
    /// Whether nobody knows what came of it: there is no session any more. After an interrupt there is.
    pub(super) fn is_lost(&self) -> bool {
        match self {
            Self::Engine(error) => !matches!(error, EngineError::Interrupted),
            Self::Server { .. } | Self::GaveUp { .. } => false,
        }
    }
}

impl From<EngineError> for Failed {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

/// Where events go.
pub(super) type Tell<'e> = &'e (dyn Fn(Event) + Sync);

/// A session that works, and one beside it that watches.
pub(super) struct Worker<'e> {
    pub(super) session: WorkSession,
    pub(super) watcher: Watcher,
    pub(super) options: Options,
    pub(super) interrupt: Interrupt,
    pub(super) tell: Tell<'e>,
    /// What puts the limits back that were lifted, for the next transaction.
    lifted: Option<String>,
    /// The file has set a `lock_timeout` of its own, which its transactions have instead of ours.
    has_own_lock_timeout: bool,
}

impl<'e> Worker<'e> {
    /// Connects; a server that is starting is waited for until `patience` is over.
    pub(super) fn open(
        target: &Target,
        patience: Duration,
        options: &Options,
        interrupt: &Interrupt,
        tell: Tell<'e>,
    ) -> Result<Self, EngineError> {
        Ok(Self {
            session: WorkSession::open(target, patience, interrupt)?,
            watcher: Watcher::new(target.clone(), interrupt.clone()),
            options: options.clone(),
            interrupt: interrupt.clone(),
            tell,
            lifted: None,
            has_own_lock_timeout: false,
        })
    }

    /// The settings of the session as the role and the database have them, with dbtune's own on top: so
    /// that no file sees what the one before it has set, prepared or made temporary. Literals mean what the files were split by.
    pub(super) fn fresh_session(&mut self) -> String {
        self.lifted = None;
        self.has_own_lock_timeout = false;
        let number = self.session.version_number();
        let mut statements = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; DISCARD TEMP; \
            DEALLOCATE ALL; CLOSE ALL; \
            SET application_name = 'dbtune migrate'; SET lock_timeout = 0; \
            SET idle_in_transaction_session_timeout = 0; SET standard_conforming_strings = on;"
            .to_owned();
        // A server that notices that its client has gone would give a build up that is nearly done.
        if number >= 140_000 {
            statements.push_str(
                " SET client_connection_check_interval = 0; SET idle_session_timeout = 0;",
            );
        }
        if number >= 170_000 {
            statements.push_str(" SET transaction_timeout = 0;");
        }
        statements
    }

    /// Lifts the server's own limits for what is run outside of a transaction: they count its waits for
    /// others, and when one strikes during a build an INVALID index stays.
    pub(super) fn lift_limits(&mut self, what: &str) -> Result<(), Failed> {
        if self.lifted.is_none() {
            let limits = self.limits(what)?;
            let put_back =
                |[name, value]: [String; 2]| format!("SET {name} = {};", literal(&value));
            self.lifted = Some(limits.into_iter().map(put_back).collect());
        }
        let last = if self.session.version_number() >= 170_000 {
            "; SET transaction_timeout = 0"
        } else {
            ""
        };
        let lifted = format!("SET lock_timeout = 0; SET statement_timeout = 0{last}");
        self.run(&lifted, what).map(drop)
    }

    /// The statements that put the limits back that were lifted; empty where there are none.
    pub(super) fn put_back_limits(&mut self) -> String {
        self.lifted.take().unwrap_or_default()
    }

    /// Runs a statement that sets something in the session.
    pub(super) fn set(&mut self, statement: &str, what: &str) -> Result<(), Failed> {
        let limits = self.put_back_limits();
        self.run(&limits, what)?;
        self.run(statement, what)?;
        let limits = self.limits(what)?;
        self.has_own_lock_timeout = limits.iter().any(|[name, _]| name == "lock_timeout");
        Ok(())
    }

    /// The limits of the session that are set, by name and value.
    fn limits(&mut self, what: &str) -> Result<Vec<[String; 2]>, Failed> {
        let query = "SELECT name, pg_catalog.current_setting(name) FROM (VALUES ('lock_timeout'), \
            ('statement_timeout'), ('transaction_timeout')) AS limits (name) \
            WHERE pg_catalog.current_setting(name, true) <> '0'";
        let rows = self.run(query, what)?;
        let pair = |row: TextRow| {
            let mut cells = row.into_iter().flatten();
            Some([cells.next()?, cells.next()?])
        };
        Ok(rows.into_iter().filter_map(pair).collect())
    }

    /// Runs statements that wait for other sessions no longer than the server's own limits say.
    pub(super) fn run(&mut self, statements: &str, what: &str) -> Result<Vec<TextRow>, Failed> {
        self.run_held_up(statements, what, None)
    }

    /// Runs a statement; given up when others have held it up for longer than `limit` altogether. While
    /// it works, that counts nothing.
    pub(super) fn run_held_up(
        &mut self,
        statements: &str,
        what: &str,
        limit: Option<Duration>,
    ) -> Result<Vec<TextRow>, Failed> {
        self.run_watched(statements, what, limit, &mut |_watcher, _held_up| {})
    }

    /// The same; `seen` is called each time that it was looked at.
    pub(super) fn run_watched(
        &mut self,
        statements: &str,
        what: &str,
        limit: Option<Duration>,
        seen: &mut dyn FnMut(&mut Watcher, &HeldUp<'_>),
    ) -> Result<Vec<TextRow>, Failed> {
        let pid = self.session.pid();
        let (watcher, interrupt, tell) = (&mut self.watcher, &self.interrupt, self.tell);
        let mut held_up = HeldUp::new(what, limit).looked_at_every(self.options.lock_timeout / 3);
        let outcome = self.session.work(statements, what, &mut || {
            if interrupt.is_raised() {
                return Work::Cancel;
            }
            let work = held_up.look(watcher, pid, tell);
            if held_up.has_just_looked() {
                seen(watcher, &held_up);
            }
            work
        });
        self.outcome(outcome, held_up)
    }

    /// What came of a statement that was watched.
    fn outcome(
        &self,
        outcome: Result<Vec<TextRow>, WorkError>,
        held_up: HeldUp<'_>,
    ) -> Result<Vec<TextRow>, Failed> {
        let HeldUp {
            waited,
            blockers,
            gave_up,
            ..
        } = held_up;
        let error = match outcome {
            Ok(rows) => return Ok(rows),
            Err(error) => error,
        };
        if self.interrupt.is_raised() {
            return Err(EngineError::Interrupted.into());
        }
        match error {
            WorkError::Engine(error) => Err(error.into()),
            WorkError::Server(_) if gave_up => Err(Failed::GaveUp { waited, blockers }),
            WorkError::Server(error) => {
                // Whoever held up a statement that then failed for another reason is not to blame.
                let is_about_waiting = error.is_one_of(&WAITING);
                Err(Failed::Server {
                    error: *error,
                    blockers: if is_about_waiting {
                        blockers
                    } else {
                        Vec::new()
                    },
                })
            }
        }
    }

    /// Runs one transaction, with a short `lock_timeout`, so that nothing queues behind it for long; and
    /// again after a pause, where a lock was not to be had or it was the victim of a deadlock.
    ///
    /// Each part is sent on its own, so that an error tells in which one it lies: the error has its
    /// place in `parts`.
    pub(super) fn transaction(
        &mut self,
        parts: &[&str],
        what: &str,
    ) -> Result<(), (usize, Failed)> {
        self.transaction_after("", parts, what)
    }

    /// The same, after statements that prepare the session for it.
    pub(super) fn transaction_after(
        &mut self,
        before: &str,
        parts: &[&str],
        what: &str,
    ) -> Result<(), (usize, Failed)> {
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let (part, failed) = match self.attempt(before, parts, what) {
                Ok(()) => return Ok(()),
                Err(failed) => failed,
            };
            let Failed::Server { error, blockers } = &failed else {
                return Err((part, failed));
            };
            if attempt == ATTEMPTS || !error.is_one_of(&PASSING) {
                return Err((part, failed));
            }
            (self.tell)(Event::Retry {
                what: what.to_owned(),
                because: because(error, blockers),
                after: pause,
            });
            if self.interrupt.sleep(pause) {
                return Err((part, EngineError::Interrupted.into()));
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Ok(())
    }

    fn attempt(&mut self, before: &str, parts: &[&str], what: &str) -> Result<(), (usize, Failed)> {
        let milliseconds = self.options.lock_timeout.as_millis();
        let limits = self.put_back_limits();
        // In a transaction of its own: how one reads and writes is settled when it begins.
        let prepared = if before.is_empty() && limits.is_empty() {
            String::new()
        } else {
            format!("BEGIN; {limits}{before} COMMIT;")
        };
        let lock_timeout = if self.has_own_lock_timeout {
            String::new()
        } else {
            format!("SET LOCAL lock_timeout = {milliseconds};")
        };
        let begin = format!("{prepared}BEGIN; {lock_timeout}");
        let last = parts.len().saturating_sub(1);
        for (index, part) in parts.iter().enumerate() {
            let before = if index == 0 { begin.as_str() } else { "" };
            let after = if index == last { "\n;COMMIT" } else { "" };
            let sent = format!("{before}{part}{after}");
            if let Err(mut failed) = self.run(&sent, what) {
                shift(&mut failed, before.chars().count());
                self.leave_transaction();
                return Err((index, failed));
            }
        }
        Ok(())
    }

    /// Ends a transaction that failed. Where the session is gone, so is the transaction.
    pub(super) fn leave_transaction(&mut self) {
        let shield = self.interrupt.shield();
        drop(
            self.session
                .work("ROLLBACK", "ROLLBACK", &mut || Work::GoOn),
        );
        drop(shield);
    }

    /// Reads something quick.
    pub(super) fn read(&mut self, query: &str, shown: &str) -> Result<Vec<TextRow>, MigrateError> {
        Ok(self.session.read(query, shown)?)
    }

    /// Tells what the server has said on the side.
    pub(super) fn tell_notices(&self) {
        for notice in self.session.notices() {
            (self.tell)(Event::Notice(notice));
        }
    }
}

/// Takes what was sent before a part off the error's position.
fn shift(failed: &mut Failed, before: usize) {
    if let Failed::Server { error, .. } = failed {
        error.position = error
            .position
            .and_then(|position| position.checked_sub(before));
    }
}

fn because(error: &SqlError, blockers: &[String]) -> String {
    if blockers.is_empty() {
        return error.to_string();
    }
    format!("{error}; held up by {}", blockers.join(" and "))
}
