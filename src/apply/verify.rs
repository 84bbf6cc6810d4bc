//! Whether a server shows what was written. Decides only; the snapshots are taken elsewhere.

use crate::ledger::{Outcome, RecordedChange};
use crate::setting::{Assignment, Domain, Effect, EngineKind, Value};
use crate::snapshot::{Entry, Observed, Snapshot};

/// Whether the write stands in the server's files, as far as they can be read.
pub(super) fn is_stored(change: &RecordedChange, observed: &Observed) -> bool {
    match (change.engine, &change.assignment) {
        (EngineKind::Redis, _) => true,
        (EngineKind::Postgresql, None | Some(Assignment::Reset)) => observed.entry == Entry::Absent,
        (EngineKind::Postgresql, Some(assignment)) => match &observed.entry {
            Entry::Present(raw) => reads_as(&observed.domain, raw, assignment),
            Entry::Unknown | Entry::Absent => false,
        },
    }
}

/// What became of a write that was stored and activated: in effect, waiting for a restart, or (as
/// the error) what the server shows instead.
pub(super) fn outcome(change: &RecordedChange, observed: &Observed) -> Result<Outcome, String> {
    if !is_stored(change, observed) {
        return Err(format!("stores {}", shown_entry(change, observed)));
    }
    if observed.pending_restart {
        return Ok(Outcome::PendingRestart);
    }
    if runs(change, observed) {
        return Ok(Outcome::Applied);
    }
    if change.effect == Effect::Restart {
        return Ok(Outcome::PendingRestart);
    }
    if observed.is_on_command_line() {
        // Only a start without that option brings it into effect.
        return Ok(Outcome::PendingRestart);
    }
    // The plan told of it and was allowed to go on: the files are all that can be judged.
    if !observed.overrides.is_empty() || change.effect == Effect::NewSession {
        return Ok(Outcome::Applied);
    }
    Err(format!(
        "runs with {}",
        shown(change, observed, &observed.running)
    ))
}

/// Whether an entry was to be taken away and the server shows no more of the setting: PostgreSQL
/// keeps a place for one that nobody owns only while it stands in a file.
pub(super) fn is_taken_away(change: &RecordedChange, snapshot: &Snapshot) -> bool {
    is_gone(change, change.assignment.as_ref(), snapshot)
}

/// The same, where taking it away is the way back.
pub(super) fn is_gone_again(change: &RecordedChange, snapshot: &Snapshot) -> bool {
    is_gone(change, change.undo.as_ref(), snapshot)
}

fn is_gone(change: &RecordedChange, sent: Option<&Assignment>, snapshot: &Snapshot) -> bool {
    change.engine == EngineKind::Postgresql
        && sent == Some(&Assignment::Reset)
        && snapshot.files_readable
        && snapshot.setting(&change.setting).is_none()
        && snapshot.is_loaded(&change.setting).is_some()
}

/// Whether a setting is as it was before the write.
pub(super) fn is_back(change: &RecordedChange, observed: &Observed) -> bool {
    match (change.engine, &change.undo) {
        (_, None) => false,
        (EngineKind::Postgresql, Some(Assignment::Reset)) => observed.entry == Entry::Absent,
        (EngineKind::Postgresql, Some(undo)) => match (&observed.entry, &change.seen) {
            (now, Some(seen)) if *now == seen.entry => true,
            (Entry::Present(raw), _) => reads_as(&observed.domain, raw, undo),
            (Entry::Absent | Entry::Unknown, _) => false,
        },
        (EngineKind::Redis, Some(undo)) => reads_as(&observed.domain, &observed.running, undo),
    }
}

/// Whether a setting is as the write left it. Of a secret that cannot be said from a ledger, which
/// holds none: then it is taken for ours.
pub(super) fn is_as_written(change: &RecordedChange, observed: &Observed) -> bool {
    match change.engine {
        _ if change.assignment.is_none() => true,
        EngineKind::Postgresql => is_stored(change, observed),
        EngineKind::Redis => runs(change, observed),
    }
}

fn runs(change: &RecordedChange, observed: &Observed) -> bool {
    match &change.assignment {
        Some(assignment @ Assignment::Set(_)) => {
            reads_as(&observed.domain, &observed.running, assignment)
                || value_of(&observed.domain, assignment)
                    .is_some_and(|value| is_shown_otherwise(change, observed, &value))
        }
        None | Some(Assignment::Reset) => match &observed.configured {
            None => true,
            Some(configured) => {
                same(&observed.domain, configured, &observed.running)
                    || observed
                        .domain
                        .parse(configured)
                        .is_ok_and(|value| is_shown_otherwise(change, observed, &value))
            }
        },
    }
}

/// Some values are never shown as they were stored: `-1` that the server works out itself, a text
/// that it shows in its own form. Then the source says that the stored line is what was read.
fn is_shown_otherwise(change: &RecordedChange, observed: &Observed, value: &Value) -> bool {
    let is_text = matches!(
        value,
        Value::Text(_) | Value::Name(_) | Value::List(_) | Value::Set(_)
    );
    let is_from_entry = || {
        let file = observed.source.file.as_deref();
        file.is_some_and(|file| file.ends_with("postgresql.auto.conf"))
    };
    observed.domain.is_automatic(value)
        || (change.engine == EngineKind::Postgresql
            && change.effect != Effect::Restart
            && is_text
            && is_from_entry())
}

fn reads_as(domain: &Domain, raw: &str, assignment: &Assignment) -> bool {
    match (value_of(domain, assignment), domain.parse(raw)) {
        (Some(wanted), Ok(found)) => wanted.is_met_by(&found),
        (None, _) | (_, Err(_)) => {
            matches!(assignment, Assignment::Set(literals) if literals.concat() == raw)
        }
    }
}

fn same(domain: &Domain, one: &str, other: &str) -> bool {
    one == other
        || matches!((domain.parse(one), domain.parse(other)), (Ok(a), Ok(b)) if a.is_met_by(&b))
}

/// The value that an assignment means; `None` for a reset, or where it cannot be read.
fn value_of(domain: &Domain, assignment: &Assignment) -> Option<Value> {
    domain.assigned(assignment).ok().flatten()
}

fn shown(change: &RecordedChange, observed: &Observed, raw: &str) -> String {
    if change.secret {
        return "another value".to_owned();
    }
    match observed.domain.parse(raw) {
        Ok(value) => observed.domain.format(&value),
        Err(_) => format!("{raw:?}"),
    }
}

fn shown_entry(change: &RecordedChange, observed: &Observed) -> String {
    match &observed.entry {
        Entry::Present(raw) => shown(change, observed, raw),
        Entry::Absent => "no entry for it".to_owned(),
        Entry::Unknown => "an entry that this role may not read".to_owned(),
    }
}
