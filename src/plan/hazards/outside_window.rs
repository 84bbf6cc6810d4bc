//! The phase's window is closed.

use time::{OffsetDateTime, UtcOffset};

use crate::plan::need::Need;
use crate::plan::types::{Hazard, HazardKind};

use super::{Subject, blocking};

/// Says when the window opens next.
pub(super) fn find(subject: &Subject<'_>) -> Option<Hazard> {
    let window = subject.occasion.window?;
    let now = subject.occasion.now;
    if subject.need == Need::Nothing || window.is_open(now) {
        return None;
    }
    let next = match window.next_opening(now) {
        Some(opening) => format!("opens next on {}", moment(opening)),
        None => "never opens".to_owned(),
    };
    let message = format!(
        "phase {} may be applied {} only; that window is closed and {next}",
        subject.phase, window.text
    );
    Some(blocking(HazardKind::OutsideWindow, message))
}

/// `Sun 2026-11-29 02:00 UTC`
fn moment(at: OffsetDateTime) -> String {
    let day: String = at.weekday().to_string().chars().take(3).collect();
    let time = at.time();
    format!(
        "{day} {} {:02}:{:02} {}",
        at.date(),
        time.hour(),
        time.minute(),
        offset(at.offset())
    )
}

fn offset(offset: UtcOffset) -> String {
    if offset.is_utc() {
        return "UTC".to_owned();
    }
    let sign = if offset.is_negative() { '-' } else { '+' };
    let (hours, minutes, _) = offset.as_hms();
    format!("{sign}{:02}:{:02}", hours.abs(), minutes.abs())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_moment_is_told_with_its_day_and_its_offset() {
        let at = datetime!(2026-11-29 02:00 +02:00);
        assert_eq!(moment(at), "Sun 2026-11-29 02:00 +02:00");
        assert_eq!(
            moment(at.to_offset(UtcOffset::UTC)),
            "Sun 2026-11-29 00:00 UTC"
        );
    }
}
