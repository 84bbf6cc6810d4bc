//! The words that every rendering of a plan for people uses.

use std::collections::BTreeSet;

use crate::plan::{Action, Change, Hazard, HazardKind, PhaseFacts, Plan, on_one_line};
use crate::setting::{Effect, EngineKind};
use crate::snapshot::{Entry, Source};

use super::style::Tone;

/// What the symbol before a setting says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    New,
    Update,
    Reset,
    Unchanged,
    Waits,
    Blocked,
}

impl Mark {
    pub(super) const ALL: [Self; 6] = [
        Self::New,
        Self::Update,
        Self::Reset,
        Self::Unchanged,
        Self::Waits,
        Self::Blocked,
    ];

    pub(super) fn of(change: &Change) -> Self {
        let stores_first =
            change.engine == EngineKind::Postgresql && change.seen.entry == Entry::Absent;
        match change.action {
            Action::Unchanged => Self::Unchanged,
            Action::Update if stores_first => Self::New,
            Action::Update => Self::Update,
            Action::Reset => Self::Reset,
            Action::PendingRestart => Self::Waits,
            Action::Blocked => Self::Blocked,
        }
    }

    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::New => "+",
            Self::Update => "~",
            Self::Reset => "-",
            Self::Unchanged => "=",
            Self::Waits => "*",
            Self::Blocked => "!",
        }
    }

    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::New => "new entry",
            Self::Update => "update",
            Self::Reset => "reset",
            Self::Unchanged => "unchanged",
            Self::Waits => "waits for restart",
            Self::Blocked => "blocked",
        }
    }

    pub(super) fn tone(self) -> Tone {
        match self {
            Self::New => Tone::Add,
            Self::Update => Tone::Change,
            Self::Reset => Tone::Remove,
            Self::Unchanged => Tone::Quiet,
            Self::Waits => Tone::Wait,
            Self::Blocked => Tone::Error,
        }
    }
}

/// When a change takes effect.
pub(super) fn effect(change: &Change) -> &'static str {
    match (change.action, change.effect) {
        _ if is_taken_back(change) => "on reload",
        (Action::PendingRestart, _) | (_, Effect::Restart) => "after restart",
        (_, Effect::Immediate) => "at once",
        (_, Effect::Reload) => "on reload",
        (_, Effect::NewSession) => "in new sessions",
    }
}

/// Where the running value stands, as a line of its own; `None` for a default.
pub(super) fn set_in(change: &Change) -> Option<String> {
    let source = change.source.as_ref()?;
    let place = self::source(Some(source));
    match (&source.file, source.kind.as_str()) {
        (Some(_), _) => Some(format!("set in {place}")),
        (None, "default") => None,
        (None, _) => Some(format!("set by {place}")),
    }
}

/// Where the running value stands, without the folders: `postgresql.conf:127`.
pub(super) fn source(source: Option<&Source>) -> String {
    let Some(source) = source else {
        return String::new();
    };
    let Some(file) = &source.file else {
        return on_one_line(&source.kind);
    };
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let line = source
        .line
        .map_or_else(String::new, |line| format!(":{line}"));
    on_one_line(&format!("{name}{line}"))
}

/// A value as it stands in a text for people: an empty one is visible.
pub(super) fn value(text: &str) -> String {
    if text.is_empty() {
        return "''".to_owned();
    }
    on_one_line(text)
}

/// The value that goes: the one that runs, or the one that only waits for a restart. `?` where it is
/// not known.
pub(super) fn current(change: &Change) -> String {
    match (&change.configured, &change.current) {
        (Some(configured), _) if is_taken_back(change) => format!("{} (stored)", value(configured)),
        (_, Some(current)) => value(current),
        (_, None) => "?".to_owned(),
    }
}

/// Whether what goes never ran: a change that waits for a restart is taken back.
fn is_taken_back(change: &Change) -> bool {
    let waits = change.configured != change.current;
    let stays = change.current.as_ref() == Some(&change.desired);
    change.action.writes() && change.effect == Effect::Restart && waits && stays
}

/// An unchanged setting in as few words as possible.
pub(super) fn standing(change: &Change) -> String {
    let desired = value(&change.desired);
    let current = current(change);
    if current == desired {
        return format!("{} {desired}", change.setting);
    }
    format!("{} {desired} (running: {current})", change.setting)
}

/// What the files say, where that is neither what runs nor what is wanted.
pub(super) fn configured(change: &Change) -> Option<String> {
    let configured = change.configured.as_ref()?;
    let is_news = Some(configured) != change.current.as_ref() && *configured != change.desired;
    (is_news && !is_taken_back(change)).then(|| format!("the files say {}", value(configured)))
}

