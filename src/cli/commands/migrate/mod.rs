//! `dbtune migrate`.

mod baseline;
mod failure;
mod lint;
mod new;
mod progress;
mod repair;
mod status;
mod undo;
mod up;

use std::time::Duration;

use crate::cli::args::{Format, MigrateArgs, MigrateCommand, UpArgs};
use crate::cli::setup::Desk;
use crate::cli::{Exit, Failure};
use crate::engine::Target;
use crate::engine::postgresql::WorkSession;
use crate::migrate::{self, Event, MigrateError, MigrationFile, Options, Order, Version};
use crate::render;
use crate::setting::EngineKind;

/// How long another run is waited for where nothing is said.
const WAIT: Duration = Duration::from_mins(10);

/// Runs what is pending, or the command that was given.
pub fn run(desk: &Desk<'_>, args: &MigrateArgs) -> Result<Exit, Failure> {
    match &args.command {
        None => up::run(desk, &args.up),
        Some(MigrateCommand::Up(own)) => up::run(desk, own),
        Some(MigrateCommand::Status(own)) => status::run(desk, own),
        Some(MigrateCommand::Lint(own)) => lint::run(desk, own),
        Some(MigrateCommand::New(own)) => new::run(desk, own),
        Some(MigrateCommand::Baseline(own)) => baseline::run(desk, own),
        Some(MigrateCommand::Repair(own)) => repair::run(desk, own),
        Some(MigrateCommand::Undo(own)) => undo::run(desk, own),
    }
}

/// How it is run where nothing else is said.
fn options() -> Options {
    Options {
        to: None,
        lock_timeout: Duration::from_secs(2),
        wait: WAIT,
        connect_wait: Duration::ZERO,
        build_timeout: Some(Duration::from_mins(30)),
        jobs: 1,
    }
}

/// How it is run by what was typed.
fn typed(args: &UpArgs) -> Options {
    Options {
        to: args.to.map(Version),
        lock_timeout: args.lock_timeout,
        wait: args.wait.unwrap_or(WAIT),
        connect_wait: args.wait.unwrap_or_default(),
        build_timeout: Some(args.build_timeout),
        jobs: args.jobs.into(),
    }
}

/// The migrations folder.
fn files(desk: &Desk<'_>) -> Result<Vec<MigrationFile>, Failure> {
    migrate::read(&desk.global.migrations)
        .map_err(|mistakes| failure::of(&MigrateError::Source(mistakes), desk))
}

/// The server that is migrated: the first PostgreSQL target that is no standby; where all are, the
/// first.
fn target(desk: &Desk<'_>, options: &Options) -> Result<Target, Failure> {
    let known = desk.known()?;
    let is_postgresql = |target: &&Target| target.engine == EngineKind::Postgresql;
    let candidates: Vec<&Target> = known.targets.list.iter().filter(is_postgresql).collect();
    let Some(first) = candidates.first() else {
        let hint = "give --postgres URL, or set DATABASE_URL";
        return Err(Failure::usage("no PostgreSQL target is known").hint(hint));
    };
    if candidates.len() > 1 {
        for candidate in &candidates {
            if !is_standby(desk, candidate, options)? {
                return Ok((*candidate).clone());
            }
        }
    }
    Ok((*first).clone())
}

fn is_standby(desk: &Desk<'_>, target: &Target, options: &Options) -> Result<bool, Failure> {
    let failed = |error| crate::cli::failure::of_engine_error(&error, Exit::Failed);
    let opened = WorkSession::open(target, options.connect_wait, &desk.interrupt);
    let mut session = opened.map_err(failed)?;
    let question = "SELECT pg_catalog.pg_is_in_recovery()";
    let is_standby = session.is_so(question, "a look for a standby");
    is_standby.map_err(failed)
}

/// Everything that is asked for, for one call into the library.
struct Work {
    files: Vec<MigrationFile>,
    target: Target,
    options: Options,
    who: String,
}

impl Work {
    fn new(desk: &Desk<'_>, options: Options) -> Result<Self, Failure> {
        let files = files(desk)?;
        Ok(Self {
            files,
            target: target(desk, &options)?,
            options,
            who: desk.environment.who(),
        })
    }

    fn order<'o>(&'o self, desk: &'o Desk<'_>, tell: &'o (dyn Fn(Event) + Sync)) -> Order<'o> {
        Order {
            target: &self.target,
            files: &self.files,
            options: &self.options,
            who: &self.who,
            interrupt: &desk.interrupt,
            tell,
        }
    }
}

/// Writes an answer in the format that was asked for.
fn answer(desk: &Desk<'_>, document: &serde_json::Value, human: &str, markdown: &str) {
    match desk.console.format {
        Format::Json => desk.console.document(document),
        Format::Human => desk.console.answer(human),
        Format::Markdown => desk.console.answer(markdown),
    }
}

/// Says nothing.
fn silent(_event: Event) {}

/// The versions that were typed.
fn versions(numbers: &[i64]) -> Vec<Version> {
    numbers.iter().copied().map(Version).collect()
}

/// A note on the side.
fn note(desk: &Desk<'_>, text: &str) {
    desk.console.note(&render::migrate::indent(text));
}
