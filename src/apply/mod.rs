//! Runs a plan and makes no choices: lock, journal, write, activate, restart, verify, undo.
//!
//! Whatever goes wrong, an interrupt included, what this run changed is put back in reverse order
//! on every server. A run that was cut off before it could do so is settled by the next one.

mod batch;
mod error;
mod event;
mod execute;
mod fleet;
mod put_back;
mod recovery;
mod rescue;
mod restart;
mod sequence;
mod settle;
mod verify;

pub use error::{ApplyError, Cause, Held, Left};
pub use event::{Event, Undoing};
pub use execute::{Applied, Executor, LOCK_PATIENCE, Order};
pub use fleet::{Fleet, Member, in_parallel};
pub use settle::Settled;
