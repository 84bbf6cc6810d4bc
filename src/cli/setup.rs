//! From what was typed to servers that are connected and a profile that fits them.

use std::collections::BTreeSet;

use super::args::{Global, SelectionArgs};
use super::console::Console;
use super::environment::Environment;
use super::failure::{of_engine_error, of_engine_errors, of_mistakes, of_plan_error};
use super::targets::{self, Flags, Targets};
use super::{Exit, Failure};
use crate::apply::Fleet;
use crate::engine::{EngineError, Interrupt, Target};
use crate::ledger::{Journal, Ledger, SharedLedger};
use crate::plan::{Plan, PlanError, PlannedTarget, Selection};
use crate::profile::{self, Mistake, Profile};
use crate::setting::EngineKind;
use crate::snapshot::Snapshot;

/// What every command has at hand.
#[derive(Debug)]
pub struct Desk<'a> {
    /// The options of every command.
    pub global: &'a Global,
    /// The environment.
    pub environment: &'a Environment,
    /// Where words go.
    pub console: &'a Console,
    /// Whether the user asked to stop.
    pub interrupt: Interrupt,
}

/// The targets that are known, and the profile that the targets file names.
#[derive(Debug)]
pub struct Known {
    /// The targets.
    pub targets: Targets,
    /// `profile:` of the targets file.
    pub profile: Option<String>,
}

impl Desk<'_> {
    /// Finds the targets: flags, environment, targets file.
    pub fn known(&self) -> Result<Known, Failure> {
        let variables = &self.environment.variables;
        let named = match &self.global.targets_file {
            Some(path) => Some(path.to_str().ok_or_else(|| {
                Failure::usage(format!("the path {} is not valid text", path.display()))
            })?),
            None => self.environment.get("DBTUNE_TARGETS_FILE"),
        };
        let mistaken = |mistakes: Vec<Mistake>| of_mistakes(&mistakes, self.console);
        let file = targets::read(named, variables).map_err(mistaken)?;
        let profile = file.as_ref().and_then(|file| file.profile.clone());
        let flags = Flags {
            postgres: self.global.postgres.clone(),
            redis: self.global.redis.clone(),
        };
        let targets = targets::resolve(&flags, file, variables).map_err(mistaken)?;
        for warning in &targets.warnings {
            self.console.warn(&format!("warning: {warning}"));
        }
        Ok(Known { targets, profile })
    }

    /// Loads the profile that was named: by the flag, else by the targets file.
    pub fn profile(&self, from_file: Option<&str>) -> Result<Profile, Failure> {
        self.load(&self.profile_name(from_file)?)
    }

    /// The name of the profile: by the flag, else by the targets file.
    pub fn profile_name(&self, from_file: Option<&str>) -> Result<String, Failure> {
        let name = self
            .global
            .profile
            .as_deref()
            .or(from_file)
            .ok_or_else(|| {
                Failure::usage("no profile is named")
                    .hint("give --profile NAME, or put `profile: NAME` into targets.yaml")
            })?;
        Ok(name.to_owned())
    }

    /// Loads a profile by its name or path.
    pub fn load(&self, name: &str) -> Result<Profile, Failure> {
        profile::load(name, &self.environment.variables)
            .map_err(|mistakes| of_mistakes(&mistakes, self.console))
    }

    /// Connects to these targets, all at once.
    pub fn connect(&self, targets: &[Target]) -> Result<Fleet, Failure> {
        Fleet::connect(targets, &self.interrupt).map_err(|errors| {
            let failure = of_engine_errors(&errors);
            let hint = errors.iter().find_map(|error| self.how_to_recover(error));
            failure.hint_if(hint)
        })
    }

    /// Where to read how a server is brought back that a run of this machine has restarted last.
    fn how_to_recover(&self, error: &EngineError) -> Option<String> {
        let EngineError::Connect { target, .. } = error else {
            return None;
        };
        let journal = Journal::new(self.environment.state_folder()?.join("runs"));
        let last = journal.runs().ok()?.pop()?;
        let run = &last.intent.run;
        let mut recoveries = journal.recoveries(run).into_iter();
        let is_open = last.ending.is_none_or(|ending| ending.error.is_some());
        (is_open && recoveries.any(|recovery| recovery.target == *target)).then(|| {
            format!(
                "run {run} was restarting {target} and did not end well; \
                 dbtune history {run} shows how to bring it back"
            )
        })
    }

    /// The history: the local journal, and the schema `dbtune` in the first PostgreSQL target that
    /// is no standby.
    pub fn ledger(&self, targets: &Targets) -> Result<Ledger, Failure> {
        let folder = self.environment.state_folder().ok_or_else(|| {
            Failure::usage("there is no folder for the journal")
                .hint("set DBTUNE_STATE_DIR, or HOME")
        })?;
        let candidates = targets
            .list
            .iter()
            .filter(|target| target.engine == EngineKind::Postgresql);
        let shared = SharedLedger::new(candidates.cloned().collect(), self.interrupt.clone());
        Ok(Ledger::new(Journal::new(folder.join("runs")), shared))
    }
}

