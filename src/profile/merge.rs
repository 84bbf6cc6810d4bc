//! A profile and its parents become one.

use super::parse::Parsed;
use super::{Objective, Phase, Profile, Wanted};

/// Merges a chain of files, the child first, each extending the next.
///
/// The parent's phases come first. Phases of one number become one. What the child sets anywhere is
/// taken out of its parents' phases; a phase that has nothing left goes.
pub(super) fn merge(child: Parsed, parents: impl IntoIterator<Item = Parsed>) -> Profile {
    let mut profile = into_profile(child);
    for parent in parents {
        extend(&mut profile, parent);
    }
    profile.phases.retain(|phase| !phase.settings.is_empty());
    profile.phases.sort_by_key(|phase| phase.number);
    profile
}

fn into_profile(file: Parsed) -> Profile {
    Profile {
        name: file.name,
        description: file.description,
        file: file.file,
        requires: file.requires,
        phases: file.phases,
        objectives: file.objectives,
    }
}

fn extend(profile: &mut Profile, parent: Parsed) {
    profile.requires.splice(0..0, parent.requires);
    let overridden: Vec<_> = settings(&profile.phases).map(key).collect();
    for mut phase in parent.phases {
        phase
            .settings
            .retain(|wanted| !overridden.contains(&key(wanted)));
        match profile
            .phases
            .iter_mut()
            .find(|own| own.number == phase.number)
        {
            Some(own) => {
                own.settings.splice(0..0, phase.settings);
                own.title = own.title.take().or(phase.title);
                own.window = own.window.take().or(phase.window);
            }
            None => profile.phases.push(phase),
        }
    }
    let inherited = parent.objectives.into_iter();
    let new: Vec<Objective> = inherited
        .filter(|objective| !has(profile, objective))
        .collect();
    profile.objectives.splice(0..0, new);
}

fn has(profile: &Profile, objective: &Objective) -> bool {
    let mut own = profile.objectives.iter();
    own.any(|own| own.metric == objective.metric)
}

fn settings(phases: &[Phase]) -> impl Iterator<Item = &Wanted> {
    phases.iter().flat_map(|phase| &phase.settings)
}

fn key(wanted: &Wanted) -> (crate::setting::EngineKind, crate::setting::SettingName) {
    (wanted.engine, wanted.name.clone())
}
