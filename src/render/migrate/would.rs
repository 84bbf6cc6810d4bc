//! What would be run.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::migrate::{Version, WouldRun, WouldStep};
use crate::sql::{self, Lock};

/// The SQL, in order, with comments that say how each statement would be run and which locks it takes.
/// What is shown can be run by psql, but for the secrets in it, which read `***`.
pub fn would_run(migrations: &[WouldRun], to: Option<Version>) -> String {
    if migrations.is_empty() {
        return format!("-- {}", super::nothing_to_do(to));
    }
    let mut text = String::new();
    for migration in migrations {
        text.push_str(&one(migration));
    }
    text
}

fn one(migration: &WouldRun) -> String {
    let mut text = match &migration.stepwise {
        None => format!("-- {}: one transaction\nBEGIN;\n", migration.title),
        Some(because) => format!(
            "-- {}: statement by statement: {because}\n",
            migration.title
        ),
    };
    for step in &migration.statements {
        text.push_str(&statement(step, migration.stepwise.is_some()));
    }
    if migration.stepwise.is_none() {
        text.push_str("COMMIT;\n");
    }
    text.push('\n');
    text
}

fn statement(step: &WouldStep, is_stepwise: bool) -> String {
    let shown = sql::hidden(&step.text);
    if step.is_done {
        let lines = shown.lines().map(|line| format!("--   {line}\n"));
        return format!("-- done by an earlier run:\n{}", lines.collect::<String>());
    }
    let how = match step.alone {
        Some(name) => format!("-- on its own ({name} runs in no transaction)\n"),
        None if is_stepwise => "-- in a transaction of its own\n".to_owned(),
        None => String::new(),
    };
    let locks: BTreeSet<String> = step.locks.iter().map(lock).collect();
    let locks: Vec<String> = locks.into_iter().collect();
    let locks = if locks.is_empty() {
        String::new()
    } else {
        format!("-- locks: {}\n", locks.join(", "))
    };
    format!("{how}{locks}{shown};\n")
}

fn lock(lock: &Lock) -> String {
    match &lock.relation {
        Some(relation) => format!("{} on {relation}", lock.mode),
        None => lock.mode.to_string(),
    }
}

/// `{"version", "title", "mode", "because", "statements": [{"sql", "alone", "done", "locks"}]}`
pub fn would_json(migration: &WouldRun) -> Value {
    let statements = migration.statements.iter().map(|step| {
        json!({
            "sql": sql::hidden(&step.text),
            "outside_transaction": step.alone,
            "done": step.is_done,
            "locks": step.locks.iter().map(lock).collect::<Vec<_>>(),
        })
    });
    json!({
        "version": migration.version.0,
        "title": migration.title,
        "mode": if migration.stepwise.is_some() { "stepwise" } else { "transaction" },
        "because": migration.stepwise,
        "statements": statements.collect::<Vec<_>>(),
    })
}
