//! The commands, one file each: load, call, render; no logic.

pub mod apply;
pub mod doctor;
pub mod grants;
pub mod history;
pub mod migrate;
pub mod plan;
pub mod profile;
pub mod rollback;
pub mod run;
pub mod sandbox;
