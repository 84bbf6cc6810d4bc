//! The way back: a plan that puts back what a run has changed.

use std::collections::BTreeSet;

use time::OffsetDateTime;

use crate::setting::{Assignment, EngineKind, Input, SettingName};
use crate::snapshot::Observed;

use super::PlanError;
use super::after::After;
use super::change::{self, Origin};
use super::cluster::{self, Direction};
use super::course::{self, Course};
use super::differences::differences;
use super::goal::Goal;
use super::hazards::{self, Occasion, Subject};
use super::need::{self, Need};
use super::request::PlannedTarget;
use super::turns::Turns;
use super::types::{Change, PhaseFacts, Plan, Questions};

/// One write of a run, and what was there before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    /// The phase that asked for it.
    pub phase: u32,
    /// The target.
    pub target: String,
    /// The target's kind.
    pub engine: EngineKind,
    /// The setting, as the server spells it.
    pub setting: SettingName,
    /// What to send to go back.
    pub before: Assignment,
    /// The raw text that was stored (PostgreSQL) or ran (Redis) before; `None` where there was none,
    /// or it is secret.
    pub before_raw: Option<String>,
    /// What the run has sent; `None` where it is secret.
    pub after: Option<Assignment>,
    /// Whether its values must never be shown or stored.
    pub secret: bool,
}

/// Plans to put back what a run has changed, last change first.
///
/// `profile` is the name of the profile that the run came from, `undos` are its writes in the order
/// in which they were done. What is back already is unchanged; what somebody has changed since is
/// blocked as overridden.
pub fn invert(
    profile: &str,
    undos: &[Undo],
    targets: &[PlannedTarget<'_>],
    now: OffsetDateTime,
) -> Result<Plan, PlanError> {
    let mut courses = courses(undos, targets);
    let afters = afters(undos, &courses)?;
    let mut turns = Turns::new(
        courses
            .iter()
            .map(|course| course.target.snapshot)
            .collect(),
    );
    let in_turn = take_turns(undos, &courses, &mut turns)?;
    let mut changes = Vec::new();
    let mut phases: Vec<u32> = Vec::new();
    for (undo, turn) in undos.iter().rev().zip(in_turn) {
        let mut matching = courses.iter_mut().zip(&afters);
        let (course, after) = matching
            .find(|(course, _)| course.name() == undo.target)
            .ok_or_else(|| unknown_target(undo, targets))?;
        let back = Back {
            undo,
            turn,
            afters: &afters,
            after,
            now,
        };
        changes.push(back.plan(course)?);
        if !phases.contains(&undo.phase) {
            phases.push(undo.phase);
        }
    }
    changes.sort_by_key(|change| change.turn);
    Ok(Plan {
        profile: profile.to_owned(),
        created_at: now,
        targets: courses.iter().map(Course::facts).collect(),
        restart_commands: course::restart_commands(&courses),
        goes_back: true,
        changes,
        phases: phases.into_iter().map(facts).collect(),
        hazards: Vec::new(),
        questions: questions(&afters),
        restart_orders: turns.orders(),
        differences: differences(&courses),
        pending_migrations: Vec::new(),
    })
}

/// One write on its way back.
struct Back<'s, 'a> {
    undo: &'s Undo,
    turn: u32,
    /// Every target as the way back leaves it.
    afters: &'s [After<'a>],
    /// The target of the write as the way back leaves it.
    after: &'s After<'a>,
    now: OffsetDateTime,
}

impl Back<'_, '_> {
    fn plan(&self, course: &mut Course<'_>) -> Result<Change, PlanError> {
        let undo = self.undo;
        let (name, observed, goal) = step(undo, course)?;
        let occasion = Occasion {
            window: None,
            now: self.now,
            outstanding: &[],
            foreign: &course.foreign,
            afters: self.afters,
            after: self.after,
            undoes: true,
        };
        let subject = Subject {
            target: course.target,
            setting: &name,
            observed: &observed,
            goal: &goal,
            need: need_to_go_back(course.engine(), &observed, &goal),
            phase: undo.phase,
            occasion: &occasion,
            run_had_set: changed_since(undo, &observed, &goal),
        };
        let mut origin = origin(undo);
        origin.turn = self.turn;
        let change = change::plan(&subject, &course.state, origin);
        if change.action.writes() {
            course.state.reach(&name, observed, &goal);
        }
        Ok(change)
    }
}

