//! One setting and its goal become one change of the plan.

use crate::setting::{Assignment, EngineKind};
use crate::snapshot::Source;

use super::hazards::{self, Subject};
use super::need::Need;
use super::state::{self, State};
use super::types::{Action, Change};

/// Where a change comes from, in words.
#[derive(Debug, Default)]
pub(super) struct Origin {
    /// Why, in the profile's words.
    pub(super) because: Option<String>,
    /// Why dbtune does what it does, where the values alone do not show it.
    pub(super) note: Option<String>,
    /// In which turn it is done.
    pub(super) turn: u32,
}

/// The change that brings a setting to its goal, with its hazards and the way back.
pub(super) fn plan(subject: &Subject<'_>, state: &State<'_>, origin: Origin) -> Change {
    let observed = subject.observed;
    let hazards = hazards::all(subject);
    let action = if hazards::prevent(&hazards, subject.need) {
        Action::Blocked
    } else {
        action(subject.need, &subject.goal.assignment)
    };
    let show = |raw: &str| subject.goal.show(observed, raw);
    // Of a setting that nobody owns and no file names, nobody knows a value.
    let is_known = !(observed.is_placeholder() && observed.configured.is_none());
    Change {
        phase: subject.phase,
        turn: origin.turn,
        target: subject.target.name().to_owned(),
        engine: subject.target.snapshot.engine,
        setting: subject.setting.clone(),
        action,
        effect: observed.effect,
        current: is_known.then(|| show(&observed.running)),
        configured: observed.configured.as_deref().map(show),
        desired: subject.goal.shown(observed),
        source: source(subject.target.snapshot.engine, &observed.source).filter(|_| is_known),
        hazards,
        because: origin.because,
        note: origin.note,
        changed_since: None,
        secret: observed.secret,
        seen: state::seen(observed),
        assignment: subject.goal.assignment.clone(),
        undo: state.undo(subject.setting, observed),
    }
}

/// What is done where nothing prevents it.
pub(super) fn action(need: Need, assignment: &Assignment) -> Action {
    match (need, assignment) {
        (Need::Nothing, _) => Action::Unchanged,
        (Need::Restart, _) => Action::PendingRestart,
        (Need::Write, Assignment::Set(_)) => Action::Update,
        (Need::Write, Assignment::Reset) => Action::Reset,
    }
}

/// Where the running value comes from; Redis does not tell.
fn source(engine: EngineKind, source: &Source) -> Option<Source> {
    match engine {
        EngineKind::Redis => None,
        EngineKind::Postgresql => (!source.kind.is_empty()).then(|| source.clone()),
    }
}
