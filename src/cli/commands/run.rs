//! What `apply` and `rollback` share: the lock, runs that were cut off, the question, the outcome.

use std::collections::BTreeSet;

use ulid::Ulid;

use super::plan::{Shown, show};
use crate::apply::{Applied, ApplyError, Executor, Fleet, LOCK_PATIENCE, Order, Settled};
use crate::cli::args::{Format, RunArgs};
use crate::cli::environment::now;
use crate::cli::failure::{of_apply_error, of_engine_error, of_history_before_a_run};
use crate::cli::setup::{self, Desk};
use crate::cli::{Exit, Failure};
use crate::engine::Target;
use crate::ledger::{Ledger, LedgerError, Outcome, RunCommand, StoredRun};
use crate::plan::{self, Hazard, HazardKind, Plan, PlanError, PlannedTarget, TargetFacts};
use crate::render::{self, RunFacts, Unwell};
use crate::snapshot::Snapshot;

/// How often the events of a run are told is the console's affair; this only passes them on.
fn reporter<'d>(desk: &'d Desk<'_>) -> impl FnMut(crate::apply::Event) + use<'d> {
    let console = desk.console;
    move |event| {
        if let Some(line) = render::event(&event, false) {
            console.note(&line);
        } else if let Some(line) = render::event(&event, true) {
            console.detail(&line);
        }
    }
}

/// What to know before several nodes are restarted by hand.
const ORDER_OF_RESTARTS: &str = "\
A standby does not start with less than its primary ran with. Where values go down, restart the primary first, \
and a standby only when it has replayed what the primary has written since; where they go up, the standbys first.
With --restart dbtune does that itself.
";

/// What is to become of a plan.
pub enum Weighed {
    /// It is to be carried out.
    Go(Box<Plan>),
    /// It is not, and this is how the command ends.
    End(Exit),
}

/// One run in the making.
pub struct Making<'a, 'd> {
    /// What every command has at hand.
    pub desk: &'a Desk<'d>,
    /// The flags.
    pub args: &'a RunArgs,
    /// The command.
    pub command: RunCommand,
    /// The hazards that are allowed.
    pub allowed: BTreeSet<HazardKind>,
    /// The targets, in the order of the fleet.
    pub targets: Vec<Target>,
    /// The servers.
    pub fleet: Fleet,
    /// The history.
    pub ledger: Ledger,
    /// The id that the run will have.
    pub run: String,
}

impl<'a, 'd> Making<'a, 'd> {
    /// Connects. Nothing is locked yet.
    pub fn new(
        desk: &'a Desk<'d>,
        args: &'a RunArgs,
        command: RunCommand,
        targets: Vec<Target>,
        ledger: Ledger,
    ) -> Result<Self, Failure> {
        Ok(Self {
            desk,
            args,
            command,
            allowed: setup::allowed(&args.allow)?,
            fleet: desk.connect(&targets)?,
            targets,
            ledger,
            run: new_run_id(),
        })
    }

    /// Reads every server.
    pub fn snapshots(&mut self) -> Result<Vec<Snapshot>, Failure> {
        self.fleet
            .snapshots()
            .map_err(|error| of_engine_error(&error, Exit::Failed))
    }

