//! What a run has applied, over one connection or several.

use std::time::Duration;

use crate::engine::EngineError;
use crate::migrate::store::Applied;
use crate::migrate::worker::Tell;
use crate::migrate::{Event, MigrateError, Version};

use super::plan::Planned;

/// A migration that this run has applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedNow {
    /// Its number.
    pub version: Version,
    /// Its name.
    pub name: String,
    /// How many statements it has.
    pub statements: usize,
    /// How long it took.
    pub took: Duration,
}

/// What a run has applied so far.
#[derive(Default)]
pub(super) struct Tally {
    /// In the order in which it was done.
    pub(super) applied: Vec<AppliedNow>,
    /// The file at which the connection was lost: whether its commit got through, the history says.
    in_doubt: Option<(AppliedNow, String)>,
}

impl Tally {
    /// Adds a file that was run, or keeps it in mind where nobody knows.
    pub(super) fn add(
        &mut self,
        planned: &Planned,
        took: Duration,
        outcome: &Result<(), MigrateError>,
        tell: Tell<'_>,
    ) {
        let now = AppliedNow {
            version: planned.file.version,
            name: planned.file.name.clone(),
            statements: planned.script.statements().len(),
            took,
        };
        let title = planned.file.title();
        match outcome {
            Ok(()) => self.count(now, title, tell),
            Err(MigrateError::Engine(EngineError::Lost { .. })) => {
                self.in_doubt = Some((now, title));
            }
            Err(_) => {}
        }
    }

    /// Holds what was in doubt against what the history says once the server is reached again.
    pub(super) fn settle(&mut self, applied: &[Applied], tell: Tell<'_>) {
        let doubt = self.in_doubt.take();
        let is_applied =
            |now: &AppliedNow| applied.iter().any(|applied| applied.version == now.version);
        if let Some((now, title)) = doubt.filter(|(now, _)| is_applied(now)) {
            self.count(now, title, tell);
        }
    }

    fn count(&mut self, now: AppliedNow, title: String, tell: Tell<'_>) {
        tell(Event::Applied {
            title,
            statements: now.statements,
            took: now.took,
        });
        self.applied.push(now);
    }
}
