//! `dbtune profile check`, `show` and `init`.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use serde_json::json;

use crate::cli::args::{Format, ProfileArgs, ProfileCommand, ProfileInitArgs};
use crate::cli::failure::{of_engine_error, of_mistakes};
use crate::cli::setup::{self, Desk};
use crate::cli::{Exit, Failure};
use crate::profile::{self, Mistake, Profile};
use crate::render;
use crate::setting::{Domain, EngineKind, SettingName, catalogue, redis};

/// Runs one of the commands under `profile`.
pub fn run(desk: &Desk<'_>, command: &ProfileCommand) -> Result<Exit, Failure> {
    match command {
        ProfileCommand::Check(args) => check(desk, args),
        ProfileCommand::Show(args) => show(desk, args),
        ProfileCommand::Init(args) => init(desk, args),
    }
}

/// What is known of settings without a server.
struct Catalogue;

impl profile::check::Lookup for Catalogue {
    fn find(&self, engine: EngineKind, name: &SettingName) -> Option<Domain> {
        catalogue::find(engine, name)
    }

    fn nearest(&self, engine: EngineKind, name: &str) -> Option<String> {
        catalogue::nearest(engine, name).map(str::to_owned)
    }

    fn canonical(&self, engine: EngineKind, name: &SettingName) -> SettingName {
        match engine {
            EngineKind::Postgresql => name.clone(),
            // Of two names either will do, as long as both lead to it.
            EngineKind::Redis => redis::spec(name)
                .alias
                .map_or_else(|| name.clone(), |alias| name.clone().min(alias.into())),
        }
    }
}

/// Checks a profile: by what is known without a server, and against those that the flags name.
fn check(desk: &Desk<'_>, args: &ProfileArgs) -> Result<Exit, Failure> {
    let name = name(desk, args)?;
    let (profile, mut mistakes) = profile::load_for_checking(&name, &desk.environment.variables);
    if let Some(profile) = &profile {
        mistakes.extend(profile::check::offline(profile, &Catalogue));
        Mistake::sort(&mut mistakes);
    }
    let Some(profile) = profile.filter(|_| mistakes.is_empty()) else {
        return Err(of_mistakes(&mistakes, desk.console));
    };
    let against = check_live(desk, &profile)?;
    let settings: usize = profile
        .phases
        .iter()
        .map(|phase| phase.settings.len())
        .sum();
    match desk.console.format {
        Format::Json => desk.console.document(&json!({
            "format_version": 1,
            "profile": profile.name,
            "phases": profile.phases.len(),
            "settings": settings,
            "checked_against": against,
            "mistakes": [],
        })),
        Format::Human | Format::Markdown => {
            let against = if against.is_empty() {
                "names and values as PostgreSQL 13 to 18 and Redis 6.2 to 9 take them; \
                 `dbtune plan` asks the servers"
                    .to_owned()
            } else {
                format!("checked against {}", against.join(", "))
            };
            desk.console.answer(&format!(
                "{}: no mistakes in {settings} settings of {} phases ({against})\n",
                profile.name,
                profile.phases.len()
            ));
        }
    }
    Ok(Exit::Done)
}

/// Checks against the servers that were named on the command line; the environment alone does not
/// make `profile check` connect.
fn check_live(desk: &Desk<'_>, profile: &Profile) -> Result<Vec<String>, Failure> {
    if desk.global.postgres.is_none() && desk.global.redis.is_none() {
        return Ok(Vec::new());
    }
    let targets = desk.known()?.targets.list;
    let mut fleet = desk.connect(&targets)?;
    let snapshots = fleet
        .snapshots()
        .map_err(|error| of_engine_error(&error, Exit::Failed))?;
    let everything = crate::plan::Selection::default();
    setup::check_fit(profile, &everything, &snapshots, desk.console)?;
    Ok(targets.iter().map(|target| target.name.clone()).collect())
}

fn show(desk: &Desk<'_>, args: &ProfileArgs) -> Result<Exit, Failure> {
    let profile = named(desk, args)?;
    match desk.console.format {
        Format::Json => desk.console.document(&render::profile::json(&profile)),
        Format::Markdown => desk.console.answer(&render::profile::markdown(&profile)),
        Format::Human => {
            desk.console
                .answer(&render::profile::human(&profile, desk.console.color));
        }
    }
    Ok(Exit::Done)
}

fn init(desk: &Desk<'_>, args: &ProfileInitArgs) -> Result<Exit, Failure> {
    let targets = desk.known()?.targets.list;
    if targets.is_empty() {
        return Err(Failure::usage("no target is known").hint("give --postgres URL, --redis URL"));
    }
    let mut fleet = desk.connect(&targets)?;
    let snapshots = fleet
        .snapshots()
        .map_err(|error| of_engine_error(&error, Exit::Failed))?;
    let text = profile::init(&snapshots, &args.name);
    if let Some(file) = &args.out {
        write_new(file, &text)?;
    }
    match (desk.console.format, &args.out) {
        (Format::Json, out) => desk.console.document(&json!({
            "format_version": 1,
            "profile": args.name,
            "file": out.as_ref().map(|file| file.display().to_string()),
            "yaml": text,
        })),
        (Format::Human | Format::Markdown, None) => desk.console.answer(&text),
        (Format::Human | Format::Markdown, Some(_)) => {}
    }
    Ok(Exit::Done)
}

fn named(desk: &Desk<'_>, args: &ProfileArgs) -> Result<Profile, Failure> {
    desk.load(&name(desk, args)?)
}

/// The profile that was meant: the argument, else `--profile`, else the one of the targets file.
fn name(desk: &Desk<'_>, args: &ProfileArgs) -> Result<String, Failure> {
    match args.name.as_ref().or(desk.global.profile.as_ref()) {
        Some(name) => Ok(name.clone()),
        None => desk.profile_name(desk.known()?.profile.as_deref()),
    }
}

fn write_new(file: &Path, text: &str) -> Result<(), Failure> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .and_then(|mut opened| opened.write_all(text.as_bytes()))
        .map_err(|error| Failure::usage(format!("cannot write {}: {error}", file.display())))
}
