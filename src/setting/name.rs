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

impl PartialOrd for SettingName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SettingName {
    fn cmp(&self, other: &Self) -> Ordering {
        // Only up to the first difference: every look into a map of settings comes here.
        let own = self.0.bytes().map(|byte| byte.to_ascii_lowercase());
        own.cmp(other.0.bytes().map(|byte| byte.to_ascii_lowercase()))
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
