//! What to know before a change: each kind of hazard in a file of its own, each a pure function.

mod broken_config_file;
mod earlier_phase;
mod foreign_pending_restart;
mod not_permitted;
mod not_persisted;
mod outside_window;
mod overridden;
mod restart;

use time::OffsetDateTime;

use crate::profile::Window;
use crate::setting::SettingName;
use crate::snapshot::Observed;

use super::goal::Goal;
use super::need::Need;
use super::request::PlannedTarget;
use super::types::{Hazard, HazardKind};

pub(super) use earlier_phase::Outstanding;
pub(super) use foreign_pending_restart::{Foreign, waiting};

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
    /// Whether a run is undone: then a secret may go although it cannot come back.
    pub(super) undoes: bool,
}

/// Every hazard of a setting, what blocks first.
pub(super) fn all(subject: &Subject<'_>) -> Vec<Hazard> {
    let mut hazards = Vec::new();
    hazards.extend(not_permitted::find(subject));
    let is_permitted = hazards.is_empty();
    hazards.extend(broken_config_file::find(subject));
    hazards.extend(overridden::find(subject));
    hazards.extend(earlier_phase::find(subject));
    hazards.extend(outside_window::find(subject));
    hazards.extend(not_persisted::find(subject));
    if is_permitted {
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
        HazardKind::NotPermitted | HazardKind::Overridden => true,
        HazardKind::BrokenConfigFile => need == Need::Write,
        HazardKind::Restart
        | HazardKind::NotPersisted
        | HazardKind::EarlierPhase
        | HazardKind::OutsideWindow
        | HazardKind::ForeignPendingRestart => false,
    };
    hazards
        .iter()
        .any(|hazard| hazard.blocks && prevents(hazard))
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
