//! One line for each thing that happens while migrations run.

use crate::migrate::{Event, Progress};
use crate::sql;

use super::seconds;

/// The width of a progress bar, in characters.
const WIDTH: usize = 24;

/// The event as a line of text; `None` for one that only a curious user wants, and for how far a build
/// is.
pub fn event(event: &Event, verbose: bool) -> Option<String> {
    let text = match event {
        Event::WaitingForLock { holder } => {
            format!("another run migrates this database: waiting for it ({holder})")
        }
        Event::Reconnecting { because } => {
            format!("{because}\nconnecting again, to go on where it was")
        }
        Event::Begun {
            title,
            statements,
            stepwise,
        } => {
            let how = stepwise.as_ref().map_or_else(String::new, |because| {
                format!(", statement by statement: {because}")
            });
            return verbose.then(|| format!("{title}: {statements} statements{how}"));
        }
        Event::Step {
            title,
            number,
            of,
            summary,
        } => format!("{title}: {number}/{of} {summary}"),
        Event::StepDone { title, number, why } => {
            format!("{title}: statement {number} is done: {why}")
        }
        Event::Building(_) => return None,
        Event::Blocked {
            what,
            waited,
            blockers,
        } => format!(
            "{what} has been held up for {} by {}",
            seconds(*waited),
            blockers.join(" and ")
        ),
        Event::Retry {
            what,
            because,
            after,
        } => {
            format!("{what}: {because}; trying again in {}", seconds(*after))
        }
        Event::Rebuilding { index } => {
            format!("building {index} anew, which is INVALID and part of the index of its parent")
        }
        Event::DroppingInvalid { index } => format!("dropping {index}, which is INVALID"),
        Event::WaitingForBuild { what, pid } => {
            format!("pid {pid} builds an index already: waiting for it ({what})")
        }
        Event::Applied { title, took, .. } => format!("{title} applied in {}", seconds(*took)),
        Event::Notice(text) => format!("the server says: {text}"),
        Event::Warning(text) => format!("warning: {text}"),
    };
    // A statement of another session can stand in it, or what the server says of one.
    Some(sql::hidden(&text))
}

/// How far a build is, as a line for a pipeline.
pub fn progress(progress: &Progress) -> String {
    format!(
        "building {}: {}, {:.0} %, {} so far{}{}",
        progress.index,
        progress.phase,
        progress.share * 100.0,
        seconds(progress.elapsed),
        left(progress),
        blocked(progress)
    )
}

/// How far a build is, as a bar for a terminal.
pub fn bar(progress: &Progress) -> String {
    let done = (1..=WIDTH)
        .filter(|cell| is_done(*cell, progress.share))
        .count();
    format!(
        "[{}{}] {:>3.0} % {}: {}{}{}",
        "#".repeat(done),
        " ".repeat(WIDTH - done),
        progress.share * 100.0,
        progress.index,
        progress.phase,
        left(progress),
        blocked(progress)
    )
}

fn is_done(cell: usize, share: f64) -> bool {
    let cells = u32::try_from(cell).unwrap_or(u32::MAX);
    f64::from(cells) <= share * 24.0
}

fn left(progress: &Progress) -> String {
    let left = progress
        .left
        .map(|left| format!(", about {} left", seconds(left)));
    left.unwrap_or_default()
}

fn blocked(progress: &Progress) -> String {
    if progress.blockers.is_empty() {
        return String::new();
    }
    sql::hidden(&format!(", held up by {}", progress.blockers.join(" and ")))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bar_shows_share_phase_and_who_is_in_the_way() {
        let shown = bar(&Progress {
            index: "public.by_email".to_owned(),
            table: "public.users".to_owned(),
            phase: "waiting for old snapshots".to_owned(),
            share: 0.5,
            elapsed: Duration::from_secs(4),
            left: Some(Duration::from_secs(4)),
            blockers: vec!["pid 7".to_owned()],
        });
        assert_eq!(
            shown,
            "[############            ]  50 % public.by_email: waiting for old snapshots, about 4.0 s left, \
             held up by pid 7"
        );
    }
}
