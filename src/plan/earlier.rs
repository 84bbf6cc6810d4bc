//! What an earlier run had set and somebody has changed since: drift, as against "not yet applied".

use serde::{Deserialize, Serialize};

use crate::setting::{Assignment, EngineKind, SettingName};
use crate::snapshot::Entry;

use super::types::{Change, Plan};

/// A write of a run that stands: it ended well and was not undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierWrite {
    /// The run.
    pub run: String,
    /// When it ended, RFC 3339.
    pub at: String,
    /// Who ran it, as `user@host`.
    pub who: String,
    /// The name that the target had.
    pub target: String,
    /// The system identifier of a PostgreSQL; a Redis is known by its target's name alone.
    pub system: Option<String>,
    /// The setting.
    pub setting: SettingName,
    /// What was sent; `None` for a secret.
    pub assignment: Option<Assignment>,
    /// What it became, as shown.
    pub after: String,
}

/// That a setting was as the profile asks for, and is not any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedSince {
    /// The run that had set it.
    pub run: String,
    /// When that run ended, RFC 3339. The change came later.
    pub applied_at: String,
    /// Who ran it, as `user@host`.
    pub who: String,
    /// What it had set, as shown.
    pub value: String,
    /// What is known of the change: where the value of today comes from.
    pub now: String,
}

/// Marks the changes that the newest run about their setting had made already. `writes` are in the
/// order in which they were done.
pub fn mark_changed_since(plan: &mut Plan, writes: &[EarlierWrite]) {
    let systems: Vec<(String, String)> = plan
        .targets
        .iter()
        .filter(|target| target.engine == EngineKind::Postgresql)
        .map(|target| (target.name.clone(), target.identity.system.clone()))
        .collect();
    for change in plan
        .changes
        .iter_mut()
        .filter(|change| change.action.writes())
    {
        let system = systems.iter().find(|(name, _)| *name == change.target);
        let system = system.map(|(_, system)| system.as_str());
        let is_about = |write: &&EarlierWrite| is_about(write, change, system);
        let newest = writes.iter().rev().find(is_about);
        change.changed_since = newest
            .filter(|write| write.assignment.as_ref() == Some(&change.assignment))
            .map(|write| describe(write, change));
    }
}

fn is_about(write: &EarlierWrite, change: &Change, system: Option<&str>) -> bool {
    let is_server = match (&write.system, system) {
        (Some(theirs), Some(ours)) => theirs == ours && write.target == change.target,
        (None, None) => write.target == change.target,
        (Some(_), None) | (None, Some(_)) => false,
    };
    is_server && write.setting == change.setting
}

fn describe(write: &EarlierWrite, change: &Change) -> ChangedSince {
    ChangedSince {
        run: write.run.clone(),
        applied_at: write.at.clone(),
        who: write.who.clone(),
        value: write.after.clone(),
        now: now(change),
    }
}

/// Where the value of today comes from, as far as the server tells.
fn now(change: &Change) -> String {
    if change.engine == EngineKind::Redis {
        return "CONFIG SET, or a restart without the change; Redis does not tell".to_owned();
    }
    match &change.seen.entry {
        Entry::Present(_) => "ALTER SYSTEM has stored another value since".to_owned(),
        Entry::Absent => "its ALTER SYSTEM entry has been taken away since".to_owned(),
        Entry::Unknown => "what the files say cannot be read".to_owned(),
    }
}
