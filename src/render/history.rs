//! The runs, for a person, as JSON and as markdown.

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;

use super::run::change_json;
use crate::ledger::{HistoryEntry, Outcome, RecordedChange, Recovery};

/// Every run, as docs/json.md describes it.
pub fn history_json(entries: &[HistoryEntry]) -> Value {
    json!({
        "format_version": 1,
        "runs": entries.iter().map(entry_json).collect::<Vec<_>>(),
    })
}

/// One run with its changes.
pub fn run_json(entry: &HistoryEntry, recoveries: &[Recovery]) -> Value {
    let mut run = entry_json(entry);
    if let Value::Object(fields) = &mut run {
        let changes: Vec<Value> = entry
            .stored
            .intent
            .changes
            .iter()
            .map(|change| change_json(change, &outcome_of(entry, change)))
            .collect();
        fields.insert("changes".to_owned(), Value::Array(changes));
        fields.insert("undoes".to_owned(), json!(entry.stored.intent.undoes));
        let error = entry
            .stored
            .ending
            .as_ref()
            .and_then(|ending| ending.error.as_ref());
        fields.insert("failure".to_owned(), json!(error));
        let ending = entry.stored.ending.as_ref();
        let restarts = ending.map(|ending| ending.restarts.as_slice());
        fields.insert("restarts".to_owned(), json!(restarts.unwrap_or_default()));
        let recovery: Vec<Value> = recoveries
            .iter()
            .map(|recovery| json!({"target": recovery.target, "steps": recovery.steps}))
            .collect();
        fields.insert("recovery".to_owned(), Value::Array(recovery));
    }
    json!({"format_version": 1, "runs": [run]})
}

fn entry_json(entry: &HistoryEntry) -> Value {
    let intent = &entry.stored.intent;
    json!({
        "run": intent.run,
        "command": intent.command.key(),
        "phases": intent.phases,
        "started_at": intent.started_at,
        "finished_at": entry.stored.ending.as_ref().map(|ending| &ending.finished_at),
        "who": intent.who,
        "outcome": entry.state.key(),
        "undone_by": entry.undone_by,
    })
}

/// Every run as a table, newest first, and what each one did beneath it.
pub fn history_human(entries: &[HistoryEntry]) -> String {
    if entries.is_empty() {
        return "No runs yet.\n".to_owned();
    }
    let mut lines = Vec::new();
    for entry in entries {
        lines.push(title(entry));
        lines.push(format!("  {}", changes_in_short(entry)));
    }
    lines.join("\n") + "\n"
}

/// One run in full.
pub fn run_human(entry: &HistoryEntry, recoveries: &[Recovery]) -> String {
    let intent = &entry.stored.intent;
    let mut lines = vec![title(entry)];
    lines.push(format!(
        "  profile {}, {}",
        intent.profile,
        phases(&intent.phases)
    ));
    if let Some(undone) = &intent.undoes {
        lines.push(format!("  undoes {undone}"));
    }
    let width = |text: &dyn Fn(&RecordedChange) -> String| {
        intent
            .changes
            .iter()
            .map(|change| text(change).width())
            .max()
            .unwrap_or(0)
    };
    let names = width(&|change| format!("{}.{}", change.target, change.setting));
    let values = width(&step);
    for change in &intent.changes {
        let name = format!("{}.{}", change.target, change.setting);
        lines.push(format!(
            "  {name}{}  {}{}  {}",
            pad(&name, names),
            step(change),
            pad(&step(change), values),
            words(&outcome_of(entry, change)),
        ));
    }
    if let Some(error) = entry
        .stored
        .ending
        .as_ref()
        .and_then(|ending| ending.error.as_ref())
    {
        lines.push(format!("  failed: {error}"));
    }
    lines.extend(versions_moved(entry));
    for recovery in recoveries {
        lines.push(format!(
            "  if {} does not come back from its restart:",
            recovery.target
        ));
        lines.extend(recovery.steps.iter().map(|step| format!("    {step}")));
    }
    lines.join("\n") + "\n"
}

/// A line for each restart that brought another version along.
fn versions_moved(entry: &HistoryEntry) -> impl Iterator<Item = String> {
    let endings = entry.stored.ending.iter();
    endings
        .flat_map(|ending| &ending.restarts)
        .filter(|restart| restart.version_before != restart.version_after)
        .map(|restart| {
            format!(
                "  {} came back as version {}, it was {}",
                restart.target, restart.version_after, restart.version_before
            )
        })
}

/// The runs as a table for a comment.
pub fn history_markdown(entries: &[HistoryEntry]) -> String {
    let mut lines = vec![
        "| run | command | phases | started | who | outcome | undone by |".to_owned(),
        "| --- | --- | --- | --- | --- | --- | --- |".to_owned(),
    ];
    for entry in entries {
        let intent = &entry.stored.intent;
        lines.push(format!(
            "| {} | {} | {} | {} | {} | {} | {} |",
            intent.run,
            intent.command.key(),
            intent
                .phases
                .iter()
                .map(u32::to_string)
                .collect::<Vec<_>>()
                .join(", "),
            intent.started_at,
            intent.who,
            words(entry.state.key()),
            entry.undone_by.as_deref().unwrap_or("")
        ));
    }
    lines.join("\n") + "\n"
}

fn title(entry: &HistoryEntry) -> String {
    let intent = &entry.stored.intent;
    let undone = match &entry.undone_by {
        Some(by) => format!(", undone by {by}"),
        None => String::new(),
    };
    format!(
        "{}  {}  {} {}  {}{undone}  ({})",
        intent.run,
        intent.started_at,
        intent.command.key(),
        phases(&intent.phases),
        words(entry.state.key()),
        intent.who,
    )
}

fn changes_in_short(entry: &HistoryEntry) -> String {
    let recorded = &entry.stored.intent.changes;
    let first = recorded.first().map(|change| &change.target);
    let is_one = recorded.iter().all(|change| Some(&change.target) == first);
    let name = |change: &RecordedChange| {
        if is_one {
            change.setting.to_string()
        } else {
            format!("{}.{}", change.target, change.setting)
        }
    };
    let changes: Vec<String> = recorded
        .iter()
        .map(|change| format!("{} {}", name(change), step(change)))
        .collect();
    if changes.is_empty() {
        "a restart alone".to_owned()
    } else {
        changes.join(", ")
    }
}

fn step(change: &RecordedChange) -> String {
    format!(
        "{} → {}",
        change.before.as_deref().unwrap_or("(unknown)"),
        change.after
    )
}

fn phases(phases: &[u32]) -> String {
    let numbers: Vec<String> = phases.iter().map(u32::to_string).collect();
    match numbers.as_slice() {
        [one] => format!("phase {one}"),
        many => format!("phases {}", many.join(", ")),
    }
}

/// What became of one write. What waited for a restart that has come since is in effect.
fn outcome_of(entry: &HistoryEntry, change: &RecordedChange) -> String {
    let endings = entry
        .stored
        .ending
        .iter()
        .flat_map(|ending| &ending.changes);
    endings
        .filter(|done| done.target == change.target && done.setting == change.setting)
        .map(|done| done.outcome)
        .find(|outcome| *outcome != Outcome::PendingRestart)
        .map_or_else(|| entry.state.key(), Outcome::key)
        .to_owned()
}

fn words(key: &str) -> String {
    key.replace('_', " ")
}

fn pad(text: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(text.width()))
}
