//! The effective configuration as text, live against after the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use similar::TextDiff;

use crate::setting::SettingName;
use crate::snapshot::{Observed, Snapshot};

use super::goal::{self, MASK};
use super::one_line::on_one_line;
use super::types::{Action, Change, Plan};

/// A unified diff for each target that the plan changes: every setting that somebody has set
/// to another value than the default, and those of the plan, once as they run and once as they will run when everything is done and
/// every restart has happened. Empty where nothing differs.
pub fn diff_text(plan: &Plan, snapshots: &[Snapshot]) -> String {
    let mut text = String::new();
    for target in &plan.targets {
        let mut read = snapshots.iter();
        if let Some(snapshot) = read.find(|snapshot| snapshot.target == target.name) {
            text.push_str(&of_target(plan, snapshot));
        }
    }
    text
}

fn of_target(plan: &Plan, snapshot: &Snapshot) -> String {
    let target = &snapshot.target;
    let after = after(plan, snapshot);
    let live = lines(snapshot, &after, |_, observed| {
        goal::show(observed, &observed.running)
    });
    let planned = lines(snapshot, &after, |name, observed| {
        let live = || goal::show(observed, &observed.running);
        after.get(name).cloned().flatten().unwrap_or_else(live)
    });
    let after_what = if plan.goes_back {
        "rolled back".to_owned()
    } else {
        format!("profile {}", plan.profile)
    };
    TextDiff::from_lines(&live, &planned)
        .unified_diff()
        .header(
            &format!("{target} (live)"),
            &format!("{target} ({after_what})"),
        )
        .to_string()
}

/// The settings of the plan on a target, each with its value after the plan; `None` where that is
/// what runs already.
fn after(plan: &Plan, snapshot: &Snapshot) -> BTreeMap<SettingName, Option<String>> {
    let mut after = BTreeMap::new();
    let changes = plan.changes.iter();
    for change in changes.filter(|change| change.target == snapshot.target) {
        let Some(observed) = snapshot.setting(&change.setting) else {
            continue;
        };
        let planned = planned(change, observed);
        let earlier = after.entry(change.setting.clone()).or_insert(None);
        if planned.is_some() {
            *earlier = planned;
        }
    }
    after
}

fn planned(change: &Change, observed: &Observed) -> Option<String> {
    match change.action {
        Action::Unchanged | Action::Blocked => None,
        Action::Update | Action::Reset | Action::PendingRestart if change.secret => {
            Some(format!("{MASK} (changed)"))
        }
        // Both sides in the same unit, so that what is equal looks equal.
        Action::Update | Action::Reset | Action::PendingRestart => {
            Some(goal::show(observed, &change.desired))
        }
    }
}

fn lines(
    snapshot: &Snapshot,
    of_plan: &BTreeMap<SettingName, Option<String>>,
    value: impl Fn(&SettingName, &Observed) -> String,
) -> String {
    let settings = snapshot.settings.iter();
    let matters: BTreeSet<(&SettingName, String)> = settings
        .filter(|(name, observed)| of_plan.contains_key(name) || !is_default(observed))
        .map(|(name, observed)| (name, value(name, observed)))
        .collect();
    let mut text = String::new();
    for (name, value) in matters {
        // Writing to a String cannot fail.
        let value = if value.is_empty() {
            "''"
        } else {
            &*on_one_line(&value)
        };
        let _ = writeln!(text, "{name} = {value}");
    }
    text
}

/// Sources of values that nobody has chosen: the server has them compiled in or works them out.
const OF_THE_SERVER: [&str; 2] = ["default", "override"];

/// Whether nobody has chosen the value. Where that is unknown (Redis), nothing is said.
fn is_default(observed: &Observed) -> bool {
    if observed.fixed.is_some() || OF_THE_SERVER.contains(&observed.source.kind.as_str()) {
        return true;
    }
    let known = observed.boot.as_ref().or(observed.without_entry.as_ref());
    let Some(default) = known else {
        return true;
    };
    let domain = &observed.domain;
    match (domain.parse(default), domain.parse(&observed.running)) {
        (Ok(default), Ok(running)) => default == running,
        (Err(_), _) | (_, Err(_)) => *default == observed.running,
    }
}
