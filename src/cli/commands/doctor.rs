//! `dbtune doctor`.

use std::path::Path;

use super::grants;
use crate::apply::in_parallel;
use crate::cli::args::{DoctorArgs, Format, SelectionArgs};
use crate::cli::failure::{of_engine_error, of_ledger_error};
use crate::cli::setup::{self, Desk};
use crate::cli::targets::Targets;
use crate::cli::{Exit, Failure};
use crate::doctor::{self, Examined, Local, Read, Seen, Trouble, Verdict};
use crate::engine::{self, Engine, EngineError, Interrupt, Lock, Target};
use crate::ledger::{HistoryEntry, Journal, JournalLook, Ledger, LedgerError, StoredRun, history};
use crate::plan::{TargetFacts, start_question};
use crate::profile::Profile;
use crate::render::{self, DoctorView};
use crate::setting::{EngineKind, SettingName};
use crate::snapshot::Snapshot;

/// Examines every target that is known.
pub fn run(desk: &Desk<'_>, args: &DoctorArgs) -> Result<Exit, Failure> {
    let known = desk.known()?;
    if let Some(role) = &args.print_grants {
        return grants::run(desk, &known, role);
    }
    let targets = selected(&known.targets, args)?;
    let by_flag = desk.global.profile.as_deref();
    let profile = by_flag.or(known.profile.as_deref());
    let profile = profile.map(|name| desk.load(name)).transpose()?;
    let interrupt = &desk.interrupt;
    let looked = in_parallel(&targets, |target| {
        let names = names(profile.as_ref(), target.engine);
        look_at(target, &names, interrupt)
    });
    if desk.interrupt.is_raised() {
        return Err(of_engine_error(
            &EngineError::Interrupted,
            Exit::Interrupted,
        ));
    }
    let (mut engines, seen): (Vec<_>, Vec<_>) = looked.into_iter().unzip();
    let standbys = targets
        .iter()
        .zip(&seen)
        .filter(|(_, seen)| is_standby(seen));
    let standbys: Vec<&str> = standbys.map(|(target, _)| target.name.as_str()).collect();
    let keeper = history_keeper(&known.targets, &standbys);
    let examined: Vec<Examined> = targets
        .iter()
        .zip(seen)
        .map(|(target, seen)| Examined {
            keeps_history: keeper == Some(target.name.as_str()),
            restart_can_run: restart_can_run(desk, target),
            target: target.clone(),
            seen,
        })
        .collect();
    let local = look_at_ledgers(desk, &known.targets, &examined, &mut engines);
    let findings = doctor::findings(&examined, profile.as_ref(), Some(&local));
    let view = DoctorView {
        targets: &examined,
        profile: profile.as_ref().map(|profile| profile.name.as_str()),
        findings: &findings,
        colour: desk.console.color,
    };
    match desk.console.format {
        Format::Json => desk.console.document(&render::doctor_json(&view)),
        Format::Markdown => desk.console.answer(&render::doctor_markdown(&view)),
        Format::Human => desk.console.answer(&render::doctor_human(&view)),
    }
    Ok(exit(&examined, &findings))
}

fn exit(examined: &[Examined], findings: &[doctor::Finding]) -> Exit {
    if examined.iter().any(Examined::is_mistaken) {
        Exit::Usage
    } else if !examined.iter().all(Examined::was_read) {
        Exit::Failed
    } else if findings
        .iter()
        .any(|finding| finding.verdict == Verdict::Problem)
    {
        Exit::Refused
    } else {
        Exit::Done
    }
}

/// The targets that were asked for.
fn selected(targets: &Targets, args: &DoctorArgs) -> Result<Vec<Target>, Failure> {
    if targets.list.is_empty() {
        let because = EngineKind::ALL.map(|engine| targets.of(engine));
        let reasons = because.into_iter().filter_map(Result::err);
        let reasons: Vec<String> = reasons.map(|mistake| mistake.message).collect();
        return Err(
            Failure::usage(format!("no target is known: {}", reasons.join("; ")))
                .hint("give --postgres URL, --redis URL, or write targets.yaml"),
        );
    }
    let selection = setup::selection(&SelectionArgs {
        phase: Vec::new(),
        target: args.target.clone(),
    });
    setup::check_targets(&selection, targets)?;
    let list = targets.list.iter();
    Ok(list
        .filter(|target| selection.has_target(&target.name))
        .cloned()
        .collect())
}

/// The target in which the shared history lies: the first PostgreSQL that is not seen to be a standby,
/// as the ledger chooses it.
fn history_keeper<'t>(targets: &'t Targets, standbys: &[&str]) -> Option<&'t str> {
    let list = targets.list.iter();
    let names: Vec<&str> = list
        .filter(|target| target.engine == EngineKind::Postgresql)
        .map(|target| target.name.as_str())
        .collect();
    let first = names.iter().find(|name| !standbys.contains(name));
    first.or_else(|| names.first()).copied()
}

