//! Amounts of memory as Redis reads them: `k` is a thousand, `kb` is 1024.

use serde::{Deserialize, Serialize};

use crate::setting::{ParseValueError, Value};

/// What a setting takes that holds an amount of memory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// The smallest amount.
    #[serde(default)]
    pub min: u64,
    /// A smaller amount is raised to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u64>,
    /// Whether -1 stands for "no limit".
    #[serde(default)]
    pub minus_one: bool,
}

/// The units, with their sizes in bytes.
const UNITS: [(&str, u64); 8] = [
    ("", 1),
    ("b", 1),
    ("k", 1_000),
    ("kb", 1 << 10),
    ("m", 1_000_000),
    ("mb", 1 << 20),
    ("g", 1_000_000_000),
    ("gb", 1 << 30),
];

/// The binary units, largest first.
const BINARY: [(&str, u64); 3] = [("gb", 1 << 30), ("mb", 1 << 20), ("kb", 1 << 10)];

impl Memory {
    /// Reads an amount.
    pub(super) fn parse(&self, text: &str) -> Result<Value, ParseValueError> {
        self.read(text).map_err(|message| {
            let takes = |candidate: &String| self.read(candidate).is_ok();
            ParseValueError::new(message).suggesting(suggest(text).filter(takes))
        })
    }

    fn read(&self, text: &str) -> Result<Value, String> {
        if self.minus_one && text == "-1" {
            return Ok(Value::Integer(-1));
        }
        let bytes = read(text)?;
        if bytes < self.min {
            return Err(format!(
                "{text} is too little: it takes {} or more",
                write(self.min)
            ));
        }
        Ok(Value::Bytes(bytes.max(self.at_least.unwrap_or(0))))
    }
}

/// Reads an amount: digits and a unit in any case, nothing else. As on the server, no digits are 0.
pub(super) fn read(text: &str) -> Result<u64, String> {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).unwrap_or((text, ""));
    let Some((_, size)) = UNITS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit))
    else {
        return Err(format!(
            "{text} is not an amount of memory: digits and b, k, kb, m, mb, g or gb, without a space"
        ));
    };
    let number = if number.is_empty() {
        Some(0)
    } else {
        number.parse::<u64>().ok()
    };
    number
        .and_then(|number| number.checked_mul(*size))
        .ok_or_else(|| {
            format!(
                "{text} is too large: the largest amount is {} bytes",
                u64::MAX
            )
        })
}

/// Writes an amount in the largest unit that is exact.
pub(super) fn write(bytes: u64) -> String {
    let exact = BINARY
        .iter()
        .find(|(_, size)| bytes > 0 && bytes.is_multiple_of(*size));
    exact.map_or_else(
        || bytes.to_string(),
        |(unit, size)| format!("{}{unit}", bytes / size),
    )
}

/// What to know about a spelling: a unit without `b` counts in thousands.
pub(super) fn note(text: &str) -> Option<String> {
    let bytes = read(text).ok()?;
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return Some("a text without a number is read as 0".to_owned());
    }
    let unit = text.to_ascii_lowercase();
    if !unit.ends_with(['k', 'm', 'g']) {
        return None;
    }
    let binary = read(&format!("{unit}b")).ok()?;
    Some(format!(
        "{text} is {bytes} bytes; {unit}b would be {binary}"
    ))
}

/// The amount that was probably meant.
fn suggest(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| !matches!(c, '_' | ' ')).collect();
    let folded = plain.to_lowercase();
    let length = folded
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(folded.len());
    let (number, unit) = folded.split_at_checked(length)?;
    let (factor, unit) = match unit {
        "" | "b" | "byte" | "bytes" => (1, ""),
        "k" | "kb" | "kib" => (1, "kb"),
        "m" | "mb" | "mib" => (1, "mb"),
        "g" | "gb" | "gib" => (1, "gb"),
        "t" | "tb" | "tib" => (1024, "gb"),
        _ => return None,
    };
    let (_, size) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let bytes = fraction(number)?.checked_mul(size.checked_mul(factor)?.into())?;
    let exact = bytes
        .checked_div(SCALE)
        .filter(|_| bytes.checked_rem(SCALE) == Some(0))?;
    Some(write(u64::try_from(exact).ok()?))
}

/// Millionths in one.
const SCALE: u128 = 1_000_000;

/// A number with a fraction of up to six digits, in millionths.
fn fraction(text: &str) -> Option<u128> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 6 || (whole.is_empty() && part.is_empty()) {
        return None;
    }
    let whole: u128 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let part: u128 = format!("{part:0<6}").parse().ok()?;
    whole.checked_mul(SCALE)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_without_b_counts_in_thousands() {
        assert_eq!(read("384mb"), Ok(402_653_184));
        assert_eq!(read("384M"), Ok(384_000_000));
        assert_eq!(read("1Kb"), Ok(1024));
        for text in ["1.5gb", "1tb", "384 mb", "0x10", "5%", "-1", "+1"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_amount_is_written_in_the_largest_exact_unit() {
        assert_eq!(write(402_653_184), "384mb");
        assert_eq!(write(384_000_000), "375000kb");
        assert_eq!(write(1000), "1000");
        assert_eq!(write(0), "0");
    }

    #[test]
    fn the_amount_that_was_meant_is_offered() {
        let offered = |text: &str| Memory::default().parse(text).unwrap_err().suggestion;
        assert_eq!(offered("384 MB").as_deref(), Some("384mb"));
        assert_eq!(offered("384MiB").as_deref(), Some("384mb"));
        assert_eq!(offered("1.5gb").as_deref(), Some("1536mb"));
        assert_eq!(offered("1TB").as_deref(), Some("1024gb"));
        assert_eq!(offered("1_000").as_deref(), Some("1000"));
        assert_eq!(offered("lots"), None);
    }

    #[test]
    fn a_unit_that_counts_in_thousands_is_noted_with_both_numbers() {
        let note = note("384m").unwrap();
        assert!(
            note.contains("384000000") && note.contains("402653184"),
            "{note}"
        );
        assert_eq!(super::note("384mb"), None);
    }
}
