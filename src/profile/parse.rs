//! One file as it stands, before its parents are merged in. Collects every mistake of the file.

use super::value::{self, Scope};
use super::yaml::{Content, Fields, Node, Source, duplicate_key, key_text};
use super::{Mistake, Objective, Phase, Place, Requirement, Variables, Wanted, Window, objective};
use crate::setting::EngineKind;

/// What one file says.
#[derive(Debug, Clone)]
pub(super) struct Parsed {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) file: String,
    pub(super) requires: Vec<Requirement>,
    /// The parent as it is named, and where.
    pub(super) extends: Option<(String, Place)>,
    pub(super) phases: Vec<Phase>,
    pub(super) objectives: Vec<Objective>,
}

const KEYS: [&str; 6] = [
    "profile",
    "description",
    "requires",
    "extends",
    "phases",
    "objectives",
];
const PHASE_KEYS: [&str; 5] = ["phase", "title", "window", "postgresql", "redis"];

/// Reads a file. What could be understood is returned also where there are mistakes, so that the
/// mistakes of its parents can be found as well; `None` when nothing could.
pub(super) fn parse(
    source: &Source,
    variables: &Variables,
    mistakes: &mut Vec<Mistake>,
) -> Option<Parsed> {
    let root = source
        .parse()
        .map_err(|mistake| mistakes.push(mistake))
        .ok()?;
    let fields = Fields::read(&root, "a profile", &KEYS, mistakes)?;
    let name = fields.text("profile", mistakes).map(|(name, _)| name);
    if fields.lacks("profile") {
        let mistake = Mistake::new(&root.at, "the profile has no name");
        mistakes.push(mistake.help("add `profile: NAME` at the top"));
    }
    let extends = fields.text("extends", mistakes);
    let name = name.unwrap_or_default();
    Some(Parsed {
        name: name.to_owned(),
        description: fields
            .text("description", mistakes)
            .map(|(text, _)| text.trim().to_owned()),
        file: source.file().to_owned(),
        requires: requires(&fields, mistakes),
        extends: extends.map(|(parent, at)| (parent.to_owned(), at.clone())),
        phases: phases(&fields, name, variables, mistakes),
        objectives: objectives(&fields, mistakes),
    })
}

fn requires(fields: &Fields<'_>, mistakes: &mut Vec<Mistake>) -> Vec<Requirement> {
    let keys = EngineKind::ALL.map(EngineKind::key);
    let demands = fields
        .get("requires")
        .and_then(|node| Fields::read(node, "`requires`", &keys, mistakes));
    let Some(demands) = demands else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for engine in EngineKind::ALL {
        let demand = demands.text(engine.key(), mistakes);
        match demand.map(|(text, at)| Requirement::parse(engine, text, at)) {
            Some(Ok(requirement)) => found.push(requirement),
            Some(Err(mistake)) => mistakes.push(mistake),
            None => {}
        }
    }
    found
}