fn is_standby(seen: &Seen) -> bool {
    matches!(seen, Seen::All(read) if read.snapshot.identity.role == "standby")
}

fn names(profile: Option<&Profile>, engine: EngineKind) -> Vec<SettingName> {
    profile
        .map(|profile| doctor::grants::settings(profile, engine))
        .unwrap_or_default()
}

/// A connection, where there is one, and what was seen over it. What fails keeps nothing else from
/// being looked at.
type Look = (Option<Box<dyn Engine>>, Seen);

fn look_at(target: &Target, names: &[SettingName], interrupt: &Interrupt) -> Look {
    let mut engine = match engine::connect(target, interrupt) {
        Ok(engine) => engine,
        Err(error) => return (None, Seen::Nothing(trouble(&error))),
    };
    let mut snapshot = engine.snapshot();
    if let Ok(snapshot) = &mut snapshot {
        try_what_waits(engine.as_mut(), snapshot);
    }
    let examination = engine.examine(names).ok();
    let seen = match snapshot {
        Ok(snapshot) => Seen::All(Box::new(Read {
            snapshot,
            examination,
        })),
        Err(error) => Seen::Rights(trouble(&error), examination),
    };
    (Some(engine), seen)
}

/// Tries a start with what waits for one, where that can be tried: the restart that comes some day
/// must not be the first to find out.
fn try_what_waits(engine: &mut dyn Engine, snapshot: &mut Snapshot) {
    let Some(question) = start_question(snapshot) else {
        return;
    };
    if let Ok(answer) = engine.answer(&question) {
        snapshot.answers.insert(question, answer);
    }
}

fn trouble(error: &EngineError) -> Trouble {
    of_failure(of_engine_error(error, Exit::Failed))
}

fn of_failure(failure: Failure) -> Trouble {
    let mut message = vec![failure.message];
    message.extend(failure.causes);
    Trouble {
        message: message.join(": "),
        hint: failure.hint,
        is_usage: failure.exit == Exit::Usage,
    }
}

/// Whether the program of a restart command is there and may be run. A name without a slash is
/// looked for along `PATH`, as it will be when it is run.
fn restart_can_run(desk: &Desk<'_>, target: &Target) -> bool {
    let Some(program) = target.restart.as_ref().and_then(|command| command.first()) else {
        return true;
    };
    if program.contains('/') {
        return is_program(Path::new(program));
    }
    let path = desk.environment.get("PATH").unwrap_or_default();
    std::env::split_paths(path).any(|folder| is_program(&folder.join(program)))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

fn look_at_ledgers(
    desk: &Desk<'_>,
    targets: &Targets,
    examined: &[Examined],
    engines: &mut [Option<Box<dyn Engine>>],
) -> Local {
    let Some(folder) = desk.environment.state_folder() else {
        let journal = JournalLook {
            folder: "~/.local/state/dbtune".into(),
            not_writable: Some("neither DBTUNE_STATE_DIR nor HOME is set".to_owned()),
            is_open_to_others: false,
        };
        return Local {
            journal,
            runs: None,
        };
    };
    let journal = Journal::new(folder.join("runs"));
    let facts: Vec<TargetFacts> = examined
        .iter()
        .filter_map(|one| match &one.seen {
            Seen::All(read) => Some(TargetFacts::from(&read.snapshot)),
            Seen::Nothing(_) | Seen::Rights(..) => None,
        })
        .collect();
    let look = journal.look();
    let ledger = if can_share(examined) {
        desk.ledger(targets)
    } else {
        Ok(Ledger::new(journal, None))
    };
    let read = |mut ledger: Ledger| {
        entries(&mut ledger, &facts, engines).map_err(|error| of_ledger_error(&error))
    };
    Local {
        journal: look,
        runs: (!facts.is_empty()).then(|| ledger.and_then(read).map_err(of_failure)),
    }
}

/// Whether the shared history can be looked at: what it lacks is told among the rights.
fn can_share(examined: &[Examined]) -> bool {
    let keeper = examined.iter().find(|one| one.keeps_history);
    keeper.is_some_and(|keeper| keeper.was_read() && !keeper.lacks_history())
}

fn entries(
    ledger: &mut Ledger,
    facts: &[TargetFacts],
    engines: &mut [Option<Box<dyn Engine>>],
) -> Result<Vec<HistoryEntry>, LedgerError> {
    let runs = ledger.runs(facts)?;
    let is_open = runs.last().is_some_and(StoredRun::may_be_cut_off);
    Ok(history(&runs, facts, is_open && somebody_works(engines)))
}

/// Whether another run holds a lock. What cannot be asked holds none.
fn somebody_works(engines: &mut [Option<Box<dyn Engine>>]) -> bool {
    let mut is_held = false;
    for engine in engines.iter_mut().flatten() {
        is_held |= matches!(engine.try_lock(), Ok(Lock::HeldBy(_)));
        // A connection that is gone has given its lock back itself.
        drop(engine.unlock());
    }
    is_held
}
