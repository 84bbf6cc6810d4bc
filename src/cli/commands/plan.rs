//! `dbtune plan`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::cli::args::{Format, Global, PlanArgs, SelectionArgs};
use crate::cli::environment::now;
use crate::cli::failure::of_engine_error;
use crate::cli::setup::{self, Desk};
use crate::cli::targets::Targets;
use crate::cli::{Exit, Failure};
use crate::ledger;
use crate::migrate;
use crate::plan::{self, Fingerprint, HazardKind, PendingMigration, Plan, SavedPlan, TargetFacts};
use crate::render::{self, PlanView};
use crate::setting::EngineKind;
use crate::snapshot::Snapshot;

/// Shows what the profile would change.
pub fn run(desk: &Desk<'_>, args: &PlanArgs) -> Result<Exit, Failure> {
    let known = desk.known()?;
    let profile = desk.profile(known.profile.as_deref())?;
    let selection = setup::selection(&args.selection);
    let targets = setup::needed(&profile, &selection, &known.targets)?;
    let mut fleet = desk.connect(&targets)?;
    let mut snapshots = fleet
        .snapshots()
        .map_err(|error| of_engine_error(&error, Exit::Failed))?;
    setup::check_fit(&profile, &selection, &snapshots, desk.console)?;
    let trials = args.out.is_some();
    let mut plan = setup::judged(&mut fleet, &targets, &mut snapshots, trials, |planned| {
        plan::make(&profile, &selection, planned, now())
    })?;
    tell_drift(desk, &known.targets, &snapshots, &mut plan)?;
    plan.pending_migrations = pending_migrations(desk, &snapshots);
    let planned = setup::planned(&targets, &snapshots);
    if let Some(file) = &args.out {
        let fingerprint = Fingerprint::of(&plan, &profile, &selection, &planned);
        save(file, &SavedPlan::new(&plan, fingerprint))?;
    }
    let next = match &args.out {
        Some(file) => format!("dbtune apply --plan {}", file.display()),
        None => format!("dbtune apply{}", typed(desk.global, &args.selection)),
    };
    let shown = Shown {
        next: Some(&next),
        allowed: &BTreeSet::new(),
        diff: args.diff.then(|| plan::diff_text(&plan, &snapshots)),
    };
    show(desk, &plan, &shown)?;
    let differs = plan
        .changes
        .iter()
        .any(|change| change.action != plan::Action::Unchanged);
    Ok(if args.exit_code && differs {
        Exit::Differences
    } else {
        Exit::Done
    })
}

/// The migrations of the folder that the first PostgreSQL that is no standby has not; none where there
/// is no folder. One that cannot be used is told and is no matter of a plan.
fn pending_migrations(desk: &Desk<'_>, snapshots: &[Snapshot]) -> Vec<PendingMigration> {
    let folder = &desk.global.migrations;
    let primary = snapshots.iter().find(|snapshot| {
        snapshot.engine == EngineKind::Postgresql && snapshot.identity.role != "standby"
    });
    let Some(primary) = primary.filter(|_| folder.is_dir()) else {
        return Vec::new();
    };
    let Ok(files) = migrate::read(folder) else {
        let text = format!(
            "warning: {} cannot be used as it is: dbtune migrate status says why",
            folder.display()
        );
        desk.console.warn(&text);
        return Vec::new();
    };
    let facts = primary.facts.postgresql.as_ref();
    let applied = facts.and_then(|facts| facts.applied_migrations.clone());
    let applied: BTreeSet<i64> = applied.unwrap_or_default().into_iter().collect();
    let pending = files
        .into_iter()
        .filter(|file| !applied.contains(&file.version.0));
    pending
        .map(|file| PendingMigration {
            version: file.version.0,
            name: file.name,
        })
        .collect()
}

/// Marks what a run had applied already and somebody has changed since. A history that cannot be read
/// keeps nobody from planning; that is said.
fn tell_drift(
    desk: &Desk<'_>,
    targets: &Targets,
    snapshots: &[Snapshot],
    plan: &mut Plan,
) -> Result<(), Failure> {
    let mut ledger = desk.ledger(targets)?;
    let facts: Vec<TargetFacts> = snapshots.iter().map(TargetFacts::from).collect();
    // Another connection is worth it only where there is something to read.
    let runs = if snapshots.iter().any(keeps_history) {
        ledger.runs(&facts)
    } else {
        ledger.local_runs(&facts)
    };
    match runs {
        Ok(runs) => {
            let entries = ledger::history(&runs, &facts, false);
            plan::mark_changed_since(plan, &ledger::earlier_writes(&entries));
        }
        Err(error) => desk.console.warn(&format!(
            "warning: the history cannot be read, so drift is not told apart: {}",
            chain(&error)
        )),
    }
    Ok(())
}

fn keeps_history(snapshot: &Snapshot) -> bool {
    let facts = snapshot.facts.postgresql.as_ref();
    facts.is_some_and(|facts| facts.keeps_history)
}

/// An error and all that caused it, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let causes = causes.map(|cause| format!(": {cause}"));
    format!("{error}{}", causes.collect::<String>())
}

/// How a plan is shown, besides the format.
pub struct Shown<'a> {
    /// The command that carries it out; `None` where that is running already.
    pub next: Option<&'a str>,
    /// The hazards that are allowed.
    pub allowed: &'a BTreeSet<HazardKind>,
    /// The effective configuration as a text diff, where it was asked for.
    pub diff: Option<String>,
}

/// Writes a plan in the format asked for.
pub fn show(desk: &Desk<'_>, plan: &Plan, shown: &Shown<'_>) -> Result<(), Failure> {
    let console = desk.console;
    match console.format {
        Format::Json => {
            let mut document = render::plan_json(plan)
                .map_err(|error| Failure::from_error(Exit::Failed, "json", &error))?;
            if let (serde_json::Value::Object(fields), Some(diff)) = (&mut document, &shown.diff) {
                fields.insert("diff".to_owned(), diff.as_str().into());
            }
            console.document(&document);
        }
        Format::Markdown => {
            console.answer(&render::plan_markdown(plan));
            if let Some(diff) = &shown.diff {
                console.answer(&format!("\n```diff\n{diff}```\n"));
            }
        }
        Format::Human => {
            if let Some(diff) = &shown.diff {
                console.answer(&format!("{}\n", render::diff_human(diff, console.color)));
            }
            let view = PlanView {
                next: shown.next,
                allowed: shown.allowed,
                colour: console.color,
            };
            console.answer(&render::plan_in_view(plan, &view));
        }
    }
    Ok(())
}

/// The flags that repeat this selection, as they would be typed again. A URL is never repeated: it
/// may hold a password.
pub fn typed(global: &Global, selection: &SelectionArgs) -> String {
    let mut flags = String::new();
    let mut add = |flag: &str, value: &str| {
        flags.push(' ');
        flags.push_str(flag);
        flags.push(' ');
        flags.push_str(value);
    };
    for phase in &selection.phase {
        add("--phase", &phase.to_string());
    }
    for target in &selection.target {
        add("--target", target);
    }
    if let Some(profile) = &global.profile {
        add("--profile", profile);
    }
    if let Some(file) = &global.targets_file {
        add("--targets-file", &file.display().to_string());
    }
    flags
}

fn save(file: &Path, saved: &SavedPlan) -> Result<(), Failure> {
    let failed = |reason: String| {
        Failure::new(
            Exit::Failed,
            "save",
            format!("cannot write {}: {reason}", file.display()),
        )
    };
    let text = saved.write().map_err(|error| failed(error.to_string()))?;
    fs::write(file, text).map_err(|error| failed(error.to_string()))
}
