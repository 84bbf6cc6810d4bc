//! The name of a setting.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

/// The name of a setting, as the server spells it (`TimeZone`, `maxmemory`).
///
/// Compared without regard to case, as PostgreSQL and Redis both do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SettingName(String);

impl SettingName {
    /// A name as it was written by a person or a server.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn folded(&self) -> Cow<'_, str> {
        if self.0.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(self.0.to_ascii_lowercase())
        } else {
            Cow::Borrowed(&self.0)
        }
    }
}

impl From<&str> for SettingName {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl PartialEq for SettingName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for SettingName {}

impl PartialEq<str> for SettingName {
    fn eq(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other)
    }
}

impl PartialOrd for SettingName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SettingName {
    fn cmp(&self, other: &Self) -> Ordering {
        // Every look into a map of settings comes here: nothing is folded that is spelt alike.
        let (own, other) = (self.0.as_bytes(), other.0.as_bytes());
        let pairs = own.iter().zip(other);
        let alike = pairs.take_while(|(own, other)| own == other).count();
        let own = own.iter().skip(alike).map(u8::to_ascii_lowercase);
        own.cmp(other.iter().skip(alike).map(u8::to_ascii_lowercase))
    }
}

impl Hash for SettingName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded().hash(state);
    }
}

impl fmt::Display for SettingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_the_order_of_their_letters_whatever_their_case() {
        let mut names = [
            "work_mem",
            "TimeZone",
            "DateStyle",
            "timezone_abbreviations",
            "DATESTYLES",
        ];
        names.sort_by_key(|name| SettingName::from(*name));
        assert_eq!(
            names,
            [
                "DateStyle",
                "DATESTYLES",
                "TimeZone",
                "timezone_abbreviations",
                "work_mem"
            ]
        );
    }

    #[test]
    fn what_is_equal_is_so_in_every_way_of_comparing() {
        let (one, other) = (SettingName::from("TimeZone"), SettingName::from("timezone"));
        assert_eq!(one, other);
        assert_eq!(one.cmp(&other), Ordering::Equal);
        assert_eq!(one, *"TIMEZONE");
    }
}