/// What a profile and the flags select.
pub fn selection(args: &SelectionArgs) -> Selection {
    let set = |numbers: &[u32]| (!numbers.is_empty()).then(|| numbers.iter().copied().collect());
    let names = |names: &[String]| (!names.is_empty()).then(|| names.iter().cloned().collect());
    Selection {
        phases: set(&args.phase),
        targets: names(&args.target),
    }
}

/// The targets that a selection of a profile needs: those of each engine that the phases asked for,
/// or a phase before them, have settings for. The phases before must be seen because a phase is
/// only applied when they are done.
pub fn needed(
    profile: &Profile,
    selection: &Selection,
    targets: &Targets,
) -> Result<Vec<Target>, Failure> {
    check_names(profile, selection, targets)?;
    let engines = engines(profile, selection);
    if selection.targets.is_none() {
        for (engine, phase) in &engines {
            if let Err(mistake) = targets.of(*engine) {
                let message = format!(
                    "phase {phase} of {} has settings for {engine}, and {}",
                    profile.name, mistake.message
                );
                return Err(Failure::usage(message).hint_if(mistake.help));
            }
        }
    }
    let is_needed = |target: &&Target| {
        selection.has_target(&target.name)
            && engines.iter().any(|(engine, _)| *engine == target.engine)
    };
    Ok(targets.list.iter().filter(is_needed).cloned().collect())
}

fn check_names(profile: &Profile, selection: &Selection, targets: &Targets) -> Result<(), Failure> {
    check_phases(profile, selection)?;
    check_targets(selection, targets)
}

fn check_phases(profile: &Profile, selection: &Selection) -> Result<(), Failure> {
    let numbers: Vec<u32> = profile.phases.iter().map(|phase| phase.number).collect();
    for number in selection.phases.iter().flatten() {
        if !numbers.contains(number) {
            let known: Vec<String> = numbers.iter().map(u32::to_string).collect();
            return Err(
                Failure::usage(format!("{} has no phase {number}", profile.name))
                    .hint(format!("it has the phases {}", known.join(", "))),
            );
        }
    }
    Ok(())
}

/// Checks that every target that was asked for by name is known.
pub fn check_targets(selection: &Selection, targets: &Targets) -> Result<(), Failure> {
    for name in selection.targets.iter().flatten() {
        if !targets.list.iter().any(|target| target.name == *name) {
            let known: Vec<&str> = targets.list.iter().map(|t| t.name.as_str()).collect();
            let known = if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            };
            return Err(Failure::usage(format!("there is no target {name}"))
                .hint(format!("the targets known are: {known}")));
        }
    }
    Ok(())
}

/// The engines that matter for a selection, each with the first phase that has settings for it.
fn engines(profile: &Profile, selection: &Selection) -> Vec<(EngineKind, u32)> {
    let last = selection.phases.iter().flatten().max();
    let mut engines: Vec<(EngineKind, u32)> = Vec::new();
    for phase in &profile.phases {
        if last.is_some_and(|last| phase.number > *last) {
            continue;
        }
        for wanted in &phase.settings {
            if !engines.iter().any(|(engine, _)| *engine == wanted.engine) {
                engines.push((wanted.engine, phase.number));
            }
        }
    }
    engines
}

/// Checks what the servers said against the profile: versions first, then names and values.
pub fn check_fit(
    profile: &Profile,
    selection: &Selection,
    snapshots: &[Snapshot],
    console: &Console,
) -> Result<(), Failure> {
    check_requirements(profile, snapshots)?;
    let last = selection.phases.iter().flatten().max();
    let mut shown = profile.clone();
    shown
        .phases
        .retain(|phase| last.is_none_or(|last| phase.number <= *last));
    let mistakes = profile::check::live(&shown, snapshots);
    if mistakes.is_empty() {
        Ok(())
    } else {
        Err(of_mistakes(&mistakes, console))
    }
}

