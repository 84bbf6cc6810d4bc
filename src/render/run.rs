//! What a run did, for a person and as JSON.

use serde_json::{Value, json};

use crate::apply::{Applied, Left};
use crate::ledger::{Outcome, RecordedChange, RunCommand};

/// What the JSON of a run needs besides its outcome.
#[derive(Debug, Clone)]
pub struct RunFacts {
    /// Its id; `None` where nothing was to be done and none was begun.
    pub run: Option<String>,
    /// The command.
    pub command: RunCommand,
    /// The phases.
    pub phases: Vec<u32>,
}

/// A run that ended well, as docs/json.md describes it.
pub fn applied_json(facts: &RunFacts, applied: &Applied) -> Value {
    let mut document = run_json(facts, applied.outcome, &applied.changes);
    if let Value::Object(fields) = &mut document {
        fields.insert("restarted".to_owned(), json!(applied.restarted));
        fields.insert("restarts".to_owned(), json!(applied.restarts));
        fields.insert("pending_restart".to_owned(), json!(applied.pending_restart));
        fields.insert("undo".to_owned(), json!(undo_command(facts, applied)));
    }
    document
}

/// A run that did not end well, as far as it came: what the error of the command is put into.
#[derive(Debug, Clone, Copy)]
pub struct Unwell<'a> {
    /// With what it ended.
    pub outcome: Outcome,
    /// What became of each write that was begun.
    pub changes: &'a [(RecordedChange, Outcome)],
    /// What could not be put back.
    pub left: &'a [Left],
    /// Names of the targets that were restarted.
    pub restarted: &'a [String],
    /// Names of the targets that must be restarted to run as before.
    pub pending_restart: &'a [String],
}

impl Unwell<'_> {
    /// One that was refused before anything was written.
    pub fn refused() -> Self {
        Self {
            outcome: Outcome::Refused,
            changes: &[],
            left: &[],
            restarted: &[],
            pending_restart: &[],
        }
    }
}

/// A run that did not end well, as docs/json.md describes it.
pub fn failed_json(facts: &RunFacts, unwell: &Unwell<'_>) -> Value {
    let mut document = run_json(facts, unwell.outcome, unwell.changes);
    let left: Vec<Value> = unwell.left.iter().map(left_json).collect();
    if let Value::Object(fields) = &mut document {
        fields.insert("not_put_back".to_owned(), Value::Array(left));
        fields.insert("restarted".to_owned(), json!(unwell.restarted));
        fields.insert("pending_restart".to_owned(), json!(unwell.pending_restart));
        fields.insert("undo".to_owned(), Value::Null);
    }
    document
}

fn left_json(left: &Left) -> Value {
    json!({
        "target": left.target,
        "setting": left.setting,
        "because": left.because,
        "statement": left.statement,
    })
}

/// What every document of a run begins with.
fn run_json(facts: &RunFacts, outcome: Outcome, changes: &[(RecordedChange, Outcome)]) -> Value {
    let changes: Vec<Value> = changes
        .iter()
        .map(|(change, outcome)| change_json(change, outcome.key()))
        .collect();
    json!({
        "format_version": 1,
        "run": facts.run,
        "command": facts.command.key(),
        "phases": facts.phases,
        "outcome": outcome.key(),
        "changes": changes,
    })
}

/// A run that ended well, for a person: what happened, what is still to do, how to go back.
pub fn applied_human(facts: &RunFacts, applied: &Applied) -> String {
    let mut lines = vec![headline(facts, applied)];
    for target in &applied.pending_restart {
        let waiting: Vec<&str> = applied
            .changes
            .iter()
            .filter(|(change, outcome)| {
                *outcome == Outcome::PendingRestart && change.target == *target
            })
            .map(|(change, _)| change.setting.as_str())
            .collect();
        lines.push(format!(
            "Not yet in effect: {} on {target}; restart {target} to finish.",
            waiting.join(", ")
        ));
    }
    if applied.pending_restart.len() > 1 {
        lines.push(
            "Restart them in the order of the plan, and a standby after its primary only when it has \
             replayed what that one wrote; or type the same again with --restart."
                .to_owned(),
        );
    }
    if let Some(command) = undo_command(facts, applied) {
        lines.push(format!("To go back: {command}"));
    }
    lines.join("\n") + "\n"
}

fn headline(facts: &RunFacts, applied: &Applied) -> String {
    let done = applied
        .changes
        .iter()
        .filter(|(_, o)| *o != Outcome::PendingRestart)
        .count();
    let waiting = applied.changes.len() - done;
    let what = match facts.command {
        RunCommand::Apply => "Applied",
        RunCommand::Rollback => "Rolled back",
    };
    match (done, waiting) {
        (0, 0) => "Nothing to do.".to_owned(),
        (done, 0) => format!("{what}: {} in effect.", settings(done)),
        (0, waiting) => format!(
            "{what}: {} stored, waiting for a restart.",
            settings(waiting)
        ),
        (done, waiting) => {
            format!(
                "{what}: {} in effect, {waiting} waiting for a restart.",
                settings(done)
            )
        }
    }
}

fn settings(count: usize) -> String {
    if count == 1 {
        "1 setting".to_owned()
    } else {
        format!("{count} settings")
    }
}

/// The command that undoes the run, where there is something to undo.
fn undo_command(facts: &RunFacts, applied: &Applied) -> Option<String> {
    let run = facts.run.as_ref()?;
    (applied.written > 0).then(|| format!("dbtune rollback {run}"))
}

/// One write and what became of it.
pub(super) fn change_json(change: &RecordedChange, outcome: &str) -> Value {
    json!({
        "phase": change.phase,
        "target": change.target,
        "setting": change.setting,
        "before": change.before,
        "after": change.after,
        "outcome": outcome,
    })
}
