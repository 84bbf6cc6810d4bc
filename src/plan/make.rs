//! From a profile and what the servers said to a plan.

use time::OffsetDateTime;

use crate::profile::{Phase, Profile, Wanted};
use crate::setting::{EngineKind, Input, SettingName};
use crate::snapshot::Observed;

use super::PlanError;
use super::after::After;
use super::change::{self, Origin};
use super::cluster::{self, Direction};
use super::course::{self, Course};
use super::differences::differences;
use super::goal::Goal;
use super::hazards::{self, Occasion, Outstanding, Subject};
use super::need::{self, Need};
use super::request::{PlannedTarget, Selection};
use super::staged;
use super::turns::{self, Turns};
use super::types::{Change, PhaseFacts, Plan, Questions};

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
    let mut turns = Turns::new(
        courses
            .iter()
            .map(|course| course.target.snapshot)
            .collect(),
    );
    let mut outstanding = Vec::new();
    let mut draft = Draft::default();
    for phase in &phases {
        if selection.has_phase(phase.number) {
            asker.plan_phase((phase, &outstanding), &mut courses, &mut turns, &mut draft)?;
            continue;
        }
        for course in &courses {
            outstanding.extend(asker.outstanding(phase, course)?);
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
        changes: draft.changes,
        phases: shown.map(|phase| facts(phase)).collect(),
        hazards: Vec::new(),
        questions: draft.questions,
        restart_orders: turns.orders(),
        differences: differences(&courses),
        pending_migrations: Vec::new(),
    })
}

/// What has been planned so far, and what is open.
#[derive(Default)]
struct Draft {
    changes: Vec<Change>,
    questions: Questions,
}

/// A phase on one target, and what it leaves behind there and elsewhere.
struct Stage<'s, 'a> {
    phase: &'s Phase,
    /// What phases before, not asked for, still have to do.
    outstanding: &'s [Outstanding],
    /// Every target as the phase leaves it.
    afters: &'s [After<'a>],
    /// The target at hand as the phase leaves it.
    after: &'s After<'a>,
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
    /// In which turn it is done.
    turn: u32,
}

impl Asker<'_> {
    /// Plans a phase on every target. With the phase comes what phases before it, not asked for, still
    /// have to do.
    fn plan_phase(
        &self,
        (phase, outstanding): (&Phase, &[Outstanding]),
        courses: &mut [Course<'_>],
        turns: &mut Turns<'_>,
        draft: &mut Draft,
    ) -> Result<(), PlanError> {
        let mut steps = self.all_steps(phase, courses)?;
        take_turns(&mut steps, courses, turns);
        let afters = afters(&steps, courses);
        let mut changes = Vec::new();
        for ((course, after), steps) in courses.iter_mut().zip(&afters).zip(steps) {
            let open = hazards::questions(after);
            if !open.is_empty() {
                let own = draft.questions.entry(course.name().to_owned());
                own.or_default().extend(open);
            }
            let stage = Stage {
                phase,
                outstanding,
                afters: &afters,
                after,
            };
            let place = place_of_writes(course, &steps, &afters);
            let planned = self.changes(&stage, course, steps).into_iter();
            changes.extend(planned.map(|change| (place, change)));
        }
        changes.sort_by_key(|(place, change)| (change.turn, *place));
        draft
            .changes
            .extend(changes.into_iter().map(|(_, change)| change));
        Ok(())
    }

    /// The changes of a phase on one target: by effect, then in the order of the profile.
    fn changes(
        &self,
        stage: &Stage<'_, '_>,
        course: &mut Course<'_>,
        steps: Vec<Step>,
    ) -> Vec<Change> {
        let phase = stage.phase;
        let mut changes = Vec::new();
        for (wanted, step) in of_engine(phase, course.engine()).zip(steps) {
            let occasion = Occasion {
                window: phase.window.as_ref(),
                now: self.now,
                outstanding: stage.outstanding,
                foreign: &course.foreign,
                afters: stage.afters,
                after: stage.after,
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
        changes
    }

    /// What a phase asks of each target, in the order of the profile.
    fn all_steps(
        &self,
        phase: &Phase,
        courses: &[Course<'_>],
    ) -> Result<Vec<Vec<Step>>, PlanError> {
        let steps = courses.iter().map(|course| {
            of_engine(phase, course.engine())
                .map(|wanted| self.step(phase.number, course, wanted))
                .collect::<Result<Vec<_>, _>>()
        });
        steps.collect()
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
        let wrong = |error| course.wrong_value(&name, &observed, &wanted.value, error);
        let goal = Goal::wanted(engine, &observed, &wanted.value).map_err(wrong)?;
        let live = course.live(&name).unwrap_or(&observed);
        let passed_by = staged::passed_by(
            self.profile,
            self.selection,
            (phase, engine, &wanted.name),
            live,
        )
        .map_err(wrong)?;
        let need = match passed_by {
            Some(_) => Need::Nothing,
            None => need::of(engine, &observed, &goal),
        };
        Ok(Step {
            name,
            observed,
            goal,
            need,
            passed_by,
            turn: 0,
        })
    }
}

/// Gives every step its turn: what raises first, what lowers afterwards.
fn take_turns(steps: &mut [Vec<Step>], courses: &[Course<'_>], turns: &mut Turns<'_>) {
    let first = turns.current();
    for step in steps.iter_mut().flatten() {
        step.turn = first;
    }
    for direction in [Direction::Raise, Direction::Lower] {
        for (index, (own, course)) in steps.iter_mut().zip(courses).enumerate() {
            let engine = course.engine();
            let moved = own
                .iter_mut()
                .filter(|step| step.direction(engine) == Some(direction));
            for step in moved {
                step.turn = turns.of(index, direction);
            }
        }
    }
}

/// Every target as the phase leaves it.
fn afters<'a>(steps: &[Vec<Step>], courses: &[Course<'a>]) -> Vec<After<'a>> {
    let afters = courses.iter().zip(steps).map(|(course, steps)| {
        let writes = steps
            .iter()
            .filter(|step| step.need == Need::Write)
            .map(|step| (step.name.clone(), step.observed.clone(), step.goal.clone()));
        course.after(writes)
    });
    afters.collect()
}

/// Where the writes to a target stand among those of its phase.
fn place_of_writes(course: &Course<'_>, steps: &[Step], afters: &[After<'_>]) -> u8 {
    let node = course.target.snapshot;
    let is_same = |after: &&After<'_>| cluster::is_same(node, after.target.snapshot);
    if afters.iter().filter(is_same).count() < 2 {
        return 0;
    }
    let direction = steps
        .iter()
        .find_map(|step| step.direction(course.engine()));
    turns::place_of_write(node, direction)
}

impl Step {
    /// Which way a setting goes that must be changed in step with other nodes.
    fn direction(&self, engine: EngineKind) -> Option<Direction> {
        if self.need == Need::Nothing || !cluster::is_sensitive(engine, &self.name) {
            return None;
        }
        let to = self.goal.raw(&self.observed)?;
        cluster::direction(&self.observed, &self.observed.running, &to)
    }

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
            turn: self.turn,
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
