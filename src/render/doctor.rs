//! What the doctor found, for a person, as JSON and as markdown.

use serde_json::{Value, json};

use super::style::{Paint, Tone};
use super::table::{pad, paragraph};
use crate::doctor::{Examined, Finding, Seen, Verdict};

/// What is shown.
#[derive(Debug, Clone, Copy)]
pub struct DoctorView<'a> {
    /// The targets, in order.
    pub targets: &'a [Examined],
    /// The profile that they were examined for.
    pub profile: Option<&'a str>,
    /// What was found.
    pub findings: &'a [Finding],
    /// Whether to colour.
    pub colour: bool,
}

impl DoctorView<'_> {
    fn count(&self, verdict: Verdict) -> usize {
        let own = self.findings.iter();
        own.filter(|finding| finding.verdict == verdict).count()
    }

    fn unread(&self) -> Vec<&str> {
        let unread = self.targets.iter().filter(|one| !one.was_read());
        unread.map(|one| one.target.name.as_str()).collect()
    }

    /// What it comes to, in one line.
    fn sum(&self) -> String {
        let sum = format!(
            "{} ok, {}, {}",
            self.count(Verdict::Ok),
            plural(self.count(Verdict::Warning), "warning"),
            plural(self.count(Verdict::Problem), "problem"),
        );
        let unread = self.unread();
        if unread.is_empty() {
            sum
        } else {
            format!("{sum}; not examined: {}", unread.join(", "))
        }
    }

    /// The findings in groups: one for each target, before and after them what is of none.
    fn groups(&self) -> Vec<(String, Vec<&Finding>)> {
        let mut groups: Vec<(String, Vec<&Finding>)> = Vec::new();
        for finding in self.findings {
            let title = finding.target.as_deref().unwrap_or("dbtune");
            match groups.iter_mut().find(|(other, _)| other == title) {
                Some((_, findings)) => findings.push(finding),
                None => groups.push((title.to_owned(), vec![finding])),
            }
        }
        groups
    }
}

fn plural(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// A line for each finding, with what to do about it beneath.
pub fn doctor_human(view: &DoctorView<'_>) -> String {
    let paint = Paint::new(view.colour);
    let mut lines = Vec::new();
    for (title, findings) in view.groups() {
        lines.push(paint.paint(Tone::Heading, &title));
        for finding in findings {
            lines.extend(finding_lines(finding, paint));
        }
        lines.push(String::new());
    }
    let mut sum = view.sum();
    if view.profile.is_none() {
        sum.push_str("\nNo profile was named: with --profile NAME its settings are looked at, too");
    }
    format!("{}\n{sum}\n", lines.join("\n"))
}

fn finding_lines(finding: &Finding, paint: Paint) -> Vec<String> {
    let word = finding.verdict.key();
    let first = format!(
        "  {} {}: ",
        pad(word, 7),
        finding.check.key().replace('_', " ")
    );
    let mut lines = paragraph(&first, &finding.message, 10);
    if let Some(line) = lines.first_mut() {
        *line = line.replacen(word, &paint.paint(tone(finding.verdict), word), 1);
    }
    // A statement is not broken: it is there to be copied.
    lines.extend(
        finding
            .remedy
            .iter()
            .map(|remedy| format!("          → {remedy}")),
    );
    lines
}

fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Ok => Tone::Add,
        Verdict::Warning => Tone::Warning,
        Verdict::Problem => Tone::Error,
    }
}

/// The document of docs/json.md.
pub fn doctor_json(view: &DoctorView<'_>) -> Value {
    let findings: Vec<Value> = view.findings.iter().map(finding_json).collect();
    let targets: Vec<Value> = view.targets.iter().map(target_json).collect();
    let mut document = json!({
        "format_version": 1,
        "profile": view.profile,
        "targets": targets,
        "findings": findings,
        "summary": {
            "ok": view.count(Verdict::Ok),
            "warning": view.count(Verdict::Warning),
            "problem": view.count(Verdict::Problem),
        },
    });
    if let (Some(error), Value::Object(fields)) = (error_json(view), &mut document) {
        fields.insert("error".to_owned(), error);
    }
    document
}

/// Why the exit code is not 0.
fn error_json(view: &DoctorView<'_>) -> Option<Value> {
    let unread = view.unread();
    let (kind, message) = if !unread.is_empty() {
        let is_mistake = view.targets.iter().any(Examined::is_mistaken);
        (
            if is_mistake { "usage" } else { "not_examined" },
            format!("not examined: {}", unread.join(", ")),
        )
    } else if view.count(Verdict::Problem) > 0 {
        ("problems", plural(view.count(Verdict::Problem), "problem"))
    } else {
        return None;
    };
    let hint = "each finding with the verdict `problem` says what to do";
    Some(json!({"kind": kind, "message": message, "hint": hint}))
}

fn finding_json(finding: &Finding) -> Value {
    json!({
        "target": finding.target,
        "check": finding.check.key(),
        "verdict": finding.verdict.key(),
        "message": finding.message,
        "remedy": finding.remedy,
    })
}

fn target_json(examined: &Examined) -> Value {
    let target = &examined.target;
    let snapshot = match &examined.seen {
        Seen::All(read) => Some(&read.snapshot),
        Seen::Nothing(_) | Seen::Rights(..) => None,
    };
    let identity = snapshot.map(|snapshot| &snapshot.identity);
    json!({
        "name": target.name,
        "engine": target.engine,
        "url_from": target.from,
        "examined": examined.was_read(),
        "version": identity.map(|identity| &identity.version),
        "role": identity.map(|identity| &identity.role),
        "user": identity.map(|identity| &identity.user),
        "address": snapshot.map(|snapshot| &snapshot.address),
    })
}

/// The findings as a table for a comment.
pub fn doctor_markdown(view: &DoctorView<'_>) -> String {
    let mut lines = vec![
        "| target | check | verdict | seen | remedy |".to_owned(),
        "| --- | --- | --- | --- | --- |".to_owned(),
    ];
    for finding in view.findings {
        let remedy = finding.remedy.as_deref().map(code).unwrap_or_default();
        lines.push(format!(
            "| {} | {} | {} | {} | {remedy} |",
            cell(finding.target.as_deref().unwrap_or_default()),
            finding.check.key(),
            finding.verdict.key(),
            cell(&finding.message),
        ));
    }
    format!("{}\n\n{}\n", lines.join("\n"), view.sum())
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn code(text: &str) -> String {
    format!("`{}`", cell(text).replace('`', "'"))
}
