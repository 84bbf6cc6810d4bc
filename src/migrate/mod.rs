//! Versioned SQL migrations: which there are, which are applied, and running those that are not.
//!
//! refinery decides the order, verifies the history and writes its rows (`run`); how a file is run is
//! dbtune's. A file and its row go together: in one transaction where that is possible, else statement by
//! statement with a note of each. Indexes that are built concurrently have a room of their own
//! (`index`), because that is where every deploy strands.

mod checksum;
mod error;
mod event;
mod held_up;
mod index;
pub mod lint;
mod name;
mod run;
mod source;
mod status;
mod store;
mod watcher;
mod worker;

use std::time::Duration;

pub use error::{FileMistakes, MigrateError, StatementFailure};
pub use event::Event;
pub use index::{InvalidIndex, Progress};
pub use name::{Version, plain};
pub use run::{
    AppliedNow, Disagreement, Fate, Order, Repair, Standing, UNDO, Undone, WouldRun, WouldStep,
    baseline, repair, standing, undo, undoing, up, would_run,
};
pub use source::{MigrationFile, SourceMistake, read};
pub use status::{Row, State};

/// How migrations are run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The last version to run; `None`: the newest.
    pub to: Option<Version>,
    /// For how long a statement in a transaction waits for a lock before it lets go and is tried again.
    pub lock_timeout: Duration,
    /// For how long another run is waited for.
    pub wait: Duration,
    /// For how long a server is waited for that does not let us in yet.
    pub connect_wait: Duration,
    /// For how long others may hold up what runs outside of a transaction; `None`: for ever.
    pub build_timeout: Option<Duration>,
    /// How many indexes are built at once.
    pub jobs: usize,
}
