//! Which hazards hold a run up, and what `--allow` does about them.

use std::collections::BTreeSet;

use super::types::{Action, Change, Hazard, HazardKind, Plan};
use crate::setting::Assignment;

/// The hazards because of which apply refuses, none of them twice.
pub fn blocking<'a>(plan: &'a Plan, allowed: &BTreeSet<HazardKind>) -> Vec<&'a Hazard> {
    let mut blocking: Vec<&Hazard> = Vec::new();
    for hazard in plan.all_hazards() {
        if stands(hazard, allowed) && !blocking.contains(&hazard) {
            blocking.push(hazard);
        }
    }
    blocking
}

/// Frees the changes that were blocked only by hazards that are allowed: they are written.
pub fn allow(mut plan: Plan, allowed: &BTreeSet<HazardKind>) -> Plan {
    for change in &mut plan.changes {
        if is_freed(change, allowed) {
            change.action = match change.assignment {
                Assignment::Set(_) => Action::Update,
                Assignment::Reset => Action::Reset,
            };
        }
    }
    plan
}

fn is_freed(change: &Change, allowed: &BTreeSet<HazardKind>) -> bool {
    let mut hazards = change.hazards.iter();
    change.action == Action::Blocked && !hazards.any(|hazard| stands(hazard, allowed))
}

fn stands(hazard: &Hazard, allowed: &BTreeSet<HazardKind>) -> bool {
    let is_allowed = hazard.kind.can_be_allowed() && allowed.contains(&hazard.kind);
    hazard.blocks && !is_allowed
}
