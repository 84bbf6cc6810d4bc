//! A mapping with a fixed set of keys.

use super::{Content, Node};
use crate::profile::nearest::{listed, nearest};
use crate::profile::{Mistake, Place};

/// The values of a mapping that has a fixed set of keys, each at most once.
#[derive(Debug)]
pub struct Fields<'n> {
    at: &'n Place,
    entries: Vec<(&'n str, &'n Node, &'n Node)>,
    /// The keys that were probably meant by those that are not known.
    meant: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// Reads a mapping; `what` names it in messages (`a phase`). Keys that are not known, stand
    /// there twice or are no text become mistakes. `None` when it is no mapping.
    pub fn read(
        node: &'n Node,
        what: &str,
        known: &[&'static str],
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Self> {
        let Content::Mapping(pairs) = &node.content else {
            let message = match node.content {
                Content::Empty => format!("{what} belongs here, and there is nothing"),
                Content::Text(_) | Content::Sequence(_) | Content::Mapping(_) => {
                    format!("{what} is a mapping of keys to values, not {}", node.kind())
                }
            };
            let keys = listed(known);
            mistakes.push(Mistake::new(&node.at, message).help(format!("it takes {keys}")));
            return None;
        };
        let at = &node.at;
        let mut fields = Self {
            at,
            entries: Vec::new(),
            meant: Vec::new(),
        };
        for (key, value) in pairs {
            fields.add(key, value, (what, known), mistakes);
        }
        Some(fields)
    }

    fn add(
        &mut self,
        key: &'n Node,
        value: &'n Node,
        (what, known): (&str, &[&'static str]),
        mistakes: &mut Vec<Mistake>,
    ) {
        let Some(name) = key_text(key, mistakes) else {
            return;
        };
        if !known.contains(&name) {
            let near = nearest(name, known.iter().copied());
            self.meant.extend(near);
            mistakes.push(unknown_key(key, name, near, (what, known)));
        } else if let Some((_, first, _)) = self.find(name) {
            mistakes.push(duplicate_key(key, name, first));
        } else {
            self.entries.push((name, key, value));
        }
    }

    fn find(&self, name: &str) -> Option<&(&'n str, &'n Node, &'n Node)> {
        self.entries.iter().find(|(found, _, _)| *found == name)
    }

    /// Where the mapping begins.
    pub fn at(&self) -> &'n Place {
        self.at
    }

    /// Whether a key is missing, and was not meant by one that is misspelt.
    pub fn lacks(&self, name: &str) -> bool {
        self.find(name).is_none() && !self.meant.contains(&name)
    }

    /// The value of a key.
    pub fn get(&self, name: &str) -> Option<&'n Node> {
        self.find(name).map(|(_, _, value)| *value)
    }

    /// The key and its value.
    pub fn entry(&self, name: &str) -> Option<(&'n Node, &'n Node)> {
        self.find(name).map(|(_, key, value)| (*key, *value))
    }

    /// The value of a key that takes one text; anything else is a mistake.
    pub fn text(&self, name: &str, mistakes: &mut Vec<Mistake>) -> Option<(&'n str, &'n Place)> {
        let value = self.get(name)?;
        match &value.content {
            Content::Text(text) if !text.trim().is_empty() => return Some((text, &value.at)),
            Content::Text(_) | Content::Empty => {
                mistakes.push(Mistake::new(&value.at, format!("`{name}` has no value")));
            }
            Content::Sequence(_) | Content::Mapping(_) => {
                let message = format!("`{name}` takes one text, not {}", value.kind());
                mistakes.push(Mistake::new(&value.at, message));
            }
        }
        None
    }
}

/// The text of a key; a key that is none is a mistake.
pub(crate) fn key_text<'n>(key: &'n Node, mistakes: &mut Vec<Mistake>) -> Option<&'n str> {
    match &key.content {
        Content::Text(text) if text == "<<" => {
            let mistake = Mistake::new(&key.at, "YAML's merge key `<<` is not understood here");
            mistakes.push(mistake.help("write the keys out, or share them through `extends`"));
            None
        }
        Content::Text(text) if !text.trim().is_empty() => Some(text),
        Content::Text(_) | Content::Empty => {
            mistakes.push(Mistake::new(&key.at, "a key is missing before the `:`"));
            None
        }
        Content::Sequence(_) | Content::Mapping(_) => {
            let message = format!("a key is a text, not {}", key.kind());
            mistakes.push(Mistake::new(&key.at, message));
            None
        }
    }
}

fn unknown_key(
    key: &Node,
    name: &str,
    near: Option<&str>,
    (what, known): (&str, &[&'static str]),
) -> Mistake {
    let help = near.map_or_else(
        || format!("{what} takes {}", listed(known)),
        |near| format!("write `{near}`"),
    );
    Mistake::new(&key.at, format!("unknown key `{name}`")).help(help)
}

/// The same key, or what means the same, for the second time.
pub(crate) fn duplicate_key(key: &Node, name: &str, first: &Node) -> Mistake {
    Mistake::new(&key.at, format!("`{name}` stands here a second time"))
        .help(format!("remove one; the first is at {}", first.at.short()))
}
