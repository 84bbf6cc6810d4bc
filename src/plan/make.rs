//! From a profile and what the servers said to a plan.

use time::OffsetDateTime;

use crate::profile::{Phase, Profile, Wanted};
use crate::setting::{EngineKind, Input, SettingName};
use crate::snapshot::Observed;

use super::PlanError;
use super::change::{self, Origin};
use super::course::{self, Course};
use super::goal::Goal;
use super::hazards::{Occasion, Outstanding, Subject};
use super::need::{self, Need};
use super::request::{PlannedTarget, Selection};
use super::staged;
use super::types::{Change, PhaseFacts, Plan};

/// Makes a plan: every setting of the phases and targets asked for, each against the state that
/// the phases shown before it leave behind.
///
/// `targets` are all that were read, in the order in which they are to be shown. Names and values
/// are expected to have been checked; where one is wrong nevertheless, that is a [`PlanError`].
pub fn make(
    profile: &Profile,
    selection: &Selection,
    targets: &[PlannedTarget<'_>],
    now: OffsetDateTime,
) -> Result<Plan, PlanError> {
    check(profile, selection, targets)?;
    let mut phases: Vec<&Phase> = profile.phases.iter().collect();
    phases.sort_by_key(|phase| phase.number);
    let asker = Asker {
        profile,
        selection,
        now,
    };
    let mut courses = courses(profile, selection, targets);
    let mut outstanding = Vec::new();
    let mut changes = Vec::new();
    for phase in &phases {
        for course in &mut courses {
            if selection.has_phase(phase.number) {
                changes.extend(asker.changes(phase, course, &outstanding)?);
            } else {
                outstanding.extend(asker.outstanding(phase, course)?);
            }
        }
    }
    let shown = phases
        .iter()
        .filter(|phase| selection.has_phase(phase.number));
    Ok(Plan {
        profile: profile.name.clone(),
        created_at: now,
        targets: courses.iter().map(Course::facts).collect(),
        restart_commands: course::restart_commands(&courses),
        goes_back: false,
        changes,
        phases: shown.map(|phase| facts(phase)).collect(),
        hazards: Vec::new(),
    })
}

/// What was asked for, and when.
struct Asker<'a> {
    profile: &'a Profile,
    selection: &'a Selection,
    now: OffsetDateTime,
}

/// A setting that a phase asks for, as it stands when the phase begins.
struct Step {
    name: SettingName,
    observed: Observed,
    goal: Goal,
    need: Need,
    /// The later phase that the server has come to already.
    passed_by: Option<u32>,
}

impl Asker<'_> {
    /// The changes of a phase on one target: by effect, then in the order of the profile.
    fn changes(
        &self,
        phase: &Phase,
        course: &mut Course<'_>,
        outstanding: &[Outstanding],
    ) -> Result<Vec<Change>, PlanError> {
        let mut changes = Vec::new();
        for wanted in of_engine(phase, course.engine()) {
            let step = self.step(phase.number, course, wanted)?;
            let occasion = Occasion {
                window: phase.window.as_ref(),
                now: self.now,
                outstanding,
                foreign: &course.foreign,
                undoes: false,
            };
            let subject = Subject {
                target: course.target,
                setting: &step.name,
                observed: &step.observed,
                goal: &step.goal,
                need: step.need,
                phase: phase.number,
                occasion: &occasion,
                run_had_set: None,
            };
            let change = change::plan(&subject, &course.state, step.origin(phase.number, wanted));
            if change.action.writes() {
                course.state.reach(&step.name, step.observed, &step.goal);
            }
            changes.push(change);
        }
        changes.sort_by_key(|change| change.effect);
        Ok(changes)
    }

    /// What a phase that is not asked for has yet to do on one target.
    fn outstanding(
        &self,
        phase: &Phase,
        course: &Course<'_>,
    ) -> Result<Vec<Outstanding>, PlanError> {
        let mut outstanding = Vec::new();
        for wanted in of_engine(phase, course.engine()) {
            let step = self.step(phase.number, course, wanted)?;
            if step.need != Need::Nothing {
                outstanding.push(Outstanding {
                    phase: phase.number,
                    target: course.name().to_owned(),
                    setting: step.name,
                    waits_for_restart: step.need == Need::Restart,
                });
            }
        }
        Ok(outstanding)
    }

    fn step(&self, phase: u32, course: &Course<'_>, wanted: &Wanted) -> Result<Step, PlanError> {
        let engine = course.engine();
        let (name, observed) = course.setting(&wanted.name)?;
        let wrong = |error| course.wrong_value(name, observed, &wanted.value, error);
        let goal = Goal::wanted(engine, observed, &wanted.value).map_err(wrong)?;
        let live = course.live(name).unwrap_or(observed);
        let passed_by = staged::passed_by(
            self.profile,
            self.selection,
            (phase, engine, &wanted.name),
            live,
        )
        .map_err(wrong)?;
        let need = match passed_by {
            Some(_) => Need::Nothing,
            None => need::of(engine, observed, &goal),
        };
        Ok(Step {
            name: name.clone(),
            observed: observed.clone(),
            goal,
            need,
            passed_by,
        })
    }
}

