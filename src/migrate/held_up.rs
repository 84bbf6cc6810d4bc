//! For how long other sessions hold a statement up, and who.

use std::time::{Duration, Instant};

use super::Event;
use super::watcher::Watcher;
use super::worker::Tell;
use crate::engine::postgresql::Work;

/// How often a statement under way is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// After this long those who hold a statement up are told, and then again and again.
const TOLD_AFTER: Duration = Duration::from_secs(2);
const TOLD_EVERY: Duration = Duration::from_secs(15);

/// For how long other sessions have held a statement up.
pub(super) struct HeldUp<'w> {
    what: &'w str,
    limit: Option<Duration>,
    /// How often it is looked.
    every: Duration,
    looked: Instant,
    has_just_looked: bool,
    /// For how long it has been held up altogether.
    pub(super) waited: Duration,
    since_told: Option<Instant>,
    /// Those who hold it up now.
    pub(super) now: Vec<String>,
    /// Those who held it up when it was looked at last that it was.
    pub(super) blockers: Vec<String>,
    /// It was given up for that.
    pub(super) gave_up: bool,
}

impl<'w> HeldUp<'w> {
    pub(super) fn new(what: &'w str, limit: Option<Duration>) -> Self {
        Self {
            what,
            limit,
            every: LOOK,
            looked: Instant::now(),
            has_just_looked: false,
            waited: Duration::ZERO,
            since_told: None,
            now: Vec::new(),
            blockers: Vec::new(),
            gave_up: false,
        }
    }

    /// Looks, when it is time to, and says whether the statement goes on.
    pub(super) fn look(&mut self, watcher: &mut Watcher, pid: i32, tell: Tell<'_>) -> Work {
        let since = self.looked.elapsed();
        self.has_just_looked = since >= self.every;
        if !self.has_just_looked {
            return Work::GoOn;
        }
        self.looked = Instant::now();
        self.blocked_by(watcher.blockers(pid), since, tell)
    }

    /// Looks at least so often, where that is more often than it does by itself.
    pub(super) fn looked_at_every(mut self, every: Duration) -> Self {
        self.every = self.every.min(every);
        self
    }

    /// Whether the last call of [`Self::look`] has looked.
    pub(super) fn has_just_looked(&self) -> bool {
        self.has_just_looked
    }

    /// Takes in who holds it up now, after `since` without a look.
    fn blocked_by(&mut self, blockers: Vec<String>, since: Duration, tell: Tell<'_>) -> Work {
        self.now = blockers;
        if self.now.is_empty() {
            return Work::GoOn;
        }
        self.waited += since;
        self.blockers.clone_from(&self.now);
        let is_told = self
            .since_told
            .is_some_and(|told| told.elapsed() < TOLD_EVERY);
        if self.waited >= TOLD_AFTER && !is_told {
            self.since_told = Some(Instant::now());
            tell(Event::Blocked {
                what: self.what.to_owned(),
                waited: self.waited,
                blockers: self.blockers.clone(),
            });
        }
        self.gave_up = self.limit.is_some_and(|limit| self.waited >= limit);
        if self.gave_up {
            Work::Cancel
        } else {
            Work::GoOn
        }
    }
}
