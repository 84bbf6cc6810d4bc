//! A profile with its parents merged in: every setting, its value and where it comes from.

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;

use super::shown_line::printable;
use crate::profile::{Phase, Profile, Wanted, resembles_secret};
use crate::setting::is_secret;
use crate::setting::{EngineKind, Input};

const HEADING: Style = Style::new().bold();
const FAINT: Style = AnsiColor::BrightBlack.on_default();

/// The profile as text for a person. Secrets read `***`.
pub fn human(profile: &Profile, color: bool) -> String {
    let paint = |style: Style, text: &str| {
        if color {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    };
    let mut lines = vec![format!(
        "{}  {}",
        paint(HEADING, &printable(&profile.name)),
        paint(FAINT, &printable(&profile.file)),
    )];
    lines.extend(profile.description.iter().map(|text| printable(text)));
    for requirement in &profile.requires {
        let (engine, text) = (requirement.engine, printable(&requirement.text));
        lines.push(format!("requires {engine} {text}"));
    }
    for phase in &profile.phases {
        lines.push(String::new());
        lines.push(paint(HEADING, &phase_title(phase)));
        for engine in EngineKind::ALL {
            lines.extend(engine_lines(phase, engine, &|text| paint(FAINT, text)));
        }
    }
    if !profile.objectives.is_empty() {
        lines.push(String::new());
        lines.push(paint(HEADING, "Objectives"));
        let rows = profile.objectives.iter();
        let rows = rows.map(|objective| vec![objective.metric.clone(), objective.demand.clone()]);
        lines.extend(
            aligned(&rows.collect::<Vec<_>>())
                .iter()
                .map(|row| format!("  {row}")),
        );
    }
    lines.push(String::new());
    lines.join("\n")
}

/// The profile as markdown. Secrets read `***`.
pub fn markdown(profile: &Profile) -> String {
    let mut lines = vec![format!("## {}", cell(&profile.name))];
    lines.extend(
        profile
            .description
            .iter()
            .map(|text| format!("\n{}", cell(text))),
    );
    for requirement in &profile.requires {
        let (engine, text) = (requirement.engine, cell(&requirement.text));
        lines.push(format!("\nRequires {engine} `{text}`."));
    }
    for phase in &profile.phases {
        lines.push(format!("\n### {}\n", cell(&phase_title(phase))));
        lines.push("| engine | setting | value | from | because |".to_owned());
        lines.push("| --- | --- | --- | --- | --- |".to_owned());
        lines.extend(phase.settings.iter().map(|wanted| {
            format!(
                "| {} | `{}` | `{}` | {} | {} |",
                wanted.engine,
                cell(wanted.name.as_str()),
                cell(&shown_value(wanted)),
                cell(&origin(wanted)),
                cell(wanted.because.as_deref().unwrap_or_default()),
            )
        }));
    }
    if !profile.objectives.is_empty() {
        lines.push("\n### Objectives\n\n| metric | demand |\n| --- | --- |".to_owned());
        let rows = profile.objectives.iter();
        lines
            .extend(rows.map(|row| format!("| `{}` | {} |", cell(&row.metric), cell(&row.demand))));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// The profile as JSON. Secrets read `***`.
pub fn json(profile: &Profile) -> Value {
    let requires = profile.requires.iter().map(|requirement| {
        json!({
            "engine": requirement.engine.key(),
            "version": requirement.text,
            "file": &*requirement.at.file,
            "line": requirement.at.line,
        })
    });
    let phases = profile.phases.iter().map(|phase| {
        json!({
            "phase": phase.number,
            "title": phase.title,
            "window": phase.window.as_ref().map(|window| &window.text),
            "settings": phase.settings.iter().map(json_setting).collect::<Vec<_>>(),
        })
    });
    let objectives = profile.objectives.iter();
    let objectives = objectives.map(|row| json!({"metric": row.metric, "demand": row.demand}));
    json!({
        "format_version": 1,
        "profile": profile.name,
        "description": profile.description,
        "file": profile.file,
        "requires": requires.collect::<Vec<_>>(),
        "phases": phases.collect::<Vec<_>>(),
        "objectives": objectives.collect::<Vec<_>>(),
    })
}

fn json_setting(wanted: &Wanted) -> Value {
    let value = match &wanted.value {
        _ if is_hidden(wanted) => json!("***"),
        Input::Default => json!("default"),
        Input::Text(text) => json!(text),
        Input::List(items) => json!(items),
    };
    json!({
        "engine": wanted.engine.key(),
        "setting": wanted.name.as_str(),
        "value": value,
        "because": wanted.because,
        "profile": wanted.profile,
        "file": &*wanted.value_at.file,
        "line": wanted.value_at.line,
        "column": wanted.value_at.column,
        "variables": wanted.variables,
    })
}

fn phase_title(phase: &Phase) -> String {
    let title = phase.title.as_ref().map(|title| format!(": {title}"));
    let window = phase
        .window
        .as_ref()
        .map(|window| format!("  ({})", window.text));
    let number = phase.number;
    printable(&format!(
        "Phase {number}{}{}",
        title.unwrap_or_default(),
        window.unwrap_or_default(),
    ))
}

fn engine_lines(phase: &Phase, engine: EngineKind, faint: &dyn Fn(&str) -> String) -> Vec<String> {
    let own = phase
        .settings
        .iter()
        .filter(|wanted| wanted.engine == engine);
    let own: Vec<&Wanted> = own.collect();
    if own.is_empty() {
        return Vec::new();
    }
    let rows = own.iter().map(|wanted| {
        let name = printable(wanted.name.as_str());
        vec![
            name,
            printable(&shown_value(wanted)),
            printable(&origin(wanted)),
        ]
    });
    let mut lines = vec![format!("  {engine}")];
    for (row, wanted) in aligned(&rows.collect::<Vec<_>>()).iter().zip(own) {
        lines.push(format!("    {row}"));
        let because = wanted.because.as_ref();
        lines.extend(because.map(|because| format!("      {}", faint(&printable(because)))));
    }
    lines
}

/// The value as a person reads it.
fn shown_value(wanted: &Wanted) -> String {
    match &wanted.value {
        _ if is_hidden(wanted) => "***".to_owned(),
        Input::Default => "default".to_owned(),
        Input::Text(text) if text.is_empty() => "''".to_owned(),
        Input::Text(text) => text.clone(),
        Input::List(items) => items.join(", "),
    }
}

fn is_hidden(wanted: &Wanted) -> bool {
    is_secret(wanted.engine, &wanted.name) || resembles_secret(wanted.name.as_str())
}

/// Where the value comes from: profile, file and line, and variables.
fn origin(wanted: &Wanted) -> String {
    let mut place = wanted.value_at.short();
    // A file that is named after its profile names the profile.
    if !place.contains(&wanted.profile) {
        place = format!("{} at {place}", wanted.profile);
    }
    if wanted.variables.is_empty() {
        return place;
    }
    format!("{place} (${})", wanted.variables.join(", $"))
}

/// The cells of each row under each other; the last one is not padded.
fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.width()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| {
            let gap = width.saturating_sub(cell.width());
            format!("{cell}{}", " ".repeat(gap))
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// A text for a cell of a markdown table.
fn cell(text: &str) -> String {
    printable(text).replace('|', "\\|").replace('`', "'")
}
