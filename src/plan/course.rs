//! One target on its way through the phases of a plan.

use std::collections::BTreeMap;

use crate::setting::{EngineKind, Input, ParseValueError, SettingName};
use crate::snapshot::Observed;

use super::PlanError;
use super::goal::{self, MASK};
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

    /// A setting as it stands after the changes planned so far.
    pub(super) fn setting(
        &self,
        name: &SettingName,
    ) -> Result<(&SettingName, &Observed), PlanError> {
        self.state
            .get(name)
            .ok_or_else(|| PlanError::UnknownSetting {
                target: self.name().to_owned(),
                setting: name.clone(),
            })
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
        let snapshot = self.target.snapshot;
        TargetFacts {
            name: snapshot.target.clone(),
            engine: snapshot.engine,
            address: snapshot.address.clone(),
            identity: snapshot.identity.clone(),
        }
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
