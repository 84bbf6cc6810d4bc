//! More than one point to recover to.

use super::{Rule, Verdict, fails, nothing_to_ask};
use crate::plan::after::After;

pub(super) const RULE: Rule = Rule {
    settings: &[
        "recovery_target",
        "recovery_target_lsn",
        "recovery_target_name",
        "recovery_target_time",
        "recovery_target_xid",
    ],
    judge,
    asks: nothing_to_ask,
    before_every_restart: false,
};

/// Seen on 13, 15 and 18, also where nothing is to be recovered: "multiple recovery targets
/// specified".
fn judge(after: &After<'_>) -> Vec<Verdict> {
    let targets = RULE.settings.iter();
    let is_set = |name: &&&str| after.raw(name).is_some_and(|value| !value.is_empty());
    let set: Vec<&str> = targets.filter(is_set).copied().collect();
    if set.len() < 2 {
        return Vec::new();
    }
    let why = format!("at most one of {} may be set", set.join(", "));
    vec![fails(after, why)]
}
