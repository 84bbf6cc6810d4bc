//! `dbtune migrate lint`.

use std::time::Duration;

use super::failure;
use crate::cli::args::{Format, LintArgs};
use crate::cli::failure::of_engine_error;
use crate::cli::setup::Desk;
use crate::cli::{Exit, Failure};
use crate::engine::Target;
use crate::engine::postgresql::WorkSession;
use crate::migrate::lint::{Finding, LiveSchema, lint, undo_mistakes};
use crate::migrate::{FileMistakes, MigrateError};
use crate::render::{self, LintView};
use crate::setting::EngineKind;

/// Looks at the migrations of a folder, with `--live` also at the database.
pub(super) fn run(desk: &Desk<'_>, args: &LintArgs) -> Result<Exit, Failure> {
    let files = super::files(desk)?;
    let target = args.live.then(|| target(desk)).transpose()?;
    let live = target
        .as_ref()
        .map(|target| ask(desk, target))
        .transpose()?;
    let findings = readable(lint(&files, live.as_ref()), undo_mistakes(&files));
    let findings =
        findings.map_err(|mistakes| failure::of(&MigrateError::Script(mistakes), desk))?;
    let view = LintView {
        files: &files,
        findings: &findings,
        target: target.as_ref().map(|target| target.name.as_str()),
        colour: desk.console.color,
    };
    match desk.console.format {
        Format::Json => desk.console.document(&render::lint_json(&view)),
        Format::Markdown => desk.console.answer(&render::lint_markdown(&view)),
        Format::Human => desk.console.answer(&render::lint_human(&view)),
    }
    Ok(if view.blocking() > 0 {
        Exit::Differences
    } else {
        Exit::Done
    })
}

/// The findings, where every file can be read, the ways back too.
fn readable(
    findings: Result<Vec<Finding>, Vec<FileMistakes>>,
    of_undos: Vec<FileMistakes>,
) -> Result<Vec<Finding>, Vec<FileMistakes>> {
    match findings {
        Ok(findings) if of_undos.is_empty() => Ok(findings),
        Ok(_) => Err(of_undos),
        Err(mut mistakes) => {
            mistakes.extend(of_undos);
            Err(mistakes)
        }
    }
}

/// The first PostgreSQL target: a standby has what its primary has.
fn target(desk: &Desk<'_>) -> Result<Target, Failure> {
    let targets = desk.known()?.targets;
    let own = targets.of(EngineKind::Postgresql);
    let own = own.map_err(|mistake| {
        Failure::usage(format!("--live: {}", mistake.message)).hint_if(mistake.help)
    })?;
    let first = own.into_iter().next().cloned();
    first.ok_or_else(|| Failure::usage("--live: no postgresql target is known"))
}

fn ask(desk: &Desk<'_>, target: &Target) -> Result<LiveSchema, Failure> {
    let session = WorkSession::open(target, Duration::ZERO, &desk.interrupt);
    let mut session = session.map_err(|error| of_engine_error(&error, Exit::Failed))?;
    LiveSchema::read(&mut session).map_err(|error| failure::of(&error, desk))
}
