//! What the linter found, for a person, as JSON and as markdown.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::excerpt::{self, ERROR, Pen, STRONG};
use super::shown_line::printable;
use crate::migrate::MigrationFile;
use crate::migrate::lint::Finding;
use crate::profile::Place;

/// What is shown.
#[derive(Debug, Clone, Copy)]
pub struct LintView<'a> {
    /// The files that were looked at.
    pub files: &'a [MigrationFile],
    /// What was found, in the order of the files.
    pub findings: &'a [Finding],
    /// The target that was asked, where one was.
    pub target: Option<&'a str>,
    /// Whether to colour.
    pub colour: bool,
}

impl LintView<'_> {
    /// How many findings block.
    pub fn blocking(&self) -> usize {
        let own = self.findings.iter();
        own.filter(|finding| finding.blocks).count()
    }

    fn advice(&self) -> usize {
        self.findings.len() - self.blocking()
    }

    /// What it comes to, in one line.
    fn sum(&self) -> String {
        let files = match self.files.len() {
            1 => "1 migration".to_owned(),
            several => format!("{several} migrations"),
        };
        let against = self.target.map(|target| format!(" against {target}"));
        let against = against.unwrap_or_default();
        if self.findings.is_empty() {
            return format!("{files} looked at{against}: nothing found");
        }
        let findings = match self.blocking() {
            1 => "1 finding blocks".to_owned(),
            several => format!("{several} findings block"),
        };
        format!(
            "{files} looked at{against}: {findings}, {} advice",
            self.advice()
        )
    }

    /// The place in a form that can be shown; `None` for a file that was not handed over.
    fn place(&self, finding: &Finding) -> Option<Place> {
        let mut files = self.files.iter();
        let file = files.find(|file| file.path == finding.path)?;
        Some(Place {
            file: Arc::from(shown(&finding.path)),
            text: Arc::from(file.text.as_str()),
            line: finding.place.line,
            column: finding.place.column,
        })
    }
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}

/// Each finding on a line that editors and other tools can read, with the line of the file beneath.
pub fn lint_human(view: &LintView<'_>) -> String {
    let pen = Pen { color: view.colour };
    let mut text = String::new();
    for finding in view.findings {
        text += &one(view, finding, &pen);
        text.push('\n');
    }
    text += &view.sum();
    text.push('\n');
    if view.blocking() > 0 {
        text += "What is meant as it is can be allowed, right before its statement: \
                 -- dbtune: allow RULE — reason\n";
    }
    text
}

fn one(view: &LintView<'_>, finding: &Finding, pen: &Pen) -> String {
    let rule = if finding.blocks {
        pen.write(ERROR, &finding.rule)
    } else {
        format!("{} (advice)", pen.write(STRONG, &finding.rule))
    };
    let mut text = format!(
        "{}:{}: {rule}: {}\n",
        shown(&finding.path),
        finding.place,
        printable(&finding.message)
    );
    let Some(place) = view.place(finding) else {
        return text;
    };
    let margin = excerpt::margin(&place);
    text += &excerpt::line(&place, &margin, pen);
    if let Some(hint) = &finding.hint {
        text += &excerpt::help(hint, &margin, pen);
    }
    text
}

/// The document of docs/json.md.
pub fn lint_json(view: &LintView<'_>) -> Value {
    let findings: Vec<Value> = view.findings.iter().map(finding_json).collect();
    json!({
        "format_version": 1,
        "target": view.target,
        "findings": findings,
        "summary": {
            "files": view.files.len(),
            "blocking": view.blocking(),
            "advice": view.advice(),
        },
    })
}

fn finding_json(finding: &Finding) -> Value {
    json!({
        "rule": finding.rule,
        "blocks": finding.blocks,
        "file": finding.path.display().to_string(),
        "line": finding.place.line,
        "column": finding.place.column,
        "message": finding.message,
        "hint": finding.hint,
    })
}

/// The findings as a table for a comment.
pub fn lint_markdown(view: &LintView<'_>) -> String {
    if view.findings.is_empty() {
        return format!("{}\n", view.sum());
    }
    let mut lines = vec![
        "| place | rule | blocks | found | what to do |".to_owned(),
        "| --- | --- | --- | --- | --- |".to_owned(),
    ];
    for finding in view.findings {
        lines.push(format!(
            "| `{}:{}` | `{}` | {} | {} | {} |",
            cell(&shown(&finding.path)),
            finding.place,
            finding.rule,
            if finding.blocks { "yes" } else { "no" },
            cell(&finding.message),
            cell(finding.hint.as_deref().unwrap_or_default()),
        ));
    }
    format!("{}\n\n{}\n", lines.join("\n"), view.sum())
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
