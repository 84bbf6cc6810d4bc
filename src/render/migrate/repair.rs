//! What history and files disagree about.

use serde_json::{Value, json};

use crate::migrate::{Disagreement, Repair};
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
        Disagreement::StepChanged { was, is, .. } => (
            diff("as it was run", was, "in the file", is),
            "put the statement back, or let what was run count as what the file says",
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
    let (kind, was, is) = match one {
        Disagreement::Edited { was, file, .. } => ("edited", was.clone(), Some(file.text.clone())),
        Disagreement::Missing { was, .. } => ("missing", was.clone(), None),
        Disagreement::StepChanged { was, is, .. } => {
            ("statement_changed", Some(was.clone()), Some(is.clone()))
        }
        Disagreement::Narrow { .. } => ("narrow_history", None, None),
    };
    json!({
        "kind": kind,
        "version": one.version().map(|version| version.0),
        "message": title(one),
        "diff": was.as_ref().zip(is.as_ref()).map(|(was, is)| diff("applied", was, "file", is)),
    })
}
