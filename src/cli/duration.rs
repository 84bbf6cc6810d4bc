//! Lengths of time, as they are typed: `90s`, `5min`.

use std::time::Duration;

/// The units of a length of time, each with its length in milliseconds.
const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("min", 60_000), ("h", 3_600_000)];

/// What to write, for a message.
pub const FORM: &str = "a whole number and `ms`, `s`, `min` or `h`: `90s`, `5min`";

/// Reads a length of time with its unit.
pub fn parse(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let (_, milliseconds) = UNITS.iter().find(|(name, _)| *name == unit.trim())?;
    let number: u64 = number.parse().ok()?;
    number.checked_mul(*milliseconds).map(Duration::from_millis)
}

/// The same for an argument of the command line.
pub fn argument(text: &str) -> Result<Duration, String> {
    parse(text.trim()).ok_or_else(|| format!("write {FORM}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_limit_is_a_whole_number_and_a_unit() {
        for (text, milliseconds) in [
            ("250ms", Some(250)),
            ("90s", Some(90_000)),
            ("5min", Some(300_000)),
            ("1 h", Some(3_600_000)),
            ("90", None),
            ("5m", None),
            ("-1s", None),
            ("1.5s", None),
            ("99999999999999999999h", None),
            ("", None),
        ] {
            assert_eq!(
                parse(text),
                milliseconds.map(Duration::from_millis),
                "{text}"
            );
        }
    }
}
