//! What has moved since a plan was saved, in plain words.

use std::collections::BTreeSet;

use crate::setting::EngineKind;

use super::document::{ChangeDocument, PlanDocument};
use super::fingerprint::{Fingerprint, ServerPrint, SettingPrint};
use super::saved::SavedPlan;
use super::types::Plan;

/// Everything that has moved since the plan was saved, each as a sentence without a full stop;
/// nothing: it still holds. `fresh` is the same selection of the same profile, planned now.
pub fn moved(saved: &SavedPlan, fresh: &Plan, fingerprint: &Fingerprint) -> Vec<String> {
    let now = SavedPlan {
        document: PlanDocument::from(fresh),
        fingerprint: fingerprint.clone(),
    };
    let mut moved = Vec::new();
    for then in &saved.fingerprint.servers {
        let mut servers = now.fingerprint.servers.iter();
        match servers.find(|server| server.target == then.target) {
            Some(server) => moved.extend(of_server(then, server)),
            None => moved.push(format!("{} is not among the targets any more", then.target)),
        }
    }
    let (then, now) = (Lines::of(saved), Lines::of(&now));
    let of_profile = of_profile(&then, &now);
    moved.extend(of_settings(&then, &now));
    if of_profile.is_empty() && saved.fingerprint.profile_digest != fingerprint.profile_digest {
        moved.push(format!(
            "the profile {} was changed in a window or in a phase that the plan does not show",
            fingerprint.profile
        ));
    }
    moved.extend(of_profile);
    moved
}

fn of_server(then: &ServerPrint, now: &ServerPrint) -> Vec<String> {
    let target = &then.target;
    let (was, is) = (&then.identity, &now.identity);
    let mut moved = Vec::new();
    match then.engine {
        EngineKind::Postgresql if was.system != is.system => moved.push(format!(
            "{target} is another server: its system identifier is {}, it was {}",
            is.system, was.system
        )),
        EngineKind::Postgresql if was.started_at != is.started_at => {
            moved.push(format!("{target} was restarted at {}", is.started_at));
        }
        // The run id is the process: whether the same server began anew, nobody can tell.
        EngineKind::Redis if was.system != is.system => moved.push(format!(
            "{target} was restarted at {}, or is another server",
            is.started_at
        )),
        EngineKind::Postgresql | EngineKind::Redis => {}
    }
    let mut compare = |what: &str, was: &str, is: &str| {
        if was != is {
            moved.push(format!("{target} {what} {is}, it was {was}"));
        }
    };
    compare("has version", &was.version, &is.version);
    compare("has the role", &was.role, &is.role);
    compare("is connected to as", &was.user, &is.user);
    moved
}

/// The settings of a saved plan.
struct Lines<'a>(Vec<Line<'a>>);

/// A setting as the plan showed it, and what that was made from.
#[derive(Clone, Copy)]
struct Line<'a> {
    change: &'a ChangeDocument,
    print: &'a SettingPrint,
}

impl<'a> Lines<'a> {
    fn of(saved: &'a SavedPlan) -> Self {
        let changes = saved.document.changes.iter();
        let lines = changes.zip(&saved.fingerprint.settings);
        Self(
            lines
                .map(|(change, print)| Line { change, print })
                .collect(),
        )
    }

    fn find(&self, other: &Line<'_>) -> Option<&Line<'a>> {
        self.0.iter().find(|line| {
            line.change.phase == other.change.phase
                && line.change.target == other.change.target
                && line.change.setting == other.change.setting
        })
    }
}

fn of_profile(then: &Lines<'_>, now: &Lines<'_>) -> Vec<String> {
    let mut moved = Vec::new();
    for line in &then.0 {
        let ChangeDocument { phase, setting, .. } = line.change;
        match now.find(line) {
            None => moved.push(format!(
                "the profile does not ask for {setting} in phase {phase} any more"
            )),
            Some(new) if new.print.wanted != line.print.wanted => moved.push(format!(
                "the profile asks for {setting} = {} in phase {phase}, it asked for {}",
                new.change.desired, line.change.desired
            )),
            Some(_) => {}
        }
    }
    let added = now.0.iter().filter(|line| then.find(line).is_none());
    moved.extend(added.map(|line| {
        let ChangeDocument { phase, setting, .. } = line.change;
        format!("the profile also asks for {setting} in phase {phase}")
    }));
    moved.dedup();
    moved
}

/// A setting that stands in several phases is compared as the first of them found it: what the
/// later ones find is planned, not read.
fn of_settings(then: &Lines<'_>, now: &Lines<'_>) -> Vec<String> {
    let mut compared = BTreeSet::new();
    let lines = then.0.iter();
    lines
        .filter(|line| compared.insert((&line.change.target, &line.change.setting)))
        .filter_map(|line| of_setting(line, now.find(line)?))
        .collect()
}

fn of_setting(then: &Line<'_>, now: &Line<'_>) -> Option<String> {
    let ChangeDocument {
        target, setting, ..
    } = then.change;
    let (Some(was), Some(is)) = (&then.print.seen, &now.print.seen) else {
        return of_action(then, now);
    };
    if was.running != is.running {
        let is = or_raw(
            now.change.current.as_ref(),
            then.change.current.as_ref(),
            &is.running,
        );
        let was = or_raw(
            then.change.current.as_ref(),
            now.change.current.as_ref(),
            &was.running,
        );
        return Some(format!(
            "{setting} on {target} is now {is}, it was {was} when the plan was made"
        ));
    }
    if was.configured != is.configured {
        let unknown = || "what cannot be read".to_owned();
        let was = then.change.configured.clone().unwrap_or_else(unknown);
        let is = now.change.configured.clone().unwrap_or_else(unknown);
        return Some(format!(
            "the files of {target} now say {is} for {setting}, they said {was} when the plan was made"
        ));
    }
    if was.entry != is.entry {
        return Some(format!(
            "ALTER SYSTEM has changed {setting} on {target} since the plan was made"
        ));
    }
    of_action(then, now)
}

/// A value as it was shown, or raw where it would look like the other.
fn or_raw(shown: Option<&String>, other: Option<&String>, raw: &str) -> String {
    match shown {
        Some(shown) if Some(shown) != other => shown.clone(),
        Some(_) | None => raw.to_owned(),
    }
}

/// What would be done is something else, though nothing of it can be shown: it is secret, or what
/// matters is not its value (a right, a broken file).
fn of_action(then: &Line<'_>, now: &Line<'_>) -> Option<String> {
    let (was, is) = (then.change.action, now.change.action);
    let differs = was != is && then.print.wanted == now.print.wanted;
    differs.then(|| {
        format!(
            "{} on {} is now planned as {}, it was {} when the plan was made",
            then.change.setting,
            then.change.target,
            is.key(),
            was.key()
        )
    })
}
