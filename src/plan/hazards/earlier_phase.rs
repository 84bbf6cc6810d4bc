//! A phase before this one is not finished.

use std::collections::BTreeSet;

use crate::plan::need::Need;
use crate::plan::types::{Hazard, HazardKind};
use crate::setting::SettingName;

use super::{Subject, blocking};

/// A setting that an earlier phase, not asked for, has yet to bring to its goal.
pub(in crate::plan) struct Outstanding {
    /// The phase.
    pub(in crate::plan) phase: u32,
    /// The target.
    pub(in crate::plan) target: String,
    /// The setting, as the server spells it.
    pub(in crate::plan) setting: SettingName,
    /// Whether only a restart is missing.
    pub(in crate::plan) waits_for_restart: bool,
}

/// How many settings a message names before it counts the rest.
const NAMED: usize = 6;

/// One hazard for each unfinished phase before.
pub(super) fn find(subject: &Subject<'_>) -> Vec<Hazard> {
    let outstanding = subject.occasion.outstanding;
    if subject.need != Need::Write {
        return Vec::new();
    }
    let before = outstanding.iter().filter(|one| one.phase < subject.phase);
    let phases: BTreeSet<u32> = before.map(|one| one.phase).collect();
    phases
        .into_iter()
        .map(|phase| describe(phase, outstanding))
        .collect()
}

fn describe(phase: u32, outstanding: &[Outstanding]) -> Hazard {
    let of_phase: Vec<&Outstanding> = outstanding
        .iter()
        .filter(|one| one.phase == phase)
        .collect();
    let only_restarts = of_phase.iter().all(|one| one.waits_for_restart);
    let named: Vec<String> = of_phase.iter().take(NAMED).map(|one| name(one)).collect();
    let more = of_phase.len().saturating_sub(NAMED);
    let rest = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    let (state, first) = if only_restarts {
        let targets: BTreeSet<&str> = of_phase.iter().map(|one| one.target.as_str()).collect();
        let targets: Vec<&str> = targets.into_iter().collect();
        let first = format!("restart {}, or run", targets.join(" and "));
        ("waits for a restart", (first, " --restart"))
    } else {
        ("is not finished", ("run".to_owned(), ""))
    };
    let message = format!(
        "phase {phase} comes before and {state}: {}{rest}; first {} `dbtune apply --phase {phase}{}`",
        named.join(", "),
        first.0,
        first.1
    );
    blocking(HazardKind::EarlierPhase, message)
}

fn name(one: &Outstanding) -> String {
    format!("{} on {}", one.setting, one.target)
}