/// The turn of every write on the way back, the last write first: of each phase what raises comes
/// before what lowers.
fn take_turns(
    undos: &[Undo],
    courses: &[Course<'_>],
    turns: &mut Turns<'_>,
) -> Result<Vec<u32>, PlanError> {
    let back: Vec<&Undo> = undos.iter().rev().collect();
    let mut taken = Vec::new();
    for of_phase in back.chunk_by(|one, other| one.phase == other.phase) {
        let ways = of_phase
            .iter()
            .map(|undo| way(undo, courses))
            .collect::<Result<Vec<_>, _>>()?;
        let mut own = vec![turns.current(); ways.len()];
        for direction in [Direction::Raise, Direction::Lower] {
            let moved = own.iter_mut().zip(&ways).filter_map(|(turn, way)| {
                let (node, way) = (*way)?;
                (way == direction).then_some((turn, node))
            });
            moved.for_each(|(turn, node)| *turn = turns.of(node, direction));
        }
        taken.extend(own);
    }
    Ok(taken)
}

/// On which node a write goes which way, where it must be done in step with other nodes.
fn way(undo: &Undo, courses: &[Course<'_>]) -> Result<Option<(usize, Direction)>, PlanError> {
    let is_own = |course: &Course<'_>| course.name() == undo.target;
    let Some(node) = courses.iter().position(is_own) else {
        return Ok(None);
    };
    let Some(course) = courses.get(node) else {
        return Ok(None);
    };
    let (name, observed, goal) = step(undo, course)?;
    if !cluster::is_sensitive(course.engine(), &name) {
        return Ok(None);
    }
    let to = goal.raw(&observed);
    let direction = to.and_then(|to| cluster::direction(&observed, &observed.running, &to));
    Ok(direction.map(|direction| (node, direction)))
}

/// The setting of a write as it stands now, and where it goes back to.
fn step(undo: &Undo, course: &Course<'_>) -> Result<(SettingName, Observed, Goal), PlanError> {
    let (name, observed) = course.setting(&undo.setting)?;
    let goal = earlier(undo, course, &observed)?;
    Ok((name, observed, goal))
}

/// Every target as the way back leaves it. Where a setting was written more than once, its earliest
/// value is what is left.
fn afters<'a>(undos: &[Undo], courses: &[Course<'a>]) -> Result<Vec<After<'a>>, PlanError> {
    let afters = courses.iter().map(|course| {
        let own = undos
            .iter()
            .rev()
            .filter(|undo| undo.target == course.name());
        let steps = own
            .map(|undo| step(undo, course))
            .collect::<Result<Vec<_>, _>>()?;
        let engine = course.engine();
        let writes = steps
            .into_iter()
            .filter(|(_, observed, goal)| need_to_go_back(engine, observed, goal) == Need::Write);
        Ok(course.after(writes))
    });
    afters.collect()
}

fn questions(afters: &[After<'_>]) -> Questions {
    let open = afters.iter().map(|after| {
        let target = after.target.name().to_owned();
        (target, hazards::questions(after))
    });
    open.filter(|(_, questions)| !questions.is_empty())
        .collect()
}

/// What runs may be as before although what was stored is not: the entry has to come back, too.
fn need_to_go_back(engine: EngineKind, observed: &Observed, goal: &Goal) -> Need {
    if goal.is_entry(engine, observed) {
        need::of(engine, observed, goal)
    } else {
        Need::Write
    }
}

fn earlier(undo: &Undo, course: &Course<'_>, observed: &Observed) -> Result<Goal, PlanError> {
    let raw = undo.before_raw.as_deref();
    Goal::earlier(course.engine(), observed, &undo.before, raw).map_err(|error| {
        let written = Input::Text(undo.before_raw.clone().unwrap_or_default());
        course.wrong_value(&undo.setting, observed, &written, error)
    })
}

/// What the run had set, as shown, where the setting is now neither that nor what was before.
/// `None` also where nobody can tell, because it is secret.
fn changed_since(undo: &Undo, observed: &Observed, before: &Goal) -> Option<String> {
    let after = undo.after.as_ref()?;
    if before.is_entry(undo.engine, observed) {
        return None;
    }
    // A value that the server does not take any more is not what it has now.
    let Ok(after) = Goal::earlier(undo.engine, observed, after, None) else {
        return Some("another value".to_owned());
    };
    (!after.is_entry(undo.engine, observed)).then(|| after.shown(observed))
}

fn origin(undo: &Undo) -> Origin {
    let note = undo.after.is_none().then(|| {
        "dbtune stores no secrets, so it cannot tell whether somebody has changed it since"
            .to_owned()
    });
    Origin {
        note,
        ..Origin::default()
    }
}

/// The targets of the run, in the order in which they were read.
fn courses<'a>(undos: &[Undo], targets: &'a [PlannedTarget<'a>]) -> Vec<Course<'a>> {
    let touched: BTreeSet<&str> = undos.iter().map(|undo| undo.target.as_str()).collect();
    let is_shown = |target: &str, name: &SettingName| {
        let mut undos = undos.iter();
        undos.any(|undo| undo.target == target && undo.setting == *name)
    };
    targets
        .iter()
        .filter(|target| touched.contains(target.name()))
        .map(|target| Course::new(target, |name| is_shown(target.name(), name)))
        .collect()
}

fn unknown_target(undo: &Undo, targets: &[PlannedTarget<'_>]) -> PlanError {
    PlanError::UnknownTarget {
        name: undo.target.clone(),
        known: targets
            .iter()
            .map(|target| target.name().to_owned())
            .collect(),
    }
}

fn facts(number: u32) -> PhaseFacts {
    PhaseFacts {
        number,
        title: None,
        window: None,
    }
}
