//! The value of one setting: a text, a sequence of texts, or a mapping of `value` and `because`.

use super::variables::{Filled, fill};
use super::yaml::{Content, Fields, Node};
use super::{Mistake, Place, Variables, Wanted};
use crate::setting::is_secret;
use crate::setting::{EngineKind, Input, SettingName};

const NO_VALUE: &str =
    "write `default` to take the override away, or `\"\"` where an empty text is meant";

/// What every setting of a profile is read with.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) profile: &'a str,
    pub(super) engine: EngineKind,
    pub(super) variables: &'a Variables,
}

/// Reads one setting.
pub(super) fn parse(
    (key, name): (&Node, &str),
    value: &Node,
    scope: Scope<'_>,
    mistakes: &mut Vec<Mistake>,
) -> Option<Wanted> {
    let (value, because) = match &value.content {
        // An unknown key is quoted by its mistake, and may be a secret that slipped into braces.
        Content::Mapping(entries)
            if is_secret(scope.engine, &SettingName::new(name)) && !are_known(entries) =>
        {
            let message = format!("`{name}` takes a text, or a mapping of `value` and `because`");
            mistakes.push(Mistake::new(&key.at, message));
            return None;
        }
        Content::Mapping(_) => with_reason(name, value, mistakes)?,
        Content::Empty | Content::Text(_) | Content::Sequence(_) => (value, None),
    };
    let (input, variables) = read(name, value, scope.variables, mistakes)?;
    Some(Wanted {
        engine: scope.engine,
        name: SettingName::new(name),
        value: input,
        because,
        profile: scope.profile.to_owned(),
        name_at: key.at.clone(),
        value_at: value.at.clone(),
        variables,
    })
}

const KEYS: [&str; 2] = ["value", "because"];

fn are_known(entries: &[(Node, Node)]) -> bool {
    let known = |key: &Node| key.text().is_some_and(|key| KEYS.contains(&key));
    entries.iter().all(|(key, _)| known(key))
}

fn with_reason<'n>(
    name: &str,
    node: &'n Node,
    mistakes: &mut Vec<Mistake>,
) -> Option<(&'n Node, Option<String>)> {
    let what = format!("`{name}`");
    let fields = Fields::read(node, &what, &KEYS, mistakes)?;
    let because = fields.text("because", mistakes);
    let because = because.map(|(because, _)| because.trim().to_owned());
    let value = fields.get("value");
    if fields.lacks("value") {
        let message = format!("`{name}` has no `value`");
        mistakes.push(Mistake::new(fields.at(), message).help("add `value:` beside `because:`"));
    }
    Some((value?, because))
}

fn read(
    name: &str,
    node: &Node,
    variables: &Variables,
    mistakes: &mut Vec<Mistake>,
) -> Option<(Input, Vec<String>)> {
    match &node.content {
        Content::Empty => {
            mistakes.push(Mistake::new(&node.at, format!("`{name}` has no value")).help(NO_VALUE));
            None
        }
        Content::Text(text) => {
            let filled = one_line(text, &node.at, variables, mistakes)?;
            let input = match filled.text.as_str() {
                "default" => Input::Default,
                _ => Input::Text(filled.text),
            };
            Some((input, filled.variables))
        }
        Content::Sequence(items) if items.is_empty() => {
            let message = format!("the list of `{name}` is empty, which is no value");
            mistakes.push(Mistake::new(&node.at, message).help(NO_VALUE));
            None
        }
        Content::Sequence(items) => list(name, items, variables, mistakes),
        Content::Mapping(_) => {
            let message = format!("the value of `{name}` is a text or a sequence, not a mapping");
            mistakes.push(Mistake::new(&node.at, message));
            None
        }
    }
}

fn list(
    name: &str,
    items: &[Node],
    variables: &Variables,
    mistakes: &mut Vec<Mistake>,
) -> Option<(Input, Vec<String>)> {
    let mut texts = Vec::new();
    let mut used = Vec::new();
    for item in items {
        let Some(text) = item.text() else {
            let kind = item.kind();
            let message = format!("an element of the list of `{name}` is a text; this is {kind}");
            mistakes.push(Mistake::new(&item.at, message));
            continue;
        };
        if let Some(filled) = one_line(text, &item.at, variables, mistakes) {
            texts.push(filled.text);
            used.extend(filled.variables);
        }
    }
    (texts.len() == items.len()).then_some((Input::List(texts), used))
}

/// Fills the variables in. No setting of either engine holds a line break.
fn one_line(
    text: &str,
    at: &Place,
    variables: &Variables,
    mistakes: &mut Vec<Mistake>,
) -> Option<Filled> {
    let filled = fill(text, at, variables).and_then(|filled| {
        let broken = filled.text.contains(['\n', '\r', '\0']);
        let mistake = || {
            let mistake = Mistake::new(at, "a value is one line, and this one has a line break");
            mistake.help("write it on one line, or fold it with `>-`")
        };
        if broken { Err(mistake()) } else { Ok(filled) }
    });
    filled.map_err(|mistake| mistakes.push(mistake)).ok()
}
