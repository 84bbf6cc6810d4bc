//! Settings of Redis and Valkey: a table of what these servers do not tell of them.

mod kind;
mod limits;
mod lists;
mod memory;
mod spec;

pub use kind::Kind;
pub use memory::Memory;
pub use spec::{Release, Spec, names, spec};
