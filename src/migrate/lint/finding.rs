//! What the linter has to say.

use std::path::PathBuf;

use super::{rules, silence, squawk};
use crate::sql::Place;

/// Something to say of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule, as a comment that silences it names it.
    pub rule: String,
    /// Whether it is to be mended, or allowed by name, before the file is run.
    pub blocks: bool,
    /// The file.
    pub path: PathBuf,
    /// Where in the file.
    pub place: Place,
    /// The statement, cut to a line; `None` where it is about a comment.
    pub statement: Option<String>,
    /// What is wrong, as a fragment without a full stop.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// A rule, for the documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInfo {
    /// What it is called.
    pub name: String,
    /// Whether its findings block.
    pub blocks: bool,
    /// Whether it is one of squawk's.
    pub is_squawks: bool,
}

/// Every rule there is: dbtune's own and those of squawk's that it uses.
pub fn all_rules() -> Vec<RuleInfo> {
    let own = rules::ALL.map(|rule| (rule.name.to_owned(), rule.blocks));
    let of_comments = silence::RULES.map(|(name, blocks)| (name.to_owned(), blocks));
    let info = |is_squawks| {
        move |(name, blocks)| RuleInfo {
            name,
            blocks,
            is_squawks,
        }
    };
    let own = own.into_iter().chain(of_comments).map(info(false));
    own.chain(squawk::rules().map(info(true))).collect()
}
