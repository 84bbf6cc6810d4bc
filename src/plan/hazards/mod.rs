//! What to know before a change: each kind of hazard in a file of its own, each a pure function.

mod broken_config_file;
mod connection_budget;
mod cut_off;
mod earlier_phase;
mod evicts_keys;
mod extension_not_loaded;
mod foreign_pending_restart;
mod keeps_nothing;
mod managed_elsewhere;
mod memory_budget;
mod not_permitted;
mod not_persisted;
mod outside_window;
mod overridden;
mod redis_memory;
mod rejects_writes;
mod restart;
mod standby_order;
mod will_not_start;

use std::collections::BTreeSet;

use time::OffsetDateTime;

use crate::profile::Window;
use crate::setting::SettingName;
use crate::snapshot::{Observed, Question};

use super::after::After;
use super::goal::Goal;
use super::need::Need;
use super::request::PlannedTarget;
use super::types::{Hazard, HazardKind};

pub(super) use earlier_phase::Outstanding;
pub(super) use foreign_pending_restart::{Foreign, waiting};
pub(crate) use will_not_start::{matters_at_start, start_question};

/// One setting on its way to a goal, and all that a hazard is judged by.
pub(super) struct Subject<'a> {
    /// The target.
    pub(super) target: &'a PlannedTarget<'a>,
    /// The setting, as the server spells it.
    pub(super) setting: &'a SettingName,
    /// What it is now.
    pub(super) observed: &'a Observed,
    /// Where it is to go.
    pub(super) goal: &'a Goal,
    /// What that needs.
    pub(super) need: Need,
    /// The phase that asks for it.
    pub(super) phase: u32,
    /// What is the same for many settings.
    pub(super) occasion: &'a Occasion<'a>,
    /// For a rollback: what the run had set, as shown, where somebody has changed it since.
    pub(super) run_had_set: Option<String>,
}

/// What is the same for every setting of a phase on a target.
pub(super) struct Occasion<'a> {
    /// When the phase may be applied.
    pub(super) window: Option<&'a Window>,
    /// The moment.
    pub(super) now: OffsetDateTime,
    /// What phases before, not asked for, still have to do.
    pub(super) outstanding: &'a [Outstanding],
    /// What waits for a restart on the target and is none of the settings asked for.
    pub(super) foreign: &'a [Foreign],
    /// Every target as this phase leaves it, in the order of the plan.
    pub(super) afters: &'a [After<'a>],
    /// The target at hand as this phase leaves it.
    pub(super) after: &'a After<'a>,
    /// Whether a run is undone: then a secret may go although it cannot come back.
    pub(super) undoes: bool,
}

/// Every hazard of a setting, what blocks first.
pub(super) fn all(subject: &Subject<'_>) -> Vec<Hazard> {
    if let Some(managed) = managed_elsewhere::find(subject) {
        // Whatever else may be said of it, it is not done here.
        return vec![managed];
    }
    let mut hazards = Vec::new();
    hazards.extend(extension_not_loaded::find(subject));
    hazards.extend(not_permitted::find(subject));
    let is_permitted = !hazards
        .iter()
        .any(|hazard| hazard.kind == HazardKind::NotPermitted);
    hazards.extend(not_permitted::unseen_runs(subject));
    hazards.extend(not_permitted::unknown_right(subject));
    hazards.extend(broken_config_file::find(subject));
    hazards.extend(overridden::find(subject));
    hazards.extend(earlier_phase::find(subject));
    hazards.extend(outside_window::find(subject));
    hazards.extend(not_persisted::find(subject));
    if is_permitted {
        hazards.extend(will_not_start::find(subject));
        hazards.extend(connection_budget::find(subject));
        hazards.extend(standby_order::find(subject));
        hazards.extend(memory_budget::find(subject));
        hazards.extend(keeps_nothing::find(subject));
        hazards.extend(evicts_keys::find(subject));
        hazards.extend(rejects_writes::find(subject));
        hazards.extend(restart::find(subject));
        hazards.extend(foreign_pending_restart::find(subject));
    }
    hazards.sort_by_key(|hazard| !hazard.blocks);
    hazards
}

/// Whether these hazards mean that the setting cannot be brought to its goal at all, and not only
/// that it is unwise now.
pub(super) fn prevent(hazards: &[Hazard], need: Need) -> bool {
    let prevents = |hazard: &Hazard| match hazard.kind {
        HazardKind::NotPermitted
        | HazardKind::Overridden
        | HazardKind::ExtensionNotLoaded
        | HazardKind::ManagedElsewhere => true,
        HazardKind::BrokenConfigFile => need == Need::Write,
        HazardKind::Restart
        | HazardKind::NotPersisted
        | HazardKind::EarlierPhase
        | HazardKind::OutsideWindow
        | HazardKind::ForeignPendingRestart
        | HazardKind::MemoryBudget
        | HazardKind::ConnectionBudget
        | HazardKind::EvictsKeys
        | HazardKind::RejectsWrites
        | HazardKind::WillNotStart
        | HazardKind::StandbyOrder => false,
    };
    hazards
        .iter()
        .any(|hazard| hazard.blocks && prevents(hazard))
}

impl<'a> Subject<'a> {
    /// The target as the phase leaves it.
    fn after(&self) -> &'a After<'a> {
        self.occasion.after
    }

    /// Whether the setting is written and is the first that the phase writes: it carries what
    /// concerns them all and is to be told once.
    fn is_first_written(&self) -> bool {
        self.need == Need::Write && self.after().first_written() == Some(self.setting)
    }

    /// Whether the setting is written and is one of these.
    fn writes_one_of(&self, names: &[&str]) -> bool {
        self.need == Need::Write && names.iter().any(|name| *self.setting == **name)
    }
}

/// What has to be asked of a target before a phase can be judged, and has not been answered yet.
pub(super) fn questions(after: &After<'_>) -> BTreeSet<Question> {
    let asked = will_not_start::questions(after).into_iter();
    asked
        .filter(|question| after.answer(question).is_none())
        .collect()
}

fn blocking(kind: HazardKind, message: String) -> Hazard {
    Hazard {
        kind,
        blocks: true,
        message,
    }
}

fn warning(kind: HazardKind, message: String) -> Hazard {
    Hazard {
        kind,
        blocks: false,
        message,
    }
}
