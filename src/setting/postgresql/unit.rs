//! Units of memory and of time.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::number::{is_space, shown, to_f64};

/// The unit that a setting counts in, as `pg_settings` gives it: `8kB`, `ms`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Unit {
    text: String,
    kind: UnitKind,
    /// How many of the smallest unit of its kind (byte, microsecond) one of it is.
    size: u64,
}

/// What a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnitKind {
    /// Memory, smallest unit byte.
    Memory,
    /// Time, smallest unit microsecond.
    Time,
}

/// The units that may be written, largest first, each with its size in the smallest one.
const MEMORY: [(&str, u64); 5] = [
    ("TB", 1 << 40),
    ("GB", 1 << 30),
    ("MB", 1 << 20),
    ("kB", 1 << 10),
    ("B", 1),
];
const TIME: [(&str, u64); 6] = [
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("min", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
];

impl UnitKind {
    /// The units that may be written, largest first, each with its size in the smallest one.
    pub(super) fn spellings(self) -> &'static [(&'static str, u64)] {
        match self {
            Self::Memory => &MEMORY,
            Self::Time => &TIME,
        }
    }
}

impl Unit {
    /// How many bytes it is; `None` for one of time.
    pub(super) fn bytes(&self) -> Option<u64> {
        match self.kind {
            UnitKind::Memory => Some(self.size),
            UnitKind::Time => None,
        }
    }

    /// Reads a unit as `pg_settings` gives it; `None` when it is none that PostgreSQL has.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.chars().take_while(char::is_ascii_digit).count();
        let (count, name) = text.split_at_checked(digits)?;
        let count: u64 = if count.is_empty() {
            1
        } else {
            count.parse().ok()?
        };
        [UnitKind::Memory, UnitKind::Time]
            .into_iter()
            .find_map(|kind| {
                let (_, size) = kind
                    .spellings()
                    .iter()
                    .find(|(spelling, _)| *spelling == name)?;
                let size = count.checked_mul(*size).filter(|size| *size > 0)?;
                Some(Self {
                    text: text.to_owned(),
                    kind,
                    size,
                })
            })
    }

    /// What it measures.
    pub(super) fn kind(&self) -> UnitKind {
        self.kind
    }

    /// How many of the smallest unit (byte, microsecond) one of it is.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Converts a number with the unit written behind it into this unit, as the server does: what
    /// has a fraction is rounded to the next smaller unit first. `None` when there is no such unit.
    pub(super) fn convert(&self, number: f64, written: &str) -> Option<f64> {
        let written = written.trim_end_matches(is_space);
        let spellings = self.kind.spellings();
        let at = spellings
            .iter()
            .position(|(spelling, _)| *spelling == written)?;
        let converted = number * self.multiplier(spellings.get(at)?.1);
        Some(match spellings.get(at + 1) {
            Some((_, smaller)) => {
                let step = self.multiplier(*smaller);
                (converted / step).round_ties_even() * step
            }
            None => converted,
        })
    }

    /// What a number in a unit of this size is to be multiplied by.
    fn multiplier(&self, size: u64) -> f64 {
        if size >= self.size {
            to_f64(size) / to_f64(self.size)
        } else {
            1.0 / (to_f64(self.size) / to_f64(size))
        }
    }

    /// Writes a whole number of this unit in the largest unit that is exact.
    pub(super) fn write(&self, number: i64) -> String {
        let Ok(positive) = u64::try_from(number) else {
            return number.to_string();
        };
        let Some(total) = positive.checked_mul(self.size).filter(|total| *total > 0) else {
            return number.to_string();
        };
        let exact = self
            .kind
            .spellings()
            .iter()
            .find(|(_, size)| total % size == 0);
        exact.map_or_else(
            || number.to_string(),
            |(unit, size)| format!("{}{unit}", total / size),
        )
    }

    /// Writes a bound so that a person grasps it: exactly where that is short, else rounded.
    pub(super) fn write_roughly(&self, number: i64) -> String {
        let exact = self.write(number);
        if exact.chars().filter(char::is_ascii_digit).count() <= 5 {
            return exact;
        }
        let total = to_f64(number.unsigned_abs()) * to_f64(self.size);
        let fitting = self
            .kind
            .spellings()
            .iter()
            .find(|(_, size)| total >= to_f64(*size));
        fitting.map_or(exact, |(unit, size)| {
            let rounded = format!("{:.1}", total / to_f64(*size));
            let sign = if number < 0 { "-" } else { "" };
            format!("about {sign}{}{unit}", rounded.trim_end_matches(".0"))
        })
    }

    /// The units that may be written, for a message.
    pub(super) fn choices(&self) -> String {
        let names: Vec<&str> = self
            .kind
            .spellings()
            .iter()
            .rev()
            .map(|(name, _)| *name)
            .collect();
        names.join(", ")
    }

    /// Writes a number with a fraction: in this unit or, where that is a whole number, in the largest
    /// that is exact.
    pub(super) fn write_real(&self, number: f64) -> String {
        let whole =
            super::number::to_int(number).filter(|whole| to_f64(whole.unsigned_abs()) >= number);
        match whole {
            Some(whole) if (number.fract()).abs() < f64::EPSILON => self.write(whole),
            _ => format!("{}{}", shown(number), self.text),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Unit> for String {
    fn from(unit: Unit) -> Self {
        unit.text
    }
}

impl TryFrom<String> for Unit {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("{text} is not a unit"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(unit: &str, number: f64, written: &str) -> Option<f64> {
        Unit::parse(unit).unwrap().convert(number, written)
    }

    #[test]
    fn a_fraction_is_rounded_to_the_next_smaller_unit() {
        assert_eq!(convert("8kB", 30.1, "GB"), Some(3_945_216.0));
        assert_eq!(convert("ms", 0.000_1, "s"), Some(0.0));
        assert_eq!(convert("ms", 2_500.0, "us"), Some(2.5));
    }

    #[test]
    fn units_are_case_sensitive_and_nothing_may_follow() {
        assert_eq!(convert("8kB", 1.0, "mb"), None);
        assert_eq!(convert("8kB", 1.0, "MB x"), None);
        assert_eq!(convert("8kB", 1.0, "MB "), Some(128.0));
        assert_eq!(convert("kB", 1.0, "ms"), None);
    }

    #[test]
    fn a_number_is_written_in_the_largest_exact_unit() {
        let blocks = Unit::parse("8kB").unwrap();
        assert_eq!(blocks.write(49_152), "384MB");
        assert_eq!(blocks.write(1), "8kB");
        assert_eq!(blocks.write(-1), "-1");
        assert_eq!(blocks.write_roughly(1_073_741_823), "about 8TB");
        assert_eq!(Unit::parse("s").unwrap().write(90), "90s");
        assert_eq!(Unit::parse("ms").unwrap().write_real(2.5), "2.5ms");
        assert_eq!(Unit::parse("ms").unwrap().write_real(100.0), "100ms");
    }
}