    /// Makes a plan of which nothing is left open, a trial of the start included.
    pub fn judged(
        &mut self,
        snapshots: &mut [Snapshot],
        make: impl Fn(&[PlannedTarget<'_>]) -> Result<Plan, PlanError>,
    ) -> Result<Plan, Failure> {
        setup::judged(&mut self.fleet, &self.targets, snapshots, true, make)
    }

    /// The runs that the ledgers know of these servers, oldest first. `fail` tells of a history that
    /// cannot be read.
    pub fn runs(
        &mut self,
        fail: fn(&LedgerError) -> Failure,
    ) -> Result<(Vec<StoredRun>, Vec<TargetFacts>), Failure> {
        let facts: Vec<TargetFacts> = self.snapshots()?.iter().map(TargetFacts::from).collect();
        let runs = self.ledger.runs(&facts).map_err(|error| fail(&error))?;
        Ok((runs, facts))
    }

    /// Takes the lock on every server. A dry run changes nothing and needs none.
    pub fn lock(&mut self) -> Result<(), Failure> {
        // Nothing less than a snapshot tells which server it is; what is read is read again under the
        // lock, and so it is only done where there are two that may be one.
        if setup::may_be_one_server(&self.targets) {
            setup::refuse_one_server_twice(&self.snapshots()?)?;
        }
        if self.args.dry_run {
            return Ok(());
        }
        let mut report = reporter(self.desk);
        self.fleet
            .lock(LOCK_PATIENCE, &self.desk.interrupt, &mut report)
            .map_err(|error| of_apply_error(&error, &self.facts(&[])))
    }

    /// Settles the runs that were cut off, after asking. The lock must be held.
    pub fn settle(&mut self) -> Result<Vec<Settled>, Failure> {
        let (runs, facts) = self.runs(of_history_before_a_run)?;
        if self.args.dry_run {
            self.tell_unsettled(&runs);
            return Ok(Vec::new());
        }
        if let Some(alive) = runs.iter().find(|run| run.is_alive()) {
            // It restarts a server and wants its lock back.
            self.fleet.unlock();
            let error = ApplyError::under_way(alive);
            return Err(of_apply_error(&error, &self.facts(&[])));
        }
        self.ledger
            .share_endings(&facts)
            .map_err(|error| of_history_before_a_run(&error))?;
        if !runs.iter().any(StoredRun::is_unsettled) {
            return Ok(Vec::new());
        }
        self.tell_unsettled(&runs);
        self.confirm("Put back what it changed?")?;
        let run = self.run.clone();
        let restart = self.args.restart;
        let settled = self.executor(|executor| executor.settle(&runs, &run, restart));
        settled.map_err(|error| of_apply_error(&error, &self.facts(&[])))
    }

    fn tell_unsettled(&self, runs: &[StoredRun]) {
        for run in runs.iter().rev().filter(|run| run.is_unsettled()) {
            let what = if run.is_alive() {
                "is under way; nothing can be done before it has ended"
            } else {
                "was cut off; what it changed is put back first"
            };
            self.desk.console.note(&format!(
                "run {} by {}, begun {}, {what}",
                run.intent.run, run.intent.who, run.intent.started_at
            ));
        }
    }

    /// Shows a plan and decides whether it is to be carried out: not when something blocks it, not
    /// in a dry run, not when there is nothing to do. `next` is the command that a dry run names.
    pub fn weigh(&self, plan: Plan, next: &str) -> Result<Weighed, Failure> {
        let is_dry = self.args.dry_run;
        let is_json = self.desk.console.format == Format::Json;
        if !is_json {
            self.show(&plan, is_dry.then_some(next))?;
        }
        self.check_hazards(&plan)?;
        let plan = plan::allow(plan, &self.allowed);
        self.check_restart(&plan)?;
        if is_json && is_dry {
            self.show(&plan, Some(next))?;
        }
        Ok(if is_dry {
            Weighed::End(Exit::Done)
        } else if self.has_work(&plan) {
            Weighed::Go(Box::new(plan))
        } else {
            Weighed::End(self.nothing_to_do(&plan))
        })
    }

    fn show(&self, plan: &Plan, next: Option<&str>) -> Result<(), Failure> {
        let shown = Shown {
            next,
            allowed: &self.allowed,
            diff: None,
        };
        show(self.desk, plan, &shown)
    }

    /// Refuses a plan in which something blocks that was not allowed.
    fn check_hazards(&self, plan: &Plan) -> Result<(), Failure> {
        let blocking = plan::blocking(plan, &self.allowed);
        if blocking.is_empty() {
            return Ok(());
        }
        let messages: Vec<String> = blocking
            .iter()
            .map(|hazard| format!("{}: {}", hazard.kind.key(), hazard.message))
            .collect();
        let message = format!("refused; nothing was changed\n  {}", messages.join("\n  "));
        Err(Failure::new(Exit::Refused, kind_of(&blocking), message)
            .hint_if(how_to_allow(&blocking))
            .document(render::failed_json(
                &RunFacts {
                    run: None,
                    ..self.facts(&phases(plan))
                },
                &Unwell::refused(),
            )))
    }

    /// Refuses `--restart` for a target that has no restart command.
    fn check_restart(&self, plan: &Plan) -> Result<(), Failure> {
        if !self.args.restart {
            return Ok(());
        }
        let has_none = |change: &&plan::Change| {
            let target = self
                .targets
                .iter()
                .find(|target| target.name == change.target);
            change.needs_restart() && target.is_none_or(|target| target.restart.is_none())
        };
        match plan.changes.iter().find(has_none) {
            None => Ok(()),
            Some(change) => Err(Failure::usage(format!(
                "{} has no restart command; nothing was changed",
                change.target
            ))
            .hint("give it one in the targets file (`restart: [systemctl, restart, ...]`), or leave --restart out")),
        }
    }

    /// Asks, unless that was answered by `--yes`.
    pub fn confirm(&self, question: &str) -> Result<(), Failure> {
        if self.args.yes {
            return Ok(());
        }
        if !self.desk.environment.can_ask {
            return Err(Failure::new(
                Exit::Refused,
                "not_confirmed",
                "not confirmed, and there is no terminal to ask on; nothing was changed",
            )
            .hint("add --yes"));
        }
        match self.desk.console.confirm(question, &self.desk.interrupt) {
            Some(true) => Ok(()),
            Some(false) => Err(Failure::new(
                Exit::Refused,
                "not_confirmed",
                "not confirmed; nothing was changed",
            )),
            None => Err(of_apply_error(
                &ApplyError::InterruptedBefore,
                &self.facts(&[]),
            )),
        }
    }

    /// Runs the plan and tells how it ended.
    pub fn carry_out(&mut self, plan: &Plan, undoes: Option<String>) -> Result<Exit, Failure> {
        let order = Order {
            command: self.command,
            run: self.run.clone(),
            who: self.desk.environment.who(),
            undoes,
            restart: self.args.restart,
        };
        let applied = self.executor(|executor| executor.run(plan, &order));
        self.fleet.unlock();
        let facts = self.facts(&phases(plan));
        match applied {
            Ok(applied) => Ok(self.tell(&facts, &applied)),
            Err(error) => Err(of_apply_error(&error, &facts)),
        }
    }

    /// Whether carrying the plan out would do anything: write, or restart what waits for it.
    fn has_work(&self, plan: &Plan) -> bool {
        let may_restart = self.args.restart;
        plan.turns(may_restart)
            .into_iter()
            .flatten()
            .any(|change| change.action.writes() || (may_restart && change.needs_restart()))
    }

    /// Tells that there was nothing to do, or nothing but to wait for a restart.
    fn nothing_to_do(&self, plan: &Plan) -> Exit {
        let applied = Applied::without_run(plan);
        let facts = RunFacts {
            run: None,
            ..self.facts(&phases(plan))
        };
        self.tell(&facts, &applied)
    }

    /// Tells that a run that was cut off has been put back.
    pub fn settled(&self, settled: &Settled) -> Exit {
        let outcome = if settled.pending_restart.is_empty() {
            Outcome::RolledBack
        } else {
            Outcome::PendingRestart
        };
        let applied = Applied {
            outcome,
            restarted: settled.restarted.clone(),
            pending_restart: settled.pending_restart.clone(),
            ..Applied::nothing()
        };
        let console = self.desk.console;
        match console.format {
            Format::Json => {
                let facts = RunFacts {
                    run: Some(settled.run.clone()),
                    ..self.facts(&[])
                };
                console.document(&render::applied_json(&facts, &applied));
            }
            Format::Human | Format::Markdown => {
                let run = &settled.run;
                console.answer(&format!(
                    "Run {run}, which was cut off, has been put back.\n"
                ));
                for target in &settled.pending_restart {
                    console.answer(&format!("Restart {target} to run as before, too.\n"));
                }
                if settled.pending_restart.len() > 1 {
                    console.answer(ORDER_OF_RESTARTS);
                }
            }
        }
        exit_of(&applied)
    }

    /// Tells that there is no run to undo.
    pub fn nothing_to_undo(&self) -> Exit {
        let facts = RunFacts {
            run: None,
            ..self.facts(&[])
        };
        self.tell(&facts, &Applied::nothing())
    }

    fn tell(&self, facts: &RunFacts, applied: &Applied) -> Exit {
        match self.desk.console.format {
            Format::Json => self
                .desk
                .console
                .document(&render::applied_json(facts, applied)),
            Format::Human | Format::Markdown => {
                self.desk
                    .console
                    .answer(&render::applied_human(facts, applied));
            }
        }
        exit_of(applied)
    }

    fn facts(&self, phases: &[u32]) -> RunFacts {
        RunFacts {
            run: Some(self.run.clone()),
            command: self.command,
            phases: phases.to_vec(),
        }
    }

    fn executor<T>(
        &mut self,
        act: impl FnOnce(&mut Executor<'_>) -> Result<T, ApplyError>,
    ) -> Result<T, ApplyError> {
        let mut report = reporter(self.desk);
        act(&mut Executor {
            fleet: &mut self.fleet,
            ledger: &mut self.ledger,
            interrupt: &self.desk.interrupt,
            clock: now,
            report: &mut report,
            rewritten: None,
            start_is_trusted: self.allowed.contains(&HazardKind::WillNotStart),
            under_way: None,
        })
    }
}

fn exit_of(applied: &Applied) -> Exit {
    if applied.pending_restart.is_empty() {
        Exit::Done
    } else {
        Exit::PendingRestart
    }
}

/// The phases of a plan, ascending.
fn phases(plan: &Plan) -> Vec<u32> {
    let mut phases: Vec<u32> = plan.phases.iter().map(|phase| phase.number).collect();
    phases.sort_unstable();
    phases
}

fn kind_of(blocking: &[&Hazard]) -> &'static str {
    blocking
        .first()
        .map_or("refused", |hazard| hazard.kind.key())
}

fn how_to_allow(blocking: &[&Hazard]) -> Option<String> {
    let kinds: BTreeSet<HazardKind> = blocking.iter().map(|hazard| hazard.kind).collect();
    if kinds.iter().any(|kind| !kind.can_be_allowed()) {
        return None;
    }
    let flags: Vec<String> = kinds
        .iter()
        .map(|kind| format!("--allow {}", kind.key()))
        .collect();
    Some(format!("to go on in spite of it, add {}", flags.join(" ")))
}

fn new_run_id() -> String {
    let milliseconds = now().unix_timestamp_nanos() / 1_000_000;
    let milliseconds = u64::try_from(milliseconds).unwrap_or_default();
    let random = Ulid::new().random();
    Ulid::from_parts(milliseconds, random).to_string()
}
