//! `dbtune migrate up`.

use serde_json::json;

use super::progress::Lines;
use super::{Work, answer, failure, silent, typed};
use crate::cli::args::UpArgs;
use crate::cli::setup::Desk;
use crate::cli::{Exit, Failure};
use crate::migrate::{self, AppliedNow, MigrateError};
use crate::render::migrate as render;

/// Runs what is pending, in order.
pub(super) fn run(desk: &Desk<'_>, args: &UpArgs) -> Result<Exit, Failure> {
    let work = Work::new(desk, typed(args))?;
    if args.dry_run {
        return dry_run(desk, &work);
    }
    let progress = Lines::new(desk);
    let tell = |event| progress.tell(&event);
    let (applied, outcome) = migrate::up(&work.order(desk, &tell));
    progress.end();
    let outcome_word = word(&applied, outcome.as_ref().err());
    let document = json!({
        "format_version": 1,
        "outcome": outcome_word,
        "applied": applied.iter().map(render::applied_json).collect::<Vec<_>>(),
    });
    match outcome {
        Ok(()) => {
            let text = render::applied(&applied, work.options.to);
            answer(desk, &document, &text, &text);
            Ok(Exit::Done)
        }
        Err(error) => {
            let mut failure = failure::of(&error, desk).document(document);
            failure.causes.extend(render::applied_before(&applied));
            Err(failure)
        }
    }
}

fn word(applied: &[AppliedNow], error: Option<&MigrateError>) -> &'static str {
    match error {
        None if applied.is_empty() => "nothing_to_do",
        None => "migrated",
        Some(error) if failure::is_refusal(error) => "refused",
        Some(_) => "failed",
    }
}

fn dry_run(desk: &Desk<'_>, work: &Work) -> Result<Exit, Failure> {
    let planned = migrate::would_run(&work.order(desk, &silent));
    let planned = planned.map_err(|error| failure::of(&error, desk))?;
    let document = json!({
        "format_version": 1,
        "would_run": planned.iter().map(render::would_json).collect::<Vec<_>>(),
    });
    let text = render::would_run(&planned, work.options.to);
    answer(desk, &document, &text, &format!("```sql\n{text}```\n"));
    Ok(Exit::Done)
}
