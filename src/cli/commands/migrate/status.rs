//! `dbtune migrate status`.

use super::{Work, answer, failure, options, silent};
use crate::cli::args::MigrateStatusArgs;
use crate::cli::setup::Desk;
use crate::cli::{Exit, Failure};
use crate::migrate::{self, State};
use crate::render::migrate as render;

/// Shows where the database stands to the folder.
pub(super) fn run(desk: &Desk<'_>, args: &MigrateStatusArgs) -> Result<Exit, Failure> {
    let mut options = options();
    options.connect_wait = args.wait.unwrap_or_default();
    let work = Work::new(desk, options)?;
    let standing = migrate::standing(&work.order(desk, &silent));
    let standing = standing.map_err(|error| failure::of(&error, desk))?;
    for warning in &standing.warnings {
        desk.console.warn(&format!("warning: {warning}"));
    }
    let counts = render::statement_counts(&standing.rows, &work.files);
    let human = render::status(&standing, &counts);
    let markdown = render::status_markdown(&standing, &counts);
    answer(
        desk,
        &render::status_json(&standing, &counts),
        &human,
        &markdown,
    );
    let is_even = standing.rows.iter().all(|row| row.state == State::Applied);
    let differs = !is_even || !standing.invalid_indexes.is_empty();
    Ok(if args.exit_code && differs {
        Exit::Differences
    } else {
        Exit::Done
    })
}