/// `Phase 2: Redis scaling (window Sun 02:00-05:00 UTC)`
pub(super) fn phase(number: u32, phases: &[PhaseFacts]) -> String {
    let facts = phases.iter().find(|phase| phase.number == number);
    let title = facts.and_then(|facts| facts.title.as_ref());
    let window = facts.and_then(|facts| facts.window.as_ref());
    let title = title.map_or_else(String::new, |title| format!(": {}", on_one_line(title)));
    let window = window.map_or_else(String::new, |window| {
        format!(" (window {})", on_one_line(window))
    });
    format!("Phase {number}{title}{window}")
}

/// How grave a hazard is, as compilers put it.
pub(super) fn severity(hazard: &Hazard) -> (&'static str, Tone) {
    match (hazard.blocks, hazard.kind) {
        (true, _) => ("error", Tone::Error),
        (false, HazardKind::Restart) => ("note", Tone::Wait),
        (
            false,
            HazardKind::Overridden
            | HazardKind::NotPersisted
            | HazardKind::EarlierPhase
            | HazardKind::OutsideWindow
            | HazardKind::ForeignPendingRestart
            | HazardKind::BrokenConfigFile
            | HazardKind::NotPermitted
            | HazardKind::WillNotStart
            | HazardKind::MemoryBudget
            | HazardKind::ConnectionBudget
            | HazardKind::EvictsKeys
            | HazardKind::RejectsWrites
            | HazardKind::ExtensionNotLoaded
            | HazardKind::StandbyOrder
            | HazardKind::ManagedElsewhere,
        ) => ("warning", Tone::Warning),
    }
}

/// `3 to set, 0 to reset, 2 unchanged; 2 need a restart of postgresql`
pub(super) fn summary(plan: &Plan) -> String {
    let counts = plan.summary();
    let mut text = format!(
        "{} to set, {} to reset, {} unchanged",
        counts.update, counts.reset, counts.unchanged
    );
    if counts.blocked > 0 {
        text = format!("{text}, {} blocked", counts.blocked);
    }
    let needs = |change: &Change| change.action.writes() && change.needs_restart();
    let targets = named(plan, needs);
    if counts.restart > 0 {
        let verb = if counts.restart == 1 { "needs" } else { "need" };
        text = format!("{text}; {} {verb} a restart of {targets}", counts.restart);
    }
    if counts.pending_restart > 0 {
        let verb = if counts.pending_restart == 1 {
            "waits"
        } else {
            "wait"
        };
        let targets = waiting_targets(plan);
        text = format!(
            "{text}; {} {verb} for a restart of {targets}",
            counts.pending_restart
        );
    }
    text
}

/// The targets on which something waits for a restart, in words.
pub(super) fn waiting_targets(plan: &Plan) -> String {
    let waits = |change: &Change| change.action == Action::PendingRestart;
    named(plan, waits)
}

/// The targets of the changes that are meant, in words.
fn named(plan: &Plan, is_meant: impl Fn(&Change) -> bool) -> String {
    let meant = plan.changes.iter().filter(|change| is_meant(change));
    let targets: BTreeSet<&str> = meant.map(|change| change.target.as_str()).collect();
    and(&targets.into_iter().collect::<Vec<_>>())
}

/// `a, b and c`
pub(super) fn and(items: &[&str]) -> String {
    match items {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// That a run had made the change already.
pub(super) fn changed_since(change: &Change) -> Option<String> {
    let since = change.changed_since.as_ref()?;
    Some(format!(
        "was set to {} by run {} ({}, {}) and changed since: {}",
        value(&since.value),
        since.run,
        since.who,
        since.applied_at,
        since.now
    ))
}

/// In what the nodes of clusters differ, a line each.
pub(super) fn differences(plan: &Plan) -> Vec<String> {
    let lines = plan.differences.iter().map(|difference| {
        let values = difference.values.iter();
        let values = values.map(|(target, own)| format!("{} on {target}", value(own)));
        format!(
            "{}: {}",
            difference.setting,
            values.collect::<Vec<_>>().join(", ")
        )
    });
    lines.collect()
}

/// What is said before the changes of a turn, where a plan has several.
pub(super) fn turn(changes: &[Change], plan: &Plan) -> Option<String> {
    let last = plan.changes.iter().map(|change| change.turn).max()?;
    let turn = changes.first()?.turn;
    if last == 0 {
        return None;
    }
    let when = if turn == 0 {
        String::new()
    } else {
        format!(", after the restarts of turn {turn}")
    };
    Some(format!("Turn {} of {}{when}:", turn + 1, last + 1))
}
