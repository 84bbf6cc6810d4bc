//! Restarts a target by its own command, and only believes the server that it happened.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::execute::Executor;
use super::recovery::{self, Known};
use super::{Cause, Event};
use crate::engine::postgresql::Site;
use crate::engine::{Clients, Target, process};
use crate::ledger::{LedgerError, RecordedChange, Recovery, Restart};
use crate::plan::start_question;
use crate::snapshot::{Answer, Question, Snapshot};

/// How much of what a command printed is worth showing, in bytes.
const OUTPUT_SHOWN: usize = 2_000;

/// What a restart may take besides the limits of its target: looks, and the lock.
const BUSY_BESIDES: Duration = Duration::from_mins(1);

/// A restart that is under way, and all that is needed where it fails.
pub(super) struct Attempt {
    pub(super) target: Target,
    /// The server before it.
    pub(super) before: Snapshot,
    /// Whose connections end with it.
    pub(super) clients: Clients,
    /// Its programs and files, where they are on this machine.
    pub(super) site: Option<Site>,
    /// How it would be brought back.
    pub(super) recovery: Recovery,
}

impl Executor<'_> {
    /// Makes a restart ready, so that nothing is left to do but to begin it. A start that a trial says
    /// no to is not begun.
    pub(super) fn ready(&mut self, target: &str) -> Result<Attempt, Cause> {
        let before = self.snapshot(target)?;
        if !self.start_is_trusted {
            self.try_start(target, start_question(&before))?;
        }
        let attempt = self.prepare(target, before)?;
        (self.report)(Event::InUse {
            target: target.to_owned(),
            clients: attempt.clients.clone(),
        });
        self.unlocked_for_a_while(&attempt.target)?;
        Ok(attempt)
    }

    /// Restarts a target: the one door. A server that does not come back is brought up with its earlier
    /// values where that can be done, so that what the run changed can be put back as everywhere; the
    /// restart has failed all the same.
    pub(super) fn restart(&mut self, attempt: &Attempt) -> Result<(), Cause> {
        // A restart that has begun is seen through: half of one is what nobody wants.
        let shield = self.interrupt.shield();
        let result = match self.carry_through(attempt) {
            Ok(after) => self.accept(attempt, after),
            Err(cause) => Err(self.rescue(attempt, cause)),
        };
        self.locked_again(&result);
        drop(shield);
        result
    }

    /// Tells everybody that this run goes on although its lock goes with a server: another one that
    /// finds the lock free must not take it for one that was cut off.
    pub(super) fn unlocked_for_a_while(&mut self, target: &Target) -> Result<(), Cause> {
        // A restart, and the rescue where it fails, which has the same limits.
        let limit = (target.restart_timeout + target.start_timeout) * 2 + BUSY_BESIDES;
        let run = self.run_id();
        Ok(self.ledger.busy(&run, limit)?)
    }

    /// Takes that back. Where the server is down it cannot be written, nor is the lock held.
    pub(super) fn locked_again(&mut self, result: &Result<(), Cause>) {
        if !matches!(result, Err(Cause::Down { .. })) {
            let run = self.run_id();
            // What stays there ends by itself, with its time or with the run.
            drop(self.ledger.no_longer_busy(&run));
        }
    }

    /// Asks whether the server would start, where that can be tried.
    pub(super) fn try_start(
        &mut self,
        target: &str,
        question: Option<Question>,
    ) -> Result<(), Cause> {
        let Some(question) = question else {
            return Ok(());
        };
        match self.act(target, |engine| engine.answer(&question))? {
            Answer::Yes | Answer::Unknown(_) => Ok(()),
            Answer::No(reason) => Err(Cause::WouldNotStart {
                target: target.to_owned(),
                reason,
            }),
        }
    }

    /// Finds out whom the restart concerns and how the server would be brought back, and writes the
    /// latter down on the local disk.
    fn prepare(&mut self, target: &str, before: Snapshot) -> Result<Attempt, Cause> {
        let described = self
            .fleet
            .member(target)
            .map(|member| member.target.clone())
            .filter(|described| described.restart.is_some())
            .ok_or_else(|| failed(target, "the target has none".to_owned()))?;
        let site = self.act(target, |engine| engine.site())?;
        let changes = self.changes_of(target);
        let overrides = recovery::overrides(&before, &changes);
        let recovery = Recovery {
            run: self.run_id(),
            target: target.to_owned(),
            start_options: site
                .as_ref()
                .and_then(Site::start_options)
                .filter(|options| !holds_a_secret(options, &before)),
            steps: recovery::steps(&Known {
                target: &described,
                before: &before,
                site: site.as_ref(),
                changes: &changes,
                overrides: &overrides,
            }),
            overrides,
        };
        let journal = self.ledger.journal();
        if journal.knows(&recovery.run) {
            journal.recovery(&recovery).map_err(LedgerError::from)?;
        }
        let clients = self.act(target, |engine| engine.clients())?;
        Ok(Attempt {
            target: described,
            clients: Clients {
                connections: clients.connections.or(before.facts.connections),
                ..clients
            },
            before,
            site,
            recovery,
        })
    }

    fn run_id(&self) -> String {
        let run = self.under_way.as_ref().map(|run| run.run.clone());
        run.unwrap_or_default()
    }

    /// What the run under way has written, or may have, on a target.
    fn changes_of(&self, target: &str) -> Vec<RecordedChange> {
        let changes = self.under_way.iter().flat_map(|run| &run.changes);
        changes
            .filter(|change| change.target == target)
            .cloned()
            .collect()
    }

    /// Runs the restart command and waits until the server is back.
    pub(super) fn carry_through(&mut self, attempt: &Attempt) -> Result<Snapshot, Cause> {
        let target = &attempt.target;
        let argv = target.restart.clone().unwrap_or_default();
        (self.report)(Event::Restarting {
            target: target.name.clone(),
            command: recovery::line(&argv),
        });
        let begun = Instant::now();
        run_command(&argv, target.restart_timeout)
            .map_err(|reason| failed(&target.name, reason))?;
        let after = self.wait_until_back(attempt)?;
        (self.report)(Event::Restarted {
            target: target.name.clone(),
            took: begun.elapsed(),
        });
        Ok(after)
    }

    /// Waits until the server answers in a new life.
    fn wait_until_back(&mut self, attempt: &Attempt) -> Result<Snapshot, Cause> {
        let target = &attempt.target.name;
        let end = Instant::now() + attempt.target.start_timeout;
        let before = &attempt.before.identity.started_at;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let answer = self
                .act(target, |engine| engine.reconnect(left))
                .and_then(|()| self.snapshot(target));
            let reason = match answer {
                Ok(now) if now.identity.started_at != *before => return Ok(now),
                Ok(_) => format!(
                    "the command ended well, but the server runs since {before} without a restart"
                ),
                Err(error) => format!("it does not answer: {error}"),
            };
            if Instant::now() >= end {
                return Err(not_restarted(target, reason));
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Takes the lock on a server that is back, and looks at what came back.
    pub(super) fn accept(&mut self, attempt: &Attempt, after: Snapshot) -> Result<(), Cause> {
        let target = &attempt.target.name;
        self.relock(target)?;
        let (was, is) = (&attempt.before.identity, after.identity);
        if was.version != is.version {
            (self.report)(Event::VersionMoved {
                target: target.clone(),
                before: was.version.clone(),
                after: is.version.clone(),
            });
        }
        if let Some(member) = self.fleet.member(target) {
            member.restarts.push(Restart {
                target: target.clone(),
                connections: attempt.clients.connections,
                in_transaction: attempt.clients.in_transaction,
                version_before: was.version.clone(),
                version_after: is.version,
            });
        }
        if was.role == is.role {
            return Ok(());
        }
        let reason = format!("it was a {} and came back as a {}", was.role, is.role);
        Err(not_restarted(target, reason))
    }
}

/// Whether a command line sets something secret, which no journal may hold.
fn holds_a_secret(options: &str, server: &Snapshot) -> bool {
    let mut settings = server.settings.iter();
    settings.any(|(name, observed)| observed.secret && options.contains(name.as_str()))
}

/// Runs a command to its end, or to the end of its time.
pub(super) fn run_command(argv: &[String], limit: Duration) -> Result<(), String> {
    let [program, arguments @ ..] = argv else {
        return Err("it is empty".to_owned());
    };
    let mut command = Command::new(program);
    command.args(arguments);
    let ended = process::run(command, limit, &|| false)
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    match ended.status {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(format!(
            "{program} ended with {status}{}",
            tail(&ended.said)
        )),
        None => Err(format!(
            "{program} had not ended after {} s and was stopped{}",
            limit.as_secs_f64(),
            tail(&ended.said)
        )),
    }
}

/// The end of what a command printed, as a part of a message.
fn tail(said: &str) -> String {
    let said = said.trim();
    if said.is_empty() {
        return String::new();
    }
    let from = said.len().saturating_sub(OUTPUT_SHOWN);
    let from = (from..said.len()).find(|&at| said.is_char_boundary(at));
    let shown = from.and_then(|from| said.get(from..)).unwrap_or_default();
    format!("; it said: {shown}")
}

/// A cause as one text, with the steps where there are any.
pub(super) fn told(cause: &Cause) -> String {
    match cause {
        Cause::Down { steps, .. } => format!("{cause}\n  {}", steps.join("\n  ")),
        Cause::Interrupted
        | Cause::Engine(_)
        | Cause::Ledger(_)
        | Cause::NotAsWritten { .. }
        | Cause::RestartCommand { .. }
        | Cause::NotRestarted { .. }
        | Cause::NoOrder { .. }
        | Cause::NotReplayed { .. }
        | Cause::WouldNotStart { .. } => cause.to_string(),
    }
}

fn failed(target: &str, reason: String) -> Cause {
    Cause::RestartCommand {
        target: target.to_owned(),
        reason,
    }
}

pub(super) fn not_restarted(target: &str, reason: String) -> Cause {
    Cause::NotRestarted {
        target: target.to_owned(),
        reason,
    }
}
