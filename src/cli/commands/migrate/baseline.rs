//! `dbtune migrate baseline`.

use serde_json::json;

use super::{Work, answer, failure, options, silent};
use crate::cli::args::MigrateBaselineArgs;
use crate::cli::setup::Desk;
use crate::cli::{Exit, Failure};
use crate::migrate::{self, Version};

/// Writes the rows of what is there already.
pub(super) fn run(desk: &Desk<'_>, args: &MigrateBaselineArgs) -> Result<Exit, Failure> {
    let work = Work::new(desk, options())?;
    let written = migrate::baseline(&work.order(desk, &silent), Version(args.up_to));
    let written = written.map_err(|error| failure::of(&error, desk))?;
    let numbers: Vec<i64> = written.iter().map(|version| version.0).collect();
    let document = json!({"format_version": 1, "outcome": "baselined", "versions": numbers});
    let line = format!(
        "the history now says of {} migration{} up to version {} that they are applied; nothing was run\n",
        numbers.len(),
        if numbers.len() == 1 { "" } else { "s" },
        args.up_to
    );
    answer(desk, &document, &line, &line);
    Ok(Exit::Done)
}
