//! From values to text: for people, as JSON, as markdown. Decides nothing, asks nobody.

mod diff_human;
mod doctor;
mod events;
mod excerpt;
mod grants;
mod history;
mod lint;
pub mod migrate;
pub mod mistakes;
mod plan_closing;
mod plan_human;
mod plan_json;
mod plan_markdown;
mod plan_rows;
mod plan_words;
pub mod profile;
mod run;
mod shown_line;
pub mod style;
pub mod table;

pub use diff_human::diff_human;
pub use doctor::{DoctorView, doctor_human, doctor_json, doctor_markdown};
pub use events::event;
pub use grants::{GrantsView, grants_human, grants_json, grants_markdown};
pub use history::{history_human, history_json, history_markdown, run_human, run_json};
pub use lint::{LintView, lint_human, lint_json, lint_markdown};
pub use plan_human::{PlanView, plan_human, plan_in_view};
pub use plan_json::plan_json;
pub use plan_markdown::plan_markdown;
pub use run::{RunFacts, Unwell, applied_human, applied_json, failed_json};
