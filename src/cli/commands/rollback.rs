//! `dbtune rollback`.

use super::run::{Making, Weighed};
use crate::cli::args::RollbackArgs;
use crate::cli::environment::now;
use crate::cli::failure::of_ledger_error;
use crate::cli::setup::Desk;
use crate::cli::{Exit, Failure};
use crate::ledger::{
    HistoryEntry, Outcome, Run, RunCommand, RunState, StoredRun, history, newest_to_undo,
};
use crate::plan::{self, Plan, Undo};

/// Goes back to what was before a run.
pub fn run(desk: &Desk<'_>, args: &RollbackArgs) -> Result<Exit, Failure> {
    let known = desk.known()?;
    let ledger = desk.ledger(&known.targets)?;
    let targets = known.targets.list.clone();
    if targets.is_empty() {
        return Err(Failure::usage("no target is known").hint("give --postgres URL, --redis URL"));
    }
    let mut making = Making::new(desk, &args.run, RunCommand::Rollback, targets, ledger)?;
    making.lock()?;
    let settled = making.settle()?;
    let (runs, facts) = making.runs(of_ledger_error)?;
    let entries = history(&runs, &facts, false);
    // To settle a run that was cut off is to roll it back: nothing else was asked for.
    let done = settled.iter().find(|settled| match &args.run_id {
        Some(id) => settled.run.starts_with(&id.to_ascii_uppercase()),
        None => settled.command == RunCommand::Apply,
    });
    if let Some(done) = done {
        return Ok(making.settled(done));
    }
    let Some(entry) = chosen(&entries, args.run_id.as_deref())? else {
        return Ok(making.nothing_to_undo());
    };
    go_back(&mut making, &entry.stored, args)
}

fn go_back(
    making: &mut Making<'_, '_>,
    stored: &StoredRun,
    args: &RollbackArgs,
) -> Result<Exit, Failure> {
    let plan = make(making, &stored.intent)?;
    let next = format!("dbtune rollback {}", stored.intent.run);
    let plan = match making.weigh(plan, &next)? {
        Weighed::Go(plan) => plan,
        Weighed::End(exit) => return Ok(exit),
    };
    if !args.run.yes {
        making.confirm(&format!("Roll back run {}?", stored.intent.run))?;
        refuse_if_moved(
            &plan,
            &plan::allow(make(making, &stored.intent)?, &making.allowed),
        )?;
    }
    making.carry_out(&plan, Some(stored.intent.run.clone()))
}

/// The run that the newest rollback undid, where that rollback still waits for a restart: it is
/// finished before anything else is undone.
fn unfinished(entries: &[HistoryEntry]) -> Option<&HistoryEntry> {
    let newest = entries.first()?;
    let waits = newest.state == RunState::Ended(Outcome::PendingRestart);
    let undone = newest.stored.intent.undoes.as_ref().filter(|_| waits)?;
    entries
        .iter()
        .find(|entry| entry.stored.intent.run == *undone)
}

/// The run to undo; `None` where none was named and there is none.
fn chosen<'e>(
    entries: &'e [HistoryEntry],
    id: Option<&str>,
) -> Result<Option<&'e HistoryEntry>, Failure> {
    let Some(id) = id else {
        return Ok(unfinished(entries).or_else(|| newest_to_undo(entries)));
    };
    let entry = super::history::find(entries, id)?;
    if let Some(by) = &entry.undone_by {
        let run = &entry.stored.intent.run;
        return Err(Failure::new(
            Exit::Refused,
            "already_undone",
            format!("run {run} was undone by {by}; nothing was changed"),
        )
        .hint(format!("to go back to it: dbtune rollback {by}")));
    }
    if !entry.stored.stands() {
        let run = &entry.stored.intent.run;
        let state = entry.state.key().replace('_', " ");
        return Err(Failure::new(
            Exit::Refused,
            "nothing_to_undo",
            format!("run {run} ended as {state}: there is nothing of it to undo"),
        ));
    }
    Ok(Some(entry))
}

fn make(making: &mut Making<'_, '_>, run: &Run) -> Result<Plan, Failure> {
    let undos = undos(run)?;
    let mut snapshots = making.snapshots()?;
    making.judged(&mut snapshots, |planned| {
        plan::invert(&run.profile, &undos, planned, now())
    })
}

fn undos(run: &Run) -> Result<Vec<Undo>, Failure> {
    let mut undos = Vec::new();
    for change in &run.changes {
        let before = change.undo.clone().ok_or_else(|| {
            Failure::new(
                Exit::Refused,
                "secret",
                format!(
                    "{} on {} held a secret before run {}, and dbtune keeps no secret; \
                     nothing was changed",
                    change.setting, change.target, run.run
                ),
            )
            .hint(format!("set {} by hand", change.setting))
        })?;
        undos.push(Undo {
            phase: change.phase,
            target: change.target.clone(),
            engine: change.engine,
            setting: change.setting.clone(),
            before,
            before_raw: change.before_raw(),
            after: change.assignment.clone(),
            secret: change.secret,
        });
    }
    Ok(undos)
}

/// Refuses when something was changed while the question was on the screen.
fn refuse_if_moved(shown: &Plan, fresh: &Plan) -> Result<(), Failure> {
    let seen = |plan: &Plan| -> Vec<plan::Seen> {
        plan.changes
            .iter()
            .map(|change| change.seen.clone())
            .collect()
    };
    if seen(shown) == seen(fresh) {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Refused,
        "stale_plan",
        "a setting was changed while the question was asked; nothing was changed by dbtune",
    )
    .hint("look again: dbtune rollback --dry-run"))
}
