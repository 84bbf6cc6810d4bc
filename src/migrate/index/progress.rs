//! How far a build is, over all of its phases. Pure.

use std::time::Duration;

use crate::migrate::held_up::HeldUp;
use crate::migrate::watcher::Reading;

/// How far the build of an index is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// The index, qualified.
    pub index: String,
    /// The table, qualified.
    pub table: String,
    /// The phase, in the server's words.
    pub phase: String,
    /// The share of the whole build that is done, from 0 to 1.
    pub share: f64,
    /// For how long it has been going on.
    pub elapsed: Duration,
    /// How much longer it takes, as far as its pace tells.
    pub left: Option<Duration>,
    /// Who holds it up, one line each.
    pub blockers: Vec<String>,
}

/// The share of the time that each phase takes, in percent: measured on an index over a text column of
/// a million rows. The waits count nothing: nobody knows how long they are.
const PHASES: [(&str, u32); 9] = [
    ("initializing", 0),
    ("waiting for writers before build", 0),
    ("building index: scanning table", 34),
    ("building index: sorting live tuples", 15),
    ("building index: loading tuples in tree", 27),
    ("waiting for writers before validation", 0),
    ("index validation: scanning index", 9),
    ("index validation: sorting tuples", 7),
    ("index validation: scanning table", 8),
];

/// What a reading tells, of which index is not said.
pub(super) fn of(reading: Reading, elapsed: Duration, held_up: &HeldUp<'_>) -> Progress {
    let share = share(&reading);
    Progress {
        index: String::new(),
        table: String::new(),
        left: left(share, elapsed.saturating_sub(held_up.waited)),
        phase: reading.phase,
        share,
        elapsed,
        blockers: held_up.now.clone(),
    }
}

/// The share of the whole that is done, from 0 to 1. A phase that is not known (of another access
/// method, say) is taken for the build itself.
fn share(reading: &Reading) -> f64 {
    if reading.phase == "waiting for old snapshots" {
        return 1.0;
    }
    let within = if reading.total == 0 {
        0.0
    } else {
        fraction(reading.done.min(reading.total), reading.total)
    };
    let place = PHASES.iter().position(|(phase, _)| *phase == reading.phase);
    let Some(place) = place else {
        let is_build = reading.phase.starts_with("building index");
        return if is_build { within * 0.76 } else { 0.0 };
    };
    let before: u32 = PHASES.iter().take(place).map(|(_, percent)| percent).sum();
    let own = PHASES.get(place).map_or(0, |(_, percent)| *percent);
    f64::from(before) / 100.0 + within * f64::from(own) / 100.0
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "counts of blocks and rows, of which three digits are shown"
)]
fn fraction(done: u64, total: u64) -> f64 {
    done as f64 / total as f64
}

/// How much longer it takes at the pace so far; `None` while too little is done to tell.
fn left(share: f64, working: Duration) -> Option<Duration> {
    let is_known = (0.05..1.0).contains(&share);
    is_known.then(|| working.mul_f64((1.0 - share) / share))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(phase: &str, done: u64, total: u64) -> f64 {
        share(&Reading {
            phase: phase.to_owned(),
            done,
            total,
        })
    }

    #[test]
    fn the_share_never_goes_back_from_phase_to_phase() {
        let mut last = 0.0;
        for (phase, _) in PHASES {
            for done in [0, 4, 8] {
                let share = at(phase, done, 8);
                assert!(share >= last, "{phase} {done}: {share} after {last}");
                last = share;
            }
        }
        assert!(at("waiting for old snapshots", 0, 2) >= last);
    }

    #[test]
    fn what_is_left_follows_from_the_pace_so_far() {
        let left_of = |share| left(share, Duration::from_secs(30)).map(|left| left.as_secs());
        assert_eq!(left_of(0.5), Some(30));
        assert_eq!(left_of(0.01), None);
        assert_eq!(left_of(1.0), None);
    }
}
