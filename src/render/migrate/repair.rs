//! What history and files disagree about.

use serde_json::{Value, json};

use crate::migrate::{Disagreement, Fate, Repair};
use crate::sql;

use super::diff;

/// For a person.
pub fn repair(repair: &Repair) -> String {
    if repair.open.is_empty() && repair.done.is_empty() {
        return "nothing to repair: history and files agree\n".to_owned();
    }
    let mut text = String::new();
    for one in &repair.done {
        text.push_str(&format_args!("{}: put right\n", title(one)).to_string());
    }
    for one in &repair.open {
        text.push_str(&open(one));
    }
    text
}

fn title(one: &Disagreement) -> String {
    match one {
        Disagreement::Edited { row, .. } => match &row.renamed_from {
            Some(was) => format!("{} was applied as V{}__{was}", row.title(), row.version),
            None => format!("{} was edited after it had been applied", row.title()),
        },
        Disagreement::Missing { row, .. } if row.applied_on.is_none() => format!(
            "{} is half done ({} of its statements were run), and there is no such file",
            row.title(),
            row.steps_done
        ),
        Disagreement::Missing { row, .. } => {
            format!("{} is applied, and there is no such file", row.title())
        }
        Disagreement::StepChanged { error, .. } => error.clone(),
        Disagreement::Narrow { table, version } => {
            format!("{table} holds versions of 32 bits, and {version} is wider")
        }
    }
}

fn open(one: &Disagreement) -> String {
    let (shown, way) = match one {
        Disagreement::Edited { file, was, row } if was.as_ref() == Some(&file.text) => (
            match &row.renamed_from {
                Some(_) => "the text is the same".to_owned(),
                None => "the text is the same: it is the checksum in the history that is another"
                    .to_owned(),
            },
            "put the history back as it was, or let it say what the file says",
        ),
        Disagreement::Edited { file, was, .. } => (
            was.as_ref().map_or_else(
                || "what was applied is not known: dbtune did not apply it".to_owned(),
                |was| diff("as it was applied", was, "in the file", &file.text),
            ),
            "put the file back as it was applied, or let the history say what the file says",
        ),
        Disagreement::Missing { row, .. } if row.applied_on.is_none() => (
            String::new(),
            "put the file back and go on with it; or forget what was done, so that a file of that version \
             would run all of it again",
        ),
        Disagreement::Missing { was, .. } => (
            was.as_ref().map_or_else(
                || "what was applied is not known: dbtune did not apply it".to_owned(),
                |was| format!("it was:\n{}", sql::hidden(was.trim_end())),
            ),
            "put the file back, or take its row out of the history",
        ),
        Disagreement::StepChanged { fates, .. } => (
            fates.iter().map(fate).collect::<Vec<_>>().join("\n"),
            "put the file back as it was run, or have it so",
        ),
        Disagreement::Narrow { .. } => (String::new(), ""),
    };
    let version = one
        .version()
        .map(|version| version.to_string())
        .unwrap_or_default();
    format!(
        "{}\n{}\n  {way}: dbtune migrate repair --accept {version}\n\n",
        title(one),
        super::indent(&shown)
    )
}

/// What becomes of a statement where the edit is accepted.
fn fate(fate: &Fate) -> String {
    match fate {
        Fate::Counts { number, was, is } => format!(
            "what was done counts as statement {number}:\n{}",
            diff("as it was run", was, "in the file", is)
        ),
        Fate::Forgotten { was, is_done: true } => {
            format!("was done, and is forgotten:\n{}", quoted(was))
        }
        Fate::Forgotten {
            was,
            is_done: false,
        } => format!(
            "was begun, and is forgotten with whatever it has left:\n{}",
            quoted(was)
        ),
        Fate::Run { number, is } => {
            format!("statement {number} is run by the next run:\n{}", quoted(is))
        }
    }
}

fn quoted(statement: &str) -> String {
    super::indent(&sql::hidden(statement))
}

fn fate_json(fate: &Fate) -> Value {
    let (number, becomes, was, is) = match fate {
        Fate::Counts { number, was, is } => (Some(number), "done", Some(was), Some(is)),
        Fate::Forgotten { was, .. } => (None, "forgotten", Some(was), None),
        Fate::Run { number, is } => (Some(number), "run", None, Some(is)),
    };
    let hidden = |text: Option<&String>| text.map(|text| sql::hidden(text));
    json!({"statement": number, "becomes": becomes, "was": hidden(was), "is": hidden(is)})
}

/// As JSON.
pub fn repair_json(repair: &Repair) -> Value {
    let of = |ones: &[Disagreement]| ones.iter().map(one).collect::<Vec<_>>();
    let mut document =
        json!({"format_version": 1, "open": of(&repair.open), "repaired": of(&repair.done)});
    if let (Some(fields), false) = (document.as_object_mut(), repair.open.is_empty()) {
        fields.insert("error".to_owned(), error(&repair.open));
    }
    document
}

fn error(open: &[Disagreement]) -> Value {
    let titles: Vec<String> = open.iter().map(title).collect();
    let versions = open.iter().filter_map(Disagreement::version);
    let versions: Vec<String> = versions.map(|version| version.to_string()).collect();
    let accept = versions.join(" --accept ");
    json!({
        "kind": "history_differs",
        "message": titles.join("; "),
        "hint": format!(
            "put the files back as they were applied, or let the history say what they say: \
             dbtune migrate repair --accept {accept}"
        ),
    })
}

fn one(one: &Disagreement) -> Value {
    let fates = match one {
        Disagreement::StepChanged { fates, .. } => fates.iter().map(fate_json).collect(),
        Disagreement::Edited { .. }
        | Disagreement::Missing { .. }
        | Disagreement::Narrow { .. } => Vec::new(),
    };
    let (kind, was, is) = match one {
        Disagreement::Edited { was, file, .. } => ("edited", was.clone(), Some(file.text.clone())),
        Disagreement::Missing { was, .. } => ("missing", was.clone(), None),
        Disagreement::StepChanged { .. } => ("statement_changed", None, None),
        Disagreement::Narrow { .. } => ("narrow_history", None, None),
    };
    json!({
        "kind": kind,
        "version": one.version().map(|version| version.0),
        "message": title(one),
        "statements": fates,
        "diff": was.as_ref().zip(is.as_ref()).map(|(was, is)| diff("applied", was, "file", is)),
    })
}
