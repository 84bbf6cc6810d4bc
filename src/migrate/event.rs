//! What happens while migrations are run: the only bridge from the runner to what a person sees.

use std::time::Duration;

use super::index::Progress;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Another run holds the lock; it is being tried again.
    WaitingForLock {
        /// Who holds it.
        holder: String,
    },
    /// The connection was lost; it is made anew, and the run goes on where it was.
    Reconnecting {
        /// How it was lost.
        because: String,
    },
    /// A migration begins.
    Begun {
        /// `V12__add_users`.
        title: String,
        /// How many statements it has.
        statements: usize,
        /// Why it is run statement by statement; `None`: in one transaction.
        stepwise: Option<String>,
    },
    /// A statement of a migration that is run statement by statement begins.
    Step {
        /// Of which migration.
        title: String,
        /// Its place in the file, from 1.
        number: usize,
        /// How many there are.
        of: usize,
        /// The statement, cut to a line.
        summary: String,
    },
    /// A statement was done by an earlier run.
    StepDone {
        /// Of which migration.
        title: String,
        /// Its place in the file, from 1.
        number: usize,
        /// Why nothing is left to do.
        why: String,
    },
    /// How far the build of an index is.
    Building(Progress),
    /// Other sessions hold a statement up.
    Blocked {
        /// What is held up.
        what: String,
        /// For how long it has been.
        waited: Duration,
        /// Who holds it up, one line each.
        blockers: Vec<String>,
    },
    /// A statement is tried again.
    Retry {
        /// What is tried again.
        what: String,
        /// Why it failed.
        because: String,
        /// How long from now.
        after: Duration,
    },
    /// An index that is INVALID is built anew, because it is part of that of its parent.
    Rebuilding {
        /// The index.
        index: String,
    },
    /// An INVALID index of that name is dropped, so that it can be built.
    DroppingInvalid {
        /// The index, qualified.
        index: String,
    },
    /// An earlier run was killed and its server process still builds the index: it is waited for.
    WaitingForBuild {
        /// What waits.
        what: String,
        /// The process that builds.
        pid: i32,
    },
    /// A migration is in the history.
    Applied {
        /// `V12__add_users`.
        title: String,
        /// How many statements it has.
        statements: usize,
        /// How long it took.
        took: Duration,
    },
    /// The server said something.
    Notice(String),
    /// Something that should be known, and that no other line says.
    Warning(String),
}
