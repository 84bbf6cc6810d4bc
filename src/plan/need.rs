//! Whether a setting has to be written at all.

use crate::setting::{Assignment, Effect, EngineKind};
use crate::snapshot::{Entry, Observed};

use super::goal::Goal;

/// What a setting needs to come to its goal, before anybody asks whether that may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing: it is there.
    Nothing,
    /// A restart: it is stored.
    Restart,
    /// A write.
    Write,
}

/// What the setting needs to come to the goal.
pub(super) fn of(engine: EngineKind, observed: &Observed, goal: &Goal) -> Need {
    match engine {
        EngineKind::Redis if goal.is(observed, &observed.running) => Need::Nothing,
        EngineKind::Redis => Need::Write,
        EngineKind::Postgresql => match goal.assignment {
            Assignment::Reset => of_reset(observed),
            Assignment::Set(_) => of_set(observed, goal),
        },
    }
}

/// Without an entry there is nothing to take away. Where the files cannot be read, a running value
/// that comes from nowhere proves that there is none, unless a change waits for a restart.
fn of_reset(observed: &Observed) -> Need {
    match observed.entry {
        Entry::Absent if observed.pending_restart => Need::Restart,
        Entry::Absent => Need::Nothing,
        Entry::Unknown if observed.source.kind == "default" && !observed.pending_restart => {
            Need::Nothing
        }
        Entry::Unknown | Entry::Present(_) => Need::Write,
    }
}

fn of_set(observed: &Observed, goal: &Goal) -> Need {
    let runs = goal.is(observed, &observed.running);
    let Some(configured) = &observed.configured else {
        return if runs && !observed.pending_restart {
            Need::Nothing
        } else {
            Need::Write
        };
    };
    if !goal.is(observed, configured) {
        return Need::Write;
    }
    if runs {
        return Need::Nothing;
    }
    of_stored_only(observed, goal)
}

/// The files say it and the server runs something else: it waits for a restart, or for a reload
/// that never came, or the server works out a value of its own in its place.
fn of_stored_only(observed: &Observed, goal: &Goal) -> Need {
    if observed.pending_restart {
        return Need::Restart;
    }
    if goal.is_automatic(observed) {
        return Need::Nothing;
    }
    match observed.effect {
        Effect::Restart => Need::Restart,
        Effect::Immediate | Effect::Reload | Effect::NewSession => Need::Write,
    }
}
