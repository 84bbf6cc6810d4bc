//! What a profile says, after parsing.

use std::collections::BTreeMap;
use std::sync::Arc;

use time::{OffsetDateTime, Time, UtcOffset, Weekday};

use crate::setting::{EngineKind, Input, SettingName};

/// A profile with its parents merged in and its variables filled in.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its name: `profile:` in the file.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The file it was read from, as the user wrote the path.
    pub file: String,
    /// What servers it is meant for, its parents' demands included.
    pub requires: Vec<Requirement>,
    /// The phases, by number, no number twice.
    pub phases: Vec<Phase>,
    /// What a report judges against.
    pub objectives: Vec<Objective>,
}

/// One phase of a rollout.
#[derive(Debug, Clone)]
pub struct Phase {
    /// The number that `--phase` takes.
    pub number: u32,
    /// What it is called.
    pub title: Option<String>,
    /// When it may be applied; `None`: at any time.
    pub window: Option<Window>,
    /// The settings, in the order of the file, no setting twice.
    pub settings: Vec<Wanted>,
}

/// One setting that a phase asks for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The engine it is for.
    pub engine: EngineKind,
    /// The setting, as the file spells it.
    pub name: SettingName,
    /// The value, variables filled in.
    pub value: Input,
    /// Why, in the author's words.
    pub because: Option<String>,
    /// Name of the profile that it comes from: this one or a parent.
    pub profile: String,
    /// Where the name stands.
    pub name_at: Place,
    /// Where the value stands.
    pub value_at: Place,
    /// The variables that the value was made from, by name. Their contents may be secret.
    pub variables: Vec<String>,
}

/// A place in a file that a message can point at.
#[derive(Debug, Clone)]
pub struct Place {
    /// The file, as the user wrote the path.
    pub file: Arc<str>,
    /// The whole text of the file, to show the line.
    pub text: Arc<str>,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
}

/// One mistake in a file.
#[derive(Debug, Clone)]
pub struct Mistake {
    /// Where it stands; `None` when it concerns the file as a whole (it cannot be read, say).
    pub place: Option<Place>,
    /// What is wrong, as a fragment without a full stop.
    pub message: String,
    /// What to write instead, or to do.
    pub help: Option<String>,
}

/// A version that a profile demands of a server.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// The engine.
    pub engine: EngineKind,
    /// The demand as it stands in the file: `>=15`.
    pub text: String,
    /// Every comparison that must hold: an operator and a version (`[15]`, `[15, 4]`).
    pub comparisons: Vec<(VersionOrder, Vec<u32>)>,
    /// Where it stands.
    pub at: Place,
}

/// How a version compares with the one demanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionOrder {
    /// `=`
    Equal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// When a phase may be applied: on some days of the week, between two times of the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The window as it stands in the file: `Sun 02:00-05:00 UTC`.
    pub text: String,
    /// The days on which it opens.
    pub days: Vec<Weekday>,
    /// When it opens.
    pub from: Time,
    /// When it closes; on the next day where it is not after `from`.
    pub until: Time,
    /// The offset that the times are in.
    pub offset: UtcOffset,
}

/// One objective, as the file states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objective {
    /// What is judged: `query_time_mean`.
    pub metric: String,
    /// The demand: `< 50ms`.
    pub demand: String,
}

/// Values of the environment that `${NAME}` may read, by name.
pub type Variables = BTreeMap<String, String>;

impl Window {
    /// Whether the window is open at this moment.
    pub fn is_open(&self, now: OffsetDateTime) -> bool {
        let local = now.to_offset(self.offset);
        let opens_today = self.days.contains(&local.weekday());
        if self.from < self.until {
            return opens_today && self.from <= local.time() && local.time() < self.until;
        }
        let opened_yesterday = self.days.contains(&local.weekday().previous());
        (opens_today && self.from <= local.time())
            || (opened_yesterday && local.time() < self.until)
    }
}
