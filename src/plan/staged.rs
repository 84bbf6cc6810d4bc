//! Settings that stand in several phases: a limit raised step by step.

use crate::profile::Profile;
use crate::setting::{EngineKind, Input, ParseValueError, SettingName};
use crate::snapshot::Observed;

use super::goal::Goal;
use super::request::Selection;

/// One phase that asks for a setting.
struct Step<'a> {
    phase: u32,
    input: &'a Input,
    /// Whether the server, as it was read, stands there.
    is_live: bool,
}

/// The later phase whose value the server has already, so that going to the value of this phase
/// would be a step back.
///
/// The value of a later phase may also be where the rollout began: `default` after a temporary
/// value, or the value of a phase before this one. Then it shows nothing by itself, and this phase
/// is past only where the later one is asked for too.
pub(super) fn passed_by(
    profile: &Profile,
    selection: &Selection,
    at: (u32, EngineKind, &SettingName),
    live: &Observed,
) -> Result<Option<u32>, ParseValueError> {
    let (phase, engine, name) = at;
    let steps = steps(profile, engine, name, live)?;
    let began_there = steps.iter().any(|step| step.phase < phase && step.is_live);
    let stands_here = steps.iter().any(|step| step.phase == phase && step.is_live);
    if stands_here {
        return Ok(None);
    }
    let later = steps
        .iter()
        .filter(|step| step.phase > phase && step.is_live);
    let mut certain = later.filter(|step| {
        let ambiguous = began_there || *step.input == Input::Default;
        !ambiguous || selection.has_phase(step.phase)
    });
    Ok(certain.next().map(|step| step.phase))
}

fn steps<'a>(
    profile: &'a Profile,
    engine: EngineKind,
    name: &SettingName,
    live: &Observed,
) -> Result<Vec<Step<'a>>, ParseValueError> {
    let mut steps = Vec::new();
    for phase in &profile.phases {
        let of_phase = phase.settings.iter();
        for wanted in of_phase.filter(|wanted| wanted.engine == engine && wanted.name == *name) {
            let goal = Goal::wanted(engine, live, &wanted.value)?;
            steps.push(Step {
                phase: phase.number,
                input: &wanted.value,
                is_live: goal.is_stored(engine, live),
            });
        }
    }
    Ok(steps)
}