fn check_requirements(profile: &Profile, snapshots: &[Snapshot]) -> Result<(), Failure> {
    let mut unmet = Vec::new();
    for requirement in &profile.requires {
        for snapshot in snapshots
            .iter()
            .filter(|snapshot| snapshot.engine == requirement.engine)
        {
            if !requirement.is_met(&snapshot.identity.version) {
                unmet.push(format!(
                    "{} requires {} {} ({}), and {} is version {}",
                    profile.name,
                    requirement.engine,
                    requirement.text,
                    requirement.at.short(),
                    snapshot.target,
                    snapshot.identity.version
                ));
            }
        }
    }
    if unmet.is_empty() {
        return Ok(());
    }
    Err(
        Failure::new(Exit::Refused, "requires_not_met", unmet.join("\n"))
            .hint("use a profile for this version, or leave the target out with --target"),
    )
}

/// Whether two of these targets may be one server: they are of one engine.
pub fn may_be_one_server(targets: &[Target]) -> bool {
    let mut pairs = targets.iter().enumerate();
    pairs.any(|(index, one)| {
        let mut others = targets.iter().skip(index + 1);
        others.any(|other| other.engine == one.engine)
    })
}

/// Refuses two targets that are one server: a run would lock itself out, and write everything twice.
pub fn refuse_one_server_twice(snapshots: &[Snapshot]) -> Result<(), Failure> {
    for (index, one) in snapshots.iter().enumerate() {
        let is_same = |other: &&Snapshot| {
            other.engine == one.engine
                && other.identity.system == one.identity.system
                && other.identity.started_at == one.identity.started_at
                && other.identity.role == one.identity.role
        };
        if let Some(other) = snapshots.iter().skip(index + 1).find(is_same) {
            let message = format!(
                "the targets {} ({}) and {} ({}) are one server; nothing was changed",
                one.target, one.address, other.target, other.address
            );
            return Err(Failure::usage(message).hint("take one of them out of the targets file"));
        }
    }
    Ok(())
}

/// The servers as the planner sees them.
pub fn planned<'a>(targets: &'a [Target], snapshots: &'a [Snapshot]) -> Vec<PlannedTarget<'a>> {
    targets
        .iter()
        .zip(snapshots)
        .map(|(target, snapshot)| PlannedTarget {
            snapshot,
            persist: target.persist == crate::engine::Persist::Rewrite,
            persist_stated: target.persist_stated,
            restart: target.restart.as_deref(),
        })
        .collect()
}

/// Makes a plan, asks the servers what it leaves open, and makes it again with what they said.
///
/// With `trials`, a start with the planned settings is tried as well, where that can be done: it
/// takes longer than a look, and so belongs to what is about to be applied.
pub fn judged(
    fleet: &mut Fleet,
    targets: &[Target],
    snapshots: &mut [Snapshot],
    trials: bool,
    make: impl Fn(&[PlannedTarget<'_>]) -> Result<Plan, PlanError>,
) -> Result<Plan, Failure> {
    loop {
        let mut plan = make(&planned(targets, snapshots)).map_err(|error| of_plan_error(&error))?;
        for questions in plan.questions.values_mut() {
            questions.retain(|question| trials || !question.is_trial());
        }
        plan.questions.retain(|_, questions| !questions.is_empty());
        if plan.questions.is_empty() {
            return Ok(plan);
        }
        fleet
            .answer(&plan.questions, snapshots)
            .map_err(|error| of_engine_error(&error, Exit::Failed))?;
    }
}

/// The names in a list of hazards that `--allow` took.
pub fn allowed(names: &[String]) -> Result<BTreeSet<crate::plan::HazardKind>, Failure> {
    use crate::plan::HazardKind;
    let mut allowed = BTreeSet::new();
    for name in names {
        let kind = HazardKind::ALL
            .into_iter()
            .find(|kind| kind.key() == name)
            .ok_or_else(|| {
                let can = HazardKind::ALL
                    .into_iter()
                    .filter(|kind| kind.can_be_allowed());
                let can: Vec<&str> = can.map(HazardKind::key).collect();
                Failure::usage(format!("there is no hazard {name}"))
                    .hint(format!("--allow takes {}", can.join(", ")))
            })?;
        if !kind.can_be_allowed() {
            return Err(Failure::usage(format!("{name} cannot be allowed"))
                .hint("remove its cause: the plan says what it is"));
        }
        allowed.insert(kind);
    }
    Ok(allowed)
}
