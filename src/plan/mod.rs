//! The difference between what a profile wants and what servers said, and the order to close it in.
//!
//! Pure. A [`Plan`] leaves the executor no choices: it holds every write, what each one undoes to,
//! and the hazards that were seen. [`make`] plans a rollout, [`invert`] plans the way back; both
//! end in the same [`Plan`].

mod after;
mod allow;
mod change;
mod cluster;
mod course;
mod diff_text;
mod differences;
mod document;
mod earlier;
mod error;
mod fingerprint;
mod goal;
mod hazards;
mod invert;
mod make;
mod memory;
mod moved;
mod need;
mod one_line;
mod request;
mod restart_order;
mod saved;
mod seal;
mod staged;
mod state;
mod takes;
mod turns;
mod types;

pub use allow::{allow, blocking};
pub use diff_text::diff_text;
pub use differences::Difference;
pub use document::PlanDocument;
pub use earlier::{ChangedSince, EarlierWrite, mark_changed_since};
pub use error::PlanError;
pub use fingerprint::Fingerprint;
pub(crate) use hazards::{matters_at_start, start_question};
pub use invert::{Undo, invert};
pub use make::make;
pub use moved::moved;
pub(crate) use one_line::on_one_line;
pub(crate) use request::shell_word;
pub use request::{PlannedTarget, Selection};
pub use restart_order::{RestartOrder, restart_order};
pub use saved::{SavedPlan, SavedPlanError};
pub use types::{
    Action, Change, Hazard, HazardKind, PendingMigration, PhaseFacts, Plan, Questions, Seen,
    Summary, TargetFacts,
};
