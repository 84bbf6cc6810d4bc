//! Something else decides the value: the command line, a role or a database, or whoever has changed
//! it since the run that is to be undone.

use crate::plan::goal;
use crate::plan::need::Need;
use crate::plan::types::{Hazard, HazardKind};
use crate::snapshot::{Override, OverrideKind};

use super::{Subject, blocking, warning};

/// One hazard for each override that keeps the goal from being in effect everywhere. An override
/// by the value aimed at changes nothing and is passed over.
pub(super) fn find(subject: &Subject<'_>) -> Vec<Hazard> {
    let overrides = subject.observed.overrides.iter();
    let overrides = overrides.filter_map(|other| match other.by {
        OverrideKind::CommandLine => command_line(subject, other),
        OverrideKind::RoleOrDatabase => role_or_database(subject, other),
    });
    changed_since(subject)
        .into_iter()
        .chain(overrides)
        .chain(unlike_the_file(subject))
        .collect()
}

fn changed_since(subject: &Subject<'_>) -> Option<Hazard> {
    let run_had_set = subject.run_had_set.as_ref()?;
    if subject.need == Need::Nothing {
        return None;
    }
    let observed = subject.observed;
    let message = format!(
        "{} on {} is {} now and the run had set it to {run_had_set}: somebody has changed it since; \
         `--allow overridden` goes back to {} nevertheless",
        subject.setting,
        subject.target.name(),
        goal::show(observed, observed.stored()),
        subject.goal.shown(observed),
    );
    Some(blocking(HazardKind::Overridden, message))
}

/// A Redis runs with another value than its file has. Whether somebody has set that or its command
/// line does, it does not tell; an option there wins again at the next start.
fn unlike_the_file(subject: &Subject<'_>) -> Option<Hazard> {
    let facts = subject.target.snapshot.facts.redis.as_ref()?;
    let rewrite = facts.rewrite.as_ref()?;
    let name = subject.setting.as_str();
    let mut drifted = rewrite.drifted.iter();
    let drifted = drifted.find(|drifted| drifted.setting == name)?;
    if subject.need == Need::Nothing {
        return None;
    }
    let in_file = match &drifted.in_file {
        Some(value) => format!("has {value}"),
        None => "does not name it".to_owned(),
    };
    let message = format!(
        "{} runs with {name} {}, and its file {in_file}: where an option on its command line sets it, \
         that wins again at its next start",
        subject.target.name(),
        drifted.running,
    );
    Some(warning(HazardKind::Overridden, message))
}

fn command_line(subject: &Subject<'_>, other: &Override) -> Option<Hazard> {
    if subject.need == Need::Nothing {
        return None;
    }
    let message = format!(
        "the command line of {} sets {}{} and wins over every file; {}",
        subject.target.name(),
        subject.setting,
        to_value(subject, other),
        other.lift
    );
    Some(blocking(HazardKind::Overridden, message))
}

fn role_or_database(subject: &Subject<'_>, other: &Override) -> Option<Hazard> {
    let value = other.value.as_deref();
    if value.is_some_and(|value| subject.goal.is(subject.observed, value)) {
        return None;
    }
    let who = other.who.as_deref().unwrap_or("every role");
    let message = format!(
        "{who} has {} set{} and keeps that; `{}` lifts it",
        subject.setting,
        to_value(subject, other),
        other.lift
    );
    Some(warning(HazardKind::Overridden, message))
}

fn to_value(subject: &Subject<'_>, other: &Override) -> String {
    let value = other.value.as_deref();
    value.map_or_else(String::new, |value| {
        format!(" to {}", goal::show(subject.observed, value))
    })
}
