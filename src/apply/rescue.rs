//! Brings a server up that did not come back from its restart: with the earlier values on its command
//! line, which win over its files. Then the files are put right as always, and it is restarted.

use std::collections::BTreeMap;
use std::time::Duration;

use super::batch::Batch;
use super::execute::Executor;
use super::recovery;
use super::restart::{Attempt, not_restarted, run_command};
use super::{Cause, Event, Held, Undoing};
use crate::engine::postgresql::Site;
use crate::engine::{Clients, EngineError};
use crate::ledger::{Recovery, Run};
use crate::setting::SettingName;
use crate::snapshot::{Observed, Question, Snapshot};

/// A server that runs with earlier values on its command line, and how it came to that.
#[derive(Debug, Clone)]
pub(super) struct Rescued {
    /// Its programs and files, where dbtune has started it and must stop it itself; `None` where the
    /// rescue command of the target has.
    site: Option<Site>,
    /// How it would be brought back if it does not come back this time either.
    recovery: Recovery,
}

impl Executor<'_> {
    /// Sees to it that a server answers whose restart has failed. Returns why the restart failed, or
    /// that the server is down.
    pub(super) fn rescue(&mut self, attempt: &Attempt, cause: Cause) -> Cause {
        if self.still_answers(attempt, &cause) {
            return cause;
        }
        let Err(why_not) = self.start_with_earlier_values(attempt) else {
            return cause;
        };
        Cause::Down {
            target: attempt.target.name.clone(),
            reason: format!("{cause}; {why_not}"),
            steps: match attempt.site.as_ref().filter(|site| site.is_running()) {
                Some(site) => recovery::with_stop(&attempt.recovery.steps, &attempt.before, site),
                None => attempt.recovery.steps.clone(),
            },
        }
    }

    /// Whether the server answers, in whichever life, and can be written to. One that may still be
    /// starting is given its time.
    fn still_answers(&mut self, attempt: &Attempt, cause: &Cause) -> bool {
        let target = &attempt.target.name;
        if attempt.site.as_ref().is_some_and(|site| !site.is_running()) {
            return false;
        }
        let waited = matches!(cause, Cause::NotRestarted { .. });
        let patience = if waited {
            Duration::ZERO
        } else {
            attempt.target.start_timeout
        };
        self.come_back(target, patience).is_ok()
    }

    fn come_back(&mut self, target: &str, patience: Duration) -> Result<Snapshot, EngineError> {
        self.act(target, |engine| engine.reconnect(patience))?;
        let snapshot = self.snapshot(target)?;
        self.relock(target)?;
        Ok(snapshot)
    }

    fn start_with_earlier_values(&mut self, attempt: &Attempt) -> Result<(), String> {
        let target = &attempt.target;
        let options = recovery::options(&attempt.recovery.overrides);
        let rescued = if let Some(argv) = &target.rescue {
            self.tell_rescuing(&target.name, &recovery::line(argv));
            let argv: Vec<String> = argv.iter().cloned().chain([options]).collect();
            run_command(&argv, target.restart_timeout)
                .map_err(|reason| format!("its rescue command failed: {reason}"))?;
            None
        } else if let Some(site) = &attempt.site {
            self.tell_rescuing(&target.name, "by pg_ctl");
            start(site, &options, attempt)?;
            Some(site.clone())
        } else {
            return Err(
                "it has no `rescue` command, and dbtune cannot start it from here".to_owned(),
            );
        };
        if let Err(error) = self.come_back(&target.name, target.start_timeout) {
            let stopped = rescued.map(|site| site.stop(target.restart_timeout));
            let stopped = stopped.and_then(Result::err);
            return Err(format!(
                "started with the earlier values it does not answer: {error}{}",
                stopped.map_or_else(String::new, |reason| format!(" (nor stop: {reason})"))
            ));
        }
        if let Some(member) = self.fleet.member(&target.name) {
            member.rescued = Some(Rescued {
                site: rescued,
                recovery: attempt.recovery.clone(),
            });
        }
        (self.report)(Event::Undoing(Undoing::Rescued {
            target: target.name.clone(),
        }));
        Ok(())
    }

    fn tell_rescuing(&mut self, target: &str, how: &str) {
        (self.report)(Event::Undoing(Undoing::Rescuing {
            target: target.to_owned(),
            how: how.to_owned(),
        }));
    }

    /// What still stands in the files of the servers that run by options on their command line alone:
    /// what an earlier run or a hand had stored, for what this run wrote has been put back.
    pub(super) fn held(&mut self, begun: &[Batch]) -> Vec<Held> {
        let ours = |target: &str, name: &SettingName| {
            let changes = begun.iter().flat_map(|batch| &batch.changes);
            let mut ours = changes.filter(|change| change.target == target);
            ours.any(|change| change.setting == *name)
        };
        let members = self.fleet.members().iter();
        members
            .filter_map(|member| {
                let target = member.target.name.clone();
                let names = member.rescued.as_ref()?.recovery.overrides.iter();
                let settings = names.map(|(name, _)| name.clone());
                let settings = settings.filter(|name| !ours(&target, name)).collect();
                Some(Held { target, settings })
            })
            .collect()
    }

    /// Whether a target runs with earlier values on its command line.
    pub(super) fn is_rescued(&mut self, target: &str) -> bool {
        let member = self.fleet.member(target);
        member.is_some_and(|member| member.rescued.is_some())
    }

    /// Restarts a target whose files were put right, so that it runs by them alone. It goes on as it is
    /// where it would not start by them.
    pub(super) fn leave_rescue(&mut self, target: &str) -> Result<(), Cause> {
        let before = self.snapshot(target)?;
        self.try_start(target, Some(Question::Start(BTreeMap::new())))?;
        if let Some(described) = self
            .fleet
            .member(target)
            .map(|member| member.target.clone())
        {
            self.unlocked_for_a_while(&described)?;
        }
        let Some((described, rescued)) = self
            .fleet
            .member(target)
            .and_then(|member| Some((member.target.clone(), member.rescued.take()?)))
        else {
            return Ok(());
        };
        let attempt = Attempt {
            target: described,
            before,
            clients: Clients::default(),
            site: rescued.site.clone(),
            recovery: rescued.recovery,
        };
        // It must not begin a second life beside this one: what started it does not know of it.
        let stopped = attempt
            .site
            .as_ref()
            .map_or(Ok(()), |site| site.stop(attempt.target.restart_timeout));
        let back = stopped
            .map_err(|reason| not_restarted(target, format!("it could not be stopped: {reason}")))
            .and_then(|()| self.carry_through(&attempt));
        let result = match back {
            Ok(after) => {
                self.tell_what_is_left(&attempt, &after);
                if let Some(site) = &attempt.site {
                    site.clear_up();
                }
                self.accept(&attempt, after)
            }
            Err(cause) => Err(self.rescue(&attempt, cause)),
        };
        self.locked_again(&result);
        result
    }

    /// Tells of earlier values that stayed on the command line: `pg_ctl restart` keeps what a server
    /// was started with.
    fn tell_what_is_left(&mut self, attempt: &Attempt, after: &Snapshot) {
        let left = still_overridden(&attempt.recovery, after);
        if !left.is_empty() {
            let text = format!(
                "its command line still sets {}, as the rescue command did; stop it and start it \
                 anew to be rid of that",
                left.join(", ")
            );
            (self.report)(Event::Notice {
                target: attempt.target.name.clone(),
                text,
            });
        }
    }

    /// Before a run that was cut off is settled: finds the servers that it had been bringing up with
    /// earlier values, so that they are restarted without them.
    pub(super) fn recognise_rescues(&mut self, run: &Run) {
        for recovery in self.ledger.journal().recoveries(&run.run) {
            let target = recovery.target.clone();
            let Ok(snapshot) = self.snapshot(&target) else {
                continue;
            };
            if still_overridden(&recovery, &snapshot).is_empty() {
                continue;
            }
            let site = self.act(&target, |engine| engine.site()).ok().flatten();
            if let (Some(site), Some(options)) = (&site, &recovery.start_options) {
                drop(site.restore_start_options(options));
            }
            if let Some(member) = self.fleet.member(&target) {
                let site = site.filter(|_| member.target.rescue.is_none());
                member.rescued = Some(Rescued { site, recovery });
            }
        }
    }
}

/// Starts the server by its own programs, and lets the next `pg_ctl restart` know nothing of it.
fn start(site: &Site, options: &str, attempt: &Attempt) -> Result<(), String> {
    if site.is_running() {
        return Err("its process runs and does not answer: it is left alone".to_owned());
    }
    site.start(options, attempt.target.start_timeout)
        .map_err(|said| format!("started with the earlier values it failed: {said}"))?;
    let before = attempt.recovery.start_options.as_deref();
    before.map_or(Ok(()), |before| site.restore_start_options(before))
}

/// The settings of a rescue that are on the command line of the server.
fn still_overridden(recovery: &Recovery, snapshot: &Snapshot) -> Vec<String> {
    let names = recovery.overrides.iter().map(|(name, _)| name);
    names
        .filter(|name| {
            snapshot
                .setting(name)
                .is_some_and(Observed::is_on_command_line)
        })
        .map(|name| name.as_str().to_owned())
        .collect()
}
