//! `dbtune migrate repair`.

use super::{Work, answer, failure, options, silent, versions};
use crate::cli::args::MigrateRepairArgs;
use crate::cli::setup::Desk;
use crate::cli::{Exit, Failure};
use crate::migrate;
use crate::render::migrate as render;

/// Shows what history and files disagree about, and puts right what is accepted.
pub(super) fn run(desk: &Desk<'_>, args: &MigrateRepairArgs) -> Result<Exit, Failure> {
    let work = Work::new(desk, options())?;
    let repair = migrate::repair(&work.order(desk, &silent), &versions(&args.accept));
    let repair = repair.map_err(|error| failure::of(&error, desk))?;
    let text = render::repair(&repair);
    answer(desk, &render::repair_json(&repair), &text, &text);
    Ok(if repair.open.is_empty() {
        Exit::Done
    } else {
        Exit::Refused
    })
}
