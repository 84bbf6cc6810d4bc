//! Migrations as text and as JSON.

mod events;
mod repair;
mod status;
mod would;

use std::path::Path;

use serde_json::{Value, json};
use similar::TextDiff;

use crate::migrate::{AppliedNow, Version};
use crate::sql::{self, Place};

pub use events::{bar, event, progress};
pub use repair::{repair, repair_json};
pub use status::{statement_counts, status, status_json, status_markdown};
pub use would::{would_json, would_run};

/// That nothing is pending, of all or of those up to a version.
pub fn nothing_to_do(to: Option<Version>) -> String {
    let upto = to.map_or_else(String::new, |to| format!(" up to version {to}"));
    format!("nothing to do: every migration{upto} is applied\n")
}

/// What was applied, as the answer to a person.
pub fn applied(applied: &[AppliedNow], to: Option<Version>) -> String {
    match applied {
        [] => nothing_to_do(to),
        [one] => format!("1 migration applied: V{}__{}\n", one.version, one.name),
        [first, .., last] => format!(
            "{} migrations applied: V{}__{} to V{}__{}\n",
            applied.len(),
            first.version,
            first.name,
            last.version,
            last.name
        ),
    }
}

/// What was applied before it failed.
pub fn applied_before(applied: &[AppliedNow]) -> Option<String> {
    let last = applied.last()?;
    let what = match applied.len() {
        1 => "1 migration before it was applied and stays".to_owned(),
        number => format!("{number} migrations before it were applied and stay"),
    };
    Some(format!("{what}, up to V{}__{}", last.version, last.name))
}

/// `{"version", "name", "statements", "seconds"}`
pub fn applied_json(applied: &AppliedNow) -> Value {
    json!({
        "version": applied.version.0,
        "name": applied.name,
        "statements": applied.statements,
        "seconds": applied.took.as_secs_f64(),
    })
}

/// `file:line:column`
pub fn shown_place(path: &Path, place: Option<Place>) -> String {
    let path = path.display();
    place.map_or_else(
        || path.to_string(),
        |place| format!("{path}:{}:{}", place.line, place.column),
    )
}

/// Each line two blanks to the right.
pub fn indent(text: &str) -> String {
    let lines = text.lines().map(|line| format!("  {line}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// A text diff, without secrets; says so where only the ends of lines differ, or what is not shown.
pub fn diff(was_called: &str, was: &str, is_called: &str, is: &str) -> String {
    // What was applied is kept without its secrets.
    let (was, is) = (&*sql::hidden(was), &*sql::hidden(is));
    if was == is && is.contains("***") {
        return "nothing differs that is shown; whether a secret does (***) is not known"
            .to_owned();
    }
    if was != is && was.replace("\r\n", "\n") == is.replace("\r\n", "\n") {
        let of = |text: &str| if text.contains("\r\n") { "CRLF" } else { "LF" };
        return format!(
            "only line endings differ: {} {was_called}, {} {is_called}",
            of(was),
            of(is)
        );
    }
    let diff = TextDiff::from_lines(was, is);
    let text = diff
        .unified_diff()
        .context_radius(3)
        .header(was_called, is_called)
        .missing_newline_hint(false)
        .to_string();
    text.trim_end().to_owned()
}

/// A length of time as a person reads it.
fn seconds(duration: std::time::Duration) -> String {
    let whole = duration.as_secs();
    match whole {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..120 => format!("{whole} s"),
        120..7200 => format!("{} min", whole / 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::diff;

    #[test]
    fn line_endings_alone_are_told_as_such() {
        let text = diff("applied", "SELECT 1;\r\n", "in the file", "SELECT 1;\n");
        assert_eq!(
            text,
            "only line endings differ: CRLF applied, LF in the file"
        );
    }

    #[test]
    fn a_diff_shows_no_secret() {
        let of = |secret: &str| format!("SELECT 1;\nALTER ROLE a PASSWORD '{secret}';\n");
        let text = diff("applied", &of("tiger"), "in the file", &of("lion"));
        assert!(text.contains("whether a secret does"), "{text}");
        let edited = of("lion").replace('1', "2");
        let text = diff("applied", &of("***"), "in the file", &edited);
        assert!(text.contains("-SELECT 1;\n+SELECT 2;\n ALTER"), "{text}");
        assert!(!text.contains("lion"), "{text}");
    }

    #[test]
    fn an_edit_is_shown_line_by_line() {
        let text = diff("applied", "SELECT 1;\n", "in the file", "SELECT 2;\n");
        assert!(text.contains("-SELECT 1;\n+SELECT 2;"), "{text}");
    }
}
