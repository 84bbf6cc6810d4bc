//! The plan as scripts read it: one JSON document, its fields as the contract names them.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::setting::{Effect, EngineKind};
use crate::snapshot::Source;

use super::differences::Difference;
use super::earlier::ChangedSince;
use super::types::{Action, Change, Hazard, PendingMigration, Plan, Summary, TargetFacts};

/// The version of the format of every document that dbtune writes.
pub(super) const FORMAT_VERSION: u32 = 1;

/// A plan as one JSON document. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanDocument {
    format_version: u32,
    pub(super) profile: String,
    pub(super) created_at: String,
    targets: Vec<TargetDocument>,
    pub(super) changes: Vec<ChangeDocument>,
    pending_migrations: Vec<PendingMigration>,
    /// Where nodes of one cluster differ; left out where they do not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    node_differences: Vec<Difference>,
    summary: Summary,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct TargetDocument {
    name: String,
    engine: EngineKind,
    version: String,
    address: String,
    role: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ChangeDocument {
    pub(super) phase: u32,
    /// Counted from 1, and told from the second on: the restarts of a turn come before the writes of
    /// the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    turn: Option<u32>,
    pub(super) target: String,
    pub(super) setting: String,
    pub(super) action: Action,
    effect: Effect,
    pub(super) current: Option<String>,
    pub(super) configured: Option<String>,
    pub(super) desired: String,
    source: Option<Source>,
    hazards: Vec<Hazard>,
    because: Option<String>,
    /// Told where a run had made this change already, and somebody has changed it since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changed_since: Option<ChangedSince>,
}

impl From<&Plan> for PlanDocument {
    fn from(plan: &Plan) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            profile: plan.profile.clone(),
            created_at: timestamp(plan.created_at),
            targets: plan.targets.iter().map(TargetDocument::from).collect(),
            changes: plan.changes.iter().map(ChangeDocument::from).collect(),
            pending_migrations: plan.pending_migrations.clone(),
            node_differences: plan.differences.clone(),
            summary: plan.summary(),
        }
    }
}

impl From<&TargetFacts> for TargetDocument {
    fn from(target: &TargetFacts) -> Self {
        Self {
            name: target.name.clone(),
            engine: target.engine,
            version: target.identity.version.clone(),
            address: target.address.clone(),
            role: target.identity.role.clone(),
        }
    }
}

impl From<&Change> for ChangeDocument {
    fn from(change: &Change) -> Self {
        Self {
            phase: change.phase,
            turn: (change.turn > 0).then_some(change.turn + 1),
            target: change.target.clone(),
            setting: change.setting.as_str().to_owned(),
            action: change.action,
            effect: change.effect,
            current: change.current.clone(),
            configured: change.configured.clone(),
            desired: change.desired.clone(),
            source: change.source.clone(),
            hazards: change.hazards.clone(),
            because: because(change),
            changed_since: change.changed_since.clone(),
        }
    }
}

/// Why: what dbtune has to say, and what the profile says.
fn because(change: &Change) -> Option<String> {
    let told: Vec<&str> = [&change.note, &change.because]
        .into_iter()
        .filter_map(Option::as_deref)
        .collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// A moment in UTC, to the second: `2026-11-23T02:00:00Z`.
fn timestamp(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    let at = at.replace_nanosecond(0).unwrap_or(at);
    at.format(&Rfc3339).unwrap_or_else(|_| at.to_string())
}
