//! The last line of a plan: what to type next.

use std::collections::BTreeSet;

use crate::plan::{self, Action, Change, HazardKind, Plan};

use super::plan_human::PlanView;
use super::plan_words as words;
use super::table::{self, WIDTH};

/// What to type next, if there is anything to type.
pub(super) fn closing(plan: &Plan, view: &PlanView<'_>) -> Option<String> {
    let is_done = |change: &Change| change.action == Action::Unchanged;
    if plan.changes.iter().all(is_done) {
        return Some(nothing_to_do(plan));
    }
    let command = view.next?;
    let blocking = plan::blocking(plan, view.allowed);
    let kinds: BTreeSet<HazardKind> = blocking.iter().map(|hazard| hazard.kind).collect();
    if !kinds.is_empty() {
        return Some(refused(&kinds, command));
    }
    if plan.writes().next().is_none() {
        return Some(restart(plan, command));
    }
    Some(write(plan, command))
}

/// The migrations that are not applied; a plan does nothing about them.
pub(super) fn pending_migrations(plan: &Plan) -> Option<String> {
    const SHOWN: usize = 5;
    let titles = plan.pending_migrations.iter().take(SHOWN);
    let titles: Vec<String> = titles
        .map(|migration| format!("V{}__{}", migration.version, migration.name))
        .collect();
    let more = plan.pending_migrations.len().saturating_sub(SHOWN);
    let more = (more > 0).then(|| format!(" and {more} more"));
    (!titles.is_empty()).then(|| {
        let more = more.unwrap_or_default();
        format!(
            "Pending migrations: {}{more}   (dbtune migrate)",
            titles.join(", ")
        )
    })
}

fn nothing_to_do(plan: &Plan) -> String {
    if plan.goes_back {
        return "Nothing to do: everything is back as it was.".to_owned();
    }
    format!("Nothing to do: everything is as {} asks.", plan.profile)
}

fn refused(kinds: &BTreeSet<HazardKind>, command: &str) -> String {
    let keys: Vec<&str> = kinds.iter().map(|kind| kind.key()).collect();
    let final_ones = kinds.iter().filter(|kind| !kind.can_be_allowed());
    let final_ones: Vec<&str> = final_ones.map(|kind| kind.key()).collect();
    if !final_ones.is_empty() {
        return format!(
            "`{command}` would refuse this: see {} above.",
            words::and(&final_ones)
        );
    }
    let allowing = format!("{command} --allow {}", keys.join(" --allow "));
    to_type("To do it in spite of that", &allowing, "")
}

/// Nothing is to be written: only a restart is missing.
fn restart(plan: &Plan, command: &str) -> String {
    let targets = words::waiting_targets(plan);
    let waits = |name: &str| {
        let mut changes = plan.changes.iter();
        changes.any(|change| change.target == name && change.action == Action::PendingRestart)
    };
    let waiting = plan.targets.iter().filter(|target| waits(&target.name));
    let commands: Option<Vec<&str>> = waiting
        .map(|target| plan.restart_commands.get(&target.name).map(String::as_str))
        .collect();
    match commands {
        Some(commands) => to_type(
            &format!("To restart {targets}"),
            &commands.join(" && "),
            &format!("(or: {})", with_restart(command)),
        ),
        None => format!("To finish: restart {targets}, then plan again."),
    }
}

fn write(plan: &Plan, command: &str) -> String {
    let lead = if plan.goes_back {
        "To roll back"
    } else {
        "To apply"
    };
    let needs = |name: &str| {
        let mut changes = plan.changes.iter();
        changes.any(|change| change.target == name && change.needs_restart())
    };
    let restarted = plan.targets.iter();
    let restarted: Vec<&str> = restarted
        .filter(|target| plan.restart_commands.contains_key(&target.name) && needs(&target.name))
        .map(|target| target.name.as_str())
        .collect();
    if restarted.is_empty() || with_restart(command) == command {
        return to_type(lead, command, "");
    }
    let aside = format!("(--restart also restarts {})", words::and(&restarted));
    to_type(lead, command, &aside)
}

/// What to type, on one line where that fits. A command is never broken: it is there to be copied.
fn to_type(lead: &str, command: &str, aside: &str) -> String {
    let (behind, before) = if aside.is_empty() {
        (String::new(), String::new())
    } else {
        (format!("   {aside}"), format!(" {aside}"))
    };
    let line = format!("{lead}: {command}{behind}");
    if table::width(&line) <= WIDTH {
        return line;
    }
    format!("{lead}{before}:\n  {command}")
}

fn with_restart(command: &str) -> String {
    if command.split(' ').any(|word| word == "--restart") {
        return command.to_owned();
    }
    format!("{command} --restart")
}

/// How the targets are restarted that a write is in effect on only after that.
pub(super) fn restarts(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    let turns = plan.turns(true);
    for changes in &turns {
        let needs = |name: &&String| {
            let mut writes = changes.iter().filter(|change| change.action.writes());
            writes.any(|change| change.target == **name && change.needs_restart())
        };
        let number = changes.first().map_or(0, |change| change.turn);
        for name in plan.restart_order(number).into_iter().filter(needs) {
            let command = plan.restart_commands.get(name).map(String::as_str);
            let how = command.unwrap_or("by you; no restart command is known");
            let turn = if turns.len() > 1 {
                format!("Turn {}, restart", number + 1)
            } else {
                "Restart".to_owned()
            };
            lines.push(format!("{turn} of {name}: {how}"));
        }
    }
    lines
}