impl Step {
    fn origin(&self, phase: u32, wanted: &Wanted) -> Origin {
        let note = match self.passed_by {
            Some(later) => Some(format!(
                "phase {phase} asks for {}, and the server has come to phase {later} already",
                self.goal.shown(&self.observed)
            )),
            None => self.note_of_spelling(&wanted.value),
        };
        Origin {
            because: wanted.because.clone(),
            note,
        }
    }

    /// What a person should know about the spelling of a value that is written.
    fn note_of_spelling(&self, input: &Input) -> Option<String> {
        match input {
            Input::Text(text) if self.need != Need::Nothing && !self.observed.secret => {
                self.observed.domain.note(text)
            }
            Input::Text(_) | Input::Default | Input::List(_) => None,
        }
    }
}

/// The targets asked for, each with what waits for a restart there and is not shown.
fn courses<'a>(
    profile: &Profile,
    selection: &Selection,
    targets: &'a [PlannedTarget<'a>],
) -> Vec<Course<'a>> {
    let is_shown = |engine: EngineKind, name: &SettingName| {
        let mut phases = profile.phases.iter();
        phases.any(|phase| {
            selection.has_phase(phase.number)
                && of_engine(phase, engine).any(|wanted| wanted.name == *name)
        })
    };
    targets
        .iter()
        .filter(|target| selection.has_target(target.name()))
        .map(|target| {
            let engine = target.snapshot.engine;
            Course::new(target, |name| is_shown(engine, name))
        })
        .collect()
}

fn of_engine(phase: &Phase, engine: EngineKind) -> impl Iterator<Item = &Wanted> {
    let settings = phase.settings.iter();
    settings.filter(move |wanted| wanted.engine == engine)
}

fn facts(phase: &Phase) -> PhaseFacts {
    PhaseFacts {
        number: phase.number,
        title: phase.title.clone(),
        window: phase.window.as_ref().map(|window| window.text.clone()),
    }
}

/// Refuses a selection of what is not there, and settings that no target is there for.
fn check(
    profile: &Profile,
    selection: &Selection,
    targets: &[PlannedTarget<'_>],
) -> Result<(), PlanError> {
    let known: Vec<u32> = profile.phases.iter().map(|phase| phase.number).collect();
    let mut asked_for = selection.phases.iter().flatten();
    if let Some(&number) = asked_for.find(|number| !known.contains(number)) {
        return Err(PlanError::UnknownPhase {
            profile: profile.name.clone(),
            number,
            known,
        });
    }
    let known: Vec<String> = targets
        .iter()
        .map(|target| target.name().to_owned())
        .collect();
    let mut asked_for = selection.targets.iter().flatten();
    if let Some(name) = asked_for.find(|name| !known.contains(name)) {
        return Err(PlanError::UnknownTarget {
            name: name.clone(),
            known,
        });
    }
    if selection.targets.is_some() {
        return Ok(());
    }
    check_engines(profile, selection, targets)
}

fn check_engines(
    profile: &Profile,
    selection: &Selection,
    targets: &[PlannedTarget<'_>],
) -> Result<(), PlanError> {
    let phases = profile.phases.iter();
    for phase in phases.filter(|phase| selection.has_phase(phase.number)) {
        let has_target = |engine: EngineKind| {
            targets
                .iter()
                .any(|target| target.snapshot.engine == engine)
        };
        let mut settings = phase.settings.iter();
        if let Some(wanted) = settings.find(|wanted| !has_target(wanted.engine)) {
            return Err(PlanError::NoTarget {
                phase: phase.number,
                engine: wanted.engine,
            });
        }
    }
    Ok(())
}
