//! `dbtune migrate undo`.

use serde_json::json;

use super::progress::Lines;
use super::{Work, answer, failure, note, options, silent};
use crate::cli::args::MigrateUndoArgs;
use crate::cli::setup::Desk;
use crate::cli::{Exit, Failure};
use crate::{migrate, sql};

/// Goes back by the newest migration.
pub(super) fn run(desk: &Desk<'_>, args: &MigrateUndoArgs) -> Result<Exit, Failure> {
    let work = Work::new(desk, options())?;
    let of = |error| failure::of(&error, desk);
    let way = migrate::undoing(&work.order(desk, &silent)).map_err(of)?;
    let shown = shown(&way);
    let mut document = json!({
        "format_version": 1,
        "outcome": "would_undo",
        "version": way.version.0,
        "title": way.title,
        "sql": shown,
        "statements_done": way.done,
    });
    if args.dry_run {
        answer(desk, &document, &shown, &format!("```sql\n{shown}```\n"));
        return Ok(Exit::Done);
    }
    if !args.yes {
        confirm(desk, &way)?;
    }
    let progress = Lines::new(desk);
    let tell = |event| progress.tell(&event);
    let undone = migrate::undo(&work.order(desk, &tell), &way);
    progress.end();
    undone.map_err(|error| failure::of(&error, desk))?;
    if let Some(object) = document.as_object_mut() {
        object.insert("outcome".to_owned(), json!("undone"));
    }
    let line = format!("{} is undone, and pending again\n", way.title);
    answer(desk, &document, &line, &line);
    Ok(Exit::Done)
}

/// What is run, and how much of it an earlier run has done.
fn shown(way: &migrate::Undone) -> String {
    let text = sql::hidden(&way.text);
    if way.done.is_empty() {
        return text;
    }
    let numbers: Vec<String> = way.done.iter().map(ToString::to_string).collect();
    format!(
        "-- done by an earlier run, and not run again: statement {}\n{text}",
        numbers.join(", ")
    )
}

fn confirm(desk: &Desk<'_>, way: &migrate::Undone) -> Result<(), Failure> {
    if !desk.environment.can_ask {
        return Err(Failure::new(
            Exit::Refused,
            "not_confirmed",
            "there is no terminal to ask at; nothing was run",
        )
        .hint("look with --dry-run, then give --yes"));
    }
    note(desk, &shown(way));
    match desk
        .console
        .confirm(&format!("Undo {} by this?", way.title), &desk.interrupt)
    {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::new(
            Exit::Refused,
            "not_confirmed",
            "not confirmed; nothing was run",
        )),
        None => Err(Failure::new(
            Exit::Interrupted,
            "interrupted",
            "interrupted; nothing was run",
        )),
    }
}
