//! What the earlier phases of a plan leave behind.

use std::collections::BTreeMap;

use crate::setting::{Assignment, Effect, EngineKind, SettingName};
use crate::snapshot::{Entry, Observed, Snapshot, Source};

use super::goal::Goal;
use super::types::Seen;

/// The settings of one target as they stand after the changes planned so far.
#[derive(Debug, Clone)]
pub(super) struct State<'a> {
    snapshot: &'a Snapshot,
    left: BTreeMap<SettingName, Left>,
}

/// What a planned change leaves behind.
#[derive(Debug, Clone)]
struct Left {
    observed: Observed,
    /// What was sent: it leads back to this state.
    assignment: Assignment,
}

impl<'a> State<'a> {
    /// The state that was read.
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        Self {
            snapshot,
            left: BTreeMap::new(),
        }
    }

    /// A setting as it stands now, under the name that the server gives it.
    pub(super) fn get(&self, name: &SettingName) -> Option<(&SettingName, &Observed)> {
        let (name, live) = self.snapshot.settings.get_key_value(name)?;
        let left = self.left.get(name).map(|left| &left.observed);
        Some((name, left.unwrap_or(live)))
    }

    /// Every setting as it stands now.
    pub(super) fn settings(&self) -> impl Iterator<Item = (&SettingName, &Observed)> + Clone {
        let settings = self.snapshot.settings.iter();
        settings.map(|(name, live)| {
            let left = self.left.get(name).map(|left| &left.observed);
            (name, left.unwrap_or(live))
        })
    }

    /// What to send to come back to the state that the setting has now.
    pub(super) fn undo(&self, name: &SettingName, observed: &Observed) -> Assignment {
        if let Some(left) = self.left.get(name) {
            return left.assignment.clone();
        }
        match (self.snapshot.engine, &observed.entry) {
            (EngineKind::Postgresql, Entry::Present(raw)) => observed.domain.restore(raw),
            (EngineKind::Postgresql, Entry::Absent) => Assignment::Reset,
            (EngineKind::Postgresql, Entry::Unknown) | (EngineKind::Redis, _) => {
                observed.domain.restore(&observed.running)
            }
        }
    }

    /// Goes on as if the setting had been brought to its goal.
    pub(super) fn reach(&mut self, name: &SettingName, observed: Observed, goal: &Goal) {
        let observed = match self.snapshot.engine {
            EngineKind::Postgresql => self.stored(observed, goal),
            EngineKind::Redis => Observed {
                running: raw(&goal.assignment).unwrap_or_else(|| observed.running.clone()),
                ..observed
            },
        };
        let assignment = goal.assignment.clone();
        self.left.insert(
            name.clone(),
            Left {
                observed,
                assignment,
            },
        );
    }

    /// What PostgreSQL has after `ALTER SYSTEM` and a reload.
    fn stored(&self, before: Observed, goal: &Goal) -> Observed {
        let written = raw(&goal.assignment);
        let without = before.without_entry.clone().or_else(|| before.boot.clone());
        let stored = written.clone().or(without);
        let mut after = Observed {
            entry: written.map_or(Entry::Absent, Entry::Present),
            configured: stored.clone(),
            ..before
        };
        let stored = stored.unwrap_or_else(|| after.running.clone());
        if after.effect == Effect::Restart || after.is_on_command_line() {
            after.pending_restart = !goal.is(&after, &after.running);
        } else {
            after.running = stored;
            after.source = Source {
                kind: "configuration file".to_owned(),
                file: self.snapshot.persisted_in.clone(),
                line: None,
            };
        }
        after
    }
}

/// The raw values of a setting as they are remembered.
pub(super) fn seen(observed: &Observed) -> Seen {
    Seen {
        running: observed.running.clone(),
        configured: observed.configured.clone(),
        entry: observed.entry.clone(),
    }
}

/// The text that a write leaves in the file; `None` for a reset.
fn raw(assignment: &Assignment) -> Option<String> {
    match assignment {
        Assignment::Set(literals) => Some(literals.join(", ")),
        Assignment::Reset => None,
    }
}
