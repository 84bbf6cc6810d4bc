//! What a plan is asked for: which phases, which targets, and what is known of each target.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::snapshot::Snapshot;

/// Which part of a profile is asked for. The default is all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// The phases, by number; `None`: every phase.
    pub phases: Option<BTreeSet<u32>>,
    /// The targets, by name; `None`: every target.
    pub targets: Option<BTreeSet<String>>,
}

/// A target as the planner sees it: what the server said, and what the user said of it.
#[derive(Debug, Clone)]
pub struct PlannedTarget<'a> {
    /// What the server said.
    pub snapshot: &'a Snapshot,
    /// Whether changes are to be written into the server's own configuration file.
    pub persist: bool,
    /// Whether the user stated that, and it is not merely the default.
    pub persist_stated: bool,
    /// The command that restarts it, where one is known.
    pub restart: Option<&'a [String]>,
}

impl Selection {
    /// Whether the phase is asked for.
    pub fn has_phase(&self, number: u32) -> bool {
        self.phases
            .as_ref()
            .is_none_or(|phases| phases.contains(&number))
    }

    /// Whether the target is asked for.
    pub fn has_target(&self, name: &str) -> bool {
        self.targets
            .as_ref()
            .is_none_or(|targets| targets.contains(name))
    }
}

impl PlannedTarget<'_> {
    /// The target's name.
    pub(super) fn name(&self) -> &str {
        &self.snapshot.target
    }

    /// The restart command as one would type it into a shell.
    pub(super) fn restart_line(&self) -> Option<String> {
        let words = self.restart?;
        let quoted: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
        Some(quoted.join(" "))
    }
}

/// A word as a shell reads it back unchanged.
pub(crate) fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_a_shell_would_split_is_quoted() {
        assert_eq!(shell_word("postgresql@15-main"), "postgresql@15-main");
        assert_eq!(shell_word("a b"), "'a b'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word(""), "''");
    }
}
