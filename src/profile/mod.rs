//! Tuning profiles: from YAML to what each setting should be, phase by phase.
//!
//! Parsing is pure: texts come in, a [`Profile`] or all of its [`Mistake`]s come out. Finding and
//! reading files is left to [`load`] and the library of files behind it.

mod builtin;
pub mod check;
mod init;
mod library;
mod load;
mod merge;
mod nearest;
mod objective;
mod parse;
mod place;
mod requirement;
mod types;
mod value;
mod variables;
mod window;
pub mod yaml;

pub use builtin::builtin_names;
pub use init::init;
pub(crate) use library::read_bytes;
pub use load::{load, load_for_checking, load_from};
pub(crate) use nearest::listed;
pub use nearest::{nearest, resembles_secret};
pub use types::{
    Mistake, Objective, Phase, Place, Profile, Requirement, Variables, VersionOrder, Wanted, Window,
};
pub use variables::{Filled, fill};
