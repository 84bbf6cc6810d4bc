//! Settings that take one of some words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::{listed, nearest};
use super::{ParseValueError, Value};

/// What a setting takes that takes one of some words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Words {
    /// The words that the server shows, in its own order.
    pub words: Vec<String>,
    /// Words that it takes for one of them: some are in `words` too (`on` for `pglz`), most are told
    /// nowhere (`yes`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub same_as: BTreeMap<String, String>,
}

/// What people write for a switch, and neither server takes.
const FRIENDLY_ON: [&str; 4] = ["enabled", "enable", "active", "activated"];
const FRIENDLY_OFF: [&str; 5] = ["disabled", "disable", "inactive", "never", "none"];

impl Words {
    /// Reads a word, in any case.
    pub(super) fn parse(&self, text: &str) -> Result<Value, ParseValueError> {
        self.read(text)
            .map(|word| Value::Word(word.to_owned()))
            .ok_or_else(|| {
                let shown = if text.is_empty() {
                    "an empty text"
                } else {
                    text
                };
                let words = listed(self.words.iter().map(String::as_str));
                ParseValueError::new(format!("{shown} is not one of {words}"))
                    .suggesting(self.suggest(text))
            })
    }

    fn read(&self, text: &str) -> Option<&str> {
        let is_it = |word: &str| word.eq_ignore_ascii_case(text);
        let alias = self
            .same_as
            .iter()
            .find(|(alias, _)| is_it(alias))
            .map(|(_, word)| word);
        alias
            .or_else(|| self.words.iter().find(|word| is_it(word)))
            .map(String::as_str)
    }

    fn suggest(&self, text: &str) -> Option<String> {
        let trimmed = text.trim();
        let spaced = trimmed.replace(['_', '-'], " ");
        let dashed = trimmed.replace(['_', ' '], "-");
        let near = nearest(trimmed, self.words.iter().map(String::as_str));
        [
            Some(trimmed),
            Some(&spaced),
            Some(&dashed),
            friendly_switch(trimmed),
            near,
        ]
        .into_iter()
        .flatten()
        .find(|candidate| !candidate.is_empty() && self.read(candidate).is_some())
        .map(str::to_owned)
    }
}

/// `on` or `off` for what people write for it.
pub(super) fn friendly_switch(text: &str) -> Option<&'static str> {
    let is_among = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is_among(&FRIENDLY_ON) {
        Some("on")
    } else if is_among(&FRIENDLY_OFF) {
        Some("off")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_offered() {
        let words = ["serializable", "read committed", "allkeys-lru"]
            .map(str::to_owned)
            .to_vec();
        let words = Words {
            words,
            same_as: BTreeMap::new(),
        };
        let offered = |text: &str| words.parse(text).unwrap_err().suggestion;
        assert_eq!(offered("read_committed").as_deref(), Some("read committed"));
        assert_eq!(offered("allkeys_lru").as_deref(), Some("allkeys-lru"));
        assert_eq!(offered("serialisable").as_deref(), Some("serializable"));
        assert_eq!(offered("xyz"), None);
    }
}
