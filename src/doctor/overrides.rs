//! What else decides the value of a setting of the profile.

use super::{Check, Finding, Read, Verdict};
use crate::profile::{Profile, Wanted};
use crate::snapshot::{Observed, Override, OverrideKind};

/// An override by the value that the profile asks for keeps it from nothing and is passed over.
pub(super) fn find(read: &Read, profile: &Profile) -> Vec<Finding> {
    let wanted = profile.phases.iter().flat_map(|phase| &phase.settings);
    let mut findings: Vec<Finding> = Vec::new();
    for wanted in wanted.filter(|wanted| wanted.engine == read.snapshot.engine) {
        let Some(observed) = read.snapshot.setting(&wanted.name) else {
            continue;
        };
        let found = observed
            .overrides
            .iter()
            .filter(|other| !is_as_wanted(observed, other, wanted))
            .map(|other| one(read, wanted, observed, other));
        for finding in found {
            // A setting of several phases is told once.
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
    findings
}

fn is_as_wanted(observed: &Observed, other: &Override, wanted: &Wanted) -> bool {
    let theirs = other
        .value
        .as_deref()
        .and_then(|raw| observed.domain.parse(raw).ok());
    let ours = observed.domain.parse_input(&wanted.value).ok().flatten();
    theirs.is_some_and(|theirs| ours.is_some_and(|ours| ours.is_met_by(&theirs)))
}

fn one(read: &Read, wanted: &Wanted, observed: &Observed, other: &Override) -> Finding {
    let value = other.value.as_deref().map(|raw| {
        let shown = if observed.secret {
            "***".to_owned()
        } else {
            observed.domain.parse(raw).map_or_else(
                |_unreadable| raw.to_owned(),
                |value| observed.domain.format(&value),
            )
        };
        format!(" to {shown}")
    });
    let value = value.unwrap_or_default();
    let name = &wanted.name;
    let (verdict, message) = match other.by {
        OverrideKind::CommandLine => (
            Verdict::Problem,
            format!("the command line of the server sets {name}{value} and wins over every file"),
        ),
        OverrideKind::RoleOrDatabase => (
            Verdict::Warning,
            format!(
                "{} has {name} set{value} and keeps that",
                other.who.as_deref().unwrap_or("every role")
            ),
        ),
    };
    Finding::new(read.target(), Check::Overrides, verdict, message).remedy(&other.lift)
}
