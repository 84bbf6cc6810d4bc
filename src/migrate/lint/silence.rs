//! `-- dbtune: allow RULE — reason`: what a file allows by name, and what is wrong with that.

use std::path::Path;

use super::pass::Placed;
use super::{Finding, rules, squawk};
use crate::setting::nearest;
use crate::sql::{Allow, Reach, Script};

const UNKNOWN_RULE: &str = "unknown-rule";
const UNUSED_ALLOW: &str = "unused-allow";

/// The rules for the comments themselves, and whether each one blocks. They cannot be silenced: what
/// silences them could as well be mended.
pub(super) const RULES: [(&str, bool); 2] = [(UNKNOWN_RULE, true), (UNUSED_ALLOW, false)];

/// What the comments of a file allow.
pub(super) struct Silence<'a> {
    allows: &'a [Allow],
    /// Whether a server was asked: without one it is not known what some rules would have found.
    is_live: bool,
}

impl<'a> Silence<'a> {
    /// The comments of a file.
    pub(super) fn of(script: &'a Script, is_live: bool) -> Self {
        Self {
            allows: script.allows(),
            is_live,
        }
    }

    /// The findings that are not allowed, and those that the comments themselves give cause to.
    pub(super) fn over(&self, path: &Path, found: Vec<Placed>) -> Vec<Finding> {
        let of_comments: Vec<Finding> = self
            .allows
            .iter()
            .flat_map(|allow| self.judge(allow, path, &found))
            .collect();
        let heard = found.into_iter().filter(|placed| !self.is_allowed(placed));
        let heard = heard.map(|placed| placed.finding);
        heard.chain(of_comments).collect()
    }

    fn is_allowed(&self, placed: &Placed) -> bool {
        self.allows.iter().any(|allow| {
            let mut rules = allow.rules.iter();
            rules.any(|rule| silences(allow, rule, placed))
        })
    }

    /// What is to be said of a comment.
    fn judge(&self, allow: &Allow, path: &Path, found: &[Placed]) -> Vec<Finding> {
        if allow.rules.is_empty() {
            return vec![unknown(allow, path, None)];
        }
        let rules = allow.rules.iter();
        rules
            .filter_map(|rule| match name_of(rule) {
                None => Some(unknown(allow, path, Some(rule))),
                Some(name) => {
                    let is_used = found.iter().any(|placed| silences(allow, rule, placed));
                    let may_be_used = !self.is_live && asks_server(&name);
                    (!is_used && !may_be_used).then(|| unused(allow, path, &name))
                }
            })
            .collect()
    }
}

fn silences(allow: &Allow, rule: &str, placed: &Placed) -> bool {
    let is_reached = match allow.reach {
        Reach::File => true,
        Reach::Statement(number) => placed.number == Some(number),
        Reach::Nothing => false,
    };
    is_reached && name_of(rule).as_deref() == Some(placed.finding.rule.as_str())
}

/// The rule of a name, as findings write it.
fn name_of(written: &str) -> Option<String> {
    let mut own = rules::ALL.iter().map(|rule| rule.name);
    let written = written.to_ascii_lowercase();
    own.find(|name| *name == written)
        .map(str::to_owned)
        .or_else(|| squawk::canonical(&written))
}

fn asks_server(name: &str) -> bool {
    let mut rules = rules::ALL.iter();
    rules.any(|rule| rule.name == name && rule.asks_server)
}

fn unknown(allow: &Allow, path: &Path, rule: Option<&str>) -> Finding {
    let names: Vec<String> = rules::ALL
        .iter()
        .map(|rule| rule.name.to_owned())
        .chain(squawk::rules().map(|(name, _)| name))
        .collect();
    let near = rule.and_then(|rule| nearest(rule, names.iter().map(String::as_str)));
    let message = match rule {
        Some(rule) => format!("there is no rule {rule}"),
        None => "the comment names no rule".to_owned(),
    };
    let hint = match near {
        Some(near) => format!("did you mean {near}?"),
        None => "write the rule as the finding names it: -- dbtune: allow RULE — reason".to_owned(),
    };
    of_comment((UNKNOWN_RULE, true), allow, path, message, hint)
}

fn unused(allow: &Allow, path: &Path, name: &str) -> Finding {
    let is_left_out = !squawk::is_used(name) && !rules::ALL.iter().any(|rule| rule.name == name);
    let because = match allow.reach {
        _ if is_left_out => "dbtune leaves that rule of squawk's out",
        Reach::File => "the file gives it no cause to speak",
        Reach::Statement(_) => "the statement gives it no cause to speak",
        Reach::Nothing => "no statement stands right behind the comment",
    };
    let message = format!("{name} is allowed for nothing: {because}");
    let hint = match allow.reach {
        Reach::File | Reach::Statement(_) => "take the comment away",
        Reach::Nothing => {
            "put it right before its statement, or before the first one with a blank line between for the \
             whole file"
        }
    };
    of_comment((UNUSED_ALLOW, false), allow, path, message, hint.to_owned())
}

fn of_comment(
    (rule, blocks): (&str, bool),
    allow: &Allow,
    path: &Path,
    message: String,
    hint: String,
) -> Finding {
    Finding {
        rule: rule.to_owned(),
        blocks,
        path: path.to_owned(),
        place: allow.place,
        statement: None,
        message,
        hint: Some(hint),
    }
}
