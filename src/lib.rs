//! `dbtune` plans, applies and rolls back tuning profiles on production PostgreSQL and Redis.
//!
//! The library is the whole program; the binary only calls [`cli::main`]. Modules import downward
//! only: `setting` ← `snapshot`, `profile`, `sql` ← `plan` ← `ledger`, `engine`, `apply`, `sandbox` ←
//! `doctor` ← `render` ← `cli`. `docs/architecture.md` explains the rooms and why they lie as they do.

pub mod apply;
pub mod cli;
pub mod doctor;
pub mod engine;
pub mod ledger;
pub mod migrate;
pub mod plan;
pub mod profile;
pub mod render;
pub mod sandbox;
pub mod setting;
pub mod snapshot;
pub mod sql;
