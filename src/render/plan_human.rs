//! A plan for a person at a terminal: readable at 80 columns and without colour.

use std::collections::BTreeSet;

use crate::plan::{Change, Hazard, HazardKind, Plan, TargetFacts};

use super::plan_closing::{closing, pending_migrations, restarts};
use super::plan_rows::Rows;
use super::plan_words::{self as words, Mark};
use super::style::{Paint, Tone};
use super::table;

/// How a plan is shown.
#[derive(Debug, Clone, Copy)]
pub struct PlanView<'a> {
    /// The command that carries it out, with the flags that the user gave: `dbtune apply --phase 1`.
    /// `None`: the command is running already, and no closing line says what to type.
    pub next: Option<&'a str>,
    /// The hazards that the user has allowed.
    pub allowed: &'a BTreeSet<HazardKind>,
    /// Whether to use colour.
    pub colour: bool,
}

/// The plan as text, ending with a line break. `next` is the command that carries it out, with the
/// flags that the user gave.
pub fn plan_human(plan: &Plan, next: &str, colour: bool) -> String {
    let view = PlanView {
        next: Some(next),
        allowed: &BTreeSet::new(),
        colour,
    };
    plan_in_view(plan, &view)
}

/// The plan as text, ending with a line break.
pub fn plan_in_view(plan: &Plan, view: &PlanView<'_>) -> String {
    let paint = Paint::new(view.colour);
    let mut lines = vec![paint.paint(Tone::Heading, &title(plan))];
    lines.extend(legend(plan, paint));
    for changes in plan.changes.chunk_by(|one, other| one.phase == other.phase) {
        lines.extend(of_phase(plan, changes, paint));
    }
    lines.extend(differences(plan));
    lines.push(String::new());
    let summary = format!("Plan: {}", words::summary(plan));
    lines.extend(table::paragraph(
        "",
        &paint.paint(Tone::Heading, &summary),
        0,
    ));
    lines.extend(restarts(plan));
    lines.extend(pending_migrations(plan));
    lines.extend(closing(plan, view));
    lines.push(String::new());
    lines.join("\n")
}

/// In what the nodes of clusters differ when the plan has been carried out.
fn differences(plan: &Plan) -> Vec<String> {
    let told = words::differences(plan);
    if told.is_empty() {
        return Vec::new();
    }
    let heading = "Nodes of one cluster differ, and a failover would bring it to light:";
    let lines = told.iter().flat_map(|line| table::paragraph("  ", line, 4));
    [String::new(), heading.to_owned()]
        .into_iter()
        .chain(lines)
        .collect()
}

fn title(plan: &Plan) -> String {
    if plan.goes_back {
        return format!("Way back from profile {}", plan.profile);
    }
    format!("Profile {}", plan.profile)
}

/// The symbols that occur, and what they mean.
fn legend(plan: &Plan, paint: Paint) -> Option<String> {
    let marks: BTreeSet<Mark> = plan.changes.iter().map(Mark::of).collect();
    let meanings: Vec<String> = Mark::ALL
        .iter()
        .filter(|mark| marks.contains(mark))
        .map(|mark| {
            let symbol = paint.paint(mark.tone(), mark.symbol());
            format!("{symbol} {}", mark.meaning())
        })
        .collect();
    (!meanings.is_empty()).then(|| format!("  {}", meanings.join("  ")))
}

fn of_phase(plan: &Plan, changes: &[Change], paint: Paint) -> Vec<String> {
    let mut lines = vec![String::new()];
    let number = changes.first().map(|change| change.phase);
    let heading = number.map(|number| words::phase(number, &plan.phases));
    lines.extend(heading.map(|heading| paint.paint(Tone::Heading, &heading)));
    let rows = Rows::measure(changes, paint);
    for turn in changes.chunk_by(|one, other| one.turn == other.turn) {
        lines.extend(words::turn(turn, plan).map(|line| format!("  {line}")));
        for group in turn.chunk_by(|one, other| one.target == other.target) {
            lines.extend(group.first().map(|change| target(&change.target, plan)));
            lines.extend(of_target(group, &rows, paint));
        }
    }
    lines
}

/// `  cache: Redis 7.0.15, master, 127.0.0.1:6379`
fn target(name: &str, plan: &Plan) -> String {
    let mut targets = plan.targets.iter();
    let facts = targets.find(|target| target.name == name).map(|target| {
        let TargetFacts {
            engine,
            address,
            identity,
            ..
        } = target;
        format!(
            ": {engine} {}, {}, {address}",
            identity.version, identity.role
        )
    });
    format!("  {name}{}", facts.unwrap_or_default())
}

fn of_target(changes: &[Change], rows: &Rows, paint: Paint) -> Vec<String> {
    let shared = shared_hazards(changes);
    let (compact, rest): (Vec<&Change>, Vec<&Change>) =
        changes.iter().partition(|change| is_compact(change));
    let mut lines = Vec::new();
    for change in rest {
        lines.extend(rows.of(change));
        let own = told(change).filter(|hazard| !shared.contains(hazard));
        lines.extend(own.flat_map(|hazard| of_hazard(hazard, 8, paint)));
    }
    lines.extend(unchanged(&compact, paint));
    let own = compact.iter().flat_map(|change| told(change));
    let own = own.filter(|hazard| !shared.contains(hazard));
    lines.extend(own.flat_map(|hazard| of_hazard(hazard, 6, paint)));
    lines.extend(
        shared
            .into_iter()
            .flat_map(|hazard| of_hazard(hazard, 4, paint)),
    );
    lines
}

/// The hazards that are told with a setting. That a restart is needed stands in its line, and how it
/// is done under the plan.
fn told(change: &Change) -> impl Iterator<Item = &Hazard> {
    let is_told = |hazard: &&Hazard| hazard.blocks || hazard.kind != HazardKind::Restart;
    change.hazards.iter().filter(is_told)
}

/// Whether there is nothing to say of a setting but that it stands.
fn is_compact(change: &Change) -> bool {
    Mark::of(change) == Mark::Unchanged && change.note.is_none()
}

/// The settings that stand as they should, on as few lines as possible.
fn unchanged(changes: &[&Change], paint: Paint) -> Vec<String> {
    if changes.is_empty() {
        return Vec::new();
    }
    let standing: Vec<String> = changes
        .iter()
        .map(|change| words::standing(change))
        .collect();
    let lines = table::paragraph("    = ", &standing.join(", "), 6);
    let quiet = |line: String| paint.paint(Tone::Quiet, &line);
    lines.into_iter().map(quiet).collect()
}

/// The hazards that several settings of a group have in common: they are told once, after it.
fn shared_hazards(changes: &[Change]) -> Vec<&Hazard> {
    let mut seen: Vec<&Hazard> = Vec::new();
    let mut shared: Vec<&Hazard> = Vec::new();
    for hazard in changes.iter().flat_map(told) {
        if !seen.contains(&hazard) {
            seen.push(hazard);
        } else if !shared.contains(&hazard) {
            shared.push(hazard);
        }
    }
    shared
}

fn of_hazard(hazard: &Hazard, indent: usize, paint: Paint) -> Vec<String> {
    let (severity, tone) = words::severity(hazard);
    let head = format!("{}{severity}[{}]: ", " ".repeat(indent), hazard.kind.key());
    let message = crate::plan::on_one_line(&hazard.message);
    let mut lines = table::paragraph(&head, &message, indent + 2);
    if let Some(first) = lines.first_mut() {
        let rest: String = first.chars().skip(head.chars().count()).collect();
        *first = format!("{}{rest}", paint.paint(tone, &head));
    }
    lines
}
