//! `dbtune history`.

use crate::cli::args::{Format, HistoryArgs};
use crate::cli::failure::{of_engine_error, of_ledger_error};
use crate::cli::setup::Desk;
use crate::cli::{Exit, Failure};
use crate::engine::Lock;
use crate::ledger::{HistoryEntry, StoredRun, history};
use crate::plan::TargetFacts;
use crate::render;

/// Lists the runs, or shows one.
pub fn run(desk: &Desk<'_>, args: &HistoryArgs) -> Result<Exit, Failure> {
    let known = desk.known()?;
    if known.targets.list.is_empty() {
        return Err(Failure::usage("no target is known").hint("give --postgres URL, --redis URL"));
    }
    let mut fleet = desk.connect(&known.targets.list)?;
    let failed = |error| of_engine_error(&error, Exit::Failed);
    let facts: Vec<TargetFacts> = fleet
        .snapshots()
        .map_err(failed)?
        .iter()
        .map(TargetFacts::from)
        .collect();
    let mut ledger = desk.ledger(&known.targets)?;
    let runs = ledger
        .runs(&facts)
        .map_err(|error| of_ledger_error(&error))?;
    let mut locked = false;
    if runs.last().is_some_and(StoredRun::is_unsettled) {
        for member in fleet.members() {
            let lock = member.engine.try_lock().map_err(failed)?;
            locked = locked || matches!(lock, Lock::HeldBy(_));
        }
        fleet.unlock();
    }
    let entries = history(&runs, &facts, locked);
    match &args.run_id {
        None => list(desk, &entries),
        Some(id) => show(desk, find(&entries, id)?),
    }
    Ok(Exit::Done)
}

/// The run whose id begins so.
pub fn find<'e>(entries: &'e [HistoryEntry], id: &str) -> Result<&'e HistoryEntry, Failure> {
    let id = id.to_ascii_uppercase();
    let matching: Vec<&HistoryEntry> = entries
        .iter()
        .filter(|entry| entry.stored.intent.run.starts_with(&id))
        .collect();
    match matching.as_slice() {
        [one] => Ok(one),
        [] => Err(Failure::usage(format!("there is no run {id}")).hint("see: dbtune history")),
        many => {
            let runs: Vec<&str> = many.iter().map(|e| e.stored.intent.run.as_str()).collect();
            Err(
                Failure::usage(format!("{id} is the beginning of more than one run"))
                    .hint(format!("say which: {}", runs.join(", "))),
            )
        }
    }
}

fn list(desk: &Desk<'_>, entries: &[HistoryEntry]) {
    match desk.console.format {
        Format::Json => desk.console.document(&render::history_json(entries)),
        Format::Markdown => desk.console.answer(&render::history_markdown(entries)),
        Format::Human => desk.console.answer(&render::history_human(entries)),
    }
}

fn show(desk: &Desk<'_>, entry: &HistoryEntry) {
    match desk.console.format {
        Format::Json => desk.console.document(&render::run_json(entry)),
        Format::Human | Format::Markdown => desk.console.answer(&render::run_human(entry)),
    }
}
