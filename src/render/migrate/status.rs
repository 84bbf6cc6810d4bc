//! Where a database stands to a folder of migrations.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::migrate::{InvalidIndex, MigrationFile, Row, Standing, State, Version};
use crate::sql;

/// How many statements each migration has that is not applied: of the others nothing is left to count.
pub fn statement_counts(rows: &[Row], files: &[MigrationFile]) -> BTreeMap<Version, usize> {
    let open = rows
        .iter()
        .filter(|row| matches!(row.state, State::Pending | State::Partial));
    let open: BTreeSet<Version> = open.map(|row| row.version).collect();
    let is_open = |version: Version| open.contains(&version);
    let files: Vec<&MigrationFile> = files.iter().filter(|file| is_open(file.version)).collect();
    let texts: Vec<&str> = files.iter().map(|file| file.text.as_str()).collect();
    let scripts = files.iter().zip(sql::parse_all(&texts));
    scripts
        .filter_map(|(file, script)| Some((file.version, script.ok()?.statements().len())))
        .collect()
}

/// For a person.
pub fn status(standing: &Standing, counts: &BTreeMap<Version, usize>) -> String {
    let mut text = String::new();
    for row in &standing.rows {
        text.push_str(&line(row, counts));
    }
    if standing.rows.is_empty() {
        text.push_str("no migrations\n");
    }
    for index in &standing.invalid_indexes {
        text.push_str(&invalid(index));
    }
    text.push_str(&summary(standing));
    text
}

fn line(row: &Row, counts: &BTreeMap<Version, usize>) -> String {
    let symbol = match row.state {
        State::Applied => "=",
        State::Pending => "+",
        State::Partial => "~",
        State::Edited | State::Missing => "!",
    };
    format!(
        "{symbol} {:<9} {}{}\n",
        row.state.word(),
        row.title(),
        words(row, counts)
    )
}

fn words(row: &Row, counts: &BTreeMap<Version, usize>) -> String {
    let on = row.applied_on.as_ref().map(|on| format!("  {on}"));
    let undone = row
        .is_half_undone
        .then(|| "  half undone: dbtune migrate undo".to_owned());
    let steps = (row.state == State::Partial && !row.is_half_undone).then(|| {
        let of = counts
            .get(&row.version)
            .map_or_else(|| "?".to_owned(), ToString::to_string);
        if row.is_changed {
            return format!(
                "  {} statements done, and the file was changed since: dbtune migrate repair",
                row.steps_done
            );
        }
        format!("  {} of {of} statements done", row.steps_done)
    });
    let order = row
        .is_out_of_order
        .then(|| "  older than the newest applied: give it the next version".to_owned());
    let name = row
        .renamed_from
        .as_ref()
        .map(|was| format!("  applied as {was}"));
    [on, undone, steps, order, name]
        .into_iter()
        .flatten()
        .collect()
}

fn invalid(index: &InvalidIndex) -> String {
    format!(
        "! INVALID   index {} on {}.{}\n",
        index.index, index.schema, index.table
    )
}

fn summary(standing: &Standing) -> String {
    let states = [
        State::Applied,
        State::Pending,
        State::Partial,
        State::Edited,
        State::Missing,
    ];
    let counted = states.iter().filter_map(|state| {
        let number = standing
            .rows
            .iter()
            .filter(|row| row.state == *state)
            .count();
        (number > 0).then(|| format!("{number} {}", state.word()))
    });
    let counted: Vec<String> = counted.collect();
    let invalid = match standing.invalid_indexes.len() {
        0 => String::new(),
        1 => "; 1 index is INVALID".to_owned(),
        number => format!("; {number} indexes are INVALID"),
    };
    if counted.is_empty() {
        return format!("{}\n", invalid.trim_start_matches("; "))
            .trim_start()
            .to_owned();
    }
    format!("{}{invalid}\n", counted.join(", "))
}

/// As JSON.
pub fn status_json(standing: &Standing, counts: &BTreeMap<Version, usize>) -> Value {
    let rows = standing.rows.iter().map(|row| {
        let statements = counts.get(&row.version);
        json!({
            "version": row.version.0,
            "name": row.name,
            "state": row.state.word(),
            "applied_on": row.applied_on,
            "statements_done": statements.map(|_| row.steps_done),
            "statements": statements,
            "out_of_order": row.is_out_of_order,
            "half_undone": row.is_half_undone,
            "changed": row.is_changed,
        })
    });
    let invalid = standing
        .invalid_indexes
        .iter()
        .map(|index| json!({"schema": index.schema, "table": index.table, "index": index.index}));
    json!({
        "format_version": 1,
        "history": standing.history,
        "migrations": rows.collect::<Vec<_>>(),
        "invalid_indexes": invalid.collect::<Vec<_>>(),
    })
}

/// As markdown.
pub fn status_markdown(standing: &Standing, counts: &BTreeMap<Version, usize>) -> String {
    let mut text = "| | migration | |\n| --- | --- | --- |\n".to_owned();
    for row in &standing.rows {
        let words = words(row, counts);
        text.push_str(
            &[
                "| ",
                row.state.word(),
                " | ",
                &row.title(),
                " | ",
                words.trim(),
                " |\n",
            ]
            .concat(),
        );
    }
    for index in &standing.invalid_indexes {
        text.push_str(
            &[
                "| INVALID | ",
                &index.index,
                " | on ",
                &index.schema,
                ".",
                &index.table,
                " |\n",
            ]
            .concat(),
        );
    }
    text.push('\n');
    text.push_str(&summary(standing));
    text
}
