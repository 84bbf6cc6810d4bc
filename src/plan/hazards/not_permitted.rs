//! It may not be done: by the role connected, by anybody at run time, or because there would be no
//! way back.

use crate::plan::need::Need;
use crate::plan::types::{Hazard, HazardKind};
use crate::setting::{Assignment, EngineKind};
use crate::snapshot::{Entry, Observed};

use super::{Subject, blocking, cut_off, extension_not_loaded, warning};

/// The first reason why the setting may not be written.
pub(super) fn find(subject: &Subject<'_>) -> Option<Hazard> {
    if subject.need != Need::Write {
        return None;
    }
    let reasons = [
        fixed,
        not_loaded,
        no_default,
        unreadable,
        missing_rights,
        secret_lost,
        cut_off::find,
    ];
    let reason = reasons.iter().find_map(|reason| reason(subject))?;
    Some(blocking(HazardKind::NotPermitted, reason))
}

fn fixed(subject: &Subject<'_>) -> Option<String> {
    let reason = subject.observed.fixed.as_ref()?;
    let (setting, target) = (subject.setting, subject.target.name());
    Some(format!("{setting} cannot be changed on {target}: {reason}"))
}

fn not_loaded(subject: &Subject<'_>) -> Option<String> {
    let snapshot = subject.target.snapshot;
    extension_not_loaded::is_refused(snapshot, subject.setting).then(|| {
        format!(
            "PostgreSQL {} takes {} only while a library that owns it is loaded",
            snapshot.identity.version, subject.setting
        )
    })
}

fn no_default(subject: &Subject<'_>) -> Option<String> {
    let engine = subject.target.snapshot.engine;
    let is_unknown = engine == EngineKind::Redis && subject.goal.assignment == Assignment::Reset;
    is_unknown.then(|| {
        format!(
            "{engine} does not tell what {} is by default; write the value itself in the profile",
            subject.setting
        )
    })
}

fn unreadable(subject: &Subject<'_>) -> Option<String> {
    let snapshot = subject.target.snapshot;
    let is_unreadable = match snapshot.engine {
        EngineKind::Postgresql => subject.observed.entry == Entry::Unknown,
        EngineKind::Redis => false,
    };
    is_unreadable.then(|| {
        let why = format!(
            "what the files of {} say of {} cannot be read, so it could not be put back",
            snapshot.target, subject.setting
        );
        [&[why], snapshot.missing_rights.as_slice()]
            .concat()
            .join("; ")
    })
}

fn missing_rights(subject: &Subject<'_>) -> Option<String> {
    let snapshot = subject.target.snapshot;
    let is_rewritten = subject.target.persist && snapshot.persisted_in.is_some();
    let redis = snapshot.facts.redis.as_ref().filter(|_| is_rewritten);
    let to_rewrite = redis.and_then(|redis| redis.lacks_rewrite.clone());
    let rights: Vec<String> = snapshot
        .missing_rights
        .iter()
        .cloned()
        .chain(to_rewrite)
        .collect();
    (!rights.is_empty()).then(|| rights.join("; "))
}

/// Redis lets only some users ask what they may.
pub(super) fn unknown_right(subject: &Subject<'_>) -> Option<Hazard> {
    let target = subject.target;
    let unknown = target
        .snapshot
        .facts
        .redis
        .as_ref()?
        .unknown_rewrite
        .clone()?;
    let is_needed = target.persist && target.snapshot.persisted_in.is_some();
    (is_needed && subject.is_first_written()).then(|| warning(HazardKind::NotPermitted, unknown))
}

/// Runs on a Redis see each other by the names of their connections.
pub(super) fn unseen_runs(subject: &Subject<'_>) -> Option<Hazard> {
    let facts = subject.target.snapshot.facts.redis.as_ref()?;
    let lacking = facts.lacks_lock.as_ref()?;
    subject.is_first_written().then(|| {
        let target = subject.target.name();
        let message = format!(
            "another run of dbtune on {target} would not be seen, and none would see this one: {lacking}"
        );
        warning(HazardKind::NotPermitted, message)
    })
}

/// dbtune stores no secret: once replaced, it could not be put back by a rollback.
fn secret_lost(subject: &Subject<'_>) -> Option<String> {
    let engine = subject.target.snapshot.engine;
    let is_lost = subject.observed.secret
        && !subject.occasion.undoes
        && holds_a_value(engine, subject.observed);
    is_lost.then(|| {
        let (setting, target) = (subject.setting, subject.target.name());
        format!(
            "{setting} on {target} holds a secret already; dbtune stores no secrets, so a rollback \
             could not put the earlier one back; change it by hand"
        )
    })
}

fn holds_a_value(engine: EngineKind, observed: &Observed) -> bool {
    match (engine, &observed.entry) {
        (EngineKind::Postgresql, Entry::Present(raw)) => !raw.is_empty(),
        (EngineKind::Postgresql, Entry::Absent) => false,
        (EngineKind::Postgresql, Entry::Unknown) | (EngineKind::Redis, _) => {
            !observed.running.is_empty()
        }
    }
}
