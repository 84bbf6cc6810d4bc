//! Indexes that are built while others write, and that end well: done once, whoever is killed when.
//!
//! Everything is decided by what the catalogue says right now, never by what a file or an earlier run
//! says: an index that is there and the one that is asked for is done; one that is INVALID is dropped and
//! built again; one that a server process still builds is waited for.

mod build;
mod catalogue;
mod definition;
mod duplicates;
mod ensure;
mod invalid;
mod outcome;
mod partitions;
mod progress;
mod remains;
mod twins;
mod waiting;

pub use catalogue::InvalidIndex;
pub(super) use catalogue::invalid_indexes;
pub(super) use catalogue::qualified;
pub(super) use duplicates::duplicates;
pub(super) use ensure::{another_of_that_name, elsewhere, ensure, is_there};
pub(super) use invalid::{Since, refuse_to_pass_over, since};
pub(super) use outcome::{Done, NotBuilt, words_of};
pub use progress::Progress;
pub(super) use twins::{sweep, twins, wait_for_others};
