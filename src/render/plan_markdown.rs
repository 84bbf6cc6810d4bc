//! A plan as markdown, for a comment on a pull request.

use crate::plan::{Change, Hazard, Plan, on_one_line};

use super::plan_words::{self as words, Mark};

const HEAD: &str = "| | Target | Setting | Current | Desired | Takes effect | From |
| --- | --- | --- | --- | --- | --- | --- |";

/// The plan as markdown, ending with a line break.
pub fn plan_markdown(plan: &Plan) -> String {
    let mut blocks = vec![
        format!("## {}", title(plan)),
        format!("{}.", text(&words::summary(plan))),
    ];
    for changes in plan.changes.chunk_by(|one, other| one.phase == other.phase) {
        blocks.extend(of_phase(plan, changes));
    }
    let differences = words::differences(plan);
    if !differences.is_empty() {
        let lines: Vec<String> = differences
            .iter()
            .map(|line| format!("- {}", text(line)))
            .collect();
        blocks.push(format!(
            "Nodes of one cluster differ:\n\n{}",
            lines.join("\n")
        ));
    }
    let mut text = blocks.join("\n\n");
    text.push('\n');
    text
}

fn title(plan: &Plan) -> String {
    let what = if plan.goes_back {
        "Way back from"
    } else {
        "Plan of"
    };
    format!("{what} {}", code(&plan.profile))
}

fn of_phase(plan: &Plan, changes: &[Change]) -> Vec<String> {
    let mut blocks = Vec::new();
    if let Some(first) = changes.first() {
        blocks.push(format!(
            "### {}",
            text(&words::phase(first.phase, &plan.phases))
        ));
    }
    let rows: Vec<String> = changes
        .iter()
        .filter(|change| is_row(change))
        .map(row)
        .collect();
    let turn = changes.iter().any(|change| change.turn > 0);
    if turn {
        let moved = changes.iter().filter(|change| change.turn > 0);
        let named: Vec<String> = moved
            .map(|change| {
                format!(
                    "{} on {}",
                    code(change.setting.as_str()),
                    text(&change.target)
                )
            })
            .collect();
        blocks.push(format!(
            "After the restarts of what comes before: {}.",
            named.join(", ")
        ));
    }
    if !rows.is_empty() {
        blocks.push(format!("{HEAD}\n{}", rows.join("\n")));
    }
    let standing = changes.iter().filter(|change| !is_row(change));
    let standing: Vec<String> = standing
        .map(|change| {
            format!(
                "{} on {}",
                code(&words::standing(change)),
                text(&change.target)
            )
        })
        .collect();
    if !standing.is_empty() {
        blocks.push(format!("Unchanged: {}.", standing.join(", ")));
    }
    let told: Vec<String> = reasons(changes).chain(hazards(changes)).collect();
    if !told.is_empty() {
        blocks.push(told.join("\n"));
    }
    blocks
}

fn is_row(change: &Change) -> bool {
    Mark::of(change) != Mark::Unchanged || change.note.is_some()
}

fn row(change: &Change) -> String {
    let mark = Mark::of(change);
    let source = words::source(change.source.as_ref());
    let cells = [
        format!("{} {}", code(mark.symbol()), mark.meaning()),
        text(&change.target),
        code(change.setting.as_str()),
        code(&words::current(change)),
        code(&words::value(&change.desired)),
        words::effect(change).to_owned(),
        if source.is_empty() {
            source
        } else {
            code(&source)
        },
    ];
    format!("| {} |", cells.join(" | "))
}

fn reasons(changes: &[Change]) -> impl Iterator<Item = String> {
    changes
        .iter()
        .filter(|change| is_row(change))
        .flat_map(|change| {
            let told = [
                words::configured(change),
                words::changed_since(change),
                change.note.clone(),
                change.because.clone(),
            ];
            told.into_iter().flatten().map(|told| {
                format!(
                    "- {}: {}",
                    code(change.setting.as_str()),
                    text(&on_one_line(&told))
                )
            })
        })
}

/// Every hazard once, with the settings that it concerns.
fn hazards(changes: &[Change]) -> impl Iterator<Item = String> {
    let mut told: Vec<(&Hazard, Vec<String>)> = Vec::new();
    for change in changes {
        for hazard in &change.hazards {
            let name = code(change.setting.as_str());
            match told.iter_mut().find(|(other, _)| *other == hazard) {
                Some((_, names)) if names.contains(&name) => {}
                Some((_, names)) => names.push(name),
                None => told.push((hazard, vec![name])),
            }
        }
    }
    told.into_iter().map(|(hazard, names)| {
        let (severity, _) = words::severity(hazard);
        format!(
            "- **{severity}** {} ({}): {}",
            code(hazard.kind.key()),
            names.join(", "),
            text(&on_one_line(&hazard.message))
        )
    })
}

/// A text as markdown shows it: nothing in it makes a table cell, a tag or an emphasis.
fn text(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '|' | '*' | '\\' | '[' | ']' => escaped.extend(['\\', c]),
            '<' => escaped.push_str("&lt;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// A text as code, fenced by more backticks than it holds in a row.
fn code(text: &str) -> String {
    let text = text.replace('|', "\\|");
    let runs = text.split(|c| c != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or(0) + 1);
    if fence.len() == 1 {
        return format!("`{text}`");
    }
    format!("{fence} {text} {fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_leave_its_cell() {
        assert_eq!(code("a|b"), r"`a\|b`");
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(text("<b>|"), r"&lt;b>\|");
    }
}
