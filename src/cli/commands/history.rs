//! `dbtune history`.

use crate::cli::args::{Format, HistoryArgs};
use crate::cli::failure::{of_engine_error, of_ledger_error};
use crate::cli::setup::Desk;
use crate::cli::{Exit, Failure};
use crate::engine::{Lock, Target};
use crate::ledger::{HistoryEntry, Ledger, LedgerError, StoredRun, history};
use crate::plan::TargetFacts;
use crate::render;

/// Lists the runs, or shows one. Where the servers cannot be asked, what this machine has written down
/// of them is shown: it says how to bring a server back.
pub fn run(desk: &Desk<'_>, args: &HistoryArgs) -> Result<Exit, Failure> {
    let known = desk.known()?;
    if known.targets.list.is_empty() {
        return Err(Failure::usage("no target is known").hint("give --postgres URL, --redis URL"));
    }
    let mut ledger = desk.ledger(&known.targets)?;
    let entries = match of_servers(desk, &known.targets.list, &mut ledger) {
        Ok(entries) => entries,
        // What is written wrongly is corrected, not worked around.
        Err(failure) if failure.exit == Exit::Usage => return Err(failure),
        Err(failure) => {
            let entries = of_journal(&known.targets.list, &ledger)?;
            if entries.is_empty() || desk.interrupt.was_raised() {
                return Err(failure);
            }
            desk.console.warn(&format!(
                "warning: {}\nThis is what the local journal in {} knows; what has happened since and \
                 elsewhere is not in it.\n",
                failure.message,
                ledger.journal().folder().display()
            ));
            entries
        }
    };
    match &args.run_id {
        None => list(desk, &entries),
        Some(id) => show(desk, &ledger, find(&entries, id)?),
    }
    Ok(Exit::Done)
}

fn of_servers(
    desk: &Desk<'_>,
    targets: &[Target],
    ledger: &mut Ledger,
) -> Result<Vec<HistoryEntry>, Failure> {
    let mut fleet = desk.connect(targets)?;
    let failed = |error| of_engine_error(&error, Exit::Failed);
    let facts: Vec<TargetFacts> = fleet
        .snapshots()
        .map_err(failed)?
        .iter()
        .map(TargetFacts::from)
        .collect();
    let runs = ledger
        .runs(&facts)
        .map_err(|error| of_ledger_error(&error))?;
    let mut locked = false;
    // To look for a lock is to take it where it is free, which a run that restarts a server wants back.
    if runs.last().is_some_and(StoredRun::may_be_cut_off) {
        for member in fleet.members() {
            let lock = member.engine.try_lock().map_err(failed)?;
            locked = locked || matches!(lock, Lock::HeldBy(_));
        }
        fleet.unlock();
    }
    Ok(history(&runs, &facts, locked))
}

/// What the local journal alone knows of these targets, which are told apart by their names.
fn of_journal(targets: &[Target], ledger: &Ledger) -> Result<Vec<HistoryEntry>, Failure> {
    let runs = ledger.journal().runs().map_err(LedgerError::from);
    let mut runs = runs.map_err(|error| of_ledger_error(&error))?;
    let is_named = |name: &str| targets.iter().any(|target| target.name == name);
    runs.retain(|run| {
        run.intent
            .targets
            .iter()
            .any(|target| is_named(&target.name))
    });
    Ok(history(&runs, &[], false))
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

fn show(desk: &Desk<'_>, ledger: &Ledger, entry: &HistoryEntry) {
    let ending = entry.stored.ending.as_ref();
    let went_well = ending.is_some_and(|ending| ending.error.is_none());
    let recoveries = if went_well {
        Vec::new()
    } else {
        ledger.journal().recoveries(&entry.stored.intent.run)
    };
    match desk.console.format {
        Format::Json => desk.console.document(&render::run_json(entry, &recoveries)),
        Format::Human | Format::Markdown => {
            desk.console.answer(&render::run_human(entry, &recoveries));
        }
    }
}
