//! Whether the profile fits the targets, and each of its settings may be changed there.

use super::grants;
use super::{Check, Examined, Finding, Read, Verdict};
use crate::profile::{self, Profile};
use crate::setting::{EngineKind, SettingName};

/// The engines that the profile has settings for and no target is known of.
pub(super) fn without_target(profile: &Profile, targets: &[Examined]) -> Vec<Finding> {
    let is_missing = |engine: &EngineKind| {
        !grants::settings(profile, *engine).is_empty()
            && !targets
                .iter()
                .any(|examined| examined.target.engine == *engine)
    };
    EngineKind::ALL
        .into_iter()
        .filter(is_missing)
        .map(|engine| {
            let message = format!(
                "{} has settings for {engine}, and no {engine} is among the targets",
                profile.name
            );
            Finding::general(Check::Profile, Verdict::Problem, message).remedy(format!(
                "give {} URL, or name one in targets.yaml",
                engine.flag()
            ))
        })
        .collect()
}

pub(super) fn find(examined: &Examined, read: &Read, profile: &Profile) -> Vec<Finding> {
    let engine = examined.target.engine;
    let wanted = grants::settings(profile, engine);
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut findings = mistakes(read, profile);
    findings.extend(not_granted(examined, read, &wanted));
    findings.extend(fixed(read, &wanted));
    if findings.is_empty() {
        let message = format!(
            "the {} of {} may be changed here",
            count(wanted.len(), "setting"),
            profile.name
        );
        findings.push(Finding::new(
            read.target(),
            Check::AlterSystem,
            Verdict::Ok,
            message,
        ));
    }
    findings
}

/// `1 setting`, `2 settings`.
pub(super) fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

fn mistakes(read: &Read, profile: &Profile) -> Vec<Finding> {
    let mistakes = profile::check::live(profile, std::slice::from_ref(&read.snapshot));
    mistakes
        .into_iter()
        .map(|mistake| {
            let place = mistake
                .place
                .as_ref()
                .map(|place| format!(" ({})", place.short()));
            let message = format!("{}{}", mistake.message, place.unwrap_or_default());
            Finding::new(read.target(), Check::Profile, Verdict::Problem, message)
                .maybe_remedy(mistake.help)
        })
        .collect()
}

fn not_granted(examined: &Examined, read: &Read, wanted: &[SettingName]) -> Option<Finding> {
    let not_alterable = &read.examination.as_ref()?.not_alterable;
    let lacking: Vec<SettingName> = wanted
        .iter()
        .filter(|name| not_alterable.contains(*name))
        .cloned()
        .collect();
    if lacking.is_empty() {
        return None;
    }
    let user = examined.user();
    let names: Vec<&str> = lacking.iter().map(SettingName::as_str).collect();
    let message = format!("role {user} may not ALTER SYSTEM SET {}", names.join(", "));
    let remedy = if read.snapshot.identity.version_number < 150_000 {
        "connect as a superuser: before PostgreSQL 15 nobody else may".to_owned()
    } else {
        grants::alter_system(&lacking, &user)
    };
    Some(Finding::new(read.target(), Check::AlterSystem, Verdict::Problem, message).remedy(remedy))
}

/// What nobody can change here at run time. That the role lacks the right, or `allow_alter_system` is
/// off, is told once for all settings elsewhere.
fn fixed(read: &Read, wanted: &[SettingName]) -> Vec<Finding> {
    let is_off = alter_system_is_off(read);
    let not_alterable = read.examination.as_ref().map(|seen| &seen.not_alterable);
    let fixed = wanted.iter().filter_map(|name| {
        let reason = read.snapshot.setting(name)?.fixed.as_ref()?;
        let is_told = is_off || not_alterable.is_some_and(|names| names.contains(name));
        (!is_told).then(|| format!("{name} cannot be changed here: {reason}"))
    });
    fixed
        .map(|message| {
            Finding::new(read.target(), Check::AlterSystem, Verdict::Problem, message)
                .remedy("take it out of the profile")
        })
        .collect()
}

/// Whether `ALTER SYSTEM` is switched off altogether (PostgreSQL 17 and newer).
pub(super) fn alter_system_is_off(read: &Read) -> bool {
    let name = SettingName::from("allow_alter_system");
    let observed = read.snapshot.setting(&name);
    observed.is_some_and(|observed| observed.running == "off")
}
