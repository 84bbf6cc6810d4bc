//! The way back: a plan that puts back what a run has changed.

use std::collections::BTreeSet;

use time::OffsetDateTime;

use crate::setting::{Assignment, EngineKind, Input, SettingName};
use crate::snapshot::Observed;

use super::PlanError;
use super::change::{self, Origin};
use super::course::{self, Course};
use super::goal::Goal;
use super::hazards::{Occasion, Subject};
use super::need::{self, Need};
use super::request::PlannedTarget;
use super::types::{Change, PhaseFacts, Plan};

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
    let mut changes = Vec::new();
    let mut phases: Vec<u32> = Vec::new();
    for undo in undos.iter().rev() {
        let mut matching = courses.iter_mut();
        let course = matching
            .find(|course| course.name() == undo.target)
            .ok_or_else(|| unknown_target(undo, targets))?;
        changes.push(go_back(undo, course, now)?);
        if !phases.contains(&undo.phase) {
            phases.push(undo.phase);
        }
    }
    Ok(Plan {
        profile: profile.to_owned(),
        created_at: now,
        targets: courses.iter().map(Course::facts).collect(),
        restart_commands: course::restart_commands(&courses),
        goes_back: true,
        changes,
        phases: phases.into_iter().map(facts).collect(),
        hazards: Vec::new(),
    })
}

fn go_back(undo: &Undo, course: &mut Course<'_>, now: OffsetDateTime) -> Result<Change, PlanError> {
    let engine = course.engine();
    let (name, observed) = course.setting(&undo.setting)?;
    let (name, observed) = (name.clone(), observed.clone());
    let goal = earlier(undo, course, &observed)?;
    let occasion = Occasion {
        window: None,
        now,
        outstanding: &[],
        foreign: &course.foreign,
        undoes: true,
    };
    let subject = Subject {
        target: course.target,
        setting: &name,
        observed: &observed,
        goal: &goal,
        need: need_to_go_back(engine, &observed, &goal),
        phase: undo.phase,
        occasion: &occasion,
        run_had_set: changed_since(undo, &observed, &goal),
    };
    let change = change::plan(&subject, &course.state, origin(undo));
    if change.action.writes() {
        course.state.reach(&name, observed, &goal);
    }
    Ok(change)
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
        because: None,
        note,
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
