//! One target on its way through the phases of a plan.

use std::collections::{BTreeMap, BTreeSet};

use crate::setting::{Domain, Effect, EngineKind, Input, ParseValueError, SettingName, is_secret};
use crate::snapshot::{Entry, Observed, PLACEHOLDER, Source};

use super::PlanError;
use super::after::After;
use super::goal::{self, Goal, MASK};
use super::hazards::{self, Foreign};
use super::request::PlannedTarget;
use super::state::State;
use super::types::TargetFacts;

/// One target on its way through the phases of a plan.
pub(super) struct Course<'a> {
    /// The target as it was read.
    pub(super) target: &'a PlannedTarget<'a>,
    /// Its settings after the changes planned so far.
    pub(super) state: State<'a>,
    /// What waits for a restart there and is none of the settings shown.
    pub(super) foreign: Vec<Foreign>,
}

impl<'a> Course<'a> {
    /// Begins with the state that was read. `is_shown`: whether the plan shows a setting.
    pub(super) fn new(
        target: &'a PlannedTarget<'a>,
        is_shown: impl Fn(&SettingName) -> bool,
    ) -> Self {
        Self {
            target,
            state: State::new(target.snapshot),
            foreign: hazards::waiting(target.snapshot, is_shown),
        }
    }

    /// The target's name.
    pub(super) fn name(&self) -> &'a str {
        &self.target.snapshot.target
    }

    /// The target's kind.
    pub(super) fn engine(&self) -> EngineKind {
        self.target.snapshot.engine
    }

    /// A setting as it stands after the changes planned so far. One with a dot in its name whose
    /// extension is not loaded is as good as empty: nobody knows more of it.
    pub(super) fn setting(&self, name: &SettingName) -> Result<(SettingName, Observed), PlanError> {
        if let Some((name, observed)) = self.state.get(name) {
            return Ok((name.clone(), observed.clone()));
        }
        let snapshot = self.target.snapshot;
        if snapshot.engine == EngineKind::Postgresql && snapshot.is_loaded(name) == Some(false) {
            return Ok((name.clone(), not_loaded(name, snapshot.files_readable)));
        }
        Err(PlanError::UnknownSetting {
            target: self.name().to_owned(),
            setting: name.clone(),
        })
    }

    /// The target when these settings have been brought to their goals.
    pub(super) fn after(
        &self,
        writes: impl Iterator<Item = (SettingName, Observed, Goal)>,
    ) -> After<'a> {
        let mut state = self.state.clone();
        let mut written = BTreeSet::new();
        for (name, observed, goal) in writes {
            state.reach(&name, observed, &goal);
            written.insert(name);
        }
        After::new(self.target, state, written)
    }

    /// A setting as it was read.
    pub(super) fn live(&self, name: &SettingName) -> Option<&'a Observed> {
        self.target.snapshot.setting(name)
    }

    /// The error for a value that the setting does not take.
    pub(super) fn wrong_value(
        &self,
        name: &SettingName,
        observed: &Observed,
        input: &Input,
        error: ParseValueError,
    ) -> PlanError {
        let mask = |text: String| {
            if observed.secret {
                MASK.to_owned()
            } else {
                text
            }
        };
        PlanError::Value {
            target: self.name().to_owned(),
            setting: name.clone(),
            value: mask(goal::as_written(input)),
            reason: mask(error.message),
            suggestion: error.suggestion.map(mask),
        }
    }

    /// What the plan shows of the target.
    pub(super) fn facts(&self) -> TargetFacts {
        TargetFacts::from(self.target.snapshot)
    }
}

/// A setting that no file names and no library owns.
fn not_loaded(name: &SettingName, files_readable: bool) -> Observed {
    Observed {
        domain: Domain::Text,
        effect: Effect::Reload,
        secret: is_secret(EngineKind::Postgresql, name),
        running: String::new(),
        configured: None,
        entry: if files_readable {
            Entry::Absent
        } else {
            Entry::Unknown
        },
        without_entry: None,
        boot: None,
        source: Source {
            kind: PLACEHOLDER.to_owned(),
            file: None,
            line: None,
        },
        pending_restart: false,
        overrides: Vec::new(),
        fixed: None,
    }
}

/// The restart commands that are known, by target.
pub(super) fn restart_commands(courses: &[Course<'_>]) -> BTreeMap<String, String> {
    let commands = courses.iter().filter_map(|course| {
        let command = course.target.restart_line()?;
        Some((course.name().to_owned(), command))
    });
    commands.collect()
}