fn objectives(fields: &Fields<'_>, mistakes: &mut Vec<Mistake>) -> Vec<Objective> {
    let Some((key, node)) = fields.entry("objectives") else {
        return Vec::new();
    };
    let Content::Mapping(entries) = &node.content else {
        let message = format!(
            "`objectives` is a mapping of metrics to demands, not {}",
            node.kind()
        );
        let mistake = Mistake::new(&key.at, message);
        mistakes.push(mistake.help("write entries like `query_time_mean: \"< 50ms\"`"));
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut seen: Vec<(&str, &Node)> = Vec::new();
    for (metric, demand) in entries {
        let Some(name) = key_text(metric, mistakes) else {
            continue;
        };
        if let Some((_, first)) = seen.iter().find(|(seen, _)| *seen == name) {
            mistakes.push(duplicate_key(metric, name, first));
            continue;
        }
        seen.push((name, metric));
        match objective::parse(metric, name, demand) {
            Ok(objective) => found.push(objective),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    found
}

fn phases(
    fields: &Fields<'_>,
    profile: &str,
    variables: &Variables,
    mistakes: &mut Vec<Mistake>,
) -> Vec<Phase> {
    let Some((key, node)) = fields.entry("phases") else {
        if fields.lacks("phases") && fields.lacks("extends") {
            let mistake = Mistake::new(fields.at(), "the profile has no `phases`");
            mistakes.push(mistake.help("add `phases:` with at least one `- phase: 1`"));
        }
        return Vec::new();
    };
    let items = match &node.content {
        // An empty one, written out as `[]`, says that there is nothing to do.
        Content::Sequence(items) => items.as_slice(),
        Content::Empty => {
            mistakes.push(Mistake::new(&key.at, "`phases` is empty").help("add a `- phase: 1`"));
            return Vec::new();
        }
        Content::Text(_) | Content::Mapping(_) => {
            let message = format!("`phases` is a sequence, not {}", node.kind());
            mistakes
                .push(Mistake::new(&node.at, message).help("begin each phase with `- phase: 1`"));
            return Vec::new();
        }
    };
    let mut found: Vec<(Phase, &Place)> = Vec::new();
    for item in items {
        let Some((phase, at)) = phase(item, profile, variables, mistakes) else {
            continue;
        };
        if let Some((_, first)) = found.iter().find(|(other, _)| other.number == phase.number) {
            let message = format!("phase {} stands here a second time", phase.number);
            let help = format!("give it another number; the first is at {}", first.short());
            mistakes.push(Mistake::new(at, message).help(help));
        }
        found.push((phase, at));
    }
    found.into_iter().map(|(phase, _)| phase).collect()
}

/// One phase and where its number stands; `None` where it has no number.
fn phase<'n>(
    item: &'n Node,
    profile: &str,
    variables: &Variables,
    mistakes: &mut Vec<Mistake>,
) -> Option<(Phase, &'n Place)> {
    let fields = Fields::read(item, "a phase", &PHASE_KEYS, mistakes)?;
    let number = number(&fields, mistakes);
    let window = fields.text("window", mistakes);
    let window = window.map(|(text, at)| Window::parse(text, at));
    let window = window.transpose().map_err(|mistake| mistakes.push(mistake));
    let title = fields.text("title", mistakes);
    let mut settings = Vec::new();
    for engine in EngineKind::ALL {
        if let Some((key, node)) = fields.entry(engine.key()) {
            let scope = Scope {
                profile,
                engine,
                variables,
            };
            settings.extend(engine_settings(key, node, scope, mistakes));
        }
    }
    if EngineKind::ALL
        .iter()
        .all(|engine| fields.lacks(engine.key()))
    {
        let mistake = Mistake::new(&item.at, "the phase has no settings");
        let engines = EngineKind::ALL.map(EngineKind::key).join("` or `");
        mistakes.push(mistake.help(format!("add them under `{engines}`, or remove the phase")));
    }
    let (number, at) = number?;
    let phase = Phase {
        number,
        title: title.map(|(title, _)| title.trim().to_owned()),
        window: window.ok().flatten(),
        settings,
    };
    Some((phase, at))
}

fn number<'n>(fields: &Fields<'n>, mistakes: &mut Vec<Mistake>) -> Option<(u32, &'n Place)> {
    const HELP: &str = "number the phases 0, 1, 2 in the order of the rollout";
    if fields.lacks("phase") {
        let mistake = Mistake::new(fields.at(), "the phase has no number");
        mistakes.push(mistake.help("add `phase: 1`"));
    }
    let (text, at) = fields.text("phase", mistakes)?;
    // Decimal digits and nothing else: no sign, no hexadecimal, and no octal that `010` might be.
    let decimal = text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = decimal && (text == "0" || !text.starts_with('0'));
    let number = plain.then(|| text.parse().ok()).flatten();
    if number.is_none() {
        let message = format!("`{text}` is not the number of a phase");
        mistakes.push(Mistake::new(at, message).help(HELP));
    }
    Some((number?, at))
}

fn engine_settings(
    key: &Node,
    node: &Node,
    scope: Scope<'_>,
    mistakes: &mut Vec<Mistake>,
) -> Vec<Wanted> {
    let engine = scope.engine.key();
    let entries = match &node.content {
        Content::Mapping(entries) if !entries.is_empty() => entries.as_slice(),
        Content::Mapping(_) | Content::Empty => {
            let mistake = Mistake::new(&key.at, format!("`{engine}` has no settings"));
            mistakes.push(mistake.help("add one, or remove the key"));
            return Vec::new();
        }
        Content::Text(_) | Content::Sequence(_) => {
            let message = format!(
                "`{engine}` is a mapping of settings to values, not {}",
                node.kind()
            );
            mistakes.push(Mistake::new(&node.at, message).help("write them as `name: value`"));
            return Vec::new();
        }
    };
    let mut seen: Vec<(&str, &Node)> = Vec::new();
    let mut found = Vec::new();
    for (key, value) in entries {
        let Some(name) = key_text(key, mistakes) else {
            continue;
        };
        // Both engines take a name in any case, so another case is no other setting.
        if let Some((_, first)) = seen
            .iter()
            .find(|(seen, _)| seen.eq_ignore_ascii_case(name))
        {
            mistakes.push(duplicate_key(key, name, first));
            continue;
        }
        seen.push((name, key));
        found.extend(value::parse((key, name), value, scope, mistakes));
    }
    found
}
