//! The difference between what a profile wants and what servers said, and the order to close it in.
//!
//! Pure. A [`Plan`] leaves the executor no choices: it holds every write, what each one undoes to,
//! and the hazards that were seen. [`make`] plans a rollout, [`invert`] plans the way back; both
//! end in the same [`Plan`].

mod allow;
mod change;
mod course;
mod diff_text;
mod document;
mod error;
mod fingerprint;
mod goal;
mod hazards;
mod invert;
mod make;
mod moved;
mod need;
mod one_line;
mod request;
mod saved;
mod seal;
mod staged;
mod state;
mod types;

pub use allow::{allow, blocking};
pub use diff_text::diff_text;
pub use document::PlanDocument;
pub use error::PlanError;
pub use fingerprint::Fingerprint;
pub use invert::{Undo, invert};
pub use make::make;
pub use moved::moved;
pub(crate) use one_line::on_one_line;
pub use request::{PlannedTarget, Selection};
pub use saved::{SavedPlan, SavedPlanError};
pub use types::{Action, Change, Hazard, HazardKind, PhaseFacts, Plan, Seen, Summary, TargetFacts};
